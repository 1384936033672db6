package clients

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"cloud.google.com/go/compute/metadata"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/idtoken"
	"google.golang.org/api/oauth2/v2"
	"google.golang.org/api/option"

	"github.com/issuerd/issuerd/harness"
)

// googleWorkload is a workload on Google Cloud with an application that trusts its account. Google's clients find the
// workload by this process' environment and have no other configuration.
type googleWorkload struct {
	farm     *harness.Farm
	app      *harness.App
	endpoint option.ClientOption // of the public APIs, which have no variable
	env      map[string]string
}

func startGoogle(t *testing.T, preset string) googleWorkload { return startGoogleWith(t, preset, nil) }

// startGoogleWith is startGoogle with variables of the workload's own.
func startGoogleWith(t *testing.T, preset string, env map[string]string) googleWorkload {
	t.Helper()
	farm := harness.New(t)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "gcp", Preset: preset})
	w := issuer.MustStartWorkload(harness.WorkloadSpec{Env: env})
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "") // unless the workload has one, both would win over the metadata server
	t.Setenv("HOME", t.TempDir())
	for name, value := range w.Env {
		t.Setenv(name, value)
	}
	minted := issuer.MustMint(harness.MintSpec{Audience: []string{exchangeAudience}})
	return googleWorkload{farm, farm.MustAddApp("google", credentialFor(t, minted)), option.WithEndpoint("http://" + w.Env["GCE_METADATA_HOST"] + "/"), w.Env}
}

// signIn presents Google's token to Entra with azidentity.
func (g googleWorkload) signIn(t *testing.T, assertion func(context.Context) (string, error)) {
	t.Helper()
	conforms(t, g.farm, azureIdentity)
	credential, err := azidentity.NewClientAssertionCredential(g.farm.Tenant, g.app.ClientID, assertion, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions: policy.ClientOptions{Transport: g.farm.Client()},
	})
	if err != nil {
		t.Fatal(err)
	}
	access, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphScope}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"aud": "https://graph.microsoft.com", "appid": g.app.ClientID, "tid": g.farm.Tenant, "idtyp": "app"}
	if diff := cmp.Diff(want, pick(claimsOf(t, access.Token), "aud", "appid", "tid", "idtyp")); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// TestGoogleIDToken fetches a token with Google's helper, has Google's validator check it with the keys of the farm's
// Google, and signs in.
func TestGoogleIDToken(t *testing.T) {
	for _, preset := range []string{"compute-engine", "gke", "service-account-key"} {
		t.Run(preset, func(t *testing.T) {
			g := startGoogle(t, preset)
			clients := []string{"google.golang.org/api"}
			if preset != "service-account-key" {
				clients = append(clients, "cloud.google.com/go/compute/metadata")
			}
			conforms(t, g.farm, clients...)
			source, err := idtoken.NewTokenSource(t.Context(), exchangeAudience)
			if err != nil {
				t.Fatal(err)
			}
			token, err := source.Token()
			if err != nil {
				t.Fatal(err)
			}
			validator, err := idtoken.NewValidator(t.Context(), option.WithHTTPClient(g.farm.Client()))
			if err != nil {
				t.Fatal(err)
			}
			payload, err := validator.Validate(t.Context(), token.AccessToken, exchangeAudience)
			if err != nil {
				t.Fatal(err)
			}
			if payload.Issuer != "https://accounts.google.com" || payload.Subject != "112633961854638529490" || payload.Claims["email_verified"] != true {
				t.Errorf("payload %+v", payload)
			}
			if _, err := validator.Validate(t.Context(), token.AccessToken, "another"); err == nil || err.Error() != "idtoken: audience provided does not match aud claim in the JWT" {
				t.Errorf("error %v for another audience", err)
			}
			if _, err := validator.Validate(t.Context(), forge(t, token.AccessToken), exchangeAudience); err == nil {
				t.Error("accepts a token with the signature of another")
			}
			g.signIn(t, func(context.Context) (string, error) {
				fresh, err := source.Token()
				if err != nil {
					return "", err
				}
				return fresh.AccessToken, nil
			})
		})
	}
}

