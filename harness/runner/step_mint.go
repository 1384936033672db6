package runner

import (
	"context"
	"fmt"
	"net/http"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/target"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// mint has the issuer sign a token, which the next exchange presents.
func (p *play) mint(ctx context.Context, _ *scenario.Step, a *scenario.Action) (map[string]any, error) {
	if a.Mint.Via == "native" || a.Mint.Via == "" && a.Mint.Lifetime == 0 && p.hasNative() {
		return p.mintNative(ctx, a.Mint)
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

// hasNative tells whether the platform has a token API that this target's can reach.
func (p *play) hasNative() bool {
	platform, err := issuers.ByName(p.issuer.Platform)
	can := p.opts.Target.Can
	return err == nil && platform.Native != nil && can[target.NativeAPI] && (can[target.SameMachine] || !platform.Native.Local)
}

// mintNative asks the platform's own token API, as a workload would.
func (p *play) mintNative(ctx context.Context, m *scenario.Mint) (map[string]any, error) {
	platform, err := issuers.ByName(p.issuer.Platform)
	if err != nil {
		return nil, err
	}
	native := platform.Native
	switch can := p.opts.Target.Can; {
	case !can[target.NativeAPI]:
		return nil, p.lacks(target.NativeAPI)
	case native == nil:
		return nil, &skipped{platform.Name + " has no token API of its own in this version"}
	case native.Local && !can[target.SameMachine]:
		return nil, p.lacks(target.SameMachine)
	case m.Lifetime != 0:
		return nil, fmt.Errorf("%s: via: native has no lifetime of the caller's choice; leave lifetime out, or mint via: direct", platform.Name)
	}
	workload, err := p.client.StartWorkload(ctx, p.farm.ID, control.WorkloadSpec{
		Issuer: p.issuer.URL, Claims: m.Claims, Audience: m.Audience, Base: p.opts.Target.Workloads,
	})
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: p.opts.Target.Transport(p.farm.ID)}
	token, err := native.Fetch(ctx, client, issuer.Found{Base: workload.Base, Env: workload.Env}, m.Audience)
	if err != nil {
		return nil, err
	}
	header, claims, err := control.DecodeToken(token)
	if err != nil {
		return nil, fmt.Errorf("%s: the token API's token can't be decoded: %w", platform.Name, err)
	}
	p.assertion = token
	return map[string]any{"token": claims, "claims": claims, "header": header}, nil
}
