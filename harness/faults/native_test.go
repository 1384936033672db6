package faults_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes"
)

// TestFirstTokenRequestIsRefused has the fault meet the first request for a token, whatever the platform and its clock:
// the next one gets a token.
func TestFirstTokenRequestIsRefused(t *testing.T) {
	t.Parallel()
	// What hands tokens out by other ways than HTTP does not notice.
	deaf := []string{"spiffe", "terraform"} // and those that are files
	// Their clients do not show the body of this answer.
	silent := []string{"buildkite/step"}
	for _, name := range kubernetes.Platform.PresetNames() {
		silent = append(silent, "kubernetes/"+name)
	}
	for _, p := range issuers.All() {
		for _, preset := range p.Presets {
			if preset.Direct {
				continue
			}
			name := p.Name + "/" + preset.Name
			t.Run(name, func(t *testing.T) {
				farm := harness.New(t) // of its own, so that all use the same few keys
				farm.MustAdvance(48 * time.Hour)
				iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: p.Name, Preset: preset.Name})
				asked := "api://AzureADTokenExchange"
				if slices.Contains([]string{"cognito", "spacelift", "env0"}, p.Name) {
					asked = "" // they take none
				}
				w := iss.MustStartWorkload(harness.WorkloadSpec{Audience: asked})
				iss.MustSetFaults(harness.NativeStatusFault{Code: 503, When: harness.When{Times: 1}, Body: "out of order", ContentType: "text/plain"})
				ask := func() (string, error) {
					return p.Native.Fetch(t.Context(), farm.Client(), issuer.Found{Base: w.Base, Env: w.Env, Now: w.Now}, asked)
				}
				if !slices.Contains(deaf, p.Name) && !issuers.IsFile(p.Name) {
					_, err := ask()
					var refused *issuer.Refused
					if !errors.As(err, &refused) || refused.Status != 503 || refused.Message == "" {
						t.Errorf("the first request: error %v, want status 503 and what a client says to it", err)
					} else if shown := strings.Contains(refused.Message, "out of order"); shown == slices.Contains(silent, name) {
						t.Errorf("the first request: %q, which has the body in it: %v", refused.Message, shown)
					}
				}
				if token, err := ask(); err != nil || token == "" {
					t.Errorf("the next request: a token of %d bytes, error %v", len(token), err)
				}
			})
		}
	}
}