// TestGoogleMetadata reads what there is with the client of the metadata server.
func TestGoogleMetadata(t *testing.T) {
	g := startGoogle(t, "compute-engine")
	conforms(t, g.farm, "cloud.google.com/go/compute/metadata")
	client := metadata.NewClient(nil)
	for path, want := range map[string]string{
		"project/project-id":                      "contoso-prod",
		"instance/zone":                           "projects/1071284184436/zones/us-central1-c",
		"instance/service-accounts/default/email": "1071284184436-compute@developer.gserviceaccount.com",
		"universe/universe-domain":                "googleapis.com",
		"instance/service-accounts/default":       "aliases\nemail\nidentity\nscopes\ntoken\n", // after a redirect
	} {
		if got, err := client.GetWithContext(t.Context(), path); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", path, got, err, want)
		}
	}
	scopes, err := client.ScopesWithContext(t.Context(), "")
	if diff := cmp.Diff([]string{"https://www.googleapis.com/auth/cloud-platform"}, scopes); diff != "" || err != nil {
		t.Errorf("scopes (-want +got), error %v:\n%s", err, diff)
	}
	if !metadata.OnGCE() {
		t.Error("the client does not see that it is on Google Cloud")
	}
	g.signIn(t, func(ctx context.Context) (string, error) {
		return client.GetWithContext(ctx, "instance/service-accounts/default/identity?audience="+exchangeAudience)
	})
}

// TestGoogleMetadataRefused looks at what a user of the client gets to read.
func TestGoogleMetadataRefused(t *testing.T) {
	startGoogle(t, "compute-engine")
	client := metadata.NewClient(nil)
	tests := []struct{ path, want string }{
		{"instance/service-accounts/default/identity", "compute: Received 400 `non-empty audience parameter required\n`"},
		{"instance/service-accounts/other/email", `metadata: GCE metadata "instance/service-accounts/other/email" not defined`},
	}
	for _, tt := range tests {
		if _, err := client.GetWithContext(t.Context(), tt.path); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.path, err, tt.want)
		}
	}
	var undefined metadata.NotDefinedError
	if _, err := client.InstanceAttributeValueWithContext(t.Context(), "nothing"); !errors.As(err, &undefined) {
		t.Errorf("error %v, want one that says it is not defined", err)
	}
}

// TestGoogleUnbound looks at what a pod gets to read whose Kubernetes account is bound to no Google account: the client
// takes the 404 for a value that there is not (googleapis/google-cloud-go#2750), and hides the server's advice.
func TestGoogleUnbound(t *testing.T) {
	startGoogle(t, "gke-unbound")
	_, err := idtoken.NewTokenSource(t.Context(), exchangeAudience)
	var undefined metadata.NotDefinedError
	if !errors.As(err, &undefined) || !strings.HasPrefix(string(undefined), "instance/service-accounts/default/identity?") {
		t.Errorf("error %v, want one that says it is not defined", err)
	}
}

