package gcp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// credentialMethod is a method of the IAM Credentials API.
type credentialMethod struct {
	name       string // as in the path
	rpc        string // as in errors
	permission string // on the account
	fields     []string
	call       func(a *api, p *principal, req credentialRequest) (any, error)
}

var credentialMethods = []credentialMethod{
	{"generateIdToken", "GenerateIdToken", "iam.serviceAccounts.getOpenIdToken",
		[]string{"audience", "delegates", "includeEmail", "organizationNumberIncluded"}, (*api).generateIDToken},
	{"generateAccessToken", "GenerateAccessToken", "iam.serviceAccounts.getAccessToken",
		[]string{"delegates", "lifetime", "scope"}, (*api).generateAccessToken},
	{"signJwt", "SignJwt", "iam.serviceAccounts.signJwt", []string{"delegates", "payload"}, (*api).signJWT},
	{"signBlob", "SignBlob", "iam.serviceAccounts.signBlob", []string{"delegates", "payload"}, (*api).signBlob},
}

// credentialRequest holds the fields of every method's request. There are fields that change nothing here:
// organizationNumberIncluded, since the name of the claim is not confirmed.
type credentialRequest struct {
	Audience     string   `json:"audience"`
	IncludeEmail bool     `json:"includeEmail"`
	Delegates    []string `json:"delegates"`
	Scope        []string `json:"scope"`
	Lifetime     string   `json:"lifetime"`
	Payload      string   `json:"payload"`
}

// maxRequest is Google's limit of a request's body.
const maxRequest = 10 << 20

// serveCredentials answers as the IAM Credentials API to the access tokens of the metadata server and its own. The
// accounts that it knows are the workload's, which may do everything to itself, and those that the workload may
// impersonate.
func (a *api) serveCredentials(w http.ResponseWriter, r *http.Request) {
	vars := mux.Vars(r)
	n := slices.IndexFunc(credentialMethods, func(m credentialMethod) bool { return m.name == vars["method"] })
	if n < 0 || r.Method != http.MethodPost {
		notFound(w, r)
		return
	}
	method := credentialMethods[n]
	issuer.SetRoute(r, "POST /v1/projects/{project}/serviceAccounts/{account}:"+method.name)
	answer, err := a.callCredentials(method, vars["project"], vars["account"], w, r)
	var refused *apiError
	switch {
	case errors.As(err, &refused):
		refused.write(w)
	case err != nil:
		internalError(w, err)
	default:
		writeJSON(w, http.StatusOK, answer)
	}
}

func (a *api) callCredentials(method credentialMethod, project, name string, w http.ResponseWriter, r *http.Request) (any, error) {
	acting, err := a.authorize(method, r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &apiError{Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT",
			Message: fmt.Sprintf("Request payload size exceeds the limit: %d bytes.", maxRequest)}
	case err != nil:
		return nil, invalidArgument() // the client has hung up
	}
	req, err := readCredentialRequest(method.fields, r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, err
	}
	if project != "-" { // the API takes the wildcard alone
		return nil, invalidArgument()
	}
	for _, delegate := range append(req.Delegates, "projects/-/serviceAccounts/"+name) {
		delegate = strings.TrimPrefix(delegate, "projects/-/serviceAccounts/")
		next := a.principal(delegate)
		if a.mayImpersonate(acting, next) { // each needs the right on the next
			acting = next
			continue
		}
		if next != nil {
			return nil, permissionDenied(method.permission)
		}
		if strings.HasSuffix(delegate, "@"+a.machine.project+".iam.gserviceaccount.com") { // Google tells the project's own members
			return nil, unknownAccount(delegate)
		}
		return nil, permissionDenied(method.permission)
	}
	return method.call(a, acting, req)
}

// authorize checks the credential of a request, and returns whose it is.
func (a *api) authorize(method credentialMethod, r *http.Request) (*principal, error) {
	token, ok := issuer.Credential(r, "Bearer")
	if !ok || strings.TrimSpace(token) == "" {
		return nil, missingCredential(method.rpc)
	}
	what, ok := a.tokens.read(strings.TrimSpace(token))
	switch {
	case !ok:
		return nil, invalidCredential(method.rpc, "ACCESS_TOKEN_TYPE_UNSUPPORTED")
	case !a.workload.Now().Before(what.expires):
		return nil, invalidCredential(method.rpc, "ACCESS_TOKEN_EXPIRED")
	case !what.mayCall():
		return nil, insufficientScopes(method.rpc)
	}
	return a.principal(what.account), nil
}

