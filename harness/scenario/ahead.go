package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// ahead goes through a case as whoever plays it will, as far as what it needs is known before: it has the issuer and the
// directory that the case begins with, and what the steps have made of them.
type ahead struct {
	*validator
	d      *decoder
	issuer Issuer
	side   Entra
	url    string // the issuer's; empty: not known
	made   bool   // the issuer has no problem

	directory *directory.Directory // nil: something in it is not known, or breaks a rule, or a call may have changed it
	tenants   []directory.Tenant   // as the case begins; nil: not known
	granted   bool                 // an exchange may have got an access token

	clock    ClockSettings
	advanced time.Duration
	anyTime  bool // how far is not known
}

// makeIssuer has the rules look at the issuer and tells expressions where it is.
func (a *ahead) makeIssuer() {
	n := a.file.root.Get("issuer")
	before := a.Len()
	a.d.optional(n, &a.issuer)
	a.validateIssuer(a.d, &a.issuer)
	a.url = a.issuer.URL
	for _, fault := range n.Get("faults").List() {
		a.faults(fault, false)
	}
	if n == nil || a.Len() > before || a.names.Rules.Issuer == nil {
		return
	}
	issuer, known := a.issuer, true
	for _, e := range n.Entries {
		switch {
		case e.Key == "faults" || !a.d.hasUnknown(e.Value):
		case e.Key == "claims":
			issuer.Claims, known = nil, false
		default:
			return
		}
	}
	url, err := a.names.Rules.Issuer(&issuer)
	if err != nil {
		a.failKey(n, nil, err)
		return
	}
	a.url, a.made = url, known
	platform := issuer.Platform
	if issuer.Define != nil {
		platform = issuer.Define.Platform
	}
	a.d.env["issuer"] = IssuerValues(url, platform)
}

// makeDirectory finds the rules of a directory that the Entra side breaks, and tells expressions what is in it. Where
// something in it is not known before the scenario runs, which may be what a rule is about, it looks at each credential
// by itself.
func (a *ahead) makeDirectory() {
	root := a.file.root
	n := root.Get("entra")
	before := a.Len()
	a.d.optional(n, &a.side)
	if n == nil || n.Kind != document.Map {
		return
	}
	a.validateFaultList(a.d, n.Get("faults"))
	for _, fault := range n.Get("faults").List() {
		a.faults(fault, true)
	}
	fail := func(path string, err error) { a.d.failRule(root, directoryPath(path), a.url, err) }
	if !a.d.hasUnknown(n) {
		whole := a.Len() == before
		file := directory.File{Options: a.side.Options, Tenants: a.side.Directory(cmp.Or(a.url, anyIssuer))}
		made := file.Validate(func(path string, err error) {
			whole = false
			fail(path, err)
		})
		if whole {
			a.directory, a.tenants = made, made.Tenants()
			a.d.env["entra"] = EntraValues(a.tenants[0])
		}
		return
	}
	taken := map[string]bool{}
	for i, c := range a.side.Credentials {
		path := fmt.Sprintf("tenants[0].applications[0].credentials[%d]", i)
		a.credential(directory.Credential(c), func(key string, err error) { fail(path+"."+key, err) })
		if taken[c.Name] && c.Name != "" {
			fail(path+".name", fmt.Errorf("application %q: credential %q: the name is taken", a.side.App, c.Name))
		}
		taken[c.Name] = true
	}
}

// credential calls fail for each rule that a credential of the application breaks by itself.
func (a *ahead) credential(c directory.Credential, fail func(key string, err error)) {
	audience, err := directory.ExchangeAudience(a.side.Cloud)
	if err != nil {
		return // the decoder has complained
	}
	c.Fill(cmp.Or(a.url, anyIssuer), audience)
	for _, rule := range directory.BrokenRules(directory.ValidateCredential(a.side.Cloud, c, false, a.side.Options)) {
		fail(rule.Path, fmt.Errorf("application %q: %w", a.side.App, rule.Err))
	}
}

// failKey adds an error about the key of a part that it names, if it names one.
func (a *ahead) failKey(root *document.Node, path []any, err error) {
	about := &KeyError{}
	if errors.As(err, &about) && about.Unknown {
		a.Add(errorPos(root, path, err), "", "%s", err)
		return
	}
	path = append(slices.Clone(path), document.Path(about.Key)...)
	if n, _ := root.Descend(path); !a.d.hasUnknown(n) {
		a.d.FailAt(root, path, "", "%s", err)
	}
}

