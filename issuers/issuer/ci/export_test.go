package ci

import (
	"fmt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Validate returns an error for a preset without a shape, or with a form in which a function or a claim is not known.
func Validate(preset issuer.Preset) error {
	s, ok := preset.Settings[setting].(Shape)
	if !ok {
		return fmt.Errorf("ci: preset %q has no shape", preset.Name)
	}
	known := map[string]bool{"iss": true}
	for name := range preset.Claims {
		known[name] = true
	}
	for _, r := range append(s.Rules[:len(s.Rules):len(s.Rules)], Rule{Claim: "aud", Form: s.Audience}) {
		for _, found := range placeholder.FindAllStringSubmatch(r.Form, -1) {
			if functions[found[1]] == nil || !known[found[2]] {
				return fmt.Errorf("ci: preset %q: claim %q: the placeholder %s is not known", preset.Name, r.Claim, found[0])
			}
		}
		known[r.Claim] = true
	}
	return nil
}
