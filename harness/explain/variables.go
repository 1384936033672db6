package explain

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/explain/paste"
)

// template is a text of which parts are not known: variables of the input's language, or what somebody has hidden.
type template struct {
	parts     []string // what stands around the variables; one more than there are
	variables []string // as they are written
}

var (
	interpolation = regexp.MustCompile(`\$\{\{[^{}]*\}\}|\$\{[^{}]*\}`)
	hiding        = regexp.MustCompile(`\*{3,}|<[^<>]*>|\$\{\{[^{}]*\}\}|\$\{[^{}]*\}|\{[^{}]*\}`)
)

// templateOf reads an expression that is a text with variables. It reports false for any other, of which nothing can
// be said: the call of a function, a condition, or a text with escapes.
func templateOf(expression string) (template, bool) {
	text := expression
	for _, quote := range []string{`"`, "'"} {
		if inner, is := strings.CutPrefix(text, quote); is && strings.HasSuffix(inner, quote) {
			text = strings.TrimSuffix(inner, quote)
			break
		}
	}
	t := newTemplate(text, interpolation)
	rest := strings.Join(t.parts, "")
	odd := strings.ContainsAny(rest, "\"'\\\n") || strings.Contains(text, "~") || strings.Contains(rest, "${") || strings.Contains(rest, "%{") || strings.Contains(text, "$$")
	return t, len(t.variables) > 0 && !odd
}

// templateOfHidden reads a text of which parts are hidden. It reports false if it is not clear what hides them.
func templateOfHidden(text string) (template, bool) {
	t := newTemplate(text, hiding)
	for _, part := range t.parts {
		if paste.Masked(part) {
			return t, false
		}
	}
	return t, len(t.variables) > 0
}

func newTemplate(text string, variable *regexp.Regexp) template {
	var t template
	at := 0
	for _, span := range variable.FindAllStringIndex(text, -1) {
		t.parts = append(t.parts, text[at:span[0]])
		t.variables = append(t.variables, text[span[0]:span[1]])
		at = span[1]
	}
	t.parts = append(t.parts, text[at:])
	return t
}

// values are what the variables have to be, so that the template is a text; nil: it is not, whatever they are.
func (t template) values(text string, anyCase bool) []string {
	quoted := make([]string, len(t.parts))
	for i, part := range t.parts {
		quoted[i] = regexp.QuoteMeta(part)
	}
	flags := "(?s)"
	if anyCase {
		flags = "(?si)"
	}
	form, err := regexp.Compile(flags + "^" + strings.Join(quoted, "(.*)") + "$")
	if err != nil {
		return nil
	}
	if found := form.FindStringSubmatch(text); found != nil {
		return found[1:]
	}
	return nil
}

// ruledOut tells whether the template cannot be a text, and what to show of it then: the template, or, if the two differ
// in capital letters alone, the template with the variables' values in it.
func (t template) ruledOut(text string) (shown string, is bool) {
	if text == "" || t.values(text, false) != nil {
		return "", false
	}
	values := t.values(text, true)
	if values == nil {
		values = t.variables
	}
	var b strings.Builder
	for i, value := range values {
		b.WriteString(t.parts[i] + value)
	}
	return b.String() + t.parts[len(values)], true
}

// agreesWith says for which values of the variables in an expression it is what was presented.
func agreesWith(expression, got string) string {
	t, ok := templateOf(expression)
	if !ok || got == "" {
		return ""
	}
	values := t.values(got, false)
	if values == nil {
		return ", which is not what was presented whatever the variables are"
	}
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = fmt.Sprintf("%s is %q", t.variables[i], value)
	}
	return ", which agrees if " + strings.Join(words, " and ")
}
