package clients

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-azure-sdk/sdk/auth"
	"github.com/hashicorp/go-azure-sdk/sdk/environments"
	"github.com/hashicorp/go-tfe"

	"github.com/issuerd/issuerd/harness"
)

// TestTerraformRun signs in with what a run of HCP Terraform has in its environment, in both phases, as azurerm does.
// The phases' subjects differ, so that the application has two credentials.
func TestTerraformRun(t *testing.T) {
	farm := harness.New(t)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "terraform"})
	useHashiCorp(t, farm)
	runs := map[string]map[string]string{}
	var credentials []harness.Credential
	for _, preset := range []string{"workspace-plan", "workspace"} {
		w := issuer.MustStartWorkload(harness.WorkloadSpec{Preset: preset, Claims: map[string]any{"terraform_workspace_name": "prod"}})
		credential := credentialFor(t, harness.Token{Claims: claimsOf(t, w.Env["ARM_OIDC_TOKEN"])})
		credential.Name = preset
		credentials = append(credentials, credential)
		runs[preset] = w.Env
	}
	app := farm.MustAddApp("terraform", credentials...)
	for preset, env := range runs {
		if env["ARM_USE_OIDC"] != "true" {
			t.Errorf("%s: ARM_USE_OIDC is %q, want true", preset, env["ARM_USE_OIDC"])
		}
		claims, err := hashiCorp(t, auth.Credentials{
			TenantID: farm.Tenant, ClientID: app.ClientID, EnableAuthenticationUsingOIDC: true, OIDCAssertionToken: env["ARM_OIDC_TOKEN"],
		})
		if err != nil {
			t.Errorf("%s: %v", preset, err)
			continue
		}
		wantSignedIn(t, preset, claims, farm.Tenant, app.ClientID)
	}
}

// TestTerraformEnterpriseKeys rotates and trims the keys of a Terraform Enterprise with go-tfe, which is configured by
// the environment alone. Entra takes tokens signed before, between and after.
func TestTerraformEnterpriseKeys(t *testing.T) {
	farm := harness.New(t)
	conforms(t, farm, "github.com/hashicorp/go-tfe")
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "terraform", Preset: "tfe"})
	start := func() map[string]string { return issuer.MustStartWorkload(harness.WorkloadSpec{}).Env }
	first := start()
	for name, value := range first {
		t.Setenv(name, value)
	}
	app := farm.MustAddApp("terraform", credentialFor(t, harness.Token{Claims: claimsOf(t, first["ARM_OIDC_TOKEN"])}))
	useHashiCorp(t, farm)
	signIn := func(step string, env map[string]string) {
		t.Helper()
		claims, err := hashiCorp(t, auth.Credentials{
			TenantID: farm.Tenant, ClientID: app.ClientID, EnableAuthenticationUsingOIDC: true, OIDCAssertionToken: env["ARM_OIDC_TOKEN"],
		})
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		wantSignedIn(t, step, claims, farm.Tenant, app.ClientID)
	}
	signIn("before", first)

	client, err := tfe.NewClient(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !client.IsEnterprise() || client.AppName() != "Terraform Enterprise" {
		t.Errorf("go-tfe takes it for %q", client.AppName())
	}
	keys := client.Admin.Settings.OIDC
	if err := keys.RotateKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := start()
	if diff := cmp.Diff([]string{keyOf(t, first["ARM_OIDC_TOKEN"]), keyOf(t, second["ARM_OIDC_TOKEN"])}, listed(t, farm, issuer)); diff != "" {
		t.Errorf("keys after the rotation (-want +got):\n%s", diff)
	}
	farm.MustAdvance(harness.DefaultEntraOptions().RefetchInterval) // Entra does not look for an unknown key at once
	signIn("rotated", second)
	if err := keys.TrimKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{keyOf(t, second["ARM_OIDC_TOKEN"])}, listed(t, farm, issuer)); diff != "" {
		t.Errorf("keys after the trimming (-want +got):\n%s", diff)
	}
	signIn("trimmed", start())

	stranger, err := tfe.NewClient(&tfe.Config{Token: "wrong"})
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Admin.Settings.OIDC.RotateKey(t.Context()); !errors.Is(err, tfe.ErrUnauthorized) {
		t.Errorf("a wrong token: error %v, want %v", err, tfe.ErrUnauthorized)
	}
	if _, err := client.Organizations.Read(t.Context(), "my-org"); !errors.Is(err, tfe.ErrResourceNotFound) {
		t.Errorf("what is not impersonated: error %v, want %v", err, tfe.ErrResourceNotFound)
	}
}

