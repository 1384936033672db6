package graph_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func TestIdentifierURIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.dir.Change(r.tenant.ID, func(t *directory.Tenant) error {
		t.Domains = append(t.Domains, "contoso.com")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c := r.caller("admin", everything...)
	at := "/v1.0/applications/" + c.app.ObjectID
	for _, uri := range []string{
		"api://" + c.app.ClientID, "api://" + r.tenant.ID + "/api", "api://productapi/" + c.app.ClientID, "api://contoso.com/productsapi", "api://any",
		"https://contoso.onmicrosoft.com/productsapi", "https://Contoso.com/productsapi", "https://product.contoso.com", "https://product.contoso.com:8443/x",
		"https://any/" + r.tenant.ID, "https://any/" + c.app.ClientID, "urn:any",
	} {
		c.must(204, "PATCH", at, map[string]any{"identifierUris": []string{uri}})
	}
	for _, uri := range []string{
		"https://web.example", "https://notcontoso.com", "https://contoso.com.web.example", "https://web.example/contoso.com", "http://web.example", "https://any/" + c.app.ObjectID,
	} {
		c.refused(400, "HostNameNotOnVerifiedDomain", "Values of identifierUris property must use a verified domain of the organization or its subdomain: '"+uri+"'",
			"PATCH", at, map[string]any{"identifierUris": []string{"api://any", uri}})
	}
	// What an application has it keeps.
	if _, err := r.dir.Change(r.tenant.ID, func(t *directory.Tenant) error {
		t.Applications[0].IdentifierURIs = []string{"https://old.example"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c.must(204, "PATCH", at, map[string]any{"identifierUris": []string{"https://old.example", "api://any"}})
	c.must(400, "POST", "/v1.0/applications", map[string]any{"displayName": "x", "identifierUris": []string{"https://web.example"}})
}

func TestUnknownProperties(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	app, principal := "/applications/"+c.app.ObjectID, "/servicePrincipals/"+c.app.ServicePrincipalID
	const (
		bad    = "Request_BadRequest"
		array  = "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader. A 'StartArray' node was expected."
		object = "An unexpected 'StartArray' node was found when reading from the JSON reader. A 'StartObject' node was expected."
	)
	for _, tt := range []struct {
		path, code, message string
		name                string
		value               any
	}{
		{"/v1.0" + app, bad, "Invalid property 'nosuchprop'.", "nosuchprop", "x"},
		{"/v1.0" + app, bad, "Invalid property 'DisplayName'.", "DisplayName", "x"},
		{"/v1.0" + app, bad, "Invalid property 'servicePrincipal'.", "servicePrincipal", map[string]any{}},
		{"/v1.0" + app, bad, "Invalid property 'windows'.", "windows", map[string]any{}},
		{"/v1.0" + app, bad, "Invalid value specified for property 'notes' of resource 'Application'.", "notes", 1},
		{"/v1.0" + app, bad, "Invalid value specified for property 'description' of resource 'Application'.", "description", []string{"x"}},
		{"/v1.0" + app, bad, "Invalid value specified for property 'tags' of resource 'Application'.", "tags", []any{"x", 1}},
		{"/v1.0" + app, bad, "Invalid value specified for property 'tags' of resource 'Application'.", "tags", "x"},
		{"/v1.0" + app, bad, "Invalid value specified for property 'isFallbackPublicClient' of resource 'Application'.", "isFallbackPublicClient", "true"},
		{"/v1.0" + app, "BadRequest", object, "web", []any{}},
		{"/v1.0" + app, "BadRequest", array, "requiredResourceAccess", "x"},
		{"/v1.0" + app, bad, "Invalid value specified for property 'requiredResourceAccess' of resource 'Application'.", "requiredResourceAccess", []any{"x"}},
		{"/beta" + app, bad, "Invalid value specified for property 'onPremisesPublishing' of resource 'Application'.", "onPremisesPublishing",
			map[string]any{"verifiedCustomDomainPasswordCredential": map[string]any{"value": "x"}}},
		{"/v1.0" + principal, bad, "Invalid property 'nosuchprop'.", "nosuchprop", "x"},
		{"/v1.0" + principal, bad, "Invalid value specified for property 'notes' of resource 'ServicePrincipal'.", "notes", 1},
		{"/v1.0" + principal, bad, "Invalid value specified for property 'accountEnabled' of resource 'ServicePrincipal'.", "accountEnabled", nil},
		{"/v1.0" + principal, bad, "New password credentials must be generated using service actions.", "passwordCredentials", []any{map[string]any{"secretText": "x"}}},
		{"/v1.0" + principal, bad, "Invalid value specified for property 'keyCredentials' of resource 'ServicePrincipal'.", "keyCredentials", []any{map[string]any{"key": "x"}}},
	} {
		c.refused(400, tt.code, tt.message, "PATCH", tt.path, map[string]any{tt.name: tt.value})
	}
	c.must(204, "PATCH", "/beta"+app, map[string]any{"windows": map[string]any{"packageSid": "x"}, "onPremisesPublishing": nil})
}

// TestForget: what a deleted application is called takes nothing from others.
func TestForget(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	graph := c.must(200, "GET", "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", nil).text("id")
	for _, name := range []string{graph, "Microsoft Graph", "00000003-0000-0000-c000-000000000000"} {
		app := c.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": name})
		principal := c.must(201, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": app.text("appId")}).text("id")
		c.must(204, "DELETE", "/v1.0/servicePrincipals/"+principal, nil)
		c.must(204, "DELETE", "/v1.0/applications/"+app.text("id"), nil)
	}
	assigned := c.must(200, "GET", "/v1.0/servicePrincipals/"+c.app.ServicePrincipalID+"/appRoleAssignments", nil).values("resourceId")
	if len(assigned) != len(everything) || assigned[0] != graph {
		t.Errorf("assignments at %v, want %d at %s", assigned, len(everything), graph)
	}
	var claims struct{ Roles []string }
	unsafeClaims(t, r.signIn(c.app.ClientID, "admin", "https://graph.microsoft.com"), &claims)
	if len(claims.Roles) != len(everything) {
		t.Errorf("roles %v", claims.Roles)
	}
}

// certify makes a certificate of a key.
func certify(t *testing.T, private, public any) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "deployer"}, NotBefore: start, NotAfter: start.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestKeyCredentials: a certificate given to Microsoft Graph signs the application in.
func TestKeyCredentials(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	app := c.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": "web"})
	c.must(201, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": app.text("appId")})
	at := "/v1.0/applications/" + app.text("id")
	der := certify(t, issuerKey(), issuerKey().Public())
	sum := sha1.Sum(der)
	signIn := func() int {
		t.Helper()
		options := (&jose.SignerOptions{}).WithHeader("x5t", base64.RawURLEncoding.EncodeToString(sum[:]))
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: issuerKey()}, options)
		if err != nil {
			t.Fatal(err)
		}
		now := r.clock().Unix()
		login := "https://login.microsoftonline.com/" + r.tenant.ID + "/oauth2/v2.0/token"
		assertion, err := jwt.Signed(signer).Claims(map[string]any{
			"iss": app.text("appId"), "sub": app.text("appId"), "aud": login, "jti": "1", "iat": now, "nbf": now, "exp": now + 600,
		}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {app.text("appId")}, "client_assertion": {assertion}, "scope": {"https://graph.microsoft.com/.default"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		}
		req := httptest.NewRequest("POST", login, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		r.login.ServeHTTP(w, req)
		return w.Code
	}
	patch := func(keys ...any) map[string]any { return map[string]any{"keyCredentials": keys} }
	const id = "aaaaaaaa-1111-4111-8111-111111111111"
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	good := map[string]any{"keyId": id, "type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "mine", "key": base64.StdEncoding.EncodeToString(inPEM)}
	change := func(name string, value any) map[string]any { return with(good, map[string]any{name: value}) }
	if got := signIn(); got != 401 {
		t.Errorf("sign-in before: %d", got)
	}
	c.must(204, "PATCH", at, patch(good))
	if got := signIn(); got != 200 {
		t.Errorf("sign-in with the certificate: %d", got)
	}
	got := c.must(200, "GET", at, nil)
	want := []any{map[string]any{
		"customKeyIdentifier": strings.ToUpper(hex.EncodeToString(sum[:])), "displayName": "mine", "endDateTime": "2027-09-08T00:24:38Z", "key": nil, "keyId": id,
		"startDateTime": "2026-09-08T00:24:38Z", "type": "AsymmetricX509Cert", "usage": "Verify",
	}}
	if diff := cmp.Diff(want, got.body["keyCredentials"]); diff != "" {
		t.Errorf("keyCredentials (-want +got):\n%s", diff)
	}
	// As clients add another: what they read, with it.
	c.must(204, "PATCH", at, patch(want...))
	if signIn() != 200 || len(c.must(200, "GET", at, nil).body["keyCredentials"].([]any)) != 1 {
		t.Error("the certificate is gone after it was repeated")
	}

	small, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	elliptical := base64.StdEncoding.EncodeToString(certify(t, small, small.Public()))
	const (
		invalid = "Invalid value specified for property 'keyCredentials' of resource 'Application'."
		usage   = `The value for the property "usage" in one of your credentials is invalid. Acceptable values are Sign, Verify.`
	)
	for _, tt := range []struct {
		message string
		keys    []any
	}{
		{invalid, []any{change("type", "Symmetric")}},
		{invalid, []any{change("type", "X509CertAndPassword")}},
		{usage, []any{change("usage", "Sign")}},
		{usage, []any{change("usage", nil)}},
		{invalid, []any{change("keyId", "x")}},
		{invalid, []any{change("key", "not base64")}},
		{invalid, []any{change("key", base64.StdEncoding.EncodeToString([]byte("secret")))}},
		{invalid, []any{with(change("keyId", nil), map[string]any{"key": elliptical})}},
		{invalid, []any{with(change("keyId", nil), map[string]any{"key": nil})}},
		{invalid, []any{good, change("keyId", nil)}},
		{"Update to existing credential with KeyId '" + id + "' is not allowed.",
			[]any{change("key", base64.StdEncoding.EncodeToString(certify(t, entraKey(), entraKey().Public())))}},
	} {
		c.refused(400, "Request_BadRequest", tt.message, "PATCH", at, patch(tt.keys...))
	}
	c.must(204, "PATCH", at, map[string]any{"keyCredentials": []any{}})
	if got := signIn(); got != 401 {
		t.Errorf("sign-in after: %d", got)
	}
	// A certificate that is in the directory without Microsoft Graph is there too, and stays when it is repeated.
	if _, err := r.dir.Change(r.tenant.ID, func(t *directory.Tenant) error {
		t.Applications[len(t.Applications)-1].Certificates = []string{string(inPEM)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	listed, _ := c.must(200, "GET", at, nil).body["keyCredentials"].([]any)
	if len(listed) != 1 {
		t.Fatalf("keyCredentials %v", listed)
	}
	c.must(204, "PATCH", at, patch(listed...))
	c.must(204, "PATCH", at, map[string]any{"keyCredentials": nil})
	if got := signIn(); got != 200 {
		t.Errorf("sign-in with the directory's certificate: %d", got)
	}
}
