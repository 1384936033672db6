package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestNativeTokensAreThePresets has every preset's workload fetch its token from the platform's own API, which must be
// the one that minting directly gives: the same algorithm, the same claims but for ids and times. Presets that say
// otherwise are minted directly by scenarios.
func TestNativeTokensAreThePresets(t *testing.T) {
	t.Parallel()
	for _, p := range issuers.All() {
		audience := []string{"api://AzureADTokenExchange"}
		if slices.Contains([]string{"cognito", "spacelift", "env0"}, p.Name) {
			audience = nil // they take none
		}
		for _, preset := range p.Presets {
			if preset.Direct {
				continue
			}
			t.Run(p.Name+"/"+preset.Name, func(t *testing.T) {
				farm := harness.New(t) // of its own, so that all use the same few keys
				iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: p.Name, Preset: preset.Name})
				w := iss.MustStartWorkload(harness.WorkloadSpec{Audience: strings.Join(audience, "")})
				raw, err := p.Native.Fetch(t.Context(), farm.Client(), issuer.Found{Base: w.Base, Env: w.Env, Now: w.Now}, strings.Join(audience, ""))
				if err != nil {
					t.Fatal(err)
				}
				header, claims, err := control.DecodeToken(raw)
				if err != nil {
					t.Fatal(err)
				}
				direct := iss.MustMint(harness.MintSpec{Audience: audience})
				for _, name := range []string{"iat", "nbf", "exp", "jti", "auth_time", "event_id", "origin_jti"} {
					if _, has := claims[name]; has != (direct.Claims[name] != nil) {
						t.Errorf("claim %s: %v natively, %v directly", name, claims[name], direct.Claims[name])
					}
					delete(claims, name)
					delete(direct.Claims, name)
				}
				for _, of := range []map[string]any{claims, direct.Claims} { // times that are deeper: a second may pass between the two
					for object, name := range map[string]string{"https://sts.amazonaws.com/": "original_session_exp", "kubernetes.io": "warnafter"} {
						if about, _ := of[object].(map[string]any); about != nil {
							delete(about, name)
						}
					}
				}
				if diff := cmp.Diff(direct.Claims, claims); diff != "" {
					t.Errorf("claims (-direct +native):\n%s", diff)
				}
				if header["alg"] != direct.Header["alg"] {
					t.Errorf("alg %v natively, %v directly", header["alg"], direct.Header["alg"])
				}
			})
		}
	}
}
