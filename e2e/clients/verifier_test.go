package clients

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/zitadel/oidc/v3/pkg/client"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// verifiers are two independent ones. Each is given an issuer and an audience and fetches the rest. Where metadata is
// set it is the URL of the discovery document's base, for tokens whose iss is not there.
var verifiers = []struct {
	name   string
	verify func(ctx context.Context, http *http.Client, v verification) error
}{
	{"go-oidc", verifyWithGoOIDC},
	{"zitadel", verifyWithZitadel},
}

type verification struct {
	issuer   string // as in iss
	metadata string // where discovery is; empty: at the issuer
	audience string
	token    string
}

func verifyWithGoOIDC(ctx context.Context, http *http.Client, v verification) error {
	ctx = gooidc.ClientContext(ctx, http)
	at := v.issuer
	if v.metadata != "" {
		at, ctx = v.metadata, gooidc.InsecureIssuerURLContext(ctx, v.issuer) // the library's own advice for Microsoft's issuers
	}
	provider, err := gooidc.NewProvider(ctx, at)
	if err != nil {
		return err
	}
	_, err = provider.Verifier(&gooidc.Config{ClientID: v.audience}).Verify(ctx, v.token)
	return err
}

func verifyWithZitadel(ctx context.Context, http *http.Client, v verification) error {
	if v.metadata == "" {
		party, err := rp.NewRelyingPartyOIDC(ctx, v.issuer, v.audience, "", "", nil, rp.WithHTTPClient(http), rp.WithSigningAlgsFromDiscovery())
		if err != nil {
			return err
		}
		_, err = rp.VerifyIDToken[*oidc.IDTokenClaims](ctx, v.token, party.IDTokenVerifier())
		return err
	}
	discovered, err := client.Discover(ctx, v.metadata, http)
	if err != nil {
		return err
	}
	verifier := rp.NewIDTokenVerifier(v.issuer, v.audience, rp.NewRemoteKeySet(http, discovered.JwksURI),
		rp.WithSupportedSigningAlgorithms(discovered.IDTokenSigningAlgValuesSupported...))
	_, err = rp.VerifyIDToken[*oidc.IDTokenClaims](ctx, v.token, verifier)
	return err
}

// wantVerification verifies with both, and makes sure that both would refuse: another audience, and a payload that was
// not signed.
func wantVerification(t *testing.T, http *http.Client, v verification) {
	t.Helper()
	for _, with := range verifiers {
		t.Run(with.name, func(t *testing.T) {
			t.Parallel()
			if err := with.verify(t.Context(), http, v); err != nil {
				t.Error(err)
			}
			other := v
			other.audience = "another-" + v.audience
			if err := with.verify(t.Context(), http, other); err == nil {
				t.Error("accepts a token for another audience")
			}
			forged := v
			forged.token = forge(t, v.token)
			if err := with.verify(t.Context(), http, forged); err == nil {
				t.Error("accepts a token with the signature of another")
			}
		})
	}
}

// forge changes a token's signature but for its length.
func forge(t *testing.T, token string) string {
	t.Helper()
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 || len(token) < dot+12 {
		t.Fatal("the token has no signature")
	}
	signature := []byte(token[dot+1:])
	slices.Reverse(signature[:10]) // characters at the end may have bits that do not count
	if string(signature) == token[dot+1:] {
		t.Fatal("the signature reads the same backwards")
	}
	return token[:dot+1] + string(signature)
}

// TestIssuerTokens verifies a token of every issuer of every platform: the first preset of each of its services.
func TestIssuerTokens(t *testing.T) {
	t.Parallel()
	for _, platform := range issuers.All() {
		for _, service := range platform.Services {
			preset := slices.IndexFunc(platform.Presets, func(p issuer.Preset) bool { return p.Service == service.Name })
			if preset < 0 {
				t.Errorf("%s: no preset mints at the service %q", platform.Name, service.Name)
				continue
			}
			name := platform.Presets[preset].Name
			t.Run(platform.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				farm := harness.New(t)
				conforms(t, farm, "github.com/coreos/go-oidc/v3", "github.com/zitadel/oidc/v3")
				iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: platform.Name, Preset: name})
				minted := mintForParty(t, iss)
				wantVerification(t, farm.Client(), verification{issuer: iss.URL, audience: audience(minted.Claims)[0], token: minted.Token})
			})
		}
	}
}

