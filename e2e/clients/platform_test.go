package clients

import (
	"fmt"
	"testing"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/issuers"
)

// exchangeAudience is what Entra recommends for the aud of an assertion.
const exchangeAudience = "api://AzureADTokenExchange"

// accepted says what a platform's token needs so that Entra takes it; the zero value, its first preset as it is, is
// right for most.
type accepted struct {
	preset string
	own    bool // the platform decides the audience
}

// acceptedBy holds the platforms that need more than to be asked for the audience.
var acceptedBy = map[string]accepted{
	"cognito":   {own: true},           // aud is the identity pool
	"env0":      {own: true},           // aud is the same for everybody
	"pulumi":    {own: true},           // aud is the organisation
	"spacelift": {own: true},           // aud is the account's host
	"spiffe":    {preset: "spire-rsa"}, // the keys that Entra wants
	"teleport":  {own: true},           // Teleport asks itself
}

// TestAcceptedBy keeps the table above to platforms and presets that there are.
func TestAcceptedBy(t *testing.T) {
	t.Parallel()
	for name, need := range acceptedBy {
		platform, err := issuers.ByName(name)
		if err == nil {
			_, err = platform.Preset(need.preset)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// workloadOf is a farm with a token of a platform and an application that trusts it.
type workloadOf struct {
	farm      *harness.Farm
	issuer    *harness.Issuer
	assertion harness.Token
	app       *harness.App
}

// trusted mints a token of a platform that Entra accepts and registers an application with the federated identity
// credential that the token's own iss, sub and aud ask for.
func trusted(t *testing.T, platform string) workloadOf {
	t.Helper()
	need := acceptedBy[platform]
	w := workloadOf{farm: harness.New(t)}
	w.issuer = w.farm.MustAddIssuer(harness.IssuerSpec{Platform: platform, Preset: need.preset})
	spec := harness.MintSpec{Audience: []string{exchangeAudience}}
	if need.own {
		spec.Audience = nil
	}
	w.assertion = w.issuer.MustMint(spec)
	w.app = w.farm.MustAddApp(platform, credentialFor(t, w.assertion))
	return w
}

// credentialFor is the federated identity credential that a token asks for.
func credentialFor(t *testing.T, minted harness.Token) harness.Credential {
	t.Helper()
	audiences := audience(minted.Claims)
	if len(audiences) != 1 {
		t.Fatalf("aud is %v, want one audience", minted.Claims["aud"])
	}
	return harness.Credential{
		Name: "workload", Issuer: text(t, minted.Claims, "iss"), Subject: text(t, minted.Claims, "sub"), Audiences: audiences,
	}
}

// audience is aud, which is a string or an array.
func audience(claims map[string]any) []string {
	switch aud := claims["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		all := make([]string, len(aud))
		for i, one := range aud {
			all[i] = fmt.Sprint(one)
		}
		return all
	}
	return nil
}

// text is a claim that must be a string.
func text(t *testing.T, claims map[string]any, name string) string {
	t.Helper()
	value, ok := claims[name].(string)
	if !ok {
		t.Fatalf("claim %q is %v, want a string", name, claims[name])
	}
	return value
}
