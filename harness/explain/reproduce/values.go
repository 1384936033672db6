package reproduce

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/explain/paste"
)

// What stands where nothing is known.
const (
	someGUID      = "00001111-aaaa-2222-bbbb-3333cccc4444"
	someTenant    = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	foreignTenant = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
	someIdentity  = "22223333-cccc-4444-dddd-5555eeee6666"
	someTenantURL = "https://login.microsoftonline.com/" + someTenant + "/v2.0"
)

var (
	maskedGUID = regexp.MustCompile(`(?i)[x0-9a-f*]{8}-[x0-9a-f*]{4}-[x0-9a-f*]{4}-[x0-9a-f*]{4}-[x0-9a-f*]{12}`)
	mask       = regexp.MustCompile(`\$\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|%[A-Z_]{3,}%|\*{2,}|<[^<>]*>|\{[^{}]*\}|\[[^\[\]]*\]|\(sensitive[^()]*\)|[•●█▇×]{2,}|\.\.\.|…|YOUR[-_][A-Z_-]+|(?i:\bx{3,}\b|redacted|masked|removed|obfuscated|anonymi[sz]ed|hidden)`)
)

// fillers stand in the place of what is masked, in turn.
var fillers = []string{"octo-org", "octo-repo", "main", "octo"}

// unmask puts something plausible in the place of what is masked.
func unmask(value string) string {
	if !paste.Masked(value) {
		return value
	}
	value = maskedGUID.ReplaceAllStringFunc(value, func(guid string) string {
		if strings.ContainsAny(guid, "xX*") {
			return someGUID
		}
		return guid
	})
	n := 0
	return mask.ReplaceAllStringFunc(value, func(string) string {
		n++
		return fillers[min(n, len(fillers))-1]
	})
}

// take returns the value that the scenario has for a place of the message: what the message prints, or what is known
// otherwise, or a made-up one. It says what was assumed.
func (d *draft) take(name, known, madeUp string) string {
	value, printed := d.message.Values[name]
	out := value.Text
	switch {
	case !printed && known != "":
		out = known
		d.assume("%s: the text does not say it; the other inputs have %q", name, out)
	case !printed:
		if out = madeUp; madeUp != "" {
			d.assume("%s: the text does not say it; here it is %q", name, out)
		}
	case value.Masked && out != madeUp: // that the id of nobody is one is the refusal
		if out = unmask(out); madeUp != "" && (mask.FindString(value.Text) == value.Text || paste.Masked(out)) {
			out = madeUp
		}
		d.assume("%s: %q is masked; here it is %q", name, value.Text, out)
	default:
		if value.Cut {
			d.assume("%s: %q is cut; it is taken as it is", name, out)
		}
		if value.Doubt != "" {
			d.assume("%s: %q, although %s", name, out, value.Doubt)
		}
		d.compare(name)
	}
	d.printed[name] = out
	return out
}

func without(list []string, word string) []string {
	var out []string
	for _, w := range list {
		if w != word {
			out = append(out, w)
		}
	}
	return out
}

func (d *draft) compare(name string) { d.compared = append(without(d.compared, name), name) }

func (d *draft) assume(format string, args ...any) {
	d.assumed = append(d.assumed, fmt.Sprintf(format, args...))
}

// whole is a value of the message that is neither masked nor cut; empty: there is none.
func (d *draft) whole(name string) string {
	if value, ok := d.message.Values[name]; ok && value.Whole() {
		return value.Text
	}
	return ""
}

var place = regexp.MustCompile(`\{[A-Za-z]+\}`)

// says are the parts of a message that the scenario expects: what stands around the values that it will print, or the
// whole text if it prints none.
func says(message string, printed map[string]string) []string {
	places := place.FindAllStringIndex(message, -1)
	if len(places) == 0 {
		return []string{message}
	}
	var out []string
	var part strings.Builder
	filled, at := false, 0
	flush := func(tail string) {
		if filled {
			end := strings.Index(tail, ". ")
			if end < 0 {
				end = len(tail)
			} else {
				end++
			}
			out = append(out, part.String()+tail[:end])
		}
		part.Reset()
		filled = false
	}
	for _, p := range places {
		literal := message[at:p[0]]
		if value, known := printed[message[p[0]+1:p[1]-1]]; known {
			part.WriteString(literal + value)
			filled = true
		} else {
			flush(literal)
		}
		at = p[1]
	}
	flush(message[at:])
	if len(out) == 0 { // nothing that can be said before it happens
		first, _, _ := strings.Cut(message, "{")
		out = append(out, first)
	}
	return out
}
