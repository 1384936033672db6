package runner

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/issuers"
)

// cleanupTimeout bounds what is done after a case, whatever became of it. It is as generous as defaultTimeout.
const cleanupTimeout = time.Minute

// set makes the world of the case: clock, directory and issuer.
func (p *play) set(ctx context.Context) error {
	clock, err := p.file.ResolveClock(p.env)
	if err != nil {
		return err
	}
	if !clock.Start.IsZero() && !p.opts.Target.Can[targets.VirtualClock] {
		return p.lacks(targets.VirtualClock)
	}
	iss, err := p.file.ResolveIssuer(p.env)
	if err != nil {
		return err
	}
	iss.Platform, iss.Preset, _ = issuers.Renamed(iss.Platform, iss.Preset)
	p.issuerIs(or(iss.URL, canonical(iss)), iss.Platform)
	spec, err := p.directory()
	if err != nil {
		return err
	}
	spec.Name, spec.Start, spec.Skew = p.title(), clock.Start, control.Duration(clock.Skew)
	if p.world, err = p.client.CreateWorld(ctx, spec); err != nil {
		var refused *control.Error
		if !errors.As(err, &refused) {
			return unreachable{err}
		}
		return err
	}
	added := control.IssuerSpec{Platform: iss.Platform, Preset: iss.Preset, URL: iss.URL, Alg: iss.Key.Alg, Claims: iss.Claims}
	for _, set := range iss.Faults {
		added.Faults = append(added.Faults, faultList(set)...)
	}
	p.faults, p.preset = added.Faults, iss.Preset
	if p.issuer, err = p.client.AddIssuer(ctx, p.world.ID, added); err != nil {
		return p.at(p.file.Pos("issuer"), err)
	}
	return nil
}

// issuerIs puts the issuer where expressions see it, before there is one: the Entra side comes first, since the world
// begins with it.
func (p *play) issuerIs(address, platform string) {
	p.issuer = control.Issuer{URL: address, Platform: platform}
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	p.env["issuer"] = map[string]any{"url": address, "host": host, "platform": platform}
}

// canonical is the URL that an issuer has unless the file gives it one; empty when there is no such issuer, which the
// target will say.
func canonical(iss *scenario.Issuer) string {
	platform, preset, err := issuers.Find(iss.Platform, iss.Preset)
	if err != nil {
		return ""
	}
	service, err := platform.Service(preset.Service)
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