// listed are the ids of the keys that an issuer publishes.
func listed(t *testing.T, farm *harness.Farm, issuer *harness.Issuer) []string {
	t.Helper()
	resp, err := farm.Client().Get(issuer.JWKS)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, key := range set.Keys {
		ids = append(ids, key.KeyID)
	}
	return ids
}

// keyOf is the id of the key that signed a token.
func keyOf(t *testing.T, token string) string {
	t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	return jws.Signatures[0].Header.KeyID
}

// useHashiCorp gives HashiCorp's library the way to the farm until the test's end. Its HTTP client is a variable of the
// package: a test that changes it must not be parallel.
func useHashiCorp(t *testing.T, farm *harness.Farm) *wire {
	t.Helper()
	conforms(t, farm, goAzureSDK)
	before, wire := auth.Client, &wire{http: farm.Client()}
	auth.Client = wire
	t.Cleanup(func() { auth.Client = before })
	return wire
}

// hashiCorp signs in for Azure Resource Manager and returns the access token's claims.
func hashiCorp(t *testing.T, credentials auth.Credentials) (map[string]any, error) {
	t.Helper()
	environment := environments.AzurePublic()
	credentials.Environment = *environment
	authorizer, err := auth.NewAuthorizerFromCredentials(t.Context(), credentials, environment.ResourceManager)
	if err != nil {
		return nil, err
	}
	token, err := authorizer.Token(t.Context(), new(http.Request))
	if err != nil {
		return nil, err
	}
	return claimsOf(t, token.AccessToken), nil
}

// wantSignedIn fails unless an access token is for the application.
func wantSignedIn(t *testing.T, name string, claims map[string]any, tenant, clientID string) {
	t.Helper()
	want := map[string]any{"appid": clientID, "tid": tenant, "idtyp": "app"}
	if diff := cmp.Diff(want, pick(claims, "appid", "tid", "idtyp")); diff != "" {
		t.Errorf("%s: claims (-want +got):\n%s", name, diff)
	}
}

// tfcCredentials is the value of tfc_azure_dynamic_credentials, the variable that HashiCorp's documentation has users
// declare.
type tfcCredentials struct {
	Default tfcFiles            `json:"default"`
	Aliases map[string]tfcFiles `json:"aliases"`
}

type tfcFiles struct {
	ClientID string `json:"client_id_file_path"`
	Token    string `json:"oidc_token_file_path"`
}

// readTFCFile reads a file as azurerm does.
func readTFCFile(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(raw))
}

