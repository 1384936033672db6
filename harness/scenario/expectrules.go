package scenario

import (
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// wantsRefusal tells whether a mint step expects the platform to refuse it.
func wantsRefusal(expect *document.Node) bool {
	return expect.Get("status") != nil || len(expect.Get("says").List()) > 0
}

// expectations are the keys of expect that mean something for a kind of step.
// One that would never be looked at must not look as if it were.
var expectations = map[string][]string{
	"mint":       {"status", "says", "token", "that"},
	"exchange":   {"error", "oauth", "status", "says", "body", "headers", "token", "fetched", "that"},
	"rotate":     {"that"},
	"clock":      {"that"},
	"credential": {"that"},
	"fault":      {"that"},
	"call":       {"error", "status", "says", "body", "headers", "that"},
}

func (v *validator) validateExpectKeys(s *Step) {
	expect := s.node.Get("expect")
	if expect == nil || s.Kind == "" {
		return
	}
	for _, e := range expect.Entries {
		if allowed := expectations[s.Kind]; !slices.Contains(allowed, e.Key) {
			v.Add(e.Position, "it can expect "+strings.Join(allowed, ", "), "a %s step cannot expect %q", s.Kind, e.Key)
		}
	}
}

// validateExpect validates what a step expects.
func (v *validator) validateExpect(d *decoder, n *document.Node, expect *Expect) {
	if code := expect.Error; code != "" && code != NoCode {
		at := n.Get("error")
		switch {
		case !codePattern.MatchString(code):
			d.Fail(at, codeHint(code), "%q is not an AADSTS code", code)
		case v.names.Codes != nil && !v.names.Codes(code):
			d.Fail(at, "docs/fidelity.md lists the codes that are known", "unknown code %s", code)
		case v.names.Rules.Unanswered != nil:
			if why := v.names.Rules.Unanswered(code); why != "" {
				d.Fail(at, v.insteadOf(code, why), "%s is never answered: %s", code, why)
			}
		}
	}
	if token := n.Get("token"); token != nil && expect.Error != "" {
		refusal := expect.Error
		if refusal == NoCode {
			refusal = "a refusal"
		}
		d.Fail(token, "", "a step that expects %s has no token to match", refusal)
	}
	v.validateHeaders(d, n.Get("headers"), expect.Headers)
	if fetched := n.Get("fetched"); fetched != nil {
		for i, document := range expect.Fetched {
			if document != "" && slices.Contains(expect.Fetched[:i], document) {
				d.FailAt(fetched, []any{i}, "leave it out: a document counts once", "%q is there twice", document)
			}
		}
	}
}

// NoCode is what expect.error says of a refusal without a code.
const NoCode = "none"

// validateHeaders refuses headers that an answer can't have.
func (v *validator) validateHeaders(d *decoder, n *document.Node, headers map[string]any) {
	if n == nil {
		return
	}
	for _, e := range n.Entries {
		value, isText := headers[e.Key].(string)
		switch {
		case !httpToken.MatchString(e.Key):
			v.Add(e.Position, "", "%q is no name of an HTTP header", e.Key)
		case headers[e.Key] != nil && !isText:
			d.Fail(e.Value, "quote it", "want a string, or null for none, got %s", document.KindOf(headers[e.Key]))
		case strings.TrimSpace(value) != value:
			d.Fail(e.Value, "", "a header's value has no space around it")
		}
	}
}

// discoveryKeys are the keys that mean something for an exchange that asks for a discovery document, and expectations
// of one that do not.
var (
	discoveryKeys  = []string{"discovery", "tenant", "host", "version", "method", "headers", "client"}
	notOfDiscovery = []string{"token", "fetched"}
)

// validateDiscovery refuses what does not go together with discovery.
func (v *validator) validateDiscovery(s *Step) {
	exchange := s.node.Get("exchange")
	for _, e := range exchange.Entries {
		if !slices.Contains(discoveryKeys, e.Key) && slices.Contains(homes()[e.Key], "exchange") {
			v.Add(e.Position, "it can have "+strings.Join(discoveryKeys, ", "), "an exchange that asks for a discovery document has no %q", e.Key)
		}
	}
	for _, key := range notOfDiscovery {
		if expect := s.node.Get("expect"); expect.Get(key) != nil {
			v.Add(expect.KeyPosition(key), "match body", "an exchange that asks for a discovery document cannot expect %q", key)
		}
	}
}
