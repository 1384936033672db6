package runner

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"html"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/report"
)

// secretName matches the names of environment variables whose values no report shows, and pathName those of them whose
// values are paths.
var (
	secretName = regexp.MustCompile(`(?i)token|secret|passw|passphrase|credential|key`)
	pathName   = regexp.MustCompile(`(?i)_(file|path|dir|folder|home)$`)
)

// shortestSecret is the length from which on a value can be told from other text.
const shortestSecret = 8

// secrets are values that no report shows, beside tokens.
type secrets []string

// secretsOf returns the values of the environment variables whose names say that they are secret, and not a path, as that
// of ISSUERD_CONTROL_TOKEN_FILE does.
func secretsOf(env map[string]any) secrets {
	var found secrets
	for name, value := range env {
		text, _ := value.(string)
		if secretName.MatchString(name) && !pathName.MatchString(name) && len(text) >= shortestSecret {
			found = append(found, written(text)...)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) }) // one may be part of another
	return found
}

// written are a text and the ways in which it is written in messages and in what is sent: in JSON, with and without
// what HTML takes for its own, in JSON within JSON, in XML, in Go and in a URL.
func written(text string) []string {
	inJSON, plain := jsonText(text, true), jsonText(text, false)
	quoted := strconv.Quote(text)
	var inXML strings.Builder
	_ = xml.EscapeText(&inXML, []byte(text)) // a Builder refuses nothing
	all := []string{
		text, inJSON, plain, jsonText(inJSON, false), jsonText(plain, true), jsonText(plain, false), quoted[1 : len(quoted)-1], inXML.String(), html.EscapeString(text),
		url.QueryEscape(text), url.PathEscape(text),
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// jsonText is a text as it is between the quotes of JSON.
func jsonText(text string, escapeHTML bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if err := e.Encode(text); err != nil {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// text takes the secrets and the tokens out of a text.
func (s secrets) text(text string) string {
	text = document.Redact(text)
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}

// redact takes the secrets and the tokens out of what a result says, in place: out of every string but those that the
// file's author gave, so that a member which is added later is not forgotten. What an expression made of one of the
// case's tokens, such as its signature, is taken out, too.
func (s secrets) redact(result *report.Result, tokens []string) {
	parts := fragmentsOf(tokens)
	walk(reflect.ValueOf(result).Elem(), func(text string) string { return parts.mask(s.text(text)) })
}

// authored are the members that say where something is in the file.
var authored = []string{"Name", "Case", "Labels", "File", "Action"}

// walk puts what hide makes of them in the place of strings.
func walk(v reflect.Value, hide func(string) string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hide(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), hide)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), hide)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !slices.Contains(authored, v.Type().Field(i).Name) {
				walk(v.Field(i), hide)
			}
		}
	case reflect.Map: // the claims of a token
		if claims, ok := v.Interface().(map[string]any); ok {
			for name, value := range claims {
				claims[name] = hidden(value, hide)
			}
		}
	}
}

// value takes the secrets and the tokens out of a value of JSON, into a new one.
func (s secrets) value(value any) any { return hidden(value, s.text) }

// hidden is a value of JSON with what hide makes of them in the place of strings.
func hidden(value any, hide func(string) string) any {
	switch value := value.(type) {
	case string:
		return hide(value)
	case []any:
		out := make([]any, len(value))
		for i, one := range value {
			out[i] = hidden(one, hide)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(value))
		for name, one := range value {
			out[name] = hidden(one, hide)
		}
		return out
	}
	return value
}
