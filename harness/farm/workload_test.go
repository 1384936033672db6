package farm_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// workloadFarm is a farm with a workload plane, a world in it, and a GitHub and a Google issuer in that.
func workloadFarm(t *testing.T) (*farm.Server, *farm.World) {
	t.Helper()
	free := "127.0.0.1:0"
	s, err := farm.Start(farm.Options{Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: free, plane.Entra: free, plane.Control: free}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w, err := s.NewWorld(control.WorldSpec{Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"github", "gcp"} {
		if _, err := w.AddIssuer(control.IssuerSpec{Platform: platform}); err != nil {
			t.Fatal(err)
		}
	}
	return s, w
}

const (
	githubIssuer = "https://token.actions.githubusercontent.com"
	googleIssuer = "https://accounts.google.com"
)

// TestWorkloadEndsWithItsWorld asks a token API on the workload plane, and finds nothing of it after the world is gone.
func TestWorkloadEndsWithItsWorld(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	github, err := w.StartWorkload(control.WorkloadSpec{Issuer: githubIssuer})
	if err != nil {
		t.Fatal(err)
	}
	google, err := w.StartWorkload(control.WorkloadSpec{Issuer: googleIssuer})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(github.Base, "https://"+s.Addr(plane.Workload)+"/w/") || github.Base == google.Base {
		t.Errorf("bases %q and %q, want two below the workload plane at %s", github.Base, google.Base, s.Addr(plane.Workload))
	}
	client := &http.Client{Transport: s.Transport(w.Describe().ID)}
	if status := statusOf(t, client, github.Env["ACTIONS_ID_TOKEN_REQUEST_URL"], "Authorization", "Bearer "+github.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]); status != http.StatusOK {
		t.Errorf("the token request: HTTP status %d, want 200", status)
	}
	metadata := "http://" + google.Env["GCE_METADATA_HOST"] + "/computeMetadata/v1/project/project-id"
	if status := statusOf(t, http.DefaultClient, metadata, "Metadata-Flavor", "Google"); status != http.StatusOK {
		t.Errorf("the metadata server: HTTP status %d, want 200", status)
	}
	var routes []string
	for _, entry := range w.Journal(control.JournalQuery{}).Entries {
		routes = append(routes, entry.Platform+": "+entry.Route+" by "+entry.Agent)
		if strings.Contains(entry.URL, github.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]) || entry.Plane != "workload" {
			t.Errorf("journal entry %+v, want a request on the workload plane without a credential", entry)
		}
	}
	want := []string{
		"github: GET /222//idtoken/{plan}/{job} by Go-http-client/1.1", "gcp: GET /computeMetadata/v1/project/project-id by Go-http-client/1.1",
	}
	if diff := cmp.Diff(want, routes); diff != "" {
		t.Errorf("routes in the journal (-want +got):\n%s", diff)
	}

	kid := metadataOf(t, google)
	if kid == nil {
		t.Error("the metadata server gives no token")
	}
	control := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if err := control.DeleteWorld(t.Context(), w.Describe().ID); err != nil {
		t.Fatal(err)
	}
	request, err := url.Parse(github.Env["ACTIONS_ID_TOKEN_REQUEST_URL"])
	if err != nil {
		t.Fatal(err)
	}
	def := &http.Client{Transport: s.Transport("default")}
	if status := statusOf(t, def, request.String(), "Authorization", "Bearer "+github.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]); status != http.StatusNotFound {
		t.Errorf("after the world's end: HTTP status %d, want 404", status)
	}
	if metadataOf(t, google) == kid {
		t.Error("the metadata server still listens after the world's end")
	}
	if _, err := w.StartWorkload(githubSpec()); err == nil {
		t.Error("a deleted world started a workload")
	}
}

func githubSpec() control.WorkloadSpec { return control.WorkloadSpec{Issuer: githubIssuer} }

