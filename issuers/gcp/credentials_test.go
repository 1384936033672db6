package gcp_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

const (
	account     = "deployer@contoso-prod.iam.gserviceaccount.com"
	credentials = "/v1/projects/-/serviceAccounts/"
)

// serveAccount is a workload that runs as a service account of somebody's own.
func serveAccount(t *testing.T) served {
	t.Helper()
	return serve(t, func(w *issuer.Workload) { w.Preset = "service-account" })
}

// call calls a method of the IAM Credentials API.
func (s served) call(method, body, token string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, credentials+account+":"+method, body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
}

// object reads an answer of status 200.
func (s served) object(a answer) map[string]any {
	s.t.Helper()
	if a.status != http.StatusOK {
		s.t.Fatalf("status %d with %s", a.status, a.body)
	}
	return issuertest.Object(s.t, []byte(a.body))
}

func str(t *testing.T, object map[string]any, name string) string {
	t.Helper()
	value, ok := object[name].(string)
	if !ok {
		t.Fatalf("%s is %v, want text", name, object[name])
	}
	return value
}

func TestGenerateIDToken(t *testing.T) {
	t.Parallel()
	plain := []string{"aud", "azp", "exp", "iat", "iss", "sub"}
	tests := []struct {
		name, account, body string
		want                []string
	}{
		{"short", account, `{"audience":"api://AzureADTokenExchange"}`, plain},
		{"with e-mail", account, `{"audience":"api://AzureADTokenExchange","includeEmail":true}`,
			[]string{"aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub"}},
		{"by id", uniqueID, `{"audience":"api://AzureADTokenExchange","includeEmail":false,"organizationNumberIncluded":true}`, plain},
		{"by itself", account, `{"audience":"api://AzureADTokenExchange","delegates":["projects/-/serviceAccounts/` + account + `"]}`, plain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serveAccount(t)
			got := s.do(http.MethodPost, credentials+tt.account+":generateIdToken", tt.body, "Content-Type", "application/json", "Authorization", "bearer "+s.accessToken(""))
			want := map[string]string{"Content-Type": "application/json; charset=UTF-8", "Server": "ESF", "Cache-Control": "private"}
			if diff := cmp.Diff(want, headersOf(got, want)); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			raw := str(t, s.object(got), "token")
			if want := "{\n  \"token\": \"" + raw + "\"\n}\n"; got.body != want {
				t.Errorf("body %q, want %q", got.body, want)
			}
			_, payload := issuertest.Parts(t, raw)
			if diff := cmp.Diff(tt.want, issuertest.Members(t, payload)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			if claims := issuertest.Object(t, payload); claims["aud"] != audience || claims["sub"] != uniqueID {
				t.Errorf("claims %v", claims)
			}
		})
	}
}

// TestGenerateIDTokenOnVM makes sure that the API does not tell about the machine that asks it.
func TestGenerateIDTokenOnVM(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	got := s.do(http.MethodPost, credentials+email+":generateIdToken", `{"audience":"a","includeEmail":true}`, "Authorization", "Bearer "+s.accessToken(""))
	_, payload := issuertest.Parts(t, str(t, s.object(got), "token"))
	if claims := issuertest.Object(t, payload); claims["google"] != nil || claims["email"] != email {
		t.Errorf("claims %v, want the account alone", claims)
	}
}

func TestGenerateAccessToken(t *testing.T) {
	t.Parallel()
	s := serveAccount(t)
	own := s.accessToken("")
	before := time.Now()
	got := s.object(s.call("generateAccessToken", `{"scope":["`+cloud+`"],"lifetime":"300s"}`, own))
	end, err := time.Parse(time.RFC3339, str(t, got, "expireTime"))
	if err != nil || end.Sub(before) < 298*time.Second || end.Sub(before) > 360*time.Second || !strings.HasSuffix(str(t, got, "expireTime"), "Z") {
		t.Errorf("expireTime %q (%v), want five minutes from now", got["expireTime"], err)
	}
	access := str(t, got, "accessToken")
	s.object(s.call("generateIdToken", `{"audience":"a"}`, access)) // it is as good as the metadata server's
	s.ahead.Add(int64(6 * time.Minute))
	if got := s.call("generateIdToken", `{"audience":"a"}`, access); got.status != http.StatusUnauthorized || !strings.Contains(got.body, "ACCESS_TOKEN_EXPIRED") {
		t.Errorf("status %d with %s after its life", got.status, got.body)
	}
}

