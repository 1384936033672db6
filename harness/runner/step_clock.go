package runner

import (
	"context"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
)

// advance moves the clock of the world.
func (p *play) advance(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	world, err := p.client.SetClock(ctx, p.world.ID, control.ClockSpec{Advance: control.Duration(a.Clock.Advance)})
	return map[string]any{"now": world.Now}, atMember("", err)
}
