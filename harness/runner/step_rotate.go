package runner

import (
	"context"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
)

// rotate gives the issuer a new signing key.
func (p *play) rotate(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	rotated, err := p.client.Rotate(ctx, p.world.ID, control.RotateSpec{Issuer: p.issuer.URL, Publish: a.Rotate.Publish, SameKID: a.Rotate.SameKID})
	return map[string]any{"kid": rotated.KID}, err
}
