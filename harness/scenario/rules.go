package scenario

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	namePattern = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9][a-z0-9._-]*$`)
	idPattern   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// credentialPattern is Graph's rule for the name of a federated identity credential.
	credentialPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$`)
	codePattern       = regexp.MustCompile(`^AAD(STS|B2C)[0-9]{4,8}$`)

	// skipTargets are the targets that skip may name.
	skipTargets = []string{"emulator", "container", "entra"}
)

// validateRules finds what the schema cannot: words, references between parts, and
// values that come out of expressions. What depends on the row is checked once
// for each.
func validateRules(f *File, names Names, ps *problems) {
	v := validator{file: f, names: names, problems: ps}
	v.validateName()
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
	*problems
	file  *File
	names Names
}

func (v *validator) validateName() {
	n := v.file.root.get("name")
	name, ok := n.constant()
	if !ok {
		return
	}
	platform, _, _ := strings.Cut(name, "/")
	switch {
	case !namePattern.MatchString(name):
		v.add(n.pos, "such as github/branch: lower case letters, digits and dashes", `name %q is not "<platform>/<slug>"`, name)
	case !v.knowsPlatform(v.file.Platform): // which has its own message
	case platform != "entra" && v.file.Platform != "" && platform != v.file.Platform:
		v.add(n.pos, fmt.Sprintf("begin it with %q or %q", v.file.Platform+"/", "entra/"), "name %q does not begin with the platform %q", name, v.file.Platform)
	}
}

func (v *validator) knowsPlatform(platform string) bool {
	_, ok := v.names.Platforms[platform]
	return ok || v.names.Platforms == nil
}

func (v *validator) validateCases() {
	seen := map[string]Position{}
	for _, row := range v.file.Cases {
		if before, dup := seen[row.Name]; dup && row.Name != "" {
			v.add(row.Position, "", "case %q is already at %d:%d", row.Name, before.Line, before.Column)
		}
		seen[row.Name] = row.Position
	}
}

// validateSteps validates what does not depend on the row.
func (v *validator) validateSteps() {
	ids := map[string]Position{}
	minted := false
	for _, s := range v.file.Steps {
		var actions []string
		for _, e := range s.node.entries {
			if slices.Contains(Kinds, e.key) || slices.Contains(later, e.key) {
				actions = append(actions, e.key)
			}
		}
		switch {
		case s.node.kind != mapNode:
			continue // the schema has complained
		case len(actions) == 0:
			v.add(s.node.start(), "one of "+strings.Join(Kinds, ", "), "the step has no action")
		case len(actions) > 1:
			v.add(s.node.start(), "make it "+fmt.Sprint(len(actions))+" steps", "a step does exactly one thing, this one does %s", strings.Join(actions, " and "))
		}
		if n := s.node.get("id"); s.ID != "" {
			if before, dup := ids[s.ID]; dup {
				v.add(n.pos, "", "step id %q is already at %d:%d", s.ID, before.Line, before.Column)
			} else if !idPattern.MatchString(s.ID) {
				v.add(n.pos, "use letters, digits and underscores, so that steps.<id> is an expression", "%q is not a step id", s.ID)
			}
			ids[s.ID] = n.pos
		}
		if exchange := s.node.get("exchange"); exchange != nil && len(actions) == 1 && !minted && exchange.get("assertion") == nil && exchange.get("parameters").get("client_assertion") == nil {
			v.add(s.Position, "put a mint step before it, or name an assertion", "there is no token to exchange")
		}
		minted = minted || s.Kind == "mint"
		v.validateExpectKeys(s)
		v.oneOf(s.node.get("credential"), "add", "update", "remove")
		v.oneOf(s.node.get("fault"), "set", "clear")
		v.validateCredential(s.node.get("credential").get("add"))
		v.validateCredentialName(s.node.get("credential").get("update"))
		v.validateMint(s.node.get("mint"))
	}
	credentials := map[string]Position{}
	for _, n := range v.file.root.get("entra").get("credentials").list() {
		v.validateCredential(n)
		name, ok := n.get("name").constant()
		if before, dup := credentials[name]; dup && ok {
			v.add(n.get("name").pos, "", "credential %q is already at %d:%d", name, before.Line, before.Column)
		} else if ok {
			credentials[name] = n.get("name").pos
		}
	}
}

