package clients

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v74/github"
	"github.com/hashicorp/go-azure-sdk/sdk/auth"
	"github.com/sethvargo/go-githubactions"

	"github.com/issuerd/issuerd/harness"
)

// The names of a GitHub job's variables that the tests change.
const (
	requestURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	requestToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// pendingJob is how the token service refuses a job that has not begun (aws-actions/configure-aws-credentials#469).
var pendingJob = harness.NativeStatusFault{
	Code: http.StatusForbidden, ContentType: "application/json", Body: `{"message":"Can't issue ID_TOKEN for job in 'Pending' state."}`,
}

// unavailable has the token service down for so many requests.
func unavailable(times int) harness.Fault {
	return harness.NativeStatusFault{When: harness.When{Times: times}, ContentType: "text/plain", Body: "Service Unavailable"}
}

// gitHubJob is a farm with a job of GitHub Actions. The job's environment is the test's own, so that the test must not
// be parallel.
type gitHubJob struct {
	farm   *harness.Farm
	issuer *harness.Issuer
	env    map[string]string
	base   string
}

func startGitHubJob(t *testing.T, preset string, claims map[string]any) gitHubJob {
	t.Helper()
	j := gitHubJob{farm: harness.New(t)}
	j.issuer = j.farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	w := j.issuer.MustStartWorkload(harness.WorkloadSpec{Preset: preset, Claims: claims})
	j.env, j.base = w.Env, w.Base
	for name, value := range w.Env {
		t.Setenv(name, value)
	}
	return j
}

// idToken gets a token as an action written in Go does.
func (j gitHubJob) idToken(ctx context.Context, audience string) (string, error) {
	return githubactions.New(githubactions.WithHTTPClient(j.farm.Client())).GetIDToken(ctx, audience)
}

// claims are those of a new token.
func (j gitHubJob) claims(t *testing.T) map[string]any {
	t.Helper()
	token, err := j.idToken(t.Context(), exchangeAudience)
	if err != nil {
		t.Fatal(err)
	}
	return claimsOf(t, token)
}

// trusted is an application that trusts the token that the job gets now.
func (j gitHubJob) trusted(t *testing.T, name string) *harness.App {
	t.Helper()
	return j.farm.MustAddApp(name, credentialFor(t, harness.Token{Claims: j.claims(t)}))
}

// signIn signs in with azidentity, which asks the job for the assertion when it needs one.
func (j gitHubJob) signIn(t *testing.T, app *harness.App) (map[string]any, error) {
	t.Helper()
	conforms(t, j.farm, azureIdentity)
	assertion := func(ctx context.Context) (string, error) { return j.idToken(ctx, exchangeAudience) }
	credential, err := azidentity.NewClientAssertionCredential(j.farm.Tenant, app.ClientID, assertion,
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: j.farm.Client()}})
	if err != nil {
		return nil, err
	}
	access, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
	if err != nil {
		return nil, err
	}
	return claimsOf(t, access.Token), nil
}

// TestGitHubActions signs in with the tokens that go-githubactions gets, at both forms of the address.
func TestGitHubActions(t *testing.T) {
	j := startGitHubJob(t, "environment", map[string]any{"repository": "contoso/app", "environment": "production"})
	conforms(t, j.farm, "github.com/sethvargo/go-githubactions")
	now := j.env[requestURL]
	ids := strings.TrimSuffix(strings.TrimPrefix(now, j.base+"/222//idtoken/"), "?api-version=2.0")
	plan, id, ok := strings.Cut(ids, "/")
	if !ok {
		t.Fatalf("%s is %q, want the ids of a plan and a job in it", requestURL, now)
	}
	before := j.base + "/_apis/distributedtask/hubs/Actions/plans/" + plan + "/jobs/" + id + "/idtoken?api-version=2.0"
	app := j.trusted(t, "deployer")
	for name, address := range map[string]string{"run service": now, "pipelines service": before} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(requestURL, address)
			first, second := j.claims(t), j.claims(t)
			want := map[string]any{"sub": "repo:contoso/app:environment:production", "aud": exchangeAudience}
			if diff := cmp.Diff(want, pick(first, "sub", "aud")); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if first["jti"] == second["jti"] {
				t.Errorf("two requests got the same jti %v", first["jti"])
			}
			claims, err := j.signIn(t, app)
			if err != nil {
				t.Fatal(err)
			}
			wantSignedIn(t, name, claims, j.farm.Tenant, app.ClientID)
		})
	}
	t.Run("no audience", func(t *testing.T) {
		token, err := j.idToken(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := claimsOf(t, token)["aud"], "https://github.com/contoso"; got != want {
			t.Errorf("aud is %v, want %q", got, want)
		}
	})
}

