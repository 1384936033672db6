package clients

import (
	"strings"
	"testing"

	"github.com/hashicorp/go-azure-sdk/sdk/auth"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// ciJob is a farm with a job of a CI, and an application that trusts the job's token.
type ciJob struct {
	platform *issuer.Platform
	farm     *harness.Farm
	env      map[string]string
	app      *harness.App
}

// startCIJob starts a job of a platform in a preset. The federated identity credential is what its own token asks for.
func startCIJob(t *testing.T, name, preset string) ciJob {
	t.Helper()
	platform, err := issuers.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	j := ciJob{platform: platform, farm: harness.New(t)}
	made := j.farm.MustAddIssuer(harness.IssuerSpec{Platform: name, Preset: preset})
	w := made.MustStartWorkload(harness.WorkloadSpec{Preset: preset, Audience: exchangeAudience})
	j.env = w.Env
	token, err := platform.Native.Fetch(t.Context(), j.farm.Client(), issuer.Found{Base: w.Base, Env: w.Env}, exchangeAudience)
	if err != nil {
		t.Fatal(err)
	}
	j.app = j.farm.MustAddApp(name, credentialFor(t, harness.Token{Claims: claimsOf(t, token)}))
	return j
}

// TestDeliveredTokens signs in with the variable that a CI sets, as Terraform's providers do with ARM_OIDC_TOKEN.
func TestDeliveredTokens(t *testing.T) {
	for _, tt := range []struct{ platform, preset, variable string }{
		{"generic", "plain", "ID_TOKEN"}, {"gitlab", "branch", "ID_TOKEN"}, {"circleci", "job", "CIRCLE_OIDC_TOKEN"},
		{"circleci", "job-v2", "CIRCLE_OIDC_TOKEN_V2"}, {"bitbucket", "step", "BITBUCKET_STEP_OIDC_TOKEN"},
	} {
		t.Run(tt.platform+"/"+tt.preset, func(t *testing.T) {
			j := startCIJob(t, tt.platform, tt.preset)
			useHashiCorp(t, j.farm)
			claims, err := hashiCorp(t, auth.Credentials{
				TenantID: j.farm.Tenant, ClientID: j.app.ClientID, EnableAuthenticationUsingOIDC: true, OIDCAssertionToken: j.env[tt.variable],
			})
			if err != nil {
				t.Fatal(err)
			}
			wantSignedIn(t, tt.platform, claims, j.farm.Tenant, j.app.ClientID)
		})
	}
}

// wantError fails unless an error says all of that.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}
