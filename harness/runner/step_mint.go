package runner

import (
	"context"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/target"
)

// mint has the issuer sign a token, which the next exchange presents.
func (p *play) mint(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	if a.Mint.Via == "native" && !p.opts.Target.Can[target.NativeAPI] {
		return nil, p.lacks(target.NativeAPI)
	}
	spec := control.MintSpec{Issuer: p.issuer.URL, Lifetime: a.Mint.Lifetime, Claims: a.Mint.Claims}
	if a.Mint.Audience != "" {
		spec.Audience = []string{a.Mint.Audience}
	}
	minted, err := p.client.Mint(ctx, p.farm.ID, spec)
	if err != nil {
		return nil, err
	}
	p.assertion = minted.Token
	return map[string]any{"token": minted.Claims, "claims": minted.Claims, "header": minted.Header}, nil
}