// failStep adds an error about a step, where a run finds it.
func (a *ahead) failStep(s *Step, path []any, err error) {
	if about := (*KeyError)(nil); !errors.As(err, &about) || about.Key == "" {
		a.Add(s.Position, "", "%s", err)
		return
	}
	a.failKey(s.node.Get(s.Kind), path, err)
}

// faults validates a map of faults by name, of issuers or of Entra.
func (a *ahead) faults(n *document.Node, ofEntra bool) {
	if n == nil {
		return
	}
	if textOf(n) != nil {
		set, _ := a.d.value(n).(map[string]any)
		n = document.Known(set, a.d.where(n)) // with everything in it at the place of the expression, or of its cell
	}
	names, validate := a.names.Faults, a.names.Rules.Fault
	if ofEntra {
		names, validate = a.names.EntraFaults, a.names.Rules.EntraFault
	}
	for _, e := range n.Entries {
		switch {
		case names != nil && !slices.Contains(names, e.Key):
			a.Add(e.Position, a.faultHint(e.Key, names), "unknown fault %q", e.Key)
		case e.Value.Kind != document.Map && textOf(e.Value) == nil:
			a.d.Fail(e.Value, "write {} for the defaults", "want a map of parameters, got %s", document.KindOf(e.Value.Plain()))
		case validate != nil && !a.d.hasUnknown(e.Value):
			parameters, _ := a.d.value(e.Value).(map[string]any)
			if err := validate(e.Key, parameters); err != nil {
				a.failKey(n, []any{e.Key}, err)
			}
		}
	}
}

// step validates a step after those before it, and does to the directory and the clock what it will do.
func (a *ahead) step(s *Step, action *Action, expect Expect) {
	n := s.node.Get(s.Kind)
	switch {
	case action.Mint != nil:
		a.mint(s, n, action.Mint)
	case action.Exchange != nil:
		a.exchange(s, n, action.Exchange, expect)
	case action.Credential != nil:
		a.changeCredential(n, action.Credential)
	case action.Clock != nil:
		a.advance(n, action.Clock)
	case action.Fault != nil:
		a.faults(n.Get("set"), action.Fault.Of == "entra")
	case action.Call != nil:
		a.call(s, n, nil, action.Call)
	}
}

// identity validates the name of a managed identity.
func (a *ahead) identity(n *document.Node, name string) {
	if name == "" || a.tenants == nil {
		return
	}
	if _, _, err := FindIdentity(a.tenants, name); err != nil {
		a.d.Fail(n, "", "%s", err)
	}
}

func (a *ahead) mint(s *Step, n *document.Node, m *Mint) {
	a.identity(n.Get("managedIdentity"), m.ManagedIdentity)
	if m.ManagedIdentity != "" && !a.d.hasUnknown(n) {
		a.resource(s, n, m)
	}
	if a.names.Rules.Mint == nil || a.d.hasUnknown(n) || !a.made && !m.Certificate {
		return
	}
	if err := a.names.Rules.Mint(&a.issuer, m, wantsRefusal(s.node.Get("expect"))); err != nil {
		a.failStep(s, nil, err)
	}
}

// resource validates what a managed identity asks a token for: a service of the cloud, or an application of the
// identity's tenant.
func (a *ahead) resource(s *Step, n *document.Node, m *Mint) {
	tenant, _, err := FindIdentity(a.tenants, m.ManagedIdentity)
	audience, unknownCloud := directory.ExchangeAudience(a.side.Cloud)
	if a.directory == nil || err != nil || unknownCloud != nil {
		return
	}
	name := cmp.Or(m.Resource, audience)
	view := a.directory.View(tenant, a.clock.Start.Add(a.advanced))
	if view.Tenant == nil || view.Cloud.Service(name) != nil || view.Resource(name) != nil || strings.HasPrefix(name, "https://"+view.Cloud.Login) {
		return
	}
	err = fmt.Errorf("mint: managed identity %q: AADSTS500011: no resource %q in the tenant %q", m.ManagedIdentity, name, view.Tenant.DisplayName)
	if n.Get("resource") != nil {
		err = &KeyError{Key: "resource", Err: err}
	}
	a.failStep(s, nil, err)
}

func (a *ahead) exchange(s *Step, n *document.Node, e *Exchange, expect Expect) {
	a.identity(n.Get("identity"), e.Identity)
	if err := e.Validate(); err != nil {
		a.failStep(s, nil, err)
	}
	a.granted = a.granted || expect.Error == "" && expect.Status < 400 && !e.Discovery
}

