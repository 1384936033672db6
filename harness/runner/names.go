package runner

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// Names are the words that scenario files may use with this version: platforms, those of issuer files too, presets,
// faults and AADSTS codes, and what can't be carried out.
func Names(files ...*generic.File) scenario.Names {
	platforms := map[string][]string{}
	for _, p := range issuers.All() {
		platforms[p.Name] = p.PresetNames()
	}
	for _, f := range files {
		platforms[f.Platform] = f.Build().PresetNames()
	}
	rules := rules{files: files, now: time.Now}
	return scenario.Names{
		Platforms: platforms, Taken: issuers.Names(), Renamed: issuers.Renamed, Faults: faults.Names(), EntraFaults: faults.EntraNames(), Codes: knownCode,
		Rules: scenario.Rules{Unanswered: unanswered, Issuer: rules.issuer, Mint: rules.mint, Fault: validateFault, EntraFault: validateEntraFault, Clock: rules.clock, Host: reached},
	}
}

// lookup finds a code by its digits, behind AADSTS or AADB2C.
func lookup(code string) (entra.Code, bool) {
	n, err := strconv.Atoi(code[min(len("AADSTS"), len(code)):])
	if err != nil {
		return entra.Code{}, false
	}
	return entra.Lookup(n)
}

func knownCode(code string) bool {
	known, ok := lookup(code)
	return ok && known.Name() == code
}

// unanswered is why the emulator never answers a code; empty: it does.
func unanswered(code string) string {
	known, _ := lookup(code)
	return known.Reason
}

// realHosts are the hosts that every farm answers for.
var realHosts = plane.RealNames()

// reached tells whether a call reaches something at a host.
func reached(host string) bool {
	host = plane.HostKey(host)
	return slices.ContainsFunc(realHosts, func(name string) bool { return host == name || strings.HasSuffix(host, "."+name) })
}

// validateFault tells what is wrong with the parameters of an issuer's fault, by the fault itself.
func validateFault(name string, parameters map[string]any) error {
	return faultError(name, parameters, faults.Validate(name, parameters))
}

// validateEntraFault is validateFault for one of Entra's own.
func validateEntraFault(name string, parameters map[string]any) error {
	return faultError(name, parameters, faults.ValidateEntra(name, parameters))
}

// faultError gives the error about a fault's parameters the one that it is about, if it is found.
func faultError(name string, parameters map[string]any, err error) error {
	if err == nil {
		return nil
	}
	about := &scenario.KeyError{Unknown: strings.Contains(err.Error(), "no parameter "), Err: err}
	// Errors of faults begin with the name of the parameter, but for quotes.
	for _, parameter := range slices.Sorted(maps.Keys(parameters)) {
		if regexp.MustCompile(`^[a-z: -]*"?` + regexp.QuoteMeta(parameter) + `"?\b`).MatchString(strings.TrimPrefix(err.Error(), "faults: "+name+": ")) {
			about.Key = parameter
			return about
		}
	}
	return err
}

// rules find what of a scenario can't be carried out, without a target.
type rules struct {
	files []*generic.File
	now   func() time.Time
}

// platform is that of an issuer.
func (r rules) platform(iss *scenario.Issuer) (*issuer.Platform, error) {
	if iss.Define != nil {
		return iss.Define.Build(), nil
	}
	for _, f := range r.files {
		if f.Platform == iss.Platform {
			return f.Build(), nil
		}
	}
	return issuers.ByName(iss.Platform)
}