func statusOf(t *testing.T, client *http.Client, address, header, value string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(header, value)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

// TestWorkloadBase has the workload see the plane under another address than the farm does, as through a published
// port.
func TestWorkloadBase(t *testing.T) {
	t.Parallel()
	_, w := workloadFarm(t)
	spec := githubSpec()
	spec.Base = "https://farm.example:1234/"
	workload, err := w.StartWorkload(spec)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(workload.Base, "https://farm.example:1234/w/") || !strings.HasPrefix(workload.Env["ACTIONS_ID_TOKEN_REQUEST_URL"], workload.Base) {
		t.Errorf("base %q and %v, want both below https://farm.example:1234/w/", workload.Base, workload.Env)
	}
}

// TestWorkloadEnv sets variables of the workload's: they win over the platform's.
func TestWorkloadEnv(t *testing.T) {
	t.Parallel()
	_, w := workloadFarm(t)
	spec := githubSpec()
	spec.Env = map[string]string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong", "STAGE": "test"}
	workload, err := w.StartWorkload(spec)
	if err != nil {
		t.Fatal(err)
	}
	if workload.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] != "wrong" || workload.Env["STAGE"] != "test" || workload.Env["ACTIONS_ID_TOKEN_REQUEST_URL"] == "" {
		t.Errorf("environment %v, want the two variables beside the platform's others", workload.Env)
	}
}

