package clients

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// nodeClient is a script that signs in to Entra with a token in a file, and where it finds Entra.
type nodeClient struct {
	name      string
	file      string
	arguments []string
	env       []string
}

// nodeClients are @azure/identity, which knows Microsoft's hosts by heart and reaches them through the proxy, and MSAL,
// which doesn't use one.
func nodeClients(f *entraFarm) []nodeClient {
	return []nodeClient{
		{"assertion", "azure_identity.mjs", []string{"assertion"}, nil},
		{"workload", "azure_identity.mjs", []string{"workload"}, nil},
		{"default", "azure_identity.mjs", []string{"default"}, nil},
		{"MSAL", "msal.mjs", nil, []string{"AZURE_AUTHORITY_HOST=" + f.authority, "NO_PROXY=127.0.0.1"}},
	}
}

func TestEntraNode(t *testing.T) {
	t.Parallel()
	node := nodeWithClients(t)
	f := startEntra(t, "npm:@azure/identity", "npm:@azure/msal-node")
	token := tokenFile(t, f.assertion)
	for _, c := range nodeClients(f) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := append([]string{"AZURE_CLIENT_ID=" + operatorClient, "AZURE_FEDERATED_TOKEN_FILE=" + token}, c.env...)
			arguments := append([]string{filepath.Join(nodeScripts, c.file)}, append(c.arguments, "https://management.azure.com/.default")...)
			stdout, stderr, err := f.run(t, env, node, arguments...)
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			var printed struct {
				Token   string
				Expires int64 // milliseconds
				Cached  *bool
			}
			if err := json.Unmarshal([]byte(stdout), &printed); err != nil {
				t.Fatalf("%q is no JSON: %v", stdout, err)
			}
			claims := claimsOf(t, printed.Token)
			want := map[string]any{"aud": "https://management.azure.com", "appid": operatorClient, "tid": contosoTenant, "idtyp": "app", "ver": "1.0"}
			if diff := cmp.Diff(want, pick(claims, "aud", "appid", "tid", "idtyp", "ver")); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			wantLife(t, claims, time.UnixMilli(printed.Expires))
			if printed.Cached != nil && !*printed.Cached {
				t.Error("the second token did not come out of MSAL's cache")
			}
		})
	}
	t.Cleanup(func() {
		if hosts := f.proxy.refusedHosts(); len(hosts) > 0 {
			t.Errorf("the clients wanted %q too", hosts)
		}
	})
}

// TestEntraNodeRefused looks at what a user of the clients gets to read.
func TestEntraNodeRefused(t *testing.T) {
	t.Parallel()
	node := nodeWithClients(t)
	f := startEntra(t)
	token := tokenFile(t, f.assertion)
	for _, c := range nodeClients(f) {
		unknown := "AADSTS90002: Tenant 'fabrikam.example' not found."
		if c.name == "MSAL" {
			unknown = "endpoints_resolution_error" // it doesn't tell what it read in the place of the discovery document
		}
		for tenant, want := range map[string]string{contosoTenant: otherSubject, "fabrikam.example": unknown} {
			t.Run(c.name+"/"+tenant, func(t *testing.T) {
				t.Parallel()
				env := append([]string{"AZURE_CLIENT_ID=" + strangerClient, "AZURE_FEDERATED_TOKEN_FILE=" + token, "AZURE_TENANT_ID=" + tenant}, c.env...)
				arguments := append([]string{filepath.Join(nodeScripts, c.file)}, append(c.arguments, graphScope)...)
				_, stderr, err := f.run(t, env, node, arguments...)
				if err == nil || !strings.Contains(stderr, want) {
					t.Errorf("%v with %q on stderr, want a failure with %q", err, stderr, want)
				}
			})
		}
	}
}