// TestGitHubActionsRefused repeats the mistakes that keep an action from its token.
func TestGitHubActionsRefused(t *testing.T) {
	j := startGitHubJob(t, "", nil)
	conforms(t, j.farm, "github.com/sethvargo/go-githubactions")
	t.Run("wrong credential", func(t *testing.T) {
		t.Setenv(requestToken, "wrong")
		_, err := j.idToken(t.Context(), exchangeAudience)
		var failed *githubactions.RequestFailedError
		if !errors.As(err, &failed) || failed.StatusCode != http.StatusUnauthorized || failed.Body != "" {
			t.Errorf("error %v, want status 401 without a body", err)
		}
	})
	t.Run("no permission", func(t *testing.T) {
		t.Setenv(requestURL, "")
		_, err := j.idToken(t.Context(), exchangeAudience)
		var missing *githubactions.EnvMissingError
		if !errors.As(err, &missing) || missing.Name != requestURL {
			t.Errorf("error %v, want %s missing", err, requestURL)
		}
	})
}

// TestGitHubActionsUnavailable has the token service refuse a job that has not begun, and be down for two requests:
// go-githubactions does not try again by itself.
func TestGitHubActionsUnavailable(t *testing.T) {
	j := startGitHubJob(t, "", nil)
	conforms(t, j.farm, "github.com/sethvargo/go-githubactions")
	app := j.trusted(t, "deployer")
	j.issuer.MustSetFaults(pendingJob)
	_, err := j.signIn(t, app)
	wantError(t, err, `non-successful response from minting OIDC token (status 403): {"message":"Can't issue ID_TOKEN for job in 'Pending' state."}`)
	j.issuer.MustSetFaults(unavailable(2))
	for range 2 {
		_, err := j.signIn(t, app)
		wantError(t, err, "non-successful response from minting OIDC token (status 503): Service Unavailable")
	}
	claims, err := j.signIn(t, app)
	if err != nil {
		t.Fatal(err)
	}
	wantSignedIn(t, "third request", claims, j.farm.Tenant, app.ClientID)
}

// TestGitHubToolkitUnavailable does the same to @actions/core, which tries again after a 503 and not after a 403.
func TestGitHubToolkitUnavailable(t *testing.T) {
	t.Parallel()
	f := startNode(t)
	conforms(t, f.Farm, "npm:@actions/core")
	job := nodePrograms[0]
	for _, tt := range []struct {
		name     string
		fault    harness.Fault
		statuses []int    // of the requests for a token
		says     []string // on stderr; nil: it signs in
	}{
		{"503 three times", unavailable(3), []int{503, 503, 503, 200, 200}, nil}, // the script prints one token's claims and signs in with another,
		{"pending", pendingJob, []int{403}, []string{"Error Code : 403", "Can't issue ID_TOKEN for job in 'Pending' state."}},
	} {
		t.Run(tt.name, func(t *testing.T) { // one after the other: the faults are of one issuer
			before := len(f.Journal())
			env := f.start(t, job, job.subject)
			f.MustAddIssuer(harness.IssuerSpec{Platform: job.platform}).MustSetFaults(tt.fault)
			_, stderr, err := f.run(t, job.file, env)
			if (err == nil) != (tt.says == nil) {
				t.Fatalf("%v\n%s", err, stderr)
			}
			for _, want := range tt.says {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q on stderr, want %q", stderr, want)
				}
			}
			var statuses []int
			for _, e := range f.Journal()[before:] {
				if e.Plane == harness.WorkloadPlane {
					statuses = append(statuses, e.Status)
				}
			}
			if diff := cmp.Diff(tt.statuses, statuses); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		})
	}
}

