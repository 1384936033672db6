package scenario

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

var (
	namePattern = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9][a-z0-9._-]*$`)
	idPattern   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	codePattern = regexp.MustCompile(`^AAD(STS|B2C)[0-9]{4,8}$`)

	// skipTargets are the targets that skip may name.
	skipTargets = []string{"emulator", "container", "entra"}
)

// validateRules finds what the schema cannot: words, references between parts, and
// values that come out of expressions. What depends on the row is checked once
// for each.
func validateRules(f *File, names Names, log *document.Log) {
	v := validator{file: f, names: names, Log: log}
	v.validateName()
	v.validateSkip()
	v.validateCases()
	v.validateSteps()
	if len(f.Cases) == 0 {
		v.validateRow(nil)
	}
	for _, row := range f.Cases {
		v.validateRow(row)
	}
}

type validator struct {
	*document.Log
	file  *File
	names Names
}

func (v *validator) validateName() {
	n := v.file.root.Get("name")
	name, ok := constant(n)
	if !ok {
		return
	}
	platform, _, _ := strings.Cut(name, "/")
	switch {
	case !namePattern.MatchString(name):
		v.Add(n.Position, "such as github/branch: lower case letters, digits and dashes", `name %q is not "<platform>/<slug>"`, name)
	case !v.knowsPlatform(v.file.Platform) && v.file.root.Get("issuer").Get("define") == nil: // which has its own message
	case platform != "entra" && v.file.Platform != "" && platform != v.file.Platform:
		v.Add(n.Position, fmt.Sprintf("begin it with %q or %q", v.file.Platform+"/", "entra/"), "name %q does not begin with the platform %q", name, v.file.Platform)
	}
}

func (v *validator) knowsPlatform(platform string) bool {
	_, ok := v.names.Platforms[platform]
	return ok || v.names.Platforms == nil
}

func (v *validator) validateCases() {
	seen := map[string]document.Position{}
	for _, row := range v.file.Cases {
		if before, dup := seen[row.Name]; dup && row.Name != "" {
			v.Add(row.Position, "", "case %q is already at %d:%d", row.Name, before.Line, before.Column)
		}
		seen[row.Name] = row.Position
	}
}

// validateSteps validates what does not depend on the row.
func (v *validator) validateSteps() {
	ids := map[string]document.Position{}
	minted := false
	for _, s := range v.file.Steps {
		var actions []string
		for _, e := range s.node.Entries {
			if slices.Contains(Kinds, e.Key) || slices.Contains(later, e.Key) {
				actions = append(actions, e.Key)
			}
		}
		switch {
		case s.node.Kind != document.Map:
			continue // the schema has complained
		case len(actions) == 0:
			v.Add(s.node.Start(), "one of "+strings.Join(Kinds, ", "), "the step has no action")
		case len(actions) > 1:
			v.Add(s.node.Start(), "make it "+fmt.Sprint(len(actions))+" steps", "a step does exactly one thing, this one does %s", strings.Join(actions, " and "))
		}
		if n := s.node.Get("id"); s.ID != "" {
			if before, dup := ids[s.ID]; dup {
				v.Add(n.Position, "", "step id %q is already at %d:%d", s.ID, before.Line, before.Column)
			} else if !idPattern.MatchString(s.ID) {
				v.Add(n.Position, "use letters, digits and underscores, so that steps.<id> is an expression", "%q is not a step id", s.ID)
			}
			ids[s.ID] = n.Position
		}
		if exchange := s.node.Get("exchange"); exchange != nil && len(actions) == 1 && !minted && exchange.Get("assertion") == nil && exchange.Get("parameters").Get("client_assertion") == nil && exchange.Get("discovery") == nil {
			v.Add(s.Position, "put a mint step before it, or name an assertion", "there is no token to exchange")
		}
		minted = minted || s.Kind == "mint" && !wantsRefusal(s.node.Get("expect"))
		v.validateExpectKeys(s)
		v.oneOf(s.node.Get("credential"), "add", "update", "remove")
		v.oneOf(s.node.Get("fault"), "set", "clear")
		v.validateMint(s.node.Get("mint"))
	}
}

// oneOf wants exactly one of the keys in n.
func (v *validator) oneOf(n *document.Node, keys ...string) {
	if n == nil || n.Kind != document.Map {
		return
	}
	var has []string
	for _, key := range keys {
		if n.Get(key) != nil {
			has = append(has, strconv.Quote(key))
		}
	}
	if len(has) == 1 {
		return
	}
	got := strings.Join(has, " and ")
	if got == "" {
		got = "none"
	}
	v.Add(n.Start(), "", "want one of %s, got %s", document.Quoted(keys), got)
}

// mintKeys are the keys of a mint step that mean something for the one who makes the token. Without any of these it is
// the issuer.
var mintKeys = map[string][]string{
	"managedIdentity": {"managedIdentity", "resource"},
	"certificate":     {"certificate", "audience", "lifetime", "claims", "header"},
	"":                {"audience", "lifetime", "claims", "env", "via"},
}

func (v *validator) validateMint(n *document.Node) {
	if n == nil || n.Kind != document.Map {
		return
	}
	by, who := "", "token of the issuer"
	for _, key := range []string{"managedIdentity", "certificate"} {
		if n.Get(key) != nil {
			by, who = key, "token with "+key
			break
		}
	}
	for _, e := range n.Entries {
		if known := slices.Concat(mintKeys[""], mintKeys["managedIdentity"], mintKeys["certificate"]); slices.Contains(known, e.Key) && !slices.Contains(mintKeys[by], e.Key) {
			v.Add(e.Position, "it can have "+strings.Join(mintKeys[by], ", "), "a %s has no %q", who, e.Key)
		}
	}
}

// rawOnly are the keys of an exchange that no client library can be told.
var rawOnly = []string{"discovery", "version", "resource", "policy", "method", "parameters", "headers"}

func (v *validator) validateExchange(d *decoder, n *document.Node, e *Exchange) {
	if e.Client != "" && e.Client != "raw" {
		for _, key := range rawOnly {
			if n.Get(key) != nil {
				v.Add(n.KeyPosition(key), "leave client out", "%q is for the raw client, not for %s", key, e.Client)
			}
		}
	}
	if e.Resource != "" && e.Version != "v1" {
		d.Fail(n.Get("resource"), "write version: v1, or parameters: {resource: …} to send one where it is refused", "only the v1 endpoint has a resource")
	}
	if e.Scope != "" && e.Version == "v1" {
		d.Fail(n.Get("scope"), "write resource", "the v1 endpoint has no scope")
	}
	if n.Get("identity") != nil && n.Get("clientId") != nil {
		v.Add(n.KeyPosition("clientId"), "", "want one of \"identity\", \"clientId\", got both")
	}
}

// validateRow evaluates what is known of the file before it runs and checks the
// values: their types, and the words among them.
func (v *validator) validateRow(row *Case) {
	f := v.file
	env := Env{"vars": f.Vars}
	d := newDecoder(f, env, v.Log)
	d.static = true
	if row != nil {
		d.row = row.node
		env["case"], _ = d.value(row.node).(map[string]any)
	}
	var timeout time.Duration
	d.optional(f.root.Get("timeout"), &timeout)
	v.positive(d, f.root.Get("timeout"), timeout)
	a := &ahead{validator: v, d: d, side: Entra{Options: directory.DefaultOptions()}}
	a.makeIssuer()
	a.makeDirectory()
	a.setClock()
	for _, s := range f.Steps {
		if action, expect := v.validateStep(d, s); action != nil {
			a.step(s, action, expect)
		}
	}
}

func (d *decoder) optional(n *document.Node, target any) {
	if n != nil {
		d.Decode(n, target)
	}
}

func (v *validator) validateIssuer(d *decoder, issuer *Issuer) {
	n := v.file.root.Get("issuer")
	v.modernize(d, issuer)
	switch define := n.Get("define"); {
	case n == nil || n.Kind != document.Map: // which has its own message
	case define == nil && n.Get("platform") == nil:
		d.Fail(n, "", `missing key "platform"`)
	case define != nil && n.Get("platform") != nil:
		d.Fail(n.Get("platform"), "leave it out", "the platform is the one that define describes")
	}
	if issuer.Define != nil {
		v.validateDefinition(d, n.Get("define"), issuer)
	} else if v.names.Platforms != nil && issuer.Platform != "" {
		presets, ok := v.names.Platforms[issuer.Platform]
		platforms := slices.Sorted(maps.Keys(v.names.Platforms)) // of two that are as near, the first
		if !ok {
			d.Fail(n.Get("platform"), document.DidYouMean(issuer.Platform, platforms), "unknown platform %q", issuer.Platform)
		} else if issuer.Preset != "" && !slices.Contains(presets, issuer.Preset) {
			d.Fail(n.Get("preset"), document.DidYouMean(issuer.Preset, presets), "%s has no preset %q", issuer.Platform, issuer.Preset)
		}
	}
	v.validateFaultList(d, n.Get("faults"))
}

// validateFaultList validates that each of the faults that are in force from the start is in an item of its own.
func (v *validator) validateFaultList(d *decoder, n *document.Node) {
	for _, fault := range n.List() {
		if len(fault.Entries) > 1 {
			d.Fail(fault, "put each in an item of its own", "want one fault, got %s", strings.Join(fault.Keys(), " and "))
		}
	}
}

// validateDefinition validates an issuer that the file describes, and the preset that is chosen of it.
func (v *validator) validateDefinition(d *decoder, define *document.Node, issuer *Issuer) {
	issuer.Define.Check(&d.Decoder, define, v.names.Taken...)
	var presets []string
	for _, preset := range issuer.Define.Presets {
		presets = append(presets, preset.Name)
	}
	if issuer.Preset != "" && !slices.Contains(presets, issuer.Preset) && !d.hasUnknown(define.Get("presets")) {
		n := v.file.root.Get("issuer").Get("preset")
		d.Fail(n, document.DidYouMean(issuer.Preset, presets), "%s has no preset %q", issuer.Define.Platform, issuer.Preset)
	}
}

// modernize puts today's names of platform and preset in the place of old ones, and warns of those.
func (v *validator) modernize(d *decoder, issuer *Issuer) {
	if v.names.Renamed == nil {
		return
	}
	platform, preset, differ := v.names.Renamed(issuer.Platform, issuer.Preset)
	if !differ {
		return
	}
	written := v.file.root.Get("issuer").Get("preset")
	warning := document.Problem{
		File: v.file.Path, Position: d.where(written),
		Message: fmt.Sprintf("warning: the preset %q of %s has other names now", issuer.Preset, issuer.Platform),
		Hint:    fmt.Sprintf("write platform: %s, preset: %s", platform, preset),
		Source:  document.Redact(v.file.Line(d.where(written))),
	}
	if !slices.Contains(v.file.Warnings, warning) { // rows may share the place
		v.file.Warnings = append(v.file.Warnings, warning)
	}
	issuer.Platform, issuer.Preset = platform, preset
	if _, isConstant := constant(written); isConstant && v.file.Platform != "" {
		v.file.Platform = platform
	}
}

// positive refuses a negative duration; the decoder has refused 0.
func (v *validator) positive(d *decoder, n *document.Node, duration time.Duration) {
	if duration < 0 {
		d.Fail(n, "", "%s is not a positive duration", duration)
	}
}

// maxAttempts bounds a retry. Waiting costs nothing on a virtual clock, so a pause that is too short only shows as a
// busy machine.
const maxAttempts = 1000

// Validate tells whether the retry repeats something and ends: its pause is positive and not longer than the whole, and
// it makes at most 1000 attempts. The loader has
// checked it, except for what is known only when a step runs.
func (r *Retry) Validate() error {
	switch {
	case r.Every <= 0:
		return fmt.Errorf("retry: every %s is not a positive duration", r.Every)
	case r.For > 0 && r.Every > r.For:
		return fmt.Errorf("retry: every %s is longer than for %s: nothing would be repeated", r.Every, r.For)
	case r.For/r.Every < maxAttempts:
		return nil
	}
	return fmt.Errorf("retry: for %s, every %s are %d attempts, the limit is %d", r.For, r.Every, int64(r.For/r.Every)+1, maxAttempts)
}

// faultHint says what is to be done about a fault that is not among some names: it may be one of Entra's, or not.
func (v *validator) faultHint(name string, names []string) string {
	switch {
	case slices.Contains(v.names.EntraFaults, name):
		return "it is one of Entra's: put it into entra.faults, or into a step with of: entra"
	case slices.Contains(v.names.Faults, name):
		return "it is one of issuers: put it into issuer.faults, or into a step without of: entra"
	}
	return document.DidYouMean(name, names)
}

func (v *validator) validateStep(d *decoder, s *Step) (*Action, Expect) {
	var expect Expect
	if s.node.Kind != document.Map {
		return nil, expect
	}
	a := s.action(d)
	d.optional(s.node.Get("expect"), &expect)
	v.validateExpect(d, s.node.Get("expect"), &expect)
	if a.Clock != nil {
		v.positive(d, s.node.Get("clock").Get("advance"), a.Clock.Advance)
	}
	if a.Exchange != nil {
		v.validateExchange(d, s.node.Get("exchange"), a.Exchange)
	}
	if a.Exchange != nil && a.Exchange.Discovery {
		v.validateDiscovery(s)
	}
	if a.Exchange != nil && a.Exchange.Retry != nil {
		retry := s.node.Get("exchange").Get("retry")
		v.positive(d, retry.Get("for"), a.Exchange.Retry.For)
		v.positive(d, retry.Get("every"), a.Exchange.Retry.Every)
		if err := a.Exchange.Retry.Validate(); err != nil && a.Exchange.Retry.Every > 0 {
			hint := "make every longer, or for shorter"
			if a.Exchange.Retry.Every > a.Exchange.Retry.For {
				hint = "make every shorter, or for longer"
			}
			d.Fail(retry, hint, "%s", err)
		}
	}
	if fault := s.node.Get("fault"); fault != nil {
		names := v.names.Faults
		if a.Fault != nil && a.Fault.Of == "entra" {
			names = v.names.EntraFaults
		}
		if a.Fault != nil && a.Fault.Clear != "" && names != nil && !slices.Contains(names, a.Fault.Clear) {
			d.Fail(fault.Get("clear"), v.faultHint(a.Fault.Clear, names), "unknown fault %q", a.Fault.Clear)
		}
	}
	return a, expect
}

// refuseLater refuses kinds of steps that other versions may have, before they are unknown keys.
func refuseLater(root *document.Node, log *document.Log) {
	for _, step := range root.Get("steps").List() {
		for _, key := range later {
			if step.Get(key) != nil {
				log.Add(step.KeyPosition(key), "this version has "+strings.Join(Kinds, ", "), "step %q is not supported by this version", key)
			}
		}
	}
}

// validateSkip finds targets that skip names and nobody has.
func (v *validator) validateSkip() {
	skip := v.file.root.Get("skip")
	if skip == nil {
		return
	}
	for _, e := range skip.Entries {
		if !slices.Contains(skipTargets, e.Key) {
			v.Add(e.Position, document.DidYouMean(e.Key, skipTargets), "unknown target %q", e.Key)
		}
	}
}