func TestSignJWT(t *testing.T) {
	t.Parallel()
	s := serveAccount(t)
	payload := `{"iss":"` + account + `", "sub":"a","exp":` + strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10) + `}`
	body, err := json.Marshal(map[string]string{"payload": payload})
	if err != nil {
		t.Fatal(err)
	}
	got := s.object(s.call("signJwt", string(body), s.accessToken("")))
	token, err := jose.ParseSignedCompact(str(t, got, "signedJwt"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	kid := str(t, got, "keyId")
	if protected := token.Signatures[0].Protected; protected.KeyID != kid || issuertest.Style(kid) != "40 lower-case hex digits" {
		t.Errorf("kid %q of the token and %q of the answer", protected.KeyID, kid)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(s.do(http.MethodGet, "/service_accounts/v1/jwk/"+account, "").body), &set); err != nil {
		t.Fatal(err)
	}
	verified, err := token.Verify(set)
	if err != nil || string(verified) != payload {
		t.Errorf("payload %q (%v), want %q as it was", verified, err, payload)
	}
	issuers, err := s.issuer.JWKS()
	if err != nil || strings.Contains(string(issuers), kid) {
		t.Errorf("the issuer's key set has the account's key (%v)", err)
	}

	var certs map[string]string
	if err := json.Unmarshal([]byte(s.do(http.MethodGet, "/service_accounts/v1/metadata/x509/"+account, "").body), &certs); err != nil {
		t.Fatal(err)
	}
	cert := parse(t, certs[kid])
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Errorf("the certificate is not self-signed: %v", err)
	}
	if got := s.do(http.MethodGet, "/service_accounts/v1/jwk/other@example.com", ""); got.status != http.StatusNotFound {
		t.Errorf("status %d for another account", got.status)
	}
}

func TestSignBlob(t *testing.T) {
	t.Parallel()
	s := serveAccount(t)
	got := s.object(s.call("signBlob", `{"payload":"`+base64.StdEncoding.EncodeToString([]byte("blob"))+`"}`, s.accessToken("")))
	signature, err := base64.StdEncoding.DecodeString(str(t, got, "signedBlob"))
	if err != nil {
		t.Fatal(err)
	}
	var certs map[string]string
	if err := json.Unmarshal([]byte(s.do(http.MethodGet, "/service_accounts/v1/metadata/x509/"+uniqueID, "").body), &certs); err != nil {
		t.Fatal(err)
	}
	public, ok := parse(t, certs[str(t, got, "keyId")]).PublicKey.(*rsa.PublicKey)
	if !ok {
		t.Fatal("no RSA key")
	}
	sum := sha256.Sum256([]byte("blob"))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
}

