package farm_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// azure is a directory with a managed identity that may read a key vault.
func azure(t *testing.T) *directory.Directory {
	t.Helper()
	dir := directory.New()
	_, err := dir.AddTenant(directory.Tenant{
		DisplayName:       "Contoso",
		ManagedIdentities: []directory.ManagedIdentity{{Name: "worker"}},
		Subscriptions: []directory.Subscription{{
			DisplayName:     "Production",
			ResourceGroups:  []directory.ResourceGroup{{Name: "app", Resources: []directory.Resource{{Type: "Microsoft.KeyVault/vaults", Name: "contoso-vault"}}}},
			RoleAssignments: []directory.RoleAssignment{{Principal: "worker", Role: "Reader"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// code is the code of an error as Microsoft Graph and Azure Resource Manager write it.
func code(t *testing.T, body string) string {
	t.Helper()
	var answer struct{ Error struct{ Code string } }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return answer.Error.Code
}

// TestServicesOfEntra asks Microsoft Graph and Azure Resource Manager without a token, under their own names in every
// cloud and by path.
func TestServicesOfEntra(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Directory: azure(t)})
	w := newWorld(t, s, control.WorldSpec{})
	own := "https://" + s.Addr(plane.Entra)
	const graph, arm = "InvalidAuthenticationToken", "AuthenticationFailed"
	for _, tt := range []struct{ address, code string }{
		{"https://graph.microsoft.com/v1.0/applications", graph},
		{"https://graph.microsoft.us/beta/applications", graph},
		{"https://dod-graph.microsoft.us/v1.0/applications", graph},
		{"https://microsoftgraph.chinacloudapi.cn/v1.0/applications", graph},
		{"https://management.azure.com/subscriptions?api-version=2022-12-01", arm},
		{"https://management.usgovcloudapi.net/tenants?api-version=2022-12-01", arm},
		{"https://management.chinacloudapi.cn/subscriptions?api-version=2022-12-01", arm},
		{own + "/v1.0/applications", graph},
		{own + "/beta/applications", graph},
		{own + "/subscriptions?api-version=2022-12-01", arm},
		{own + "/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01", arm},
	} {
		status, body := get(t, canonical(s, w.Describe().ID), tt.address, "")
		if status != http.StatusUnauthorized || code(t, body) != tt.code {
			t.Errorf("%s: %d %s, want 401 with %s", tt.address, status, body, tt.code)
		}
	}
	metadata := document(t, trusting(s), own+"/metadata/endpoints?api-version=2022-09-01")
	if metadata["resourceManager"] != own {
		t.Errorf("resourceManager %v, want %s", metadata["resourceManager"], own)
	}
	entries := w.Journal(control.JournalQuery{}).Entries
	i := slices.IndexFunc(entries, func(e control.Entry) bool { return e.URL == "https://management.azure.com/subscriptions" })
	if i < 0 {
		t.Fatalf("no entry in %+v", entries)
	}
	if e := entries[i]; e.Plane != "entra" || e.Method != http.MethodGet || e.Status != http.StatusUnauthorized || e.Route != "GET /subscriptions" {
		t.Errorf("entry %+v", e)
	}
}

// identityRequest asks the endpoint of App Service for a token, and returns the status and the body.
func identityRequest(t *testing.T, client *http.Client, endpoint, header string, query url.Values) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != "" {
		req.Header.Set("X-IDENTITY-HEADER", header)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	b, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(b, &body)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return resp.StatusCode, body
}

// TestManagedIdentity gets a token as a workload in App Service does, and reads a resource with it.
func TestManagedIdentity(t *testing.T) {
	t.Parallel()
	dir := azure(t)
	s := start(t, farm.Options{Directory: dir})
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	world, err := client.World(t.Context(), control.DefaultWorld)
	if err != nil {
		t.Fatal(err)
	}
	tenant := dir.Tenants()[0]
	worker := tenant.ManagedIdentities[0]
	query := url.Values{"api-version": {"2019-08-01"}, "resource": {"https://management.azure.com"}, "client_id": {worker.ClientID}}
	status, body := identityRequest(t, trusting(s), world.IdentityEndpoint, world.IdentityHeader, query)
	if status != http.StatusOK || body["token_type"] != "Bearer" || body["resource"] != "https://management.azure.com" || body["client_id"] != worker.ClientID {
		t.Fatalf("%d %v", status, body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://management.azure.com/subscriptions/"+tenant.Subscriptions[0].ID+
		"/resourceGroups/app/providers/Microsoft.KeyVault/vaults/contoso-vault?api-version=2023-07-01", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+body["access_token"].(string))
	resp, err := canonical(s, control.DefaultWorld).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("read a vault: status %d", resp.StatusCode)
	}

	with := func(name, value string) url.Values {
		changed := url.Values{}
		for k, v := range query {
			changed[k] = v
		}
		if changed.Set(name, value); value == "" {
			changed.Del(name)
		}
		return changed
	}
	byID := with("client_id", "")
	byID.Set("mi_res_id", "/subscriptions/"+tenant.Subscriptions[0].ID+"/resourcegroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker")
	if status, body := identityRequest(t, trusting(s), world.IdentityEndpoint, world.IdentityHeader, byID); status != http.StatusOK {
		t.Errorf("by resource id: %d %v", status, body)
	}
	for _, tt := range []struct {
		name, header string
		query        url.Values
		status       int
		message      string
	}{
		{"no header", "", query, 401, "Invalid or missing X-IDENTITY-HEADER header."},
		{"another header", "x", query, 401, "Invalid or missing X-IDENTITY-HEADER header."},
		{"no identity", world.IdentityHeader, with("client_id", ""), 400, "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."},
		{"another identity", world.IdentityHeader, with("client_id", "x"), 400,
			"No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."},
		{"version", world.IdentityHeader, with("api-version", "2017-09-01"), 400, "The api-version '2017-09-01' is not supported. The supported version is 2019-08-01."},
		{"no resource", world.IdentityHeader, with("resource", ""), 400, "The resource parameter is missing."},
		{"unknown resource", world.IdentityHeader, with("resource", "https://nothing.example"), 400, "AADSTS500011"},
	} {
		status, body := identityRequest(t, trusting(s), world.IdentityEndpoint, tt.header, tt.query)
		message, _ := body["message"].(string)
		if status != tt.status || body["statusCode"] != float64(tt.status) || !strings.Contains(message, tt.message) {
			t.Errorf("%s: %d %v, want %d with %q", tt.name, status, body, tt.status, tt.message)
		}
	}
	entries, err := client.Journal(t.Context(), control.DefaultWorld, control.JournalQuery{})
	if err != nil {
		t.Fatal(err)
	}
	journal, err := json.Marshal(entries)
	if err != nil || len(entries.Entries) < 2 {
		t.Fatal(err)
	}
	for _, secret := range []string{body["access_token"].(string), world.IdentityHeader} {
		if strings.Contains(string(journal), secret) {
			t.Error("the journal holds a secret")
		}
	}
}

// TestOwnAddress signs in for the Entra plane's own address, as clients do whose cloud is there: the token is for both
// services.
func TestOwnAddress(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	world, err := client.World(t.Context(), control.DefaultWorld)
	if err != nil {
		t.Fatal(err)
	}
	const github, subject = "https://token.actions.githubusercontent.com", "repo:contoso/web:ref:refs/heads/main"
	app, err := client.AddApplication(t.Context(), control.DefaultWorld, control.ApplicationSpec{Name: "deployer", Credentials: []directory.Credential{
		{Name: "only", Issuer: github, Subject: subject, Audiences: []string{exchangeAudience}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	minted, err := client.Mint(t.Context(), control.DefaultWorld, control.MintSpec{
		Issuer: github, Audience: []string{exchangeAudience}, Claims: map[string]any{"sub": subject},
	})
	if err != nil {
		t.Fatal(err)
	}
	own := "https://" + s.Addr(plane.Entra)
	resp, err := trusting(s).PostForm(own+"/"+world.Tenant+"/oauth2/v2.0/token", entra.AssertionForm(app.ClientID, minted.Token, own+"/.default"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var signedIn answer
	if err := json.NewDecoder(resp.Body).Decode(&signedIn); err != nil || signedIn.AccessToken == "" {
		t.Fatalf("%v %+v", err, signedIn)
	}
	for path, want := range map[string]int{
		"/subscriptions?api-version=2022-12-01": http.StatusOK, "/v1.0/applications": http.StatusForbidden, // without a role that permits it
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, own+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+signedIn.AccessToken)
		resp, err := trusting(s).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
	}
}