// TestGitHubHashiCorp signs in as Terraform's providers do in a job.
func TestGitHubHashiCorp(t *testing.T) {
	j := startGitHubJob(t, "pull-request", nil)
	wire := useHashiCorp(t, j.farm)
	app := j.trusted(t, "terraform")
	good := auth.Credentials{
		TenantID: j.farm.Tenant, ClientID: app.ClientID, EnableAuthenticationUsingGitHubOIDC: true,
		OIDCTokenRequestURL: j.env[requestURL], OIDCTokenRequestToken: j.env[requestToken],
	}
	claims, err := hashiCorp(t, good)
	if err != nil {
		t.Fatal(err)
	}
	wantSignedIn(t, "github", claims, j.farm.Tenant, app.ClientID)
	address, _, _ := strings.Cut(strings.TrimPrefix(j.env[requestURL], "https://"), "?")
	want := []string{"GET " + address, "POST login.microsoftonline.com/" + j.farm.Tenant + "/oauth2/v2.0/token"}
	if diff := cmp.Diff(want, wire.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	wrong := good
	wrong.OIDCTokenRequestToken = "wrong"
	_, err = hashiCorp(t, wrong)
	wantError(t, err, "githubAssertion: received HTTP status 401 with response: ")

	j.issuer.MustSetFaults(pendingJob)
	_, err = hashiCorp(t, good)
	wantError(t, err, "githubAssertion: received HTTP status 403 with response: ", "Can't issue ID_TOKEN for job in 'Pending' state.")
	j.issuer.MustSetFaults(unavailable(1))
	_, err = hashiCorp(t, good) // its own HTTP client, which the test has replaced, would try again
	wantError(t, err, "githubAssertion: received HTTP status 503 with response: ")
	if claims, err = hashiCorp(t, good); err != nil {
		t.Fatalf("when the token service is back: %v", err)
	}
	wantSignedIn(t, "github again", claims, j.farm.Tenant, app.ClientID)
}

// TestGitHubSubjectCustomization customises the subject with go-github, at which the credential of before no longer
// matches.
func TestGitHubSubjectCustomization(t *testing.T) {
	j := startGitHubJob(t, "", nil)
	conforms(t, j.farm, "github.com/sethvargo/go-githubactions", "github.com/google/go-github/v74")
	const owner, repository = "octo-org", "octo-repo"
	client, err := github.NewClient(j.farm.Client()).WithAuthToken(j.env["GITHUB_TOKEN"]).WithEnterpriseURLs(j.env["GITHUB_API_URL"], j.env["GITHUB_API_URL"])
	if err != nil {
		t.Fatal(err)
	}
	ctx, actions := t.Context(), client.Actions
	before := j.trusted(t, "before")
	if _, err := j.signIn(t, before); err != nil {
		t.Fatal(err)
	}

	_, _, err = actions.GetRepoOIDCSubjectClaimCustomTemplate(ctx, owner, repository)
	wantGitHubError(t, err, http.StatusNotFound, "Not Found")
	organization := &github.OIDCSubjectClaimCustomTemplate{IncludeClaimKeys: []string{"repository_owner", "repository_visibility"}}
	response, err := actions.SetOrgOIDCSubjectClaimCustomTemplate(ctx, owner, organization)
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("the organisation's template: %v, want 201", err)
	}
	got, _, err := actions.GetOrgOIDCSubjectClaimCustomTemplate(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(organization, got); diff != "" {
		t.Errorf("the organisation's template (-want +got):\n%s", diff)
	}
	if _, err := j.signIn(t, before); err != nil {
		t.Errorf("the organisation's template reached a repository that had not opted in: %v", err)
	}

	response, err = actions.SetRepoOIDCSubjectClaimCustomTemplate(ctx, owner, repository, &github.OIDCSubjectClaimCustomTemplate{UseDefault: github.Ptr(false)})
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("the repository's template: %v, want 201", err)
	}
	got, _, err = actions.GetRepoOIDCSubjectClaimCustomTemplate(ctx, owner, repository)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&github.OIDCSubjectClaimCustomTemplate{UseDefault: github.Ptr(false)}, got); diff != "" {
		t.Errorf("the repository's template (-want +got):\n%s", diff)
	}
	_, err = j.signIn(t, before)
	wantError(t, err, "AADSTS700213: ", "repository_owner:octo-org:repository_visibility:private")
	after := j.trusted(t, "after")
	claims, err := j.signIn(t, after)
	if err != nil {
		t.Fatal(err)
	}
	wantSignedIn(t, "customised", claims, j.farm.Tenant, after.ClientID)

	response, err = actions.SetRepoOIDCSubjectClaimCustomTemplate(ctx, owner, repository, &github.OIDCSubjectClaimCustomTemplate{UseDefault: github.Ptr(true)})
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("the default: %v, want 201", err)
	}
	if _, err := j.signIn(t, before); err != nil {
		t.Errorf("with the default again: %v", err)
	}
}

