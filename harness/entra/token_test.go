package entra_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

func golden(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// token splits the access token of an answer.
func (a *answer) token(t *testing.T) (header, payload string, claims map[string]any) {
	t.Helper()
	compact, _ := a.body["access_token"].(string)
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		t.Fatalf("no access token in %s", a.raw)
	}
	decode := func(part string) string {
		b, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	payload = decode(parts[1])
	if err := json.Unmarshal([]byte(payload), &claims); err != nil {
		t.Fatal(err)
	}
	return decode(parts[0]), payload, claims
}

// members lists the names of a JSON object in their order.
func members(t *testing.T, object string) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(object))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func TestSuccess(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.exchange(nil)
	if got.status != 200 {
		t.Fatal(got.raw)
	}
	want := strings.ReplaceAll(golden(t, "token.json"), "{token}", got.body["access_token"].(string))
	if diff := cmp.Diff(want, got.raw); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	checkSignIn(t, got, 0)
	s := got.signIn
	if s.Credential != "main-branch" || s.AppName != "deployer" || s.TenantID != r.tenant.ID || s.KeyID != "k1" || s.Resource != "https://graph.microsoft.com" {
		t.Errorf("sign-in %+v", s)
	}
	if got.fetched() != "discovery jwks" {
		t.Errorf("fetched %q", got.fetched())
	}
}

func TestGraphToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.exchange(nil)
	header, payload, claims := got.token(t)

	if names := members(t, header); !slices.Equal(names, []string{"typ", "nonce", "alg", "x5t", "kid"}) {
		t.Errorf("header %s", header)
	}
	if again, _, _ := r.exchange(nil).token(t); again == header {
		t.Errorf("two tokens have one nonce: %s", header)
	}
	var all []string
	if err := json.Unmarshal([]byte(golden(t, "claims-v1.json")), &all); err != nil {
		t.Fatal(err)
	}
	// The application has no app role; no tenant has a data boundary.
	all = slices.DeleteFunc(all, func(name string) bool { return name == "roles" || name == "xms_tdbr" })
	if diff := cmp.Diff(all, members(t, payload)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	for _, opaque := range []string{"aio", "rh", "xms_tcdt"} {
		delete(claims, opaque)
	}
	now := float64(start.Unix())
	want := map[string]any{
		"aud": "https://graph.microsoft.com", "iss": "https://sts.windows.net/" + r.tenant.ID + "/",
		"iat": now - 300, "nbf": now - 300, "exp": now + 3600,
		"app_displayname": "deployer", "appid": r.app.ClientID, "appidacr": "2", "idp": "https://sts.windows.net/" + r.tenant.ID + "/", "idtyp": "app",
		"oid": r.app.ServicePrincipalID, "sub": r.app.ServicePrincipalID, "tid": r.tenant.ID, "tenant_region_scope": "WW",
		"uti": got.signIn.UTI, "ver": "1.0", "wids": []any{"0997a1d0-0d1d-4acb-b408-d5ca73121e90"},
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if len(got.signIn.UTI) != 22 {
		t.Errorf("uti %q", got.signIn.UTI)
	}
}

func TestCustomResourceToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	api := r.addApp(directory.Application{Name: "orders", IdentifierURIs: []string{"api://orders"}, TokenVersion: 2})
	for _, scope := range []string{"api://orders/.default", api.ClientID + "/.default"} {
		got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": scope}))
		header, payload, claims := got.token(t)
		if names := members(t, header); !slices.Equal(names, []string{"typ", "alg", "kid"}) {
			t.Errorf("header %s", header)
		}
		var all []string
		if err := json.Unmarshal([]byte(golden(t, "claims-v2.json")), &all); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all, slices.Sorted(slices.Values(members(t, payload)))); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
		if claims["aud"] != api.ClientID || claims["azp"] != r.app.ClientID || claims["azpacr"] != "2" || claims["ver"] != "2.0" ||
			claims["iss"] != "https://login.microsoftonline.com/"+r.tenant.ID+"/v2.0" || claims["sub"] != r.app.ServicePrincipalID {
			t.Errorf("claims %s", payload)
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ scope, audience string }{
		{"https://graph.microsoft.com/.default openid offline_access profile", "https://graph.microsoft.com"},
		{"openid https://graph.microsoft.com/.default", "https://graph.microsoft.com"},
		{"https://graph.microsoft.com//.default", "https://graph.microsoft.com/"},
		{"00000003-0000-0000-c000-000000000000/.default", "00000003-0000-0000-c000-000000000000"},
		{"https://management.azure.com/.default", "https://management.azure.com"},
		{"https://management.core.windows.net//.default", "https://management.core.windows.net/"},
		{"797f4846-ba00-4fd7-ba43-dac1f8f63013/.default", "797f4846-ba00-4fd7-ba43-dac1f8f63013"},
		{"https://vault.azure.net/.default", "https://vault.azure.net"},
		{"https://storage.azure.com/.default", "https://storage.azure.com"},
	} {
		t.Run(tt.scope, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			_, _, claims := r.post(tokenURL, r.params(r.issuer.mint(r.claims(nil)), map[string]string{"scope": tt.scope})).token(t)
			if claims["aud"] != tt.audience || claims["ver"] != "1.0" {
				t.Errorf("aud %v ver %v, want %q 1.0", claims["aud"], claims["ver"], tt.audience)
			}
		})
	}
}