// mintForParty mints a token with one audience that is also its authorized party, where it names one: zitadel's
// verifier is made for logins, where azp is the client. Google's azp is the account's id, so that id is what the token
// is asked for as its audience.
func mintForParty(t *testing.T, iss *harness.Issuer) harness.Token {
	t.Helper()
	minted := iss.MustMint(harness.MintSpec{})
	if azp, ok := minted.Claims["azp"].(string); ok {
		minted = iss.MustMint(harness.MintSpec{Audience: []string{azp}})
	}
	if len(audience(minted.Claims)) != 1 {
		t.Fatalf("aud is %v, want one audience", minted.Claims["aud"])
	}
	return minted
}

// TestAccessTokens verifies the emulator's access tokens with the keys that it publishes.
func TestAccessTokens(t *testing.T) {
	t.Parallel()
	w := trusted(t, "github")
	conforms(t, w.farm, "github.com/coreos/go-oidc/v3", "github.com/zitadel/oidc/v3")
	v1, v2 := "https://sts.windows.net/"+w.farm.Tenant+"/", "https://login.microsoftonline.com/"+w.farm.Tenant+"/v2.0"
	tests := []struct {
		name  string
		scope string
		want  verification
	}{
		{"resource-manager", "https://management.azure.com/.default", verification{issuer: v1, metadata: v2, audience: "https://management.azure.com"}},
		// The v1.0 issuer has a discovery document of its own. An application gets v1.0 tokens unless it says
		// otherwise.
		{"own-application", w.app.ClientID + "/.default", verification{issuer: v1, audience: w.app.ClientID}},
	}
	t.Run("own-application, v2.0", func(t *testing.T) {
		t.Parallel()
		f := harness.New(t, harness.WithTenants(harness.Tenant{DisplayName: "Contoso", Applications: []harness.Application{
			{Name: "api", TokenVersion: 2, Credentials: []harness.Credential{credentialFor(t, w.assertion)}},
		}}))
		conforms(t, f, "github.com/coreos/go-oidc/v3", "github.com/zitadel/oidc/v3")
		app := f.MustFindApp("api")
		assertion := f.MustAddIssuer(harness.IssuerSpec{Platform: "github"}).MustMint(harness.MintSpec{Audience: []string{exchangeAudience}}).Token
		// A token for the application itself, since zitadel's verifier wants azp and aud to be the same.
		access, err := app.ExchangeFor(assertion, app.ClientID+"/.default")
		if err != nil {
			t.Fatal(err)
		}
		wantVerification(t, f.Client(), verification{
			issuer: "https://login.microsoftonline.com/" + f.Tenant + "/v2.0", audience: app.ClientID, token: access.Token,
		})
	})
	t.Run("graph", func(t *testing.T) {
		t.Parallel()
		access, err := w.app.ExchangeFor(w.assertion.Token, graphScope)
		if err != nil {
			t.Fatal(err)
		}
		for _, with := range verifiers {
			v := verification{issuer: v1, metadata: v2, audience: "https://graph.microsoft.com", token: access.Token}
			if err := with.verify(t.Context(), w.farm.Client(), v); err == nil || !strings.Contains(err.Error(), "signature") {
				t.Errorf("%s verifies a token for Microsoft Graph, which only Graph can: error %v", with.name, err)
			}
		}
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			access, err := w.app.ExchangeFor(w.assertion.Token, tt.scope)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.token = access.Token
			wantVerification(t, w.farm.Client(), tt.want)
		})
	}
}