func (a *ahead) call(s *Step, n *document.Node, path []any, c *Call) {
	below, _ := n.Descend(path)
	issuerHost, _ := a.d.env["issuer"].(map[string]any)
	err := c.Validate(a.granted || below.Get("token") != nil, func(host string) bool {
		reached := a.names.Rules.Host
		return reached == nil || issuerHost == nil || reached(host) || hostname(fmt.Sprint(issuerHost["host"])) == hostname(host)
	})
	if err != nil && (c.URL != "" || !a.d.hasUnknown(below.Get("url"))) {
		a.failStep(s, path, err)
	}
	if method := strings.ToUpper(c.Method); method != "" && method != "GET" && method != "HEAD" || a.d.hasUnknown(below.Get("method")) {
		a.directory = nil // it may change the directory, through Microsoft Graph or Azure Resource Manager
	}
	if c.Beside != nil {
		a.call(s, n, append(slices.Clone(path), "beside"), c.Beside)
	}
}

// advance moves the clock on.
func (a *ahead) advance(n *document.Node, c *Clock) {
	if a.d.hasUnknown(n) {
		a.anyTime = true
	}
	a.advanced += max(0, c.Advance)
	a.time(n, c.Advance)
}

// setClock sets the clock to where the case begins.
func (a *ahead) setClock() {
	n := a.file.root.Get("clock")
	a.d.optional(n, &a.clock)
	a.anyTime = a.d.hasUnknown(n)
	a.time(n, 0)
}

// time validates where the clock is.
func (a *ahead) time(n *document.Node, advance time.Duration) {
	if n == nil || a.anyTime || a.names.Rules.Clock == nil {
		return
	}
	if err := a.names.Rules.Clock(a.clock, advance, a.advanced); err != nil {
		a.anyTime = true // once is enough
		a.failKey(n, nil, err)
	}
}

// changeCredential changes the directory as the step does.
func (a *ahead) changeCredential(n *document.Node, c *Credential) {
	if a.directory == nil || a.d.hasUnknown(n) {
		a.directory = nil
		a.credentialAlone(n, c)
		return
	}
	own := a.tenants[0]
	audience, err := directory.ExchangeAudience(own.Cloud)
	if err != nil {
		return // the decoder has complained
	}
	client, key := own.Applications[0].ClientID, "remove"
	switch {
	case c.Add != nil:
		key = "add"
		added := directory.Credential(*c.Add)
		added.Fill(cmp.Or(a.url, anyIssuer), audience)
		_, err = a.directory.AddCredential(own.ID, client, added)
	case c.Update != nil:
		key = "update"
		_, err = a.directory.UpdateCredential(own.ID, client, c.Update.Name, directory.Credential(*c.Update))
	case c.Remove != "":
		err = a.directory.RemoveCredential(own.ID, client, c.Remove)
	}
	a.failCredential(n, key, err)
}

// failCredential adds what is wrong with a credential step, at the member of the credential that breaks a rule.
func (a *ahead) failCredential(n *document.Node, key string, err error) {
	rules := directory.BrokenRules(err)
	for _, rule := range rules {
		_, member, _ := strings.Cut(rule.Path, "credentials")
		at := document.Path(member)
		if len(at) > 0 {
			at = at[1:] // which credential it is in the directory
		}
		a.d.failRule(n, append([]any{key}, at...), a.url, rule.Err)
	}
	if err == nil || len(rules) > 0 {
		return
	}
	at, hint := []any{key}, ""
	if key == "update" {
		at = append(at, "name")
	}
	if named, isText := a.valueAt(n, at).(string); isText {
		hint = document.DidYouMean(named, a.credentialNames())
	}
	a.d.FailAt(n, at, hint, "%s", err)
}

// valueAt is the value at a path.
func (a *ahead) valueAt(root *document.Node, path []any) any {
	n, _ := root.Descend(path)
	return a.d.value(n)
}

// credentialNames are those of the credentials that the application has now.
func (a *ahead) credentialNames() []string {
	tenant, err := a.directory.Tenant(a.tenants[0].ID)
	if err != nil {
		return nil
	}
	var names []string
	for _, c := range tenant.Applications[0].Credentials {
		names = append(names, c.Name)
	}
	return names
}

// credentialAlone validates the credential of a step by itself, where the directory is not known.
func (a *ahead) credentialAlone(n *document.Node, c *Credential) {
	for _, change := range []struct {
		key        string
		credential *FederatedCredential
	}{{"add", c.Add}, {"update", c.Update}} {
		if change.credential == nil || n.Get(change.key) == nil {
			continue
		}
		a.credential(directory.Credential(*change.credential), func(key string, err error) {
			if change.key == "add" || key == "name" {
				a.d.failRule(n, append([]any{change.key}, document.Path(key)...), a.url, err)
			}
		})
	}
}
