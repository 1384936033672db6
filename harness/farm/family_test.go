package farm_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// includeSlug has a job's enterprise put its slug into the issuer, or leave it out, and returns the status of the
// answer.
func includeSlug(t *testing.T, client *http.Client, job control.Workload, slug, include string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, job.Env["GITHUB_API_URL"]+"/enterprises/"+slug+"/actions/oidc/customization/issuer",
		strings.NewReader(`{"include_enterprise_slug":`+include+`}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+job.Env["GITHUB_TOKEN"])
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestSlugInTheDefaultWorld changes the issuer of a job to one that the default world has already: the job signs in,
// since GitHub has one key set.
func TestSlugInTheDefaultWorld(t *testing.T) {
	t.Parallel()
	const slug = "octocat-inc"
	for _, tt := range []struct{ name, preset, from, include, to string }{
		{"with", "enterprise", githubURL, "true", githubURL + "/" + slug},
		{"without", "enterprise-slug", githubURL + "/" + slug, "false", githubURL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}})
			client, manager := canonical(s, control.DefaultWorld), &control.Client{URL: s.ControlURL(), Token: s.Token()}
			job, err := manager.StartWorkload(t.Context(), control.DefaultWorld, control.WorkloadSpec{
				Issuer: tt.from, Preset: tt.preset, Claims: map[string]any{"enterprise": slug},
			})
			if err != nil {
				t.Fatal(err)
			}
			if status := includeSlug(t, client, job, slug, tt.include); status != http.StatusNoContent {
				t.Fatalf("HTTP status %d, want 204", status)
			}
			token, err := github.Platform.Native.Fetch(t.Context(), client, issuer.Found{Base: job.Base, Env: job.Env}, exchangeAudience)
			if err != nil {
				t.Fatal(err)
			}
			_, claims, err := control.DecodeToken(token)
			if err != nil {
				t.Fatal(err)
			}
			if claims["iss"] != tt.to {
				t.Errorf("iss is %v, want %s", claims["iss"], tt.to)
			}
			subject, _ := claims["sub"].(string)
			app, err := manager.AddApplication(t.Context(), control.DefaultWorld, control.ApplicationSpec{Name: "deployer", Credentials: []directory.Credential{
				{Name: "only", Issuer: tt.to, Subject: subject, Audiences: []string{exchangeAudience}},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if got := exchange(t.Context(), t, client, app.Tenant, app.ClientID, token); got.code() != 0 {
				t.Errorf("the job is refused: %s", got.Description)
			}
		})
	}
}

// TestKeySets compares the keys of GitHub's issuers: one set for those at one host, another elsewhere, and after an own
// algorithm.
func TestKeySets(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}})
	w := newWorld(t, s, control.WorldSpec{Name: "keys"})
	client := canonical(s, w.Describe().ID)
	base := addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	slug := addIssuer(t, w, control.IssuerSpec{Platform: "github", Preset: "enterprise-slug"})
	elsewhere := addIssuer(t, w, control.IssuerSpec{Platform: "github", URL: "https://github.example.com/actions"})
	keys := func(iss control.Issuer) string {
		t.Helper()
		status, body := get(t, client, iss.JWKS, "")
		if status != http.StatusOK {
			t.Fatalf("%s: HTTP status %d", iss.JWKS, status)
		}
		return body
	}
	if keys(base) != keys(slug) || keys(base) == keys(elsewhere) {
		t.Error("want the keys of the issuer with the slug to be the usual ones, and those of one at another host to be others")
	}
	if _, err := w.Rotate(control.RotateSpec{Issuer: slug.URL}); err != nil {
		t.Fatal(err)
	}
	if keys(base) != keys(slug) {
		t.Error("after a rotation the keys are not the same")
	}

	own := addIssuer(t, w, control.IssuerSpec{Platform: "github", Preset: "enterprise-slug", Alg: "ES256", URL: githubURL + "/contoso-inc"})
	if keys(base) == keys(own) {
		t.Error("an issuer with another algorithm has the usual keys")
	}
	job, err := w.StartWorkload(control.WorkloadSpec{Issuer: base.URL, Preset: "enterprise", Claims: map[string]any{"enterprise": "contoso-inc"}})
	if err != nil {
		t.Fatal(err)
	}
	if status := includeSlug(t, client, job, "contoso-inc", "true"); status != http.StatusInternalServerError {
		t.Errorf("an issuer with keys of its own is to sign for a job: HTTP status %d, want 500", status)
	}
}