// expectations are the keys of expect that mean something for a kind of step.
// One that would never be looked at must not look as if it were.
var expectations = map[string][]string{
	"mint":       {"status", "says", "token", "that"},
	"exchange":   {"error", "oauth", "status", "says", "token", "fetched", "that"},
	"rotate":     {"that"},
	"clock":      {"that"},
	"credential": {"that"},
	"fault":      {"that"},
	"call":       {"error", "status", "says", "that"},
}

func (v *validator) validateExpectKeys(s *Step) {
	expect := s.node.get("expect")
	if expect == nil || s.Kind == "" {
		return
	}
	for _, e := range expect.entries {
		if allowed := expectations[s.Kind]; !slices.Contains(allowed, e.key) {
			v.add(e.pos, "it can expect "+strings.Join(allowed, ", "), "a %s step cannot expect %q", s.Kind, e.key)
		}
	}
}

// oneOf wants exactly one of the keys in n.
func (v *validator) oneOf(n *node, keys ...string) {
	if n == nil || n.kind != mapNode {
		return
	}
	var has []string
	for _, key := range keys {
		if n.get(key) != nil {
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
	v.add(n.start(), "", "want one of %s, got %s", quotedList(keys), got)
}

func (v *validator) validateCredential(n *node) {
	v.oneOf(n, "subject", "matching")
	v.validateCredentialName(n)
}

func (v *validator) validateCredentialName(n *node) {
	if name, ok := n.get("name").constant(); ok && !credentialPattern.MatchString(name) {
		v.add(n.get("name").pos, "3 to 120 letters, digits, - and _, the first a letter or digit", "Entra takes no credential named %q", name)
	}
}

// mintKeys are the keys of a mint step that mean something for the one who makes the token. Without any of these it is the issuer.
var mintKeys = map[string][]string{
	"managedIdentity": {"managedIdentity", "resource"},
	"certificate":     {"certificate", "audience", "lifetime", "claims", "header"},
	"":                {"audience", "lifetime", "claims", "env", "via"},
}

func (v *validator) validateMint(n *node) {
	if n == nil || n.kind != mapNode {
		return
	}
	by, who := "", "token of the issuer"
	for _, key := range []string{"managedIdentity", "certificate"} {
		if n.get(key) != nil {
			by, who = key, "token with "+key
			break
		}
	}
	for _, e := range n.entries {
		if known := slices.Concat(mintKeys[""], mintKeys["managedIdentity"], mintKeys["certificate"]); slices.Contains(known, e.key) && !slices.Contains(mintKeys[by], e.key) {
			v.add(e.pos, "it can have "+strings.Join(mintKeys[by], ", "), "a %s has no %q", who, e.key)
		}
	}
}

// rawOnly are the keys of an exchange that no client library can be told.
var rawOnly = []string{"version", "resource", "policy", "method", "parameters", "headers"}

func (v *validator) validateExchange(d *decoder, n *node, e *Exchange) {
	if e.Client != "" && e.Client != "raw" {
		for _, key := range rawOnly {
			if n.get(key) != nil {
				v.add(n.keyPosition(key), "leave client out", "%q is for the raw client, not for %s", key, e.Client)
			}
		}
	}
	if e.Resource != "" && e.Version != "v1" {
		d.fail(n.get("resource"), "write version: v1, or parameters: {resource: …} to send one where it is refused", "only the v1 endpoint has a resource")
	}
	if e.Scope != "" && e.Version == "v1" {
		d.fail(n.get("scope"), "write resource", "the v1 endpoint has no scope")
	}
	if n.get("identity") != nil && n.get("clientId") != nil {
		v.add(n.keyPosition("clientId"), "", "want one of \"identity\", \"clientId\", got both")
	}
}

// validateRow evaluates what is known of the file before it runs and checks the
// values: their types, and the words among them.
func (v *validator) validateRow(row *Case) {
	f := v.file
	env := Env{"vars": f.Vars}
	d := &decoder{file: f, static: true, env: env}
	if row != nil {
		d.row = row.node
		env["case"], _ = d.value(row.node).(map[string]any)
	}
	var issuer Issuer
	var timeout time.Duration
	d.optional(f.root.get("issuer"), &issuer)
	d.optional(f.root.get("entra"), new(Entra))
	d.optional(f.root.get("clock"), new(ClockSettings))
	d.optional(f.root.get("timeout"), &timeout)
	v.positive(d, f.root.get("timeout"), timeout)
	v.validateIssuer(d, &issuer)
	for _, s := range f.Steps {
		v.validateStep(d, s)
	}
	for _, p := range d.list {
		v.add(Position{p.Line, p.Column, 1}, p.Hint, "%s", p.Message)
	}
}

func (d *decoder) optional(n *node, target any) {
	if n != nil {
		d.decode(n, target)
	}
}

func (v *validator) validateIssuer(d *decoder, issuer *Issuer) {
	n := v.file.root.get("issuer")
	if v.names.Platforms != nil && issuer.Platform != "" {
		presets, ok := v.names.Platforms[issuer.Platform]
		platforms := slices.Collect(maps.Keys(v.names.Platforms))
		if !ok {
			d.fail(n.get("platform"), didYouMean(issuer.Platform, platforms), "unknown platform %q", issuer.Platform)
		} else if issuer.Preset != "" && !slices.Contains(presets, issuer.Preset) {
			d.fail(n.get("preset"), didYouMean(issuer.Preset, presets), "%s has no preset %q", issuer.Platform, issuer.Preset)
		}
	}
	for _, fault := range n.get("faults").list() {
		if len(fault.entries) > 1 {
			d.fail(fault, "put each in an item of its own", "want one fault, got %s", strings.Join(fault.keys(), " and "))
		}
		v.validateFaults(d, fault)
	}
}

// positive refuses a negative duration; the decoder has refused 0.
func (v *validator) positive(d *decoder, n *node, duration time.Duration) {
	if duration < 0 {
		d.fail(n, "", "%s is not a positive duration", duration)
	}
}

// maxAttempts bounds a retry. Waiting costs nothing on a virtual clock, so a pause that is too short only shows as a busy machine.
const maxAttempts = 1000

// Validate tells whether the retry ends: its pause is positive and it makes at most 1000 attempts. The loader has checked it, except for
// what is known only when a step runs.
func (r *Retry) Validate() error {
	switch {
	case r.Every <= 0:
		return fmt.Errorf("retry: every %s is not a positive duration", r.Every)
	case r.For/r.Every < maxAttempts:
		return nil
	}
	return fmt.Errorf("retry: for %s, every %s are %d attempts, the limit is %d", r.For, r.Every, int64(r.For/r.Every)+1, maxAttempts)
}

// validateFaults validates a map of faults by name.
func (v *validator) validateFaults(d *decoder, n *node) {
	if n == nil {
		return
	}
	for _, e := range n.entries {
		if v.names.Faults != nil && !slices.Contains(v.names.Faults, e.key) {
			v.add(e.pos, didYouMean(e.key, v.names.Faults), "unknown fault %q", e.key)
		} else if e.value.kind != mapNode && e.value.text == nil {
			d.fail(e.value, "write {} for the defaults", "want a map of parameters, got %s", kindOf(e.value.plain()))
		}
	}
}

func (v *validator) validateStep(d *decoder, s *Step) {
	var a Action
	var expect Expect
	if s.node.kind != mapNode {
		return
	}
	d.fields(s.node, &a)
	d.optional(s.node.get("expect"), &expect)
	if code := expect.Error; code != "" {
		n := s.node.get("expect").get("error")
		switch {
		case !codePattern.MatchString(code):
			d.fail(n, "such as AADSTS700213", "%q is not an AADSTS code", code)
		case v.names.Codes != nil && !v.names.Codes(code):
			d.fail(n, "", "unknown code %s", code)
		}
	}
	if token := s.node.get("expect").get("token"); token != nil && expect.Error != "" {
		d.fail(token, "", "a step that expects %s has no token to match", expect.Error)
	}
	if a.Clock != nil {
		v.positive(d, s.node.get("clock").get("advance"), a.Clock.Advance)
	}
	if a.Exchange != nil {
		v.validateExchange(d, s.node.get("exchange"), a.Exchange)
	}
	if a.Exchange != nil && a.Exchange.Retry != nil {
		retry := s.node.get("exchange").get("retry")
		v.positive(d, retry.get("for"), a.Exchange.Retry.For)
		v.positive(d, retry.get("every"), a.Exchange.Retry.Every)
		if err := a.Exchange.Retry.Validate(); err != nil && a.Exchange.Retry.Every > 0 {
			d.fail(retry, "make every longer, or for shorter", "%s", err)
		}
	}
	if fault := s.node.get("fault"); fault != nil {
		v.validateFaults(d, fault.get("set"))
		if a.Fault != nil && a.Fault.Clear != "" && v.names.Faults != nil && !slices.Contains(v.names.Faults, a.Fault.Clear) {
			d.fail(fault.get("clear"), didYouMean(a.Fault.Clear, v.names.Faults), "unknown fault %q", a.Fault.Clear)
		}
	}
}
