package terraform

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// TestWorkspaceVariables checks what a run gets for the variables of its workspace. A token is written as what it is
// for.
func TestWorkspaceVariables(t *testing.T) {
	t.Parallel()
	const exchange = "api://AzureADTokenExchange"
	for _, tt := range []struct {
		name, preset, audience string
		variables, want        map[string]string
	}{
		{"azure", "workspace", "", map[string]string{"TFC_AZURE_PROVIDER_AUTH": "true", "TFC_AZURE_RUN_CLIENT_ID": "app", "ARM_TENANT_ID": "t"},
			map[string]string{"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "app", "ARM_OIDC_TOKEN": exchange}},
		{"plan", "workspace-plan", "", map[string]string{
			"TFC_AZURE_PROVIDER_AUTH": "true", "TFC_AZURE_RUN_CLIENT_ID": "app", "TFC_AZURE_PLAN_CLIENT_ID": "reader", "TFC_AZURE_APPLY_CLIENT_ID": "writer",
		}, map[string]string{"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "reader", "ARM_OIDC_TOKEN": exchange}},
		{"apply", "workspace", "", map[string]string{
			"TFC_AZURE_PROVIDER_AUTH": "true", "TFC_AZURE_PLAN_CLIENT_ID": "reader", "TFC_AZURE_APPLY_CLIENT_ID": "writer",
		}, map[string]string{"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "writer", "ARM_OIDC_TOKEN": exchange}},
		{"defaults", "workspace", "", map[string]string{
			"TFC_AZURE_PROVIDER_AUTH": "true", "TFC_DEFAULT_AZURE_RUN_CLIENT_ID": "app", "TFC_DEFAULT_AZURE_WORKLOAD_IDENTITY_AUDIENCE": "a",
		}, map[string]string{"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "app", "ARM_OIDC_TOKEN": "a"}},
		{"audience of azure", "workspace", "b", map[string]string{"TFC_AZURE_PROVIDER_AUTH": "true", "TFC_AZURE_WORKLOAD_IDENTITY_AUDIENCE": "a"},
			map[string]string{"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "a"}},
		{"audience of the caller", "workspace", "b", map[string]string{"TFC_AZURE_PROVIDER_AUTH": "true"},
			map[string]string{"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "b"}},
		{"tokens", "workspace", "", map[string]string{
			"TFC_WORKLOAD_IDENTITY_AUDIENCE": "a", "TFC_WORKLOAD_IDENTITY_AUDIENCE_VAULT": "vault.workload.identity", "TFC_WORKLOAD_IDENTITY_AUDIENCE_my_2": "c",
		}, map[string]string{
			"TFC_WORKLOAD_IDENTITY_TOKEN": "a", "TFC_WORKLOAD_IDENTITY_TOKEN_VAULT": "vault.workload.identity", "TFC_WORKLOAD_IDENTITY_TOKEN_my_2": "c",
		}},
		{"switched off", "workspace", "", map[string]string{"TFC_AZURE_PROVIDER_AUTH": "false", "TFC_AZURE_RUN_CLIENT_ID": "app"}, map[string]string{}},
		{"no audience", "workspace", "", map[string]string{"TFC_WORKLOAD_IDENTITY_AUDIENCE": ""}, map[string]string{}},
		{"nothing of ours", "workspace", "", map[string]string{"ARM_TENANT_ID": "t"}, map[string]string{"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": exchange}},
		{"stack", "stack", "", map[string]string{"TFC_AZURE_PROVIDER_AUTH": "true"}, map[string]string{"TF_VAR_identity_token": exchange}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, env := beginWith(t, tt.preset, tt.audience, nil, tt.variables)
			got := map[string]string{}
			for name, value := range env {
				if strings.Count(value, ".") == 2 {
					_, claims := issuertest.Decode(t, value)
					value, _ = claims["aud"].(string)
				}
				got[name] = value
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
		})
	}
}

// several are the variables of a workspace with several configurations.
var several = map[string]string{
	"TFC_AZURE_PROVIDER_AUTH": "true", "TFC_AZURE_RUN_CLIENT_ID": "app",
	"TFC_AZURE_PROVIDER_AUTH_DNS": "true", "TFC_AZURE_APPLY_CLIENT_ID_DNS": "names", "TFC_AZURE_WORKLOAD_IDENTITY_AUDIENCE_DNS": "api://dns",
	"TFC_AZURE_PROVIDER_AUTH_OFF": "false",
}

// TestSeveralConfigurations finds the files of each configuration where the variable says, and the variable in the file
// for Terraform.
func TestSeveralConfigurations(t *testing.T) {
	t.Parallel()
	api, w, env := beginWith(t, "workspace", "", nil, several)
	dir, err := w.Dir()
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	want := map[string]any{
		"default": map[string]any{"client_id_file_path": in("azure_client_id"), "oidc_token_file_path": in("azure_token")},
		"aliases": map[string]any{"DNS": map[string]any{"client_id_file_path": in("azure_DNS_client_id"), "oidc_token_file_path": in("azure_DNS_token")}},
	}
	if diff := cmp.Diff(want, issuertest.Object(t, []byte(env["TF_VAR_tfc_azure_dynamic_credentials"]))); diff != "" {
		t.Errorf("the variable (-want +got):\n%s", diff)
	}
	if len(env) != 1 {
		t.Errorf("%d variables, want one", len(env))
	}
	file := issuertest.Object(t, []byte(read(t, in("azure_dynamic_credentials.auto.tfvars.json"))))
	if diff := cmp.Diff(map[string]any{"tfc_azure_dynamic_credentials": want}, file); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"azure_client_id": "app", "azure_DNS_client_id": "names"} {
		if got := read(t, in(name)); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	before := map[string]string{}
	for name, want := range map[string]string{"azure_token": "api://AzureADTokenExchange", "azure_DNS_token": "api://dns"} {
		before[name] = read(t, in(name))
		if _, claims := issuertest.Decode(t, before[name]); claims["aud"] != want {
			t.Errorf("%s is for %q, want %q", name, claims["aud"], want)
		}
		info, err := os.Stat(in(name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", name, info.Mode().Perm())
		}
	}
	if _, err := api.Env(""); err != nil {
		t.Fatal(err)
	}
	for name, token := range before {
		if read(t, in(name)) == token {
			t.Errorf("%s: the next phase has no new token", name)
		}
	}
}

// TestOnlyAliases has a default all the same, as the documented type of the variable wants.
func TestOnlyAliases(t *testing.T) {
	t.Parallel()
	_, _, env := beginWith(t, "workspace", "", nil, map[string]string{"TFC_AZURE_PROVIDER_AUTH_A": "true", "TFC_DEFAULT_AZURE_RUN_CLIENT_ID": "app"})
	var got dynamicCredentials
	if err := json.Unmarshal([]byte(env[dynamicVariable]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Default != (credentialFiles{}) || len(got.Aliases) != 1 || read(t, got.Aliases["A"].ClientID) != "app" {
		t.Errorf("credentials %+v, want an alias A with the default's client id", got)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestConcurrentPhases starts phases at once: the file always holds one whole token, and nothing else is left.
func TestConcurrentPhases(t *testing.T) {
	t.Parallel()
	api, w, _ := beginWith(t, "workspace", "", nil, several)
	dir, err := w.Dir()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := api.Env("a"); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if text, err := os.ReadFile(filepath.Join(dir, "azure_token")); err != nil || strings.Count(string(text), ".") != 2 {
				t.Errorf("a token with %d dots, error %v", strings.Count(string(text), "."), err)
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 5 {
		t.Errorf("%d files, want 5", len(entries))
	}
}

// FuzzSettings reads any variable.
func FuzzSettings(f *testing.F) {
	for name, value := range several {
		f.Add(name, value, "apply")
	}
	f.Add("TFC_WORKLOAD_IDENTITY_AUDIENCE_TYPE", "a", "plan")
	f.Fuzz(func(t *testing.T, name, value, phase string) {
		s, err := settingsOf(map[string]string{name: value}, "", phase)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "terraform: variable ") {
				t.Errorf("error %q does not begin with the package", err)
			}
			return
		}
		for tag := range s.tokens {
			if strings.ContainsAny(tag, "=/. ") {
				t.Errorf("tag %q", tag)
			}
		}
		for _, c := range s.azure {
			if strings.ContainsAny(c.tag, "=/. ") {
				t.Errorf("tag %q", c.tag)
			}
		}
	})
}