func parse(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 {
		t.Fatalf("%q is not one PEM block", text)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestCredentialRefusals(t *testing.T) {
	t.Parallel()
	s := serveAccount(t)
	good, scopeless := s.accessToken(""), s.accessToken("?scopes=https://www.googleapis.com/auth/userinfo.email")
	const expected = "Expected OAuth 2 access token, login cookie or other valid authentication credential. " +
		"See https://developers.google.com/identity/sign-in/web/devconsole-project."
	info := func(reason, domain string, metadata map[string]any) []any {
		return []any{map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": domain, "metadata": metadata}}
	}
	method := func(reason, rpc string) []any {
		return info(reason, "googleapis.com", map[string]any{
			"method": "google.iam.credentials.v1.IAMCredentials." + rpc, "service": "iamcredentials.googleapis.com"})
	}
	bad := func(field, message string) map[string]any {
		violation := map[string]any{"description": message}
		if field != "" {
			violation["field"] = field
		}
		return map[string]any{"code": 400.0, "message": message, "status": "INVALID_ARGUMENT", "details": []any{
			map[string]any{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": []any{violation}}}}
	}
	argument := map[string]any{"code": 400.0, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT"}
	missing := map[string]any{"code": 401.0, "message": "Request is missing required authentication credential. " + expected,
		"status": "UNAUTHENTICATED", "details": method("CREDENTIALS_MISSING", "GenerateIdToken")}
	invalid := map[string]any{"code": 401.0, "message": "Request had invalid authentication credentials. " + expected,
		"status": "UNAUTHENTICATED", "details": method("ACCESS_TOKEN_TYPE_UNSUPPORTED", "GenerateIdToken")}
	denied := func(permission string) map[string]any {
		return map[string]any{"code": 403.0, "message": "Permission '" + permission + "' denied on resource (or it may not exist).", "status": "PERMISSION_DENIED",
			"details": info("IAM_PERMISSION_DENIED", "iam.googleapis.com", map[string]any{"permission": permission})}
	}
	const challenge = `Bearer realm="https://accounts.google.com/"`
	jwtFor := func(d time.Duration) string {
		return `{"payload":"{\"exp\":` + strconv.FormatInt(time.Now().Add(d).Unix(), 10) + `}"}`
	}
	const tooLongLife = 13 * time.Hour
	tests := []struct {
		name, account, method, token, contentType, body, challenge string
		want                                                       map[string]any
	}{
		{name: "no credential", method: "generateIdToken", body: `{"audience":"a"}`, want: missing, challenge: challenge},
		{name: "another scheme", method: "generateIdToken", token: "Basic " + good, want: missing, challenge: challenge},
		{name: "wrong credential", method: "generateIdToken", token: "Bearer ya29.c.b", want: invalid, challenge: challenge + `, error="invalid_token"`},
		{name: "an ID token", method: "generateIdToken", token: "Bearer a.b.c", want: invalid, challenge: challenge + `, error="invalid_token"`},
		{name: "forged", method: "generateIdToken", token: "Bearer " + good[:len(good)-4] + "AAAA", want: invalid, challenge: challenge + `, error="invalid_token"`},
		{name: "scopes", method: "signBlob", token: "Bearer " + scopeless,
			challenge: challenge + `, error="insufficient_scope", scope="https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/iam"`,
			want: map[string]any{"code": 403.0, "message": "Request had insufficient authentication scopes.", "status": "PERMISSION_DENIED",
				"details": method("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "SignBlob")}},
		{name: "another project's account", account: "a@other.iam.gserviceaccount.com", method: "generateIdToken", body: `{"audience":"a"}`,
			want: denied("iam.serviceAccounts.getOpenIdToken")},
		{name: "another account's id", account: "1", method: "generateAccessToken", body: `{}`, want: denied("iam.serviceAccounts.getAccessToken")},
		{name: "a delegate", method: "signJwt", body: `{"delegates":["projects/-/serviceAccounts/1"]}`, want: denied("iam.serviceAccounts.signJwt")},
		{name: "unknown account", account: "none@contoso-prod.iam.gserviceaccount.com", method: "generateIdToken", body: `{"audience":"a"}`,
			want: map[string]any{"code": 404.0, "message": "Not found; Gaia id not found for email none@contoso-prod.iam.gserviceaccount.com", "status": "NOT_FOUND"}},
		{name: "no audience", method: "generateIdToken", body: `{"includeEmail":true}`, want: argument},
		{name: "no body", method: "generateIdToken", want: argument},
		{name: "no scope", method: "generateAccessToken", body: `{}`, want: argument},
		{name: "a scope with a blank", method: "generateAccessToken", body: `{"scope":["a b"]}`, want: argument},
		{name: "too long a life", method: "generateAccessToken", body: `{"scope":["a"],"lifetime":"3601s"}`, want: argument},
		{name: "too short a life", method: "generateAccessToken", body: `{"scope":["a"],"lifetime":"0s"}`, want: argument},
		{name: "a life without unit", method: "generateAccessToken", body: `{"scope":["a"],"lifetime":"3600"}`,
			want: bad("lifetime", "Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), "+
				"Field 'lifetime', Illegal duration format; duration must end with 's'")},
		{name: "a JWT of more than twelve hours", method: "signJwt", body: jwtFor(tooLongLife), want: argument},
		{name: "a JWT that is no object", method: "signJwt", body: `{"payload":"null"}`, want: argument},
		{name: "a JWT that is no JSON", method: "signJwt", body: `{"payload":"x"}`, want: argument},
		{name: "no base64", method: "signBlob", body: `{"payload":"!"}`, want: bad("payload", "Invalid value at 'payload' (TYPE_BYTES), Base64 decoding failed for \"!\"")},
		{name: "unknown field", method: "generateIdToken", body: `{"audience":"a","format":"full"}`,
			want: bad("", `Invalid JSON payload received. Unknown name "format": Cannot find field.`)},
		{name: "another method's field", method: "generateIdToken", body: `{"audience":"a","scope":["b"]}`,
			want: bad("", `Invalid JSON payload received. Unknown name "scope": Cannot find field.`)},
		{name: "a number", method: "generateIdToken", body: `{"audience":1}`, want: bad("audience", "Invalid value at 'audience' (TYPE_STRING), 1")},
		{name: "text for a bool", method: "generateIdToken", body: `{"includeEmail":"x"}`, want: bad("includeEmail", `Invalid value at 'includeEmail' (TYPE_BOOL), "x"`)},
		{name: "no JSON", method: "generateIdToken", body: `{"audience`, want: bad("", "Invalid JSON payload received. Unexpected token.")},
		{name: "a list", method: "generateIdToken", body: `[]`, want: bad("", "Invalid JSON payload received. Unexpected token.")},
		{name: "a form", method: "generateIdToken", contentType: "application/x-www-form-urlencoded", body: `{"audience":"a"}`,
			want: bad("", `Invalid JSON payload received. Unknown name "{\"audience\":\"a\"}": `+
				`Cannot bind query parameter. Field '{"audience":"a"}' could not be found in request message.`)},
		{name: "too large", method: "signBlob", body: `{"payload":"` + strings.Repeat("A", 10<<20) + `"}`,
			want: map[string]any{"code": 400.0, "message": "Request payload size exceeds the limit: 10485760 bytes.", "status": "INVALID_ARGUMENT"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			name, contentType, credential := account, "application/json", "Bearer "+good
			if tt.account != "" {
				name = tt.account
			}
			if tt.contentType != "" {
				contentType = tt.contentType
			}
			if tt.challenge != "" {
				credential = tt.token
			}
			got := s.do(http.MethodPost, credentials+name+":"+tt.method, tt.body, "Content-Type", contentType, "Authorization", credential)
			var object map[string]any
			if err := json.Unmarshal([]byte(got.body), &object); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]any{"error": tt.want}, object); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if code, _ := tt.want["code"].(float64); got.status != int(code) || got.header.Get("WWW-Authenticate") != tt.challenge {
				t.Errorf("status %d with challenge %q, want %v with %q", got.status, got.header.Get("WWW-Authenticate"), code, tt.challenge)
			}
			if strings.Contains(got.body, good) {
				t.Error("the answer repeats the credential")
			}
		})
	}
}

// TestCredentialPaths looks at what is beside the API's methods.
func TestCredentialPaths(t *testing.T) {
	t.Parallel()
	s := serveAccount(t)
	good := "Bearer " + s.accessToken("")
	tests := []struct {
		name, method, path string
		status             int
	}{
		{"unknown method", http.MethodPost, credentials + account + ":generateGold", http.StatusNotFound},
		{"GET", http.MethodGet, credentials + account + ":generateIdToken", http.StatusNotFound},
		{"a project's name", http.MethodPost, "/v1/projects/contoso-prod/serviceAccounts/" + account + ":generateIdToken", http.StatusBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := s.do(tt.method, tt.path, `{"audience":"a"}`, "Authorization", good); got.status != tt.status {
				t.Errorf("status %d, want %d", got.status, tt.status)
			}
		})
	}
}

// TestTokensOfAnother makes sure that a workload's credential is good for no other workload.
func TestTokensOfAnother(t *testing.T) {
	t.Parallel()
	one, other := serveAccount(t), serveAccount(t)
	if got := other.call("generateIdToken", `{"audience":"a"}`, one.accessToken("")); got.status != http.StatusUnauthorized {
		t.Errorf("status %d, want %d", got.status, http.StatusUnauthorized)
	}
}

func FuzzCredentials(f *testing.F) {
	handler := fuzzed(f)
	var access struct {
		Token string `json:"access_token"`
	}
	r := httptest.NewRequest(http.MethodGet, token, nil)
	r.Header.Set("Metadata-Flavor", "Google")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &access); err != nil {
		f.Fatal(err)
	}
	f.Add("generateIdToken", "application/json", `{"audience":"a","includeEmail":true}`)
	f.Add("generateAccessToken", "", `{"scope":["a"],"lifetime":"1.5s","delegates":null}`)
	f.Add("signJwt", "text/plain", `{"payload":"{\"exp\":1}"}`)
	f.Add("signBlob", "application/x-www-form-urlencoded", `a=b`)
	f.Fuzz(func(t *testing.T, method, contentType, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.Path = credentials + uniqueID + ":" + method
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer "+access.Token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("status %d for %s of %q", w.Code, method, body)
		}
	})
}
