package clients

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pythonAuthorities are where MSAL for Python finds Entra: at Microsoft's host, or at the farm's address. Of that it
// asks Microsoft's host what it is, for which it leaves the port out, and so goes on without it: it needs a proxy that
// takes port 443 to the farm.
func pythonAuthorities(f *entraFarm) map[string]string {
	return map[string]string{"canonical": "https://login.microsoftonline.com", "own address": f.authority}
}

func TestEntraPython(t *testing.T) {
	t.Parallel()
	python := pythonWithClients(t)
	f := startEntra(t, "python3-msal")
	token := tokenFile(t, f.assertion)
	for name, authority := range pythonAuthorities(f) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := []string{"AZURE_CLIENT_ID=" + operatorClient, "AZURE_FEDERATED_TOKEN_FILE=" + token, "AZURE_AUTHORITY_HOST=" + authority}
			script := filepath.Join("python", "msal_client.py")
			stdout, stderr, err := f.run(t, env, python, script, graphScope, "https://management.core.windows.net//.default")
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			var printed struct{ Tokens []string }
			if err := json.Unmarshal([]byte(stdout), &printed); err != nil {
				t.Fatalf("%q is no JSON: %v", stdout, err)
			}
			if len(printed.Tokens) != 2 {
				t.Fatalf("%d tokens, want 2", len(printed.Tokens))
			}
			for i, audience := range []string{"https://graph.microsoft.com", "https://management.core.windows.net/"} {
				want := map[string]any{"aud": audience, "appid": operatorClient, "tid": contosoTenant, "idtyp": "app"}
				if diff := cmp.Diff(want, pick(claimsOf(t, printed.Tokens[i]), "aud", "appid", "tid", "idtyp")); diff != "" {
					t.Errorf("claims (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestEntraPythonRefused looks at what a user of MSAL gets to read, which is little when it is the discovery document
// that is refused.
func TestEntraPythonRefused(t *testing.T) {
	t.Parallel()
	python := pythonWithClients(t)
	f := startEntra(t)
	token := tokenFile(t, f.assertion)
	for name, authority := range pythonAuthorities(f) {
		for tenant, want := range map[string]string{contosoTenant: otherSubject, "fabrikam.example": "Unable to get authority configuration for " + authority} {
			t.Run(name+"/"+tenant, func(t *testing.T) {
				t.Parallel()
				env := []string{"AZURE_CLIENT_ID=" + strangerClient, "AZURE_FEDERATED_TOKEN_FILE=" + token, "AZURE_AUTHORITY_HOST=" + authority,
					"AZURE_TENANT_ID=" + tenant}
				_, stderr, err := f.run(t, env, python, filepath.Join("python", "msal_client.py"), graphScope)
				if err == nil || !strings.Contains(stderr, want) {
					t.Errorf("%v with %q on stderr, want a failure with %q", err, stderr, want)
				}
			})
		}
	}
}
