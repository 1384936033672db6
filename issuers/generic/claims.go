package generic

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// shape says how a preset's claims come from those given. It is the setting "shape".
type shape struct {
	rules    []rule
	audience string  // the form of aud when none is asked for
	asked    askedAs // the shape of aud when one is
}

// rule makes one claim. The first rule of a claim that applies is used.
type rule struct {
	claim, form string // in form, {name} is a claim's text, {dir name} that before its last slash, and so on: see functions
	on, is      string // applies when the claim on is this; is may end in *; no on: always
}

// askedAs is how audiences are written.
type askedAs int

const (
	oneString askedAs = iota // exactly one
	stringOrArray
	array
)

func (s shape) settings() map[string]any { return map[string]any{"shape": s} }

// claims derives what the preset's rules make.
func claims(req issuer.Request) (issuer.Claims, error) {
	s, _ := req.Settings["shape"].(shape)
	reader := issuer.ClaimReader{Platform: "generic", Claims: req.Claims}
	c := issuer.Claims{}
	text := func(name string) string {
		if name == "iss" {
			return reader.Text(name, req.Issuer)
		}
		derived, _ := c[name].(string)
		return reader.Text(name, derived)
	}
	for _, r := range s.rules {
		_, given := req.Claims[r.claim]
		_, made := c[r.claim]
		if !given && !made && r.applies(text) {
			c[r.claim] = expand(r.form, text)
		}
	}
	aud, err := s.aud(req.Audience, text)
	if err != nil {
		return nil, err
	}
	c["aud"] = aud
	return c, reader.Err
}

func (r rule) applies(text func(string) string) bool {
	if prefix, ok := strings.CutSuffix(r.is, "*"); ok {
		return strings.HasPrefix(text(r.on), prefix)
	}
	return r.on == "" || text(r.on) == r.is
}

func (s shape) aud(asked []string, text func(string) string) (any, error) {
	switch {
	case len(asked) == 0:
		return expand(s.audience, text), nil
	case s.asked != array && len(asked) == 1:
		return asked[0], nil
	case s.asked == oneString:
		return nil, fmt.Errorf("generic: want one audience, got %d", len(asked))
	}
	all := make([]any, len(asked))
	for n, one := range asked {
		all[n] = one
	}
	return all, nil
}

var placeholder = regexp.MustCompile(`\{(?:(\w+) )?([^{} ]+)\}`)

// functions are what a form can do with a text.
var functions = map[string]func(string) string{
	"": func(s string) string { return s },
	"dir": func(s string) string {
		if slash := strings.LastIndexByte(s, '/'); slash >= 0 {
			return s[:slash]
		}
		return s
	},
	"bare": func(s string) string { return strings.Trim(s, "{}") },
	"host": func(s string) string {
		u, err := url.Parse(s)
		if err != nil {
			return s
		}
		return u.Host
	},
}

// expand fills in a form. A function that is not known leaves its placeholder as it is; a test checks that there is none.
func expand(form string, text func(string) string) string {
	return placeholder.ReplaceAllStringFunc(form, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		function, ok := functions[parts[1]]
		if !ok {
			return found
		}
		return function(text(parts[2]))
	})
}
