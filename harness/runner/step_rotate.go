package runner

import (
	"context"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
)

// rotate gives the issuer a new signing key.
func (p *play) rotate(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	publish := a.Rotate.Publish == nil || *a.Rotate.Publish
	rotated, err := p.client.Rotate(ctx, p.world.ID, control.RotateSpec{Issuer: p.issuer.URL, Publish: &publish})
	return map[string]any{"kid": rotated.KID}, err
}
