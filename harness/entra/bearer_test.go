package entra_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestGraphTokenNonce: Graph takes its tokens with the nonce that they were issued with, and with no other, nor as they
// were signed.
func TestGraphTokenNonce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.accessToken(nil, nil)
	encoded, rest, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(raw), `"nonce":"`)
	if !found || !strings.HasPrefix(string(raw), `{"typ":"JWT","nonce":"`) {
		t.Fatalf("header %s", raw)
	}
	_, after, _ = strings.Cut(after, `",`)
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + rest }
	for name, tt := range map[string]struct {
		token string
		want  error
	}{
		"as issued":       {token, nil},
		"another nonce":   {header(before + `"nonce":"x",` + after), entra.ErrMalformed},
		"no nonce":        {header(before + after), entra.ErrMalformed},
		"as it is signed": {withHashedNonce(t, token), entra.ErrMalformed},
		"another order":   {header(`{"nonce":"x","typ":"JWT",` + after), entra.ErrMalformed},
	} {
		req := getRequest("https://graph.microsoft.com/v1.0/applications")
		req.Header.Set("Authorization", "Bearer "+tt.token)
		if _, err := r.server.Bearer(req, "https://graph.microsoft.com"); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// TestBearer: a token is good until the second of its exp, under the scheme Bearer, for its audience with or without
// slashes at the end.
func TestBearer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.accessToken(nil, map[string]string{"scope": "https://management.azure.com//.default"})
	ask := func(authorization string, audiences ...string) (entra.Bearer, error) {
		req := getRequest("https://management.azure.com/subscriptions")
		req.Header.Set("Authorization", authorization)
		return r.server.Bearer(req, audiences...)
	}
	const audience = "https://management.azure.com"
	for _, tt := range []struct {
		authorization string
		audiences     []string
		want          error
	}{
		{"Bearer " + token, []string{audience}, nil},
		{"bearer  " + token + " ", []string{"https://other.example", audience + "//"}, nil},
		{"Bearer " + token, []string{audience + "/x"}, entra.ErrTokenAudience},
		{"Bearer " + token, nil, entra.ErrTokenAudience},
		{"", []string{audience}, entra.ErrNoToken},
		{"Bearer", []string{audience}, entra.ErrNoToken},
		{"Bearer  ", []string{audience}, entra.ErrNoToken},
		{"Basic " + token, []string{audience}, entra.ErrNoToken},
		{"Bearer x", []string{audience}, entra.ErrMalformed},
		{"Bearer " + token[:strings.LastIndex(token, ".")+1], []string{audience}, entra.ErrMalformed},
	} {
		if _, err := ask(tt.authorization, tt.audiences...); !errors.Is(err, tt.want) {
			t.Errorf("%.20q for %q: %v, want %v", tt.authorization, tt.audiences, err, tt.want)
		}
	}
	b, err := ask("Bearer "+token, audience)
	if err != nil || b.TenantID != r.tenant.ID || b.ClientID != r.app.ClientID || b.ObjectID != r.app.ServicePrincipalID {
		t.Fatalf("%+v, %v", b, err)
	}
	if b.Expires.Nanosecond() != 0 {
		t.Errorf("it expires at %s, want a whole second", b.Expires)
	}
	r.advance(b.Expires.Sub(start) - time.Second)
	if _, err := ask("Bearer "+token, audience); err != nil {
		t.Errorf("a second before exp: %v", err)
	}
	r.advance(time.Second)
	if got, err := ask("Bearer "+token, audience); !errors.Is(err, entra.ErrTokenExpired) || got.TokenID != b.TokenID {
		t.Errorf("at exp: %+v, %v, want the token and %v", got, err, entra.ErrTokenExpired)
	}
}

// TestRegionalHosts: they serve managed identities and no applications, in every cloud.
func TestRegionalHosts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	credential := directory.Credential{Name: "main", Issuer: r.issuer.url, Subject: mainSubject, Audiences: []string{exchangeAudience}}
	r.change(func(t *directory.Tenant) {
		t.Subscriptions = []directory.Subscription{{DisplayName: "Production", ResourceGroups: []directory.ResourceGroup{{Name: "app"}}}}
		t.ManagedIdentities = []directory.ManagedIdentity{{Name: identityName, Credentials: []directory.Credential{credential}}}
	})
	credential.Audiences = []string{"api://AzureADTokenExchangeUSGov"}
	gov, err := r.dir.AddTenant(directory.Tenant{DisplayName: "Gov", Cloud: "usgov", Applications: []directory.Application{{Name: "deployer", Credentials: []directory.Credential{credential}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, host, tenant, client, audience, scope string
		code                                        int
	}{
		{"application", "westeurope.login.microsoft.com", r.tenant.ID, r.app.ClientID, exchangeAudience, "https://graph.microsoft.com", 100007},
		{"application, older form", "centralus.r.login.microsoftonline.com", r.tenant.ID, r.app.ClientID, exchangeAudience, "https://graph.microsoft.com", 100007},
		{"application, region and port", "westeurope.login.microsoft.com:8445", r.tenant.ID, r.app.ClientID, exchangeAudience, "https://graph.microsoft.com", 100007},
		{"application, region and dot", "westeurope.login.microsoft.com.", r.tenant.ID, r.app.ClientID, exchangeAudience, "https://graph.microsoft.com", 100007},
		{"application, port", "login.microsoft.com:8445", r.tenant.ID, r.app.ClientID, exchangeAudience, "https://graph.microsoft.com", 0},
		{"application, another cloud's host and port", "login.microsoftonline.us:8445", r.tenant.ID, r.app.ClientID, exchangeAudience, "https://graph.microsoft.com", 900382},
		{"application, another cloud's host and dot", "login.chinacloudapi.cn.", r.tenant.ID, r.app.ClientID, exchangeAudience, "https://graph.microsoft.com", 900382},
		{"application, no region", "login.microsoft.com", r.tenant.ID, r.app.ClientID, exchangeAudience, "https://graph.microsoft.com", 0},
		{"managed identity", "westeurope.login.microsoft.com", r.tenant.ID, r.tenant.ManagedIdentities[0].ClientID, exchangeAudience, "https://graph.microsoft.com", 0},
		{"US Government", "usgovvirginia.login.microsoftonline.us", gov.ID, gov.Applications[0].ClientID, "api://AzureADTokenExchangeUSGov", "https://graph.microsoft.us", 100007},
		{"US Government, no region", "login.microsoftonline.us", gov.ID, gov.Applications[0].ClientID, "api://AzureADTokenExchangeUSGov", "https://graph.microsoft.us", 0},
	} {
		got := r.post("https://"+tt.host+"/"+tt.tenant+"/oauth2/v2.0/token", r.params(r.issuer.mint(r.claims(map[string]any{"aud": tt.audience})),
			map[string]string{"client_id": tt.client, "scope": tt.scope + "/.default"}))
		if got.code() != tt.code || (got.status == 200) != (tt.code == 0) {
			t.Errorf("%s: %s", tt.name, got.raw)
		}
	}
}
