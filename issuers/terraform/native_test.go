package terraform

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// begin makes a workload of a preset and its environment.
func begin(t testing.TB, preset, audience string, claims issuer.Claims) (*issuer.API, issuer.Workload, map[string]string) {
	t.Helper()
	return beginWith(t, preset, audience, claims, nil)
}

// in is for a workload with a folder.
func in(dir string) func() (string, error) { return func() (string, error) { return dir, nil } }

// nowhere is for one without.
func nowhere() (string, error) { return "", errors.New("there is none") }

// beginWith makes one of a workspace with variables.
func beginWith(t testing.TB, preset, audience string, claims issuer.Claims, variables map[string]string) (*issuer.API, issuer.Workload, map[string]string) {
	t.Helper()
	iss, err := issuer.New(Platform, issuer.WithPreset(preset), issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	w := issuer.Workload{Issuer: iss, Claims: claims, Base: "https://127.0.0.1:1/w/1", Dir: in(t.TempDir()), Rand: rand.Reader, Env: variables}
	api, err := Platform.Native.New(w)
	if err != nil {
		t.Fatal(err)
	}
	env, err := api.Env(audience)
	if err != nil {
		t.Fatal(err)
	}
	return api, w, env
}

// TestEnvironment checks what every kind of run finds.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	azure := []string{"ARM_OIDC_TOKEN", "ARM_USE_OIDC"}
	for _, tt := range []struct {
		preset, audience string
		want             []string
		aud, subEnd      string
	}{
		{"workspace", "", azure, "api://AzureADTokenExchange", ":run_phase:apply"},
		{"workspace", "a", append([]string{"TFC_WORKLOAD_IDENTITY_TOKEN"}, azure...), "a", ":run_phase:apply"},
		{"workspace-plan", "", azure, "api://AzureADTokenExchange", ":run_phase:plan"},
		{"workspace-before-projects", "", azure, "api://AzureADTokenExchange", ":run_phase:apply"},
		{"module-test", "", azure, "azure.workload.identity", ":operation:test_run"},
		{"eu", "", azure, "api://AzureADTokenExchange", ":run_phase:apply"},
		{"tfe", "", append([]string{"TFE_ADDRESS", "TFE_TOKEN"}, azure...), "api://AzureADTokenExchange", ":run_phase:apply"},
		{"stack", "a", []string{"TF_VAR_identity_token"}, "a", ":operation:plan"},
	} {
		t.Run(tt.preset+" "+tt.audience, func(t *testing.T) {
			t.Parallel()
			_, _, env := begin(t, tt.preset, tt.audience, nil)
			var got []string
			for name := range env {
				got = append(got, name)
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
			token, err := Platform.Native.Fetch(t.Context(), nil, issuer.Found{Env: env}, tt.audience)
			if err != nil {
				t.Fatal(err)
			}
			_, claims := issuertest.Decode(t, token)
			if sub, _ := claims["sub"].(string); claims["aud"] != tt.aud || !strings.HasSuffix(sub, tt.subEnd) {
				t.Errorf("sub %q for %q, want %q for %q", sub, claims["aud"], "…"+tt.subEnd, tt.aud)
			}
		})
	}
}

func TestEnvironmentOfClaims(t *testing.T) {
	t.Parallel()
	_, _, env := begin(t, "workspace", "", issuer.Claims{"terraform_workspace_name": "prod"})
	_, claims := issuertest.Decode(t, env["ARM_OIDC_TOKEN"])
	if want := "organization:my-org:project:Default Project:workspace:prod:run_phase:apply"; claims["sub"] != want {
		t.Errorf("sub is %q, want %q", claims["sub"], want)
	}
}

func TestEnvironmentFails(t *testing.T) {
	t.Parallel()
	iss, err := issuer.New(Platform, issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	tagged := map[string]string{"TFC_AZURE_PROVIDER_AUTH_A": "true"}
	for _, tt := range []struct {
		name string
		w    issuer.Workload
		want string
	}{
		{"preset", issuer.Workload{Preset: "tfe"}, `terraform: preset "tfe" belongs to another issuer than "https://app.terraform.io"`},
		{"folder", issuer.Workload{Env: tagged, Dir: in(filepath.Join(t.TempDir(), "none"))}, "terraform: open "},
		{"no folder", issuer.Workload{Env: tagged, Dir: nowhere}, "terraform: tagged configurations reach a run in files, and there is none"},
		{"tag", issuer.Workload{Env: map[string]string{"TFC_AZURE_PROVIDER_AUTH_A-B": "true"}}, `terraform: variable "TFC_AZURE_PROVIDER_AUTH_A-B": want TFC_AZURE_PROVIDER_AUTH, or`},
		{"no tag", issuer.Workload{Env: map[string]string{"TFC_WORKLOAD_IDENTITY_AUDIENCES": "a"}}, `terraform: variable "TFC_WORKLOAD_IDENTITY_AUDIENCES": want `},
		{"reserved tag", issuer.Workload{Env: map[string]string{"TFC_WORKLOAD_IDENTITY_AUDIENCE_TYPE": "a"}}, `terraform: variable "TFC_WORKLOAD_IDENTITY_AUDIENCE_TYPE": want `},
		{"claim", issuer.Workload{Claims: issuer.Claims{"terraform_run_phase": []any{}}}, `terraform: claim "terraform_run_phase": `},
	} {
		tt.w.Issuer, tt.w.Rand = iss, rand.Reader
		api, err := Platform.Native.New(tt.w)
		if err == nil {
			_, err = api.Env("")
		}
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
	if iss, err = issuer.New(Platform, issuer.WithPreset("tfe")); err != nil {
		t.Fatal(err)
	}
	if _, err := Platform.Native.New(issuer.Workload{Issuer: iss, Rand: strings.NewReader("short")}); err == nil {
		t.Error("made a credential without randomness")
	}
}

func TestFetchRefused(t *testing.T) {
	t.Parallel()
	_, err := Platform.Native.Fetch(t.Context(), nil, issuer.Found{}, "")
	var refused *issuer.Refused
	want := "terraform: the environment has no token (looked for TFC_WORKLOAD_IDENTITY_TOKEN, also with a tag, ARM_OIDC_TOKEN, " +
		"TF_VAR_identity_token, TF_VAR_tfc_azure_dynamic_credentials)"
	if !errors.As(err, &refused) || refused.Message != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	_, w, env := begin(t, "tfe", "", nil)
	if got := env["TFE_ADDRESS"]; got != w.Base {
		t.Errorf("without a plain listener: %q, want %q", got, w.Base)
	}
	w.Plain = "127.0.0.1:2"
	api, err := Platform.Native.New(w)
	if err != nil {
		t.Fatal(err)
	}
	if env, err = api.Env(""); err != nil || env["TFE_ADDRESS"] != "http://127.0.0.1:2" {
		t.Errorf("with a plain listener: %q and error %v, want http://127.0.0.1:2", env["TFE_ADDRESS"], err)
	}
}

// TestOnlyEnterpriseHasAdministrators: HCP Terraform lets nobody rotate its keys.
func TestOnlyEnterpriseHasAdministrators(t *testing.T) {
	t.Parallel()
	for _, name := range Platform.PresetNames() {
		api, _, _ := begin(t, name, "", nil)
		if has, want := api.Handler != nil, name == "tfe"; has != want {
			t.Errorf("%s: has an API is %v, want %v", name, has, want)
		}
	}
}

func TestAdministration(t *testing.T) {
	t.Parallel()
	const rotate, trim = "/api/v2/admin/oidc-settings/actions/rotate-key", "/api/v2/admin/oidc-settings/actions/trim-key"
	api, w, env := begin(t, "tfe", "", nil)
	kids := func() []string {
		text, err := w.Issuer.JWKS()
		if err != nil {
			t.Fatal(err)
		}
		var set struct{ Keys []struct{ KID string } }
		if err := json.Unmarshal(text, &set); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, k := range set.Keys {
			all = append(all, k.KID)
		}
		return all
	}
	signs := func() string {
		env, err := api.Env("")
		if err != nil {
			t.Fatal(err)
		}
		header, _ := issuertest.Decode(t, env["ARM_OIDC_TOKEN"])
		kid, _ := header["kid"].(string)
		return kid
	}
	first := signs()
	const unauthorized, notFound = `{"errors":[{"status":"401","title":"unauthorized"}]}`, `{"errors":[{"status":"404","title":"not found"}]}`
	good := "Bearer " + env["TFE_TOKEN"]
	for _, tt := range []struct {
		name, method, path, authorization string
		status                            int
		body                              string
		keys                              int // in the JWKS afterwards
	}{
		{"ping", "GET", "/api/v2/ping", good, 204, "", 1},
		{"no token", "POST", rotate, "", 401, unauthorized, 1},
		{"wrong token", "POST", rotate, good + "x", 401, unauthorized, 1},
		{"wrong scheme", "POST", rotate, strings.TrimPrefix(good, "Bearer "), 401, unauthorized, 1},
		{"no token for a ping", "GET", "/api/v2/ping", "", 401, unauthorized, 1},
		{"no token for nothing", "GET", "/", "", 401, unauthorized, 1},
		{"wrong method", "GET", rotate, good, 404, notFound, 1},
		{"another setting", "POST", "/api/v2/admin/oidc-settings/actions/drop-key", good, 404, notFound, 1},
		{"nothing to trim", "POST", trim, good, 204, "", 1},
		{"rotate", "POST", rotate, good, 204, "", 2},
		{"rotate again", "POST", rotate, good, 204, "", 3},
		{"trim", "POST", trim, good, 204, "", 1},
	} {
		r := httptest.NewRequest(tt.method, tt.path, strings.NewReader(strings.Repeat("x", 10<<20)))
		if tt.authorization != "" {
			r.Header.Set("Authorization", tt.authorization)
		}
		rec := httptest.NewRecorder()
		api.Handler.ServeHTTP(rec, r)
		if rec.Code != tt.status || rec.Body.String() != tt.body {
			t.Errorf("%s: %d %s, want %d %s", tt.name, rec.Code, rec.Body, tt.status, tt.body)
		}
		if tt.body != "" && rec.Header().Get("Content-Type") != "application/vnd.api+json; charset=utf-8" {
			t.Errorf("%s: Content-Type %q", tt.name, rec.Header().Get("Content-Type"))
		}
		if got := kids(); len(got) != tt.keys || !slices.Contains(got, signs()) {
			t.Errorf("%s: keys %q, want %d of which %q signs", tt.name, got, tt.keys, signs())
		}
	}
	if now := signs(); now == first || slices.Contains(kids(), first) {
		t.Errorf("%q still signs or is still listed: %q", first, kids())
	}
}

// TestAdministrationUnderLoad sends a long body over a network; the API answers the next request.
func TestAdministrationUnderLoad(t *testing.T) {
	t.Parallel()
	api, _, env := begin(t, "tfe", "", nil)
	srv := httptest.NewServer(api.Handler)
	defer srv.Close()
	if resp, err := srv.Client().Post(srv.URL+"/api/v2/ping", "text/plain", strings.NewReader(strings.Repeat("x", 10<<20))); err == nil {
		_ = resp.Body.Close() // the connection may also end before the client has sent all
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/api/v2/ping", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+env["TFE_TOKEN"])
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent || resp.Header.Get("TFP-AppName") != "Terraform Enterprise" {
		t.Errorf("%d from %q, want 204 from Terraform Enterprise", resp.StatusCode, resp.Header.Get("TFP-AppName"))
	}
}
