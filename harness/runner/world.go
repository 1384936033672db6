package runner

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/issuers"
)

// cleanupTimeout bounds what is done after a case, whatever became of it. It is as generous as defaultTimeout.
const cleanupTimeout = time.Minute

// design fills in the world of the case: clock, directory and issuer. It sends nothing.
func (p *play) design() (spec control.WorldSpec, added control.IssuerSpec, err error) {
	clock, err := p.file.ResolveClock(p.env)
	if err != nil {
		return spec, added, err
	}
	if !clock.Start.IsZero() && !p.opts.Target.Can[targets.VirtualClock] {
		return spec, added, p.lacks(targets.VirtualClock)
	}
	iss, err := p.file.ResolveIssuer(p.env)
	if err != nil {
		return spec, added, err
	}
	iss.Platform, iss.Preset, _ = issuers.Renamed(iss.Platform, iss.Preset)
	added = control.IssuerSpec{Platform: iss.Platform, Preset: iss.Preset, URL: iss.URL, Alg: iss.Key.Alg, Claims: iss.Claims}
	if added.Define, err = p.definition(iss); err != nil {
		return spec, added, err
	}
	for i, set := range iss.Faults {
		if err := validateFaults(set, validateFault); err != nil {
			return spec, added, p.at(p.file.ErrorPos(err, "issuer", "faults", i), err)
		}
		added.Faults = append(added.Faults, faultList(set)...)
	}
	p.preset = iss.Preset
	p.issuerIs(or(iss.URL, p.canonical(iss.Preset)), iss.Platform)
	if spec, err = p.directory(); err != nil {
		return spec, added, err
	}
	spec.Name, spec.Start, spec.Skew = p.title(), clock.Start, control.Duration(clock.Skew)
	return spec, added, nil
}

// set makes the world of the case.
func (p *play) set(ctx context.Context) error {
	spec, added, err := p.design()
	if err != nil {
		return err
	}
	if p.world, err = p.client.CreateWorld(ctx, spec); err != nil {
		var refused *control.Error
		if !errors.As(err, &refused) {
			return unreachable{err}
		}
		if refused.Member == "start" || refused.Member == "skew" {
			return p.at(p.file.Pos("clock", refused.Member), err)
		}
		return err
	}
	if len(p.entraFaults) > 0 {
		if err := p.client.SetFaults(ctx, p.world.ID, control.FaultsSpec{Issuer: control.OfEntra, Faults: p.entraFaults}); err != nil {
			return p.at(p.file.Pos("entra", "faults"), err)
		}
	}
	if p.issuer, err = p.client.AddIssuer(ctx, p.world.ID, added); err != nil {
		return p.at(p.file.Pos(issuerKey(err)...), err)
	}
	return nil
}

// issuerKey is where a file has what a target refuses of an issuer.
func issuerKey(err error) []any {
	at := []any{"issuer"}
	var refused *control.Error
	if !errors.As(err, &refused) {
		return at
	}
	if refused.Member == "alg" {
		return append(at, "key", "alg")
	}
	return append(at, document.Path(refused.Member)...)
}

// issuerIs puts the issuer where expressions see it, before there is one: the Entra side comes first, since the world
// begins with it.
func (p *play) issuerIs(address, platform string) {
	p.issuer = control.Issuer{URL: address, Platform: platform}
	p.env["issuer"] = scenario.IssuerValues(address, platform)
}

// definition finds the issuer's platform, and returns what it is defined by, for the target: the scenario's own
// definition, or that of an issuer file; nil for a platform that comes with issuerd.
func (p *play) definition(iss *scenario.Issuer) (json.RawMessage, error) {
	if iss.Define != nil {
		p.platform, iss.Platform = iss.Define.Build(), iss.Define.Platform
		return p.file.ResolveDefinition(p.env)
	}
	for _, file := range p.opts.Issuers {
		if file.Platform == iss.Platform {
			p.platform = file.Build()
			return file.Definition()
		}
	}
	p.platform, _ = issuers.ByName(iss.Platform) // the target will say that there is none
	return nil, nil
}

// canonical is the URL that the issuer of a preset has unless the file gives it one; empty when there is no such
// issuer, which the target will say.
func (p *play) canonical(preset string) string {
	if p.platform == nil {
		return ""
	}
	found, err := p.platform.Preset(preset)
	if err != nil {
		return ""
	}
	service, err := p.platform.Service(found.Service)
	if err != nil {
		return ""
	}
	return service.Issuer
}

// unset deletes the world of the case, also when setting it up failed halfway and when the case has run out of time: a
// farm that others share must not keep it.
func (p *play) unset(ctx context.Context) {
	if p.world.ID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	_ = p.client.DeleteWorld(ctx, p.world.ID) // the result stands whatever comes of it
}
