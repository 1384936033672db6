package runner

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/target"
	"github.com/issuerd/issuerd/issuers"
)

// cleanupTimeout bounds what is done after a case, whatever became of it.
const cleanupTimeout = 10 * time.Second

// set makes the world of the case: clock, issuer, application and credentials.
func (p *play) set(ctx context.Context) error {
	clock, err := p.file.ResolveClock(p.env)
	if err != nil {
		return err
	}
	if !clock.Start.IsZero() && !p.opts.Target.Can[target.VirtualClock] {
		return p.lacks(target.VirtualClock)
	}
	iss, err := p.file.ResolveIssuer(p.env)
	if err != nil {
		return err
	}
	spec := control.IssuerSpec{Platform: iss.Platform, Preset: iss.Preset, URL: iss.URL, Alg: iss.Key.Alg, Claims: iss.Claims}
	for _, set := range iss.Faults {
		spec.Faults = append(spec.Faults, faultList(set)...)
	}
	p.faults, p.preset = spec.Faults, iss.Preset

	// The world comes first, and its cloud is the Entra side's; what else that side says may depend on the issuer's URL and is read again
	// when that is known.
	p.issuerIs(or(iss.URL, canonical(iss)), iss.Platform)
	side, err := p.file.ResolveEntra(p.env)
	if err != nil {
		return err
	}
	p.cloud = side.Cloud
	if p.farm, err = p.client.CreateFarm(ctx, control.FarmSpec{Name: p.title(), Start: clock.Start, Skew: clock.Skew, Cloud: p.cloud}); err != nil {
		var refused *control.Error
		if !errors.As(err, &refused) {
			return unreachable{err}
		}
		return err
	}
	if p.issuer, err = p.client.AddIssuer(ctx, p.farm.ID, spec); err != nil {
		return p.at(p.file.Pos("issuer"), err)
	}
	p.issuerIs(p.issuer.URL, p.issuer.Platform)
	if side, err = p.file.ResolveEntra(p.env); err != nil {
		return err
	}
	return p.register(ctx, side)
}

// issuerIs puts the issuer where expressions see it.
func (p *play) issuerIs(address, platform string) {
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	p.env["issuer"] = map[string]any{"url": address, "host": host, "platform": platform}
}

// canonical is the URL that an issuer has unless the file gives it one; empty when there is no such issuer, which the target will say.
func canonical(iss *scenario.Issuer) string {
	platform, err := issuers.ByName(iss.Platform)
	if err != nil {
		return ""
	}
	preset, err := platform.Preset(iss.Preset)
	if err != nil {
		return ""
	}
	service, err := platform.Service(preset.Service)
	if err != nil {
		return ""
	}
	return service.Issuer
}

// register makes the application with its credentials.
func (p *play) register(ctx context.Context, side *scenario.Entra) error {
	app := control.ApplicationSpec{Name: side.App, NoServicePrincipal: side.ServicePrincipal != nil && !*side.ServicePrincipal}
	for i := range side.Credentials {
		credential, err := p.credential(&side.Credentials[i])
		if err != nil {
			return p.at(p.file.Pos("entra", "credentials", i), err)
		}
		app.Credentials = append(app.Credentials, credential)
	}
	var err error
	if p.app, err = p.client.AddApplication(ctx, p.farm.ID, app); err != nil {
		return p.at(p.file.Pos("entra"), err)
	}
	p.env["entra"] = map[string]any{
		"tenant": p.app.Tenant,
		"app":    map[string]any{"name": p.app.Name, "clientId": p.app.ClientID, "objectId": p.app.ObjectID},
	}
	return nil
}

// credential fills in a credential's defaults: the scenario's issuer and the cloud's audience.
func (p *play) credential(c *scenario.FederatedCredential) (entra.Credential, error) {
	out := entra.Credential{Name: c.Name, Issuer: c.Issuer, Subject: c.Subject, Matching: c.Matching, Audiences: c.Audiences}
	if out.Issuer == "" {
		out.Issuer = p.issuer.URL
	}
	if len(out.Audiences) == 0 {
		audience, err := entra.ExchangeAudience(p.cloud)
		if err != nil {
			return entra.Credential{}, err
		}
		out.Audiences = []string{audience}
	}
	return out, nil
}

// unset deletes the world of the case, also when setting it up failed halfway and when the case has run out of time: a farm that others
// share must not keep it.
func (p *play) unset(ctx context.Context) {
	if p.farm.ID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	_ = p.client.DeleteFarm(ctx, p.farm.ID) // the result stands whatever comes of it
}