// make makes the issuer as the target will, without its keys.
func (r rules) make(iss *scenario.Issuer) (*issuer.Issuer, error) {
	platform, err := r.platform(iss)
	if err != nil {
		return nil, &scenario.KeyError{Key: "platform", Err: err}
	}
	opts := []issuer.Option{at("preset", issuer.WithPreset(iss.Preset)), at("claims", issuer.WithClaims(iss.Claims))}
	if iss.URL != "" {
		opts = append(opts, at("url", issuer.WithURL(iss.URL)))
	}
	if iss.Key.Alg != "" {
		opts = append(opts, at("key.alg", issuer.WithAlg(iss.Key.Alg)))
	}
	made, err := issuer.New(platform, opts...)
	if err != nil {
		return nil, err
	}
	if err := made.Fetchable(); err != nil {
		return nil, &scenario.KeyError{Key: "url", Err: fmt.Errorf("farm: %w", err)}
	}
	return made, nil
}

// at is an option whose error is about a key of the issuer.
func at(key string, option issuer.Option) issuer.Option {
	return func(i *issuer.Issuer) error {
		if err := option(i); err != nil {
			return &scenario.KeyError{Key: key, Err: err}
		}
		return nil
	}
}

func (r rules) issuer(iss *scenario.Issuer) (string, error) {
	made, err := r.make(iss)
	if err != nil {
		return "", err
	}
	return made.URL(), nil
}

// mint validates a mint step by what the platform makes of its claims.
func (r rules) mint(iss *scenario.Issuer, m *scenario.Mint, refused bool) error {
	switch {
	case m.ManagedIdentity != "":
		return nil
	case m.Certificate:
		_, err := certificateHeader("", m.Header)
		return err
	}
	made, err := r.make(iss)
	if err != nil {
		return err
	}
	platform := made.Platform()
	preset, err := platform.Preset(iss.Preset)
	if err != nil {
		return err
	}
	native := m.Via == "native" || m.Via == "" && m.Lifetime == 0 && platform.Native != nil && !preset.Direct
	if err := validateMint(platform, m, native); err != nil {
		return err
	}
	if native && refused {
		return nil // the platform's own API says so, or not
	}
	if refused {
		return errors.New("mint: the farm itself mints this token, and refuses none: only a platform's own API does (via: native)")
	}
	request := issuer.Request{Claims: m.Claims, Lifetime: m.Lifetime}
	if m.Audience != "" && !native { // the platform's own API has rules of its own about it
		request.Audience = []string{m.Audience}
	}
	_, err = made.Payload(request)
	return err
}

// validateMint tells what of a mint step its way to mint can't do.
func validateMint(platform *issuer.Platform, m *scenario.Mint, native bool) error {
	switch {
	case !native && len(m.Env) > 0:
		return &scenario.KeyError{Key: "env", Err: errors.New("mint: env is the environment of a workload, which asks the platform's own API: leave lifetime out and mint via: native")}
	case native && platform != nil && platform.Native != nil && m.Lifetime != 0:
		return &scenario.KeyError{Key: "lifetime", Err: fmt.Errorf("%s: via: native has no lifetime of the caller's choice; leave lifetime out, or mint via: direct", platform.Name)}
	}
	if err := issuer.ValidateEnv(m.Env); err != nil {
		return &scenario.KeyError{Key: "env", Err: fmt.Errorf("farm: %w", err)}
	}
	return nil
}

// clock tells whether the clock of a case is further off than a farm's may be.
func (r rules) clock(settings scenario.ClockSettings, advance, advanced time.Duration) error {
	now := r.now()
	start := settings.Start
	if start.IsZero() {
		start = now
	}
	switch {
	case start.Sub(now).Abs() > control.MaxClockOffset:
		return &scenario.KeyError{Key: "start", Err: control.TooFar("start", "start "+start.Format(time.RFC3339))}
	case settings.Skew.Abs() > control.MaxClockOffset:
		return &scenario.KeyError{Key: "skew", Err: control.TooFar("skew", "skew "+control.Duration(settings.Skew).String())}
	case advance > control.MaxClockOffset || start.Add(advanced).Sub(now) > control.MaxClockOffset:
		return &scenario.KeyError{Key: "advance", Err: control.TooFar("advance", "advance by "+control.Duration(advance).String())}
	}
	return nil
}
