package ci

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Shape says how a preset's claims follow from its values, and how a job gets its token. Its zero value makes no claim
// but an aud that is empty unless one is asked for.
type Shape struct {
	Rules    []Rule
	Audience string // the form of aud when none is asked for
	Asked    Asked  // the shape of aud when one is
	Variable string // the variable in which a job finds its token, for Variables; empty: in none
}

// Rule makes one claim that the caller has not given. The first rule of a claim that applies is used.
type Rule struct {
	Claim string

	// Form is the claim's value. In it, {name} is the text of the claim name, or of the issuer's URL for iss; {dir
	// name} is that before its last slash, {bare name} that without braces around it, {host name} the host of that as a
	// URL.
	Form string

	// On and Is restrict the rule: it applies when the text of the claim On is Is, or begins with it where Is ends in
	// *. An empty On: always.
	On, Is string
}

// Asked is how audiences that a job asks for are written.
type Asked int

const (
	OneString     Asked = iota // a string; asking for several is an error
	StringOrArray              // a string for one, an array for several
	Array                      // always an array
	Refused                    // asking for one is an error: the platform gives no choice
)

const setting = "shape"

// maxDerived is how many bytes a claim that is made from others may have, many times what a token can carry. Forms that
// repeat each other's claims double what they make with each step.
const maxDerived = 64 << 10

// Settings is the shape as the settings of a preset.
func (s Shape) Settings() map[string]any { return map[string]any{setting: s} }

// shapeOf is the shape in the settings of a preset; the zero one where there is none.
func shapeOf(settings map[string]any) Shape {
	s, _ := settings[setting].(Shape)
	return s
}

// Claims is Platform.Claims of the platform of that name: it makes the claims that the preset's shape has rules for,
// and aud.
func Claims(platform string) func(issuer.Request) (issuer.Claims, error) {
	return func(req issuer.Request) (issuer.Claims, error) {
		s := shapeOf(req.Settings)
		reader := issuer.ClaimReader{Platform: platform, Claims: req.Claims}
		c := issuer.Claims{}
		text := func(name string) string {
			if name == "iss" {
				return reader.Text(name, req.Issuer)
			}
			derived, _ := c[name].(string)
			return reader.Text(name, derived)
		}
		for _, r := range s.Rules {
			_, given := req.Claims[r.Claim]
			_, made := c[r.Claim]
			if given || made || !r.applies(text) {
				continue
			}
			value := expand(r.Form, text)
			if len(value) > maxDerived {
				return nil, fmt.Errorf("%s: the claim %q would have %d bytes, want at most %d: shorten its form, or the claims that it is made from",
					platform, r.Claim, len(value), maxDerived)
			}
			c[r.Claim] = value
		}
		aud, err := s.aud(req.Audience, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", platform, err)
		}
		c["aud"] = aud
		return c, reader.Err
	}
}

func (r Rule) applies(text func(string) string) bool {
	if prefix, ok := strings.CutSuffix(r.Is, "*"); ok {
		return strings.HasPrefix(text(r.On), prefix)
	}
	return r.On == "" || text(r.On) == r.Is
}

func (s Shape) aud(asked []string, text func(string) string) (any, error) {
	switch {
	case len(asked) == 0:
		return expand(s.Audience, text), nil
	case s.Asked == Refused:
		return nil, fmt.Errorf("the audience is %q always: a job cannot ask for another", expand(s.Audience, text))
	case s.Asked == Array:
		return issuer.AudienceArray(asked), nil
	case s.Asked == OneString && len(asked) > 1:
		return nil, fmt.Errorf("want one audience, got %d", len(asked))
	}
	return issuer.Audience(asked), nil
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

// ClaimsOf returns the names of the claims that a form is made from. The error names what looks like a placeholder and
// is none.
func ClaimsOf(form string) ([]string, error) {
	var names []string
	for _, found := range placeholder.FindAllStringSubmatch(form, -1) {
		if functions[found[1]] == nil {
			return nil, fmt.Errorf("the placeholder %s has no known function: want {name}, {dir name}, {bare name} or {host name}", found[0])
		}
		names = append(names, found[2])
	}
	if rest := placeholder.ReplaceAllString(form, ""); strings.ContainsAny(rest, "{}") {
		return nil, fmt.Errorf("the form %q has a brace that belongs to no placeholder: want {name}, {dir name}, {bare name} or {host name}", form)
	}
	return names, nil
}

// expand fills in a form. A function that is not known leaves its placeholder as it is; ClaimsOf tells.
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