// TestGoogleKeyRefused looks at what somebody gets to read whose key belongs to no account any more.
func TestGoogleKeyRefused(t *testing.T) {
	g := startGoogle(t, "service-account-key")
	conforms(t, g.farm, "google.golang.org/api")
	key := strings.Replace(g.env["GOOGLE_CREDENTIALS"], `"client_email":"deployer@`, `"client_email":"deleted@`, 1)
	if err := os.WriteFile(g.env["GOOGLE_APPLICATION_CREDENTIALS"], []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := idtoken.NewTokenSource(t.Context(), exchangeAudience)
	if err == nil || !strings.Contains(err.Error(), "Invalid grant: account not found") {
		t.Errorf("error %v, want that of an unknown account", err)
	}
}

// TestGoogleIAMCredentials calls the IAM Credentials API with the access token that the client fetches from the
// metadata server by itself.
func TestGoogleIAMCredentials(t *testing.T) {
	g := startGoogle(t, "service-account")
	conforms(t, g.farm, "google.golang.org/api")
	const account = "projects/-/serviceAccounts/deployer@contoso-prod.iam.gserviceaccount.com"
	service, err := iamcredentials.NewService(t.Context(), g.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	accounts := service.Projects.ServiceAccounts
	var last string
	g.signIn(t, func(ctx context.Context) (string, error) {
		answer, err := accounts.GenerateIdToken(account, &iamcredentials.GenerateIdTokenRequest{Audience: exchangeAudience, IncludeEmail: true}).Context(ctx).Do()
		if err != nil {
			return "", err
		}
		last = answer.Token
		return answer.Token, nil
	})

	info, err := oauth2.NewService(t.Context(), g.endpoint, option.WithHTTPClient(new(http.Client)))
	if err != nil {
		t.Fatal(err)
	}
	about, err := info.Tokeninfo().IdToken(last).Context(t.Context()).Do()
	if err != nil {
		t.Fatal(err)
	}
	if about.Audience != exchangeAudience || about.UserId != "112633961854638529490" || about.Email != "deployer@contoso-prod.iam.gserviceaccount.com" || about.ExpiresIn < 3500 {
		t.Errorf("tokeninfo %+v", about)
	}

	signed, err := accounts.SignJwt(account, &iamcredentials.SignJwtRequest{Payload: `{"sub":"a"}`}).Context(t.Context()).Do()
	if err != nil {
		t.Fatal(err)
	}
	if got := claimsOf(t, signed.SignedJwt)["sub"]; got != "a" || signed.KeyId == "" {
		t.Errorf("sub %v signed by key %q", got, signed.KeyId)
	}
	if blob, err := accounts.SignBlob(account, &iamcredentials.SignBlobRequest{Payload: "YQ=="}).Context(t.Context()).Do(); err != nil || len(blob.SignedBlob) != 344 {
		t.Errorf("signBlob: %v", err)
	}
	access, err := accounts.GenerateAccessToken(account, &iamcredentials.GenerateAccessTokenRequest{
		Scope: []string{iamcredentials.CloudPlatformScope}, Lifetime: "600s",
	}).Context(t.Context()).Do()
	if err != nil || access.ExpireTime == "" {
		t.Errorf("generateAccessToken: %v", err)
	}
}

// TestGoogleImpersonation has a workload sign in as two other accounts. Entra takes each for the subject that it is.
func TestGoogleImpersonation(t *testing.T) {
	const reporter, auditor = "reporter@contoso-prod.iam.gserviceaccount.com", "auditor@fabrikam.iam.gserviceaccount.com"
	const reporterID, auditorID = "104892101112131415161", "109876543210987654321"
	g := startGoogleWith(t, "service-account", map[string]string{"ISSUERD_IMPERSONATE": reporter + "=" + reporterID + "," + auditor + "=" + auditorID})
	conforms(t, g.farm, "google.golang.org/api")
	service, err := iamcredentials.NewService(t.Context(), g.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for account, subject := range map[string]string{reporter: reporterID, auditor: auditorID} {
		answer, err := service.Projects.ServiceAccounts.GenerateIdToken("projects/-/serviceAccounts/"+account,
			&iamcredentials.GenerateIdTokenRequest{Audience: exchangeAudience}).Context(t.Context()).Do()
		if err != nil {
			t.Fatal(err)
		}
		for _, trusted := range []string{reporterID, auditorID} {
			app := g.farm.MustAddApp(account+trusted, harness.Credential{Name: "only", Issuer: "https://accounts.google.com", Subject: trusted})
			_, err := app.Exchange(answer.Token)
			var refusal *harness.Refusal
			if refused := errors.As(err, &refusal) && refusal.Code == 700213; refused == (trusted == subject) || err != nil && !refused {
				t.Errorf("%s at an application for %s: %v", account, trusted, err)
			}
		}
	}
}

// TestGoogleIAMCredentialsRefused looks at what a user of the API's client gets to read.
func TestGoogleIAMCredentialsRefused(t *testing.T) {
	g := startGoogle(t, "service-account")
	conforms(t, g.farm, "google.golang.org/api")
	tests := []struct {
		name, account, audience string
		opts                    []option.ClientOption
		code                    int
		want                    string
	}{
		{"no credential", "deployer@contoso-prod.iam.gserviceaccount.com", "a", []option.ClientOption{option.WithoutAuthentication()},
			http.StatusUnauthorized, "Request is missing required authentication credential. "},
		{"no permission", "deployer@other.iam.gserviceaccount.com", "a", nil,
			http.StatusForbidden, "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist)."},
		{"unknown account", "none@contoso-prod.iam.gserviceaccount.com", "a", nil,
			http.StatusNotFound, "Not found; Gaia id not found for email none@contoso-prod.iam.gserviceaccount.com"},
		{"no audience", "deployer@contoso-prod.iam.gserviceaccount.com", "", nil,
			http.StatusBadRequest, "Request contains an invalid argument."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			service, err := iamcredentials.NewService(t.Context(), append(tt.opts, g.endpoint)...)
			if err != nil {
				t.Fatal(err)
			}
			_, err = service.Projects.ServiceAccounts.GenerateIdToken("projects/-/serviceAccounts/"+tt.account,
				&iamcredentials.GenerateIdTokenRequest{Audience: tt.audience}).Context(t.Context()).Do()
			var refused *googleapi.Error
			if !errors.As(err, &refused) || refused.Code != tt.code || !strings.HasPrefix(refused.Message, tt.want) {
				t.Errorf("error %v, want %d with %q", err, tt.code, tt.want)
			}
		})
	}
}