// TestEnterpriseSlug switches the slug of a job's enterprise on. The farm serves the documents of the URL with the
// slug, unless it has an issuer there, which keeps its keys.
func TestEnterpriseSlug(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	client := &http.Client{Transport: s.Transport(w.Describe().ID)}
	get := func(address string) string {
		t.Helper()
		resp, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, error %v", address, resp.Status, err)
		}
		return string(body)
	}
	const own = "octocat-inc" // of the preset enterprise-slug
	if _, err := w.AddIssuer(control.IssuerSpec{Platform: "github", Preset: "enterprise-slug"}); err != nil {
		t.Fatal(err)
	}
	before := get(githubIssuer + "/" + own + "/.well-known/jwks")
	for _, slug := range []string{"contoso", own} {
		spec := githubSpec()
		spec.Preset, spec.Claims = "enterprise", map[string]any{"enterprise": slug}
		job, err := w.StartWorkload(spec)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, job.Env["GITHUB_API_URL"]+"/enterprises/"+slug+"/actions/oidc/customization/issuer",
			strings.NewReader(`{"include_enterprise_slug":true}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+job.Env["GITHUB_TOKEN"])
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			t.Fatalf("%s: HTTP status %d, want 204", slug, resp.StatusCode)
		}
	}
	if got := get(githubIssuer + "/" + own + "/.well-known/jwks"); got != before {
		t.Errorf("the issuer with the slug %s has other keys than before", own)
	}
	if get(githubIssuer+"/contoso/.well-known/jwks") != get(githubIssuer+"/.well-known/jwks") {
		t.Error("the keys below the slug are not the usual ones")
	}
	if doc, want := get(githubIssuer+"/contoso/.well-known/openid-configuration"), `"issuer":"`+githubIssuer+`/contoso"`; !strings.Contains(doc, want) {
		t.Errorf("the discovery document %s lacks %s", doc, want)
	}
}

// TestWorkloadRefusals gets what the farm itself refuses.
func TestWorkloadRefusals(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	var refusal *control.Error
	if _, err := w.StartWorkload(control.WorkloadSpec{Issuer: "https://nobody.example"}); !errors.As(err, &refusal) || !strings.Contains(refusal.Message, githubIssuer) {
		t.Errorf("an unknown issuer: %v, want a refusal that lists those there are", err)
	}
	client := &http.Client{Transport: s.Transport(w.Describe().ID)}
	if status := statusOf(t, client, "https://"+s.Addr(plane.Workload)+"/w/guessed/anything", "Accept", "*/*"); status != http.StatusNotFound {
		t.Errorf("an unknown workload: HTTP status %d, want 404", status)
	}
	if status := statusOf(t, client, "https://"+s.Addr(plane.Issuer)+"/w/guessed/anything", "Accept", "*/*"); status != http.StatusNotFound {
		t.Errorf("a workload's path on the issuer plane: HTTP status %d, want 404", status)
	}
}

// TestWorkloadFiles wants the folder of a workload gone with its world.
func TestWorkloadFiles(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	if _, err := w.AddIssuer(control.IssuerSpec{Platform: "kubernetes"}); err != nil {
		t.Fatal(err)
	}
	workload, err := w.StartWorkload(control.WorkloadSpec{Issuer: "https://contosok8s.blob.core.windows.net/oidc/"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(workload.Env["KUBECONFIG"])
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("the folder of the workload: %v", err)
	}
	client := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if err := client.DeleteWorld(t.Context(), w.Describe().ID); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the workload after its end: %v, want none", err)
	}
}

// TestWorkloadsAreBounded starts more workloads than a world keeps: the oldest ones end, since the default world can't
// be deleted.
func TestWorkloadsAreBounded(t *testing.T) {
	t.Parallel()
	const kept = 1000
	s, w := workloadFarm(t)
	var requests []string
	for range kept + 1 {
		workload, err := w.StartWorkload(githubSpec())
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests, workload.Env["ACTIONS_ID_TOKEN_REQUEST_URL"])
	}
	client := &http.Client{Transport: s.Transport(w.Describe().ID)}
	for _, tt := range []struct {
		n, status int
	}{{0, http.StatusNotFound}, {1, http.StatusUnauthorized}, {kept, http.StatusUnauthorized}} {
		if got := statusOf(t, client, requests[tt.n], "Accept", "*/*"); got != tt.status { // it shows no credential
			t.Errorf("workload %d of %d: HTTP status %d, want %d", tt.n, kept+1, got, tt.status)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := w.StartWorkload(githubSpec()); err == nil {
		t.Error("a farm that has stopped started a workload")
	}
}

// TestLoginsOfTheWorld shows an identity pool the tokens of a user pool: the one of its own world lets in, that of
// another one's does not.
func TestLoginsOfTheWorld(t *testing.T) {
	t.Parallel()
	s, own := workloadFarm(t)
	other := newWorld(t, s, control.WorldSpec{Name: "other"})
	const provider = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI"
	for _, w := range []*farm.World{own, other} {
		addIssuer(t, w, control.IssuerSpec{Platform: "cognito", Preset: "user-pool-id"})
	}
	if _, err := other.Rotate(control.RotateSpec{Issuer: "https://" + provider}); err != nil {
		t.Fatal(err)
	}
	pool := addIssuer(t, own, control.IssuerSpec{Platform: "cognito", Preset: "user-pool-login"})
	workload, err := own.StartWorkload(control.WorkloadSpec{Issuer: pool.URL, Preset: "user-pool-login"})
	if err != nil {
		t.Fatal(err)
	}
	client := trusting(s)
	for w, want := range map[*farm.World]int{own: http.StatusOK, other: http.StatusBadRequest} {
		token, err := w.Mint(control.MintSpec{Issuer: "https://" + provider, Preset: "user-pool-id"})
		if err != nil {
			t.Fatal(err)
		}
		body := `{"IdentityPoolId":"` + workload.Env["COGNITO_IDENTITY_POOL_ID"] + `","Logins":{"` + provider + `":"` + token.Token + `"}}`
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, workload.Base+"/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
		request.Header.Set("X-Amz-Target", "AWSCognitoIdentityService.GetId")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != want || (want != http.StatusOK) != strings.Contains(string(said), "Couldn't verify signed token.") {
			t.Errorf("world %s: %d %s (%v), want %d", w.Describe().ID, response.StatusCode, said, err, want)
		}
	}
}
