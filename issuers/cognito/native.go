package cognito

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// native is the JSON protocol of one identity pool or one user pool, whichever the workload's issuer is.
var native = &issuer.Native{New: newAPI, Fetch: fetch}

// The names of the two services in X-Amz-Target.
const (
	identityTarget = "AWSCognitoIdentityService."
	userPoolTarget = "AWSCognitoIdentityProviderService."
)

// The variables of a workload. AWS's own are those of sigv4.Key.Env; these are the settings that a user's program has
// to have from somewhere, and their names are a convention here.
const (
	poolVariable     = "COGNITO_IDENTITY_POOL_ID"
	identityVariable = "COGNITO_IDENTITY_ID"
	providerVariable = "COGNITO_LOGIN_PROVIDER" // the key in Logins; absent for guests
	loginVariable    = "COGNITO_LOGIN"          // its value: a developer's name of the user, or a provider's token
	clientVariable   = "COGNITO_CLIENT_ID"
	secretVariable   = "COGNITO_CLIENT_SECRET"
	userVariable     = "COGNITO_USERNAME"
	passwordVariable = "COGNITO_PASSWORD"
)

func newAPI(w issuer.Workload) (*issuer.API, error) {
	preset, err := w.Issuer.Preset(w.Preset)
	if err != nil {
		return nil, err
	}
	if preset.Service == userPool.Name {
		return newUserPool(w, preset)
	}
	return newIdentityPool(w, preset)
}

// operation answers one target with a value for JSON.
type operation func(r *http.Request, body []byte) (any, *sigv4.Refused)

// jsonService is a service that speaks JSON 1.1.
type jsonService struct {
	workload   issuer.Workload
	name       string // as AWS has it in a client's commands
	target     string
	operations map[string]operation
}

// maxBody is more than any request that can be answered needs.
const maxBody = 1 << 20

const jsonType = "application/x-amz-json-1.1"

// ServeHTTP answers a request for the service.
func (s *jsonService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, err := issuer.NewUUID(s.workload.Rand)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Date", s.workload.Now().UTC().Format(http.TimeFormat)) // clients correct their clocks by it
	w.Header().Set("x-amzn-RequestId", id)
	body, err := readBody(w, r)
	if err != nil { // status and text are not known
		write(w, http.StatusRequestEntityTooLarge, failure{Type: "RequestEntityTooLargeException", Message: "Request size exceeded the limit."})
		return
	}
	name, ours := strings.CutPrefix(r.Header.Get("X-Amz-Target"), s.target)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	answer := s.operations[name]
	if r.Method != http.MethodPost || !ours || answer == nil || kind != jsonType {
		write(w, http.StatusBadRequest, failure{Type: "UnknownOperationException"})
		return
	}
	issuer.SetRoute(r, s.name+" "+name)
	result, refused := answer(r, body)
	if refused != nil {
		w.Header().Set("x-amzn-ErrorType", refused.Code+":")
		write(w, refused.Status, failure{Type: refused.Code, Message: refused.Message})
		return
	}
	write(w, http.StatusOK, result)
}

// failure is an error as the JSON protocol has it.
type failure struct {
	Type    string `json:"__type"`
	Message string `json:"message,omitempty"`
}

// readBody reads all of a body. The error is that it is too large.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, err
	}
	if err != nil {
		panic(http.ErrAbortHandler) // the client has hung up
	}
	return body, nil
}

// read decodes the request of an operation.
func read(body []byte, into any) *sigv4.Refused {
	if err := json.Unmarshal(body, into); err != nil { // AWS gives no message for most of what cannot be read
		return &sigv4.Refused{Code: "SerializationException", Status: http.StatusBadRequest}
	}
	return nil
}

func write(w http.ResponseWriter, status int, value any) {
	out, err := json.Marshal(value)
	if err != nil { // the values are strings, numbers and objects of them
		status = http.StatusInternalServerError
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", jsonType)
	}
	w.WriteHeader(status)
	_, _ = w.Write(out) // a client that has gone reads nothing
}

