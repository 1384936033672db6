package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// mint has the issuer sign a token, or somebody else, which the next exchange presents.
func (p *play) mint(ctx context.Context, s *scenario.Step, a *scenario.Action) (map[string]any, error) {
	switch {
	case a.Mint.ManagedIdentity != "":
		return p.mintIdentity(ctx, a.Mint)
	case a.Mint.Certificate:
		return p.mintCertificate(ctx, a.Mint)
	}
	if a.Mint.Via == "native" || a.Mint.Via == "" && a.Mint.Lifetime == 0 && p.hasNative() {
		result, err := p.mintNative(ctx, a.Mint)
		var refused *issuer.Refused
		if want, wantErr := s.ResolveExpect(p.env); errors.As(err, &refused) && wantErr == nil && refusalWanted(want) {
			p.record().HTTP, p.record().Text = refused.Status, refused.Message
			return map[string]any{"token": nil, "claims": nil, "header": nil, "refused": refused}, nil
		}
		return result, err
	}
	if err := validateMint(p.platform, a.Mint, false); err != nil {
		return nil, err
	}
	spec := control.MintSpec{Issuer: p.issuer.URL, Lifetime: control.Duration(a.Mint.Lifetime), Claims: a.Mint.Claims}
	if a.Mint.Audience != "" {
		spec.Audience = []string{a.Mint.Audience}
	}
	minted, err := p.client.Mint(ctx, p.world.ID, spec)
	if err != nil {
		return nil, err
	}
	p.tokens = append(p.tokens, minted.Token)
	p.assertion, p.record().Claims = minted.Token, minted.Claims
	return map[string]any{"token": minted.Claims, "claims": minted.Claims, "header": minted.Header}, nil
}

// refusalWanted tells whether a mint step is to be refused by the platform.
func refusalWanted(want *scenario.Expect) bool { return want.Status != 0 || len(want.Says) > 0 }

// expectRefusal checks that the platform refused a mint step as the file says.
func (p *play) expectRefusal(s *scenario.Step, want *scenario.Expect, result map[string]any) error {
	refused, _ := result["refused"].(*issuer.Refused)
	if refused == nil {
		return &failure{at: s.Pos("expect"), message: "want the platform to refuse a token, it gave one"}
	}
	if want.Status != 0 && refused.Status != want.Status {
		return &failure{at: s.Pos("expect", "status"), message: fmt.Sprintf("want HTTP status %d, got %d: %s", want.Status, refused.Status, refused.Message)}
	}
	for i, part := range want.Says {
		if !strings.Contains(refused.Message, part) {
			return &failure{at: s.Pos("expect", "says", i), message: fmt.Sprintf("want the platform to say %q, it says %q", part, refused.Message)}
		}
	}
	return nil
}

// hasNative tells whether the platform has a token API that gives the scenario's token and that can be reached on this
// target.
func (p *play) hasNative() bool {
	platform := p.platform
	if platform == nil || platform.Native == nil {
		return false
	}
	preset, err := platform.Preset(p.preset)
	can := p.opts.Target.Can
	return err == nil && !preset.Direct && can[targets.NativeAPI] && (can[targets.SameMachine] || !platform.Native.Local)
}

// mintNative asks the platform's own token API, as a workload would.
func (p *play) mintNative(ctx context.Context, m *scenario.Mint) (map[string]any, error) {
	platform := p.platform
	if platform == nil { // the target has one that is not known here
		return nil, fmt.Errorf("mint: the token API of %s is not known here: mint via: direct", p.issuer.Platform)
	}
	if err := validateMint(platform, m, true); err != nil {
		return nil, err
	}
	workload, err := p.client.StartWorkload(ctx, p.world.ID, control.WorkloadSpec{
		Issuer: p.issuer.URL, Claims: m.Claims, Audience: m.Audience, Base: p.opts.Target.Workloads, Env: m.Env,
	})
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: p.opts.Target.Transport(p.world.ID)}
	token, err := platform.Native.Fetch(ctx, client, issuer.Found{Base: workload.Base, Env: workload.Env, Now: workload.Now}, m.Audience)
	if err != nil {
		return nil, err
	}
	result, err := p.minted(token)
	if err != nil { // a fault has made it something else: whoever it is presented to will say so
		p.assertion = token
		return map[string]any{"token": nil, "claims": nil, "header": nil}, nil
	}
	return result, nil
}

// minted is the result of a step that made a token, which becomes the one to present.
func (p *play) minted(token string) (map[string]any, error) {
	p.tokens = append(p.tokens, token)
	header, claims, err := control.DecodeToken(token)
	if err != nil {
		return nil, fmt.Errorf("the token can't be decoded: %w", err)
	}
	p.assertion, p.record().Claims = token, claims
	return map[string]any{"token": claims, "claims": claims, "header": header}, nil
}
