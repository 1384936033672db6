package terraform

import (
	"os"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// TestFetchTagged asks for the token of a run whose workspace has tagged variables.
func TestFetchTagged(t *testing.T) {
	t.Parallel()
	const exchange = "api://AzureADTokenExchange"
	tailscale := map[string]string{"TFC_WORKLOAD_IDENTITY_AUDIENCE_TAILSCALE": "api.tailscale.com/x"}
	two := map[string]string{"TFC_WORKLOAD_IDENTITY_AUDIENCE_TAILSCALE": "api.tailscale.com/x", "TFC_WORKLOAD_IDENTITY_AUDIENCE_VAULT": "vault"}
	with := map[string]string{"TFC_WORKLOAD_IDENTITY_AUDIENCE": "own", "TFC_WORKLOAD_IDENTITY_AUDIENCE_VAULT": "vault"}
	files := map[string]string{"TFC_AZURE_PROVIDER_AUTH_A": "true", "TFC_AZURE_PROVIDER_AUTH_B": "true", "TFC_AZURE_WORKLOAD_IDENTITY_AUDIENCE_B": "api://b"}
	for _, tt := range []struct {
		name      string
		variables map[string]string
		audience  string
		want      string // the token's audience; of an error, its text
	}{
		{"one", tailscale, "", "api.tailscale.com/x"},
		{"one, by its audience", tailscale, "api.tailscale.com/x", "api.tailscale.com/x"},
		{"one, whatever is asked for", tailscale, exchange, "api.tailscale.com/x"},
		{"one of two", two, "vault", "vault"},
		{"the other of two", two, "api.tailscale.com/x", "api.tailscale.com/x"},
		{"any of two", two, "", "terraform: the run has several tokens, and none without a tag: ask for one by its audience " +
			"(TFC_WORKLOAD_IDENTITY_TOKEN_TAILSCALE: api.tailscale.com/x; TFC_WORKLOAD_IDENTITY_TOKEN_VAULT: vault)"},
		{"none of two", two, exchange, `terraform: the run has no token for the audience "api://AzureADTokenExchange" ` +
			"(TFC_WORKLOAD_IDENTITY_TOKEN_TAILSCALE: api.tailscale.com/x; TFC_WORKLOAD_IDENTITY_TOKEN_VAULT: vault)"},
		{"the one without a tag", with, "", "own"},
		{"beside one without a tag", with, "vault", "vault"},
		{"one file of two", files, "api://b", "api://b"},
		{"the other file", files, exchange, exchange},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, env := beginWith(t, "workspace", tt.audience, nil, tt.variables)
			token, err := Platform.Native.Fetch(t.Context(), nil, issuer.Found{Env: env}, tt.audience)
			if err != nil {
				if err.Error() != tt.want {
					t.Errorf("error %v\nwant %s", err, tt.want)
				}
				return
			}
			if _, claims := issuertest.Decode(t, token); claims["aud"] != tt.want {
				t.Errorf("the token is for %q, want %q", claims["aud"], tt.want)
			}
		})
	}
}

// TestFetchFails has an environment that is not a run's; no error has a token in it.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJSUzI1NiJ9"
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{dynamicVariable: "{"}, "terraform: TF_VAR_tfc_azure_dynamic_credentials: unexpected end of JSON input"},
		{map[string]string{dynamicVariable: `{"default":{"oidc_token_file_path":"/nowhere/token"}}`},
			"terraform: a token of TF_VAR_tfc_azure_dynamic_credentials: open /nowhere/token: no such file or directory"},
		{map[string]string{"TFC_WORKLOAD_IDENTITY_TOKEN_A": secret, "TFC_WORKLOAD_IDENTITY_TOKEN_B": secret + "2"},
			"terraform: the run has several tokens, and none without a tag: ask for one by its audience (TFC_WORKLOAD_IDENTITY_TOKEN_A: ; TFC_WORKLOAD_IDENTITY_TOKEN_B: )"},
	} {
		_, err := Platform.Native.Fetch(t.Context(), nil, issuer.Found{Env: tt.env}, "")
		if err == nil || err.Error() != tt.want || strings.Contains(err.Error(), secret) {
			t.Errorf("error %v\nwant %s", err, tt.want)
		}
	}
	path := t.TempDir() + "/token"
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{dynamicVariable: `{"default":{"oidc_token_file_path":"` + path + `"}}`}
	if token, err := Platform.Native.Fetch(t.Context(), nil, issuer.Found{Env: env}, "a"); err != nil || token != secret {
		t.Errorf("what is no token: %d bytes, %v; want it as it is", len(token), err)
	}
}