func refuse(code, format string, args ...any) *sigv4.Refused {
	return &sigv4.Refused{Code: code, Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// invalid is a request that breaks the service model.
func invalid(value, name, constraint string) *sigv4.Refused {
	return refuse("ValidationException", "1 validation error detected: Value %s at '%s' failed to satisfy constraint: %s", value, name, constraint)
}

// internal is what a token that cannot be minted comes to: the workload's claims contradict each other.
func internal(err error) *sigv4.Refused {
	return &sigv4.Refused{Code: "InternalErrorException", Status: http.StatusInternalServerError, Message: err.Error()}
}

// fetch asks for the token that the environment is for: an identity pool's, by the call that fits its kind of login, a
// user pool's ID token, or a client's own. An audience that is not empty is the identity pool, or the app client, to
// ask.
func fetch(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	c := caller{ctx, client, found}
	env := maps.Clone(found.Env)
	for _, name := range []string{poolVariable, clientVariable} {
		if _, has := env[name]; has && audience != "" {
			env[name] = audience
		}
	}
	var got struct {
		Token                string
		AccessToken          string `json:"access_token"`
		AuthenticationResult struct{ IdToken string }
	}
	var err error
	logins := map[string]string{}
	if provider := env[providerVariable]; provider != "" {
		logins[provider] = env[loginVariable]
	}
	switch {
	case env[secretVariable] != "" && env[userVariable] == "":
		err = c.form("/oauth2/token", env[clientVariable], env[secretVariable], "grant_type=client_credentials", &got)
	case env[clientVariable] != "":
		parameters := map[string]string{"USERNAME": env[userVariable], "PASSWORD": env[passwordVariable]}
		if secret := env[secretVariable]; secret != "" {
			parameters["SECRET_HASH"] = secretHash(secret, env[userVariable], env[clientVariable])
		}
		err = c.call(userPoolTarget+"InitiateAuth", map[string]any{"AuthFlow": passwordFlow, "ClientId": env[clientVariable], "AuthParameters": parameters}, &got)
	case env["AWS_ACCESS_KEY_ID"] != "":
		err = c.call(identityTarget+"GetOpenIdTokenForDeveloperIdentity", map[string]any{"IdentityPoolId": env[poolVariable], "Logins": logins}, &got)
	default:
		var id struct{ IdentityId string }
		if err = c.call(identityTarget+"GetId", map[string]any{"IdentityPoolId": env[poolVariable], "Logins": logins}, &id); err == nil {
			err = c.call(identityTarget+"GetOpenIdToken", map[string]any{"IdentityId": id.IdentityId, "Logins": logins}, &got)
		}
	}
	for _, token := range []string{got.Token, got.AccessToken, got.AuthenticationResult.IdToken} {
		if token != "" {
			return token, err
		}
	}
	return "", err
}

// caller is a client of one workload's API.
type caller struct {
	ctx    context.Context
	client *http.Client
	found  issuer.Found
}

// call calls an operation, signed if the workload has a key.
func (c caller) call(target string, request, into any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("cognito: fetch: %w", err)
	}
	key := sigv4.FromEnv(c.found.Env)
	return c.send("/", body, into, func(r *http.Request) {
		r.Header.Set("Content-Type", jsonType)
		r.Header.Set("X-Amz-Target", target)
		if key.ID != "" {
			key.Sign(r, body, sigv4.Scope{Region: c.found.Env["AWS_REGION"], Service: identityScope}, c.found.Now)
		}
	})
}

func (c caller) form(path, user, password, body string, into any) error {
	return c.send(path, []byte(body), into, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(user, password)
	})
}

func (c caller) send(path string, body []byte, into any, prepare func(*http.Request)) error {
	resp, text, err := c.post(path, body, prepare)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var said struct {
			failure
			Error string `json:"error"`
		}
		_ = json.Unmarshal(text, &said) // an answer in another form is shown whole
		message := said.Error
		switch {
		case said.Type != "":
			message = strings.TrimSuffix(said.Type+": "+said.Message, ": ")
		case message == "":
			message = unknownError(resp.StatusCode, string(text))
		}
		return &issuer.Refused{Status: resp.StatusCode, Message: message}
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("cognito: fetch: answer: %w", err)
	}
	return nil
}

// unknownError is the code and the message that botocore finds in an answer that is not the service's. [boto/botocore,
// botocore/parsers.py]
func unknownError(status int, body string) string {
	body = strings.TrimSpace(body)
	if status >= http.StatusInternalServerError && (body == "" || strings.HasPrefix(body, "<html>")) {
		body = http.StatusText(status)
	}
	return strings.TrimSuffix(fmt.Sprintf("%d: %s", status, body), ": ")
}

func (c caller) post(path string, body []byte, prepare func(*http.Request)) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, strings.TrimSuffix(c.found.Base, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("cognito: fetch: %w", err)
	}
	prepare(req)
	resp, text, err := issuer.Send(c.client, req)
	if err != nil {
		return nil, nil, fmt.Errorf("cognito: fetch: %w", err)
	}
	return resp, text, nil
}