// readCredentialRequest reads a request's JSON. Its refusals are those of the reader that Google's APIs share; of its
// messages for JSON that is none, which quote it and point at the place, only the beginning is given.
func readCredentialRequest(fields []string, contentType string, body []byte) (credentialRequest, error) {
	var req credentialRequest
	if media, _, _ := mime.ParseMediaType(contentType); media == "application/x-www-form-urlencoded" && len(body) > 0 {
		// curl's -d without a header: the front end takes the body for query parameters.
		name, _, _ := strings.Cut(string(body), "=")
		return req, badRequest("", fmt.Sprintf("Invalid JSON payload received. Unknown name \"%s\": "+
			"Cannot bind query parameter. Field '%s' could not be found in request message.", escape(name), name))
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return req, nil // as an object without members
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return req, badRequest("", "Invalid JSON payload received. Unexpected token.")
	}
	var unknown []string
	for name := range members {
		if !slices.Contains(fields, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return req, badRequest("", fmt.Sprintf("Invalid JSON payload received. Unknown name \"%s\": Cannot find field.", escape(unknown[0])))
	}
	err := json.Unmarshal(body, &req)
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped):
		kind := "TYPE_STRING"
		if mistyped.Type.String() == "bool" {
			kind = "TYPE_BOOL"
		}
		field, _, _ := strings.Cut(mistyped.Field, ".")
		return req, badRequest(field, fmt.Sprintf("Invalid value at '%s' (%s), %s", field, kind, members[field]))
	case err != nil:
		return req, badRequest("", "Invalid JSON payload received. Unexpected token.")
	}
	return req, nil
}

// escape is for a name that is quoted in a message.
func escape(name string) string { return strings.ReplaceAll(name, `"`, `\"`) }

// generateIDToken gives an ID token without anything about a machine.
func (a *api) generateIDToken(p *principal, req credentialRequest) (any, error) {
	if req.Audience == "" {
		return nil, invalidArgument() // the message for this field is not known
	}
	claims := issuer.Claims{"google": nil, "email": nil, "email_verified": nil}
	if p != a.principals[0] { // the workload's own claims say who it is
		claims["sub"], claims["azp"] = p.id, p.id
	}
	if req.IncludeEmail {
		claims["email"], claims["email_verified"] = p.email, true
	}
	token, err := a.workload.Mint(issuer.Request{Audience: []string{req.Audience}, Claims: claims})
	if err != nil {
		return nil, err
	}
	return struct {
		Token string `json:"token"`
	}{token.Raw}, nil
}

// duration is google.protobuf.Duration in JSON.
var duration = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,9})?s$`)

// generateAccessToken gives an access token for at most an hour: that an organisation can allow twelve is not
// impersonated.
func (a *api) generateAccessToken(p *principal, req credentialRequest) (any, error) {
	life := accessLife
	if req.Lifetime != "" {
		if !duration.MatchString(req.Lifetime) {
			return nil, badRequest("lifetime", "Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), "+
				"Field 'lifetime', Illegal duration format; duration must end with 's'")
		}
		var err error
		if life, err = time.ParseDuration(req.Lifetime); err != nil || life <= 0 || life > accessLife {
			return nil, invalidArgument() // the message for a life that is too long is not known
		}
	}
	if len(req.Scope) == 0 || slices.ContainsFunc(req.Scope, func(s string) bool { return s == "" || strings.ContainsAny(s, " \t\r\n") }) {
		return nil, invalidArgument()
	}
	token, what, err := a.tokens.issue(p.email, req.Scope, life)
	if err != nil {
		return nil, err
	}
	return struct {
		AccessToken string `json:"accessToken"`
		ExpireTime  string `json:"expireTime"`
	}{token, what.expires.UTC().Format(time.RFC3339)}, nil
}

// maxSignedLife is how far ahead the exp of a JWT may be that signJwt signs.
const maxSignedLife = 12 * time.Hour

// signJWT signs a payload as it is with the account's own key, whose public half is not in the issuer's JWKS.
func (a *api) signJWT(p *principal, req credentialRequest) (any, error) {
	var claims struct {
		Exp *json.Number `json:"exp"`
	}
	if err := json.Unmarshal([]byte(req.Payload), &claims); err != nil || !strings.HasPrefix(strings.TrimSpace(req.Payload), "{") {
		return nil, invalidArgument()
	}
	if claims.Exp != nil {
		exp, err := claims.Exp.Int64()
		if err != nil || exp > a.workload.Now().Add(maxSignedLife).Unix() {
			return nil, invalidArgument()
		}
	}
	key, err := p.own.load()
	if err != nil {
		return nil, err
	}
	signed, err := key.signJWT([]byte(req.Payload))
	if err != nil {
		return nil, err
	}
	return struct {
		KeyID     string `json:"keyId"`
		SignedJWT string `json:"signedJwt"`
	}{key.id, signed}, nil
}

// signBlob signs bytes, RSASSA-PKCS1-v1_5 over their SHA-256.
func (a *api) signBlob(p *principal, req credentialRequest) (any, error) {
	blob, err := base64.StdEncoding.DecodeString(req.Payload)
	if err != nil {
		return nil, badRequest("payload", fmt.Sprintf("Invalid value at 'payload' (TYPE_BYTES), Base64 decoding failed for %q", req.Payload))
	}
	key, err := p.own.load()
	if err != nil {
		return nil, err
	}
	signature, err := key.signer.SignPayload(blob, "RS256")
	if err != nil {
		return nil, fmt.Errorf("gcp: sign: %w", err)
	}
	return struct {
		KeyID      string `json:"keyId"`
		SignedBlob string `json:"signedBlob"`
	}{key.id, base64.StdEncoding.EncodeToString(signature)}, nil
}