// TestAccepted are assertions and requests that must pass.
func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(*rig)
		claims  map[string]any
		params  map[string]string
		url     string
	}{
		{name: "tenant by id", url: "id"},
		{name: "alias host", url: "https://login.windows.net/CONTOSO.onmicrosoft.com/oauth2/v2.0/token"},
		{name: "client id in capitals", params: map[string]string{"client_id": "upper"}},
		{name: "aud a list of one", claims: map[string]any{"aud": []string{exchangeAudience}}},
		{name: "no nbf, no typ", claims: map[string]any{"nbf": nil}, prepare: func(r *rig) { delete(r.issuer.header, "typ") }},
		{name: "long typ", prepare: header("typ", "http://openid.net/specs/jwt/1.0")},
		{name: "typ of Cognito", prepare: header("typ", "JWS")},
		{name: "nonce in the header", prepare: header("nonce", "abc")},
		{name: "every supported header", prepare: func(r *rig) {
			for _, name := range []string{"x5t", "use", "enc", "ctx", "nonce", "rh", "kdf_ver", "x5t#S256"} {
				r.issuer.header[name] = "x"
			}
		}},
		{name: "a hundred signing keys behind one for encryption", prepare: func(r *rig) {
			keys := make([]jose.JSONWebKey, 101)
			for i := range keys {
				keys[i] = jose.JSONWebKey{Key: issuerKey().Public(), KeyID: fmt.Sprint("old", i), Use: "sig"}
			}
			keys[0].Use, keys[100].KeyID = "enc", "k1"
			r.issuer.jwks = keySet(keys...)
		}},
		{name: "exactly 25 hours", claims: map[string]any{"exp": start.Unix() + 25*3600}},
		{name: "expired within the tolerance", claims: map[string]any{"iat": start.Unix() - 600, "nbf": nil, "exp": start.Unix() - 299}},
		{name: "early within the tolerance", claims: map[string]any{"nbf": start.Unix() + 300}},
		{name: "jwks key without use and alg", prepare: func(r *rig) {
			r.issuer.jwks = bytes.ReplaceAll(bytes.ReplaceAll(r.issuer.jwks.([]byte), []byte(`"use":"sig",`), nil), []byte(`"alg":"RS256",`), nil)
		}},
		{name: "one key twice, for verifying", prepare: func(r *rig) {
			good := strings.TrimSuffix(strings.TrimPrefix(string(r.issuer.jwks.([]byte)), `{"keys":[`), "]}")
			r.issuer.jwks = []byte(`{"keys":[` + good + "," + strings.Replace(good, "{", `{"key_ops":["verify"],`, 1) + "]}")
		}},
		{name: "empty authorization_endpoint", prepare: document(map[string]any{"authorization_endpoint": ""})},
		{name: "EC key beside", prepare: func(r *rig) {
			r.issuer.jwks = bytes.Replace(r.issuer.jwks.([]byte), []byte(`[`), []byte(`[{"kty":"EC","kid":"ec","crv":"P-521","x":"?"},{"kty":"OKP"},`), 1)
		}},
		{name: "what MSAL adds", params: map[string]string{
			"client_info": "1", "claims": `{"access_token":{"xms_cc":{"values":["CP1"]}}}`, "x-client-SKU": "MSAL.JS", "response_type": "token",
			"x-ms-lib-capability": "retry-after, h429", "x-client-current-telemetry": "5|771,0,,,|,", "client-request-id": "a876ada9-c13f-4ccd-b830-c2b0795ed03d",
		}},
		{name: "several audiences, when told so", claims: map[string]any{"aud": []string{"other", exchangeAudience}}, prepare: func(r *rig) {
			o := directory.DefaultOptions()
			o.AudienceLists = true
			if err := r.dir.SetOptions(o); err != nil {
				r.t.Fatal(err)
			}
		}},
		{name: "second credential", claims: map[string]any{"sub": "second", "aud": "custom"}, prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "second", Issuer: r.issuer.url, Subject: "second", Audiences: []string{"custom"}})
		}},
		{name: "credential of an issuer with a slash", claims: map[string]any{"iss": "https://issuer.example/"}, prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "aks", Issuer: "https://issuer.example/", Subject: mainSubject, Audiences: []string{exchangeAudience}})
			r.issuer.discovery = r.issuer.document(map[string]any{"issuer": "https://issuer.example/"})
		}},
		{name: "a second credential that matches nothing in reach", prepare: func(r *rig) {
			r.addCredential(r.app, directory.Credential{Name: "elsewhere", Issuer: "https://elsewhere.example", Subject: mainSubject, Audiences: []string{exchangeAudience}})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if tt.prepare != nil {
				tt.prepare(r)
			}
			target := tokenURL
			switch tt.url {
			case "":
			case "id":
				target = at(r.tenant.ID)
			default:
				target = tt.url
			}
			if tt.params["client_id"] == "upper" {
				tt.params["client_id"] = strings.ToUpper(r.app.ClientID)
			}
			got := r.post(target, r.params(r.issuer.mint(r.claims(tt.claims)), tt.params))
			if got.status != 200 {
				t.Errorf("status %d, body %s, checks %+v", got.status, got.raw, got.signIn.Checks)
			}
		})
	}
}