// TestGitHubSubjectCustomizationRefused looks at what a user of go-github gets to read.
func TestGitHubSubjectCustomizationRefused(t *testing.T) {
	j := startGitHubJob(t, "", nil)
	conforms(t, j.farm, "github.com/google/go-github/v74")
	at := func(token string) *github.ActionsService {
		client, err := github.NewClient(j.farm.Client()).WithAuthToken(token).WithEnterpriseURLs(j.env["GITHUB_API_URL"], j.env["GITHUB_API_URL"])
		if err != nil {
			t.Fatal(err)
		}
		return client.Actions
	}
	actions := at(j.env["GITHUB_TOKEN"])
	_, _, err := at("ghs_wrong").GetOrgOIDCSubjectClaimCustomTemplate(t.Context(), "octo-org")
	wantGitHubError(t, err, http.StatusUnauthorized, "Bad credentials")
	_, _, err = actions.GetOrgOIDCSubjectClaimCustomTemplate(t.Context(), "contoso")
	wantGitHubError(t, err, http.StatusNotFound, "Not Found")
	_, err = actions.SetRepoOIDCSubjectClaimCustomTemplate(t.Context(), "octo-org", "octo-repo",
		&github.OIDCSubjectClaimCustomTemplate{IncludeClaimKeys: []string{"repo"}})
	wantGitHubError(t, err, http.StatusUnprocessableEntity, "Invalid request.\n\n\"use_default\" wasn't supplied.")
}

// TestGitHubIssuerCustomization puts the enterprise's slug into iss, and takes it out again. go-github knows no method
// for it but sends any request. Entra finds the keys below the URL with the slug; the credential of the other issuer
// does not match.
func TestGitHubIssuerCustomization(t *testing.T) {
	j := startGitHubJob(t, "enterprise", nil)
	conforms(t, j.farm, "github.com/sethvargo/go-githubactions", "github.com/google/go-github/v74")
	client, err := github.NewClient(j.farm.Client()).WithAuthToken(j.env["GITHUB_TOKEN"]).WithEnterpriseURLs(j.env["GITHUB_API_URL"], j.env["GITHUB_API_URL"])
	if err != nil {
		t.Fatal(err)
	}
	app := j.trusted(t, "deployer")
	if _, err := j.signIn(t, app); err != nil {
		t.Fatal(err)
	}
	usual := text(t, j.claims(t), "iss")
	include := func(slug bool) {
		t.Helper()
		request, err := client.NewRequest(http.MethodPut, "enterprises/avocado-corp/actions/oidc/customization/issuer", map[string]bool{"include_enterprise_slug": slug})
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(t.Context(), request, nil)
		if err != nil || response.StatusCode != http.StatusNoContent {
			t.Fatalf("the enterprise's issuer: %v, want 204", err)
		}
	}
	include(true)
	if got, want := text(t, j.claims(t), "iss"), usual+"/avocado-corp"; got != want {
		t.Errorf("iss is %q, want %q", got, want)
	}
	_, err = j.signIn(t, app)
	wantError(t, err, "AADSTS700211: ")
	slug := j.trusted(t, "enterprise")
	j.issuer.MustRotate(true) // the keys are the same at both URLs, also the new one
	claims, err := j.signIn(t, slug)
	if err != nil {
		t.Fatal(err)
	}
	wantSignedIn(t, "with the slug", claims, j.farm.Tenant, slug.ClientID)

	include(false)
	j.farm.MustAdvance(harness.DefaultEntraOptions().RefetchInterval) // Entra does not look for an unknown key at once
	if _, err := j.signIn(t, app); err != nil {
		t.Errorf("without the slug again: %v", err)
	}
	_, err = j.signIn(t, slug)
	wantError(t, err, "AADSTS700211: ")
}

// wantGitHubError fails unless go-github says what GitHub does.
func wantGitHubError(t *testing.T, err error, status int, message string) {
	t.Helper()
	var refused *github.ErrorResponse
	if !errors.As(err, &refused) || refused.Response.StatusCode != status || refused.Message != message {
		t.Errorf("error %v, want %d %q", err, status, message)
	}
}
