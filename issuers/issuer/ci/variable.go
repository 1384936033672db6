package ci

import (
	"context"
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Variables is the token API of a platform that has none to ask: it puts a job's token, for the audience that the job
// names in advance, into the variable of its preset's Shape.
func Variables(platform string, presets []issuer.Preset) *issuer.Native {
	return &issuer.Native{
		New: func(w issuer.Workload) (*issuer.API, error) {
			preset, err := w.Issuer.Preset(w.Preset)
			if err != nil {
				return nil, err
			}
			name := shapeOf(preset.Settings).Variable
			return &issuer.API{Env: func(audience string) (map[string]string, error) {
				token, err := w.Mint(issuer.For(audience))
				if err != nil {
					return nil, err
				}
				return map[string]string{name: token.Raw}, nil
			}}, nil
		},
		Fetch: func(_ context.Context, _ *http.Client, found issuer.Found, _ string) (string, error) {
			for _, preset := range presets {
				if token := found.Env[shapeOf(preset.Settings).Variable]; token != "" {
					return token, nil
				}
			}
			return "", &issuer.Refused{Message: platform + ": the environment has no token"}
		},
	}
}