// TestNationalCloud signs in at the host of another cloud.
func TestNationalCloud(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, tt := range []struct{ cloud, host, graph, issuer string }{
		{"usgov", "login.microsoftonline.us", "https://graph.microsoft.us", "https://login.microsoftonline.us"},
		{"china", "login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"},
	} {
		audience, err := directory.ExchangeAudience(tt.cloud)
		if err != nil {
			t.Fatal(err)
		}
		tenant, err := r.dir.AddTenant(directory.Tenant{DisplayName: tt.cloud, Cloud: tt.cloud, Applications: []directory.Application{{
			Name: "deployer", TokenVersion: 2, Credentials: []directory.Credential{{Name: "main", Issuer: r.issuer.url, Subject: mainSubject, Audiences: []string{audience}}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		client := tenant.Applications[0].ClientID
		for scope, want := range map[string][2]any{
			tt.graph + "/.default": {tt.graph, "https://sts.windows.net/" + tenant.ID + "/"},
			client + "/.default":   {client, tt.issuer + "/" + tenant.ID + "/v2.0"},
		} {
			got := r.post("https://"+tt.host+"/"+tenant.ID+"/oauth2/v2.0/token",
				r.params(r.issuer.mint(r.claims(map[string]any{"aud": audience})), map[string]string{"client_id": client, "scope": scope}))
			_, _, claims := got.token(t)
			if claims["aud"] != want[0] || claims["iss"] != want[1] {
				t.Errorf("%s: aud %v iss %v, want %v", scope, claims["aud"], claims["iss"], want)
			}
		}
	}
}

func TestMatchOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	both := map[string]any{"aud": "x", "sub": "y"}
	if code := r.exchange(both).code(); code != 700212 {
		t.Errorf("audience first: %d", code)
	}
	o := directory.DefaultOptions()
	o.MatchOrder = directory.SubjectFirst
	if err := r.dir.SetOptions(o); err != nil {
		t.Fatal(err)
	}
	if code := r.exchange(both).code(); code != 700213 {
		t.Errorf("subject first: %d", code)
	}
	if code := r.exchange(map[string]any{"aud": "x"}).code(); code != 700212 {
		t.Errorf("only the audience differs: %d", code)
	}
}

// TestErrorBody compares a whole recorded body, member order included.
func TestErrorBody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const correlation = "a876ada9-c13f-4ccd-b830-c2b0795ed03d"
	got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(map[string]any{"sub": "repo:contoso/web:environment:production"})), map[string]string{"client-request-id": correlation}))
	want := strings.ReplaceAll(golden(t, "error-700213.json"), "fe9fbfcb-e303-4bd9-8083-db2f873c3400", got.body["trace_id"].(string))
	if diff := cmp.Diff(want, got.raw); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if trace := got.body["trace_id"].(string); !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{10}00$`).MatchString(trace) {
		t.Errorf("trace_id %q", trace)
	}
}

// TestNothingSecretIsRecorded looks for the assertion in the record and the log.
func TestNothingSecretIsRecorded(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var records []entra.SignIn
	r := newRig(t)
	server := entra.New(entra.Config{
		Directory: r.dir, Now: r.clock, Client: &http.Client{Transport: r.issuer},
		NewKey: func() (entra.SigningKey, error) { return entra.SigningKey{Key: entraKey()}, nil },
		Record: func(s entra.SignIn) { records = append(records, s) },
		Log:    slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	r.server = server
	assertion := r.issuer.mint(r.claims(nil))
	accessToken := r.post(tokenURL, r.params(assertion, nil)).body["access_token"].(string)
	r.post(tokenURL, r.params(assertion+"!", nil))
	r.post(tokenURL, r.params("", map[string]string{"client_assertion": "", "client_secret": "s3cret-value"}))
	if len(records) != 3 || !strings.Contains(log.String(), mainSubject) {
		t.Fatalf("%d records, log %q", len(records), log.String())
	}
	text := log.String() + string(mustJSON(records))
	for _, token := range []string{assertion, accessToken} {
		for _, part := range strings.Split(token, ".") {
			if strings.Contains(text, part) {
				t.Error("a part of a token was recorded or logged")
			}
		}
	}
	if strings.Contains(text, "s3cret-value") {
		t.Error("the secret was recorded or logged")
	}
}

func TestKeyFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	fail := true
	r.server = entra.New(entra.Config{
		Directory: r.dir, Now: r.clock, Client: &http.Client{Transport: r.issuer},
		NewKey: func() (entra.SigningKey, error) {
			if fail {
				return entra.SigningKey{}, errors.New("no entropy")
			}
			return entra.SigningKey{Key: entraKey()}, nil
		},
	})
	if got := r.exchange(nil); got.status != 500 {
		t.Errorf("status %d", got.status)
	}
	fail = false
	if got := r.exchange(nil); got.status != 200 {
		t.Errorf("after the key came: status %d %s", got.status, got.raw)
	}
}

// TestZeroConfig is a server without anything.
func TestZeroConfig(t *testing.T) {
	t.Parallel()
	s := entra.New(entra.Config{})
	r := &rig{t: t, server: s, now: time.Unix(0, 0)}
	if got := r.do(formRequest(tokenURL, "grant_type=client_credentials")); got.code() != 90002 {
		t.Errorf("body %s", got.raw)
	}
	if _, err := s.Directory().AddTenant(directory.Tenant{DisplayName: "x", Domains: []string{"contoso.onmicrosoft.com"}}); err != nil {
		t.Fatal(err)
	}
	if got := r.do(formRequest(tokenURL, "grant_type=client_credentials")); got.code() != 900144 {
		t.Errorf("body %s", got.raw)
	}
}

func ExampleError() {
	err := &entra.Error{Code: 700038, Args: map[string]string{"clientId": "00000000-0000-0000-0000-000000000000"}}
	fmt.Println(err)
	// Output: entra: AADSTS700038: 00000000-0000-0000-0000-000000000000 is not a valid application identifier.
}