// TestTerraformWorkspaceVariables signs in with what a run has for the variables that HashiCorp's documentation has
// users set, with one client for each phase.
func TestTerraformWorkspaceVariables(t *testing.T) {
	farm := harness.New(t)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "terraform"})
	useHashiCorp(t, farm)
	apps := map[string]*harness.App{}
	variables := map[string]string{"TFC_AZURE_PROVIDER_AUTH": "true", "ARM_TENANT_ID": farm.Tenant, "TFC_WORKLOAD_IDENTITY_AUDIENCE_VAULT": "vault.workload.identity"}
	for _, phase := range []string{"plan", "apply"} {
		subject := "organization:my-org:project:Default Project:workspace:my-workspace:run_phase:" + phase
		apps[phase] = farm.MustAddApp(phase, harness.Credential{Name: phase, Issuer: issuer.URL, Subject: subject})
		variables["TFC_AZURE_"+strings.ToUpper(phase)+"_CLIENT_ID"] = apps[phase].ClientID
	}
	for phase, preset := range map[string]string{"plan": "workspace-plan", "apply": "workspace"} {
		env := issuer.MustStartWorkload(harness.WorkloadSpec{Preset: preset, Env: variables}).Env
		claims, err := hashiCorp(t, auth.Credentials{
			TenantID: env["ARM_TENANT_ID"], ClientID: env["ARM_CLIENT_ID"],
			EnableAuthenticationUsingOIDC: env["ARM_USE_OIDC"] == "true", OIDCAssertionToken: env["ARM_OIDC_TOKEN"],
		})
		if err != nil {
			t.Fatalf("%s: %v", phase, err)
		}
		wantSignedIn(t, phase, claims, farm.Tenant, apps[phase].ClientID)
		if got := claimsOf(t, env["TFC_WORKLOAD_IDENTITY_TOKEN_VAULT"])["aud"]; got != "vault.workload.identity" {
			t.Errorf("%s: the tagged token is for %v, want vault.workload.identity", phase, got)
		}
	}
}

// TestTerraformAliases signs in with each of several configurations, whose files the variable names.
func TestTerraformAliases(t *testing.T) {
	farm := harness.New(t)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "terraform"})
	useHashiCorp(t, farm)
	const subject = "organization:my-org:project:Default Project:workspace:my-workspace:run_phase:apply"
	usual := farm.MustAddApp("usual", harness.Credential{Name: "apply", Issuer: issuer.URL, Subject: subject})
	dns := farm.MustAddApp("dns", harness.Credential{Name: "apply", Issuer: issuer.URL, Subject: subject, Audiences: []string{"api://dns"}})
	env := issuer.MustStartWorkload(harness.WorkloadSpec{Env: map[string]string{
		"TFC_AZURE_PROVIDER_AUTH": "true", "TFC_AZURE_RUN_CLIENT_ID": usual.ClientID,
		"TFC_AZURE_PROVIDER_AUTH_DNS": "true", "TFC_AZURE_RUN_CLIENT_ID_DNS": dns.ClientID, "TFC_AZURE_WORKLOAD_IDENTITY_AUDIENCE_DNS": "api://dns",
	}}).Env
	var credentials tfcCredentials
	if err := json.Unmarshal([]byte(env["TF_VAR_tfc_azure_dynamic_credentials"]), &credentials); err != nil {
		t.Fatal(err)
	}
	var file map[string]tfcCredentials // what Terraform reads when the file is in its working directory
	raw := readTFCFile(t, filepath.Join(filepath.Dir(credentials.Default.Token), "azure_dynamic_credentials.auto.tfvars.json"))
	if err := json.Unmarshal([]byte(raw), &file); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]tfcCredentials{"tfc_azure_dynamic_credentials": credentials}, file); diff != "" {
		t.Errorf("the file of variables (-environment +file):\n%s", diff)
	}
	signIn := func(files tfcFiles) (map[string]any, error) {
		return hashiCorp(t, auth.Credentials{
			TenantID: farm.Tenant, ClientID: readTFCFile(t, files.ClientID), EnableAuthenticationUsingOIDC: true, OIDCAssertionToken: readTFCFile(t, files.Token),
		})
	}
	for name, tt := range map[string]struct {
		files tfcFiles
		app   *harness.App
	}{"default": {credentials.Default, usual}, "DNS": {credentials.Aliases["DNS"], dns}} {
		claims, err := signIn(tt.files)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantSignedIn(t, name, claims, farm.Tenant, tt.app.ClientID)
	}
	// hashicorp/terraform#34397: one configuration's client with the token of another.
	_, err := signIn(tfcFiles{ClientID: credentials.Aliases["DNS"].ClientID, Token: credentials.Default.Token})
	wantError(t, err, "AADSTS700212: ")
}
