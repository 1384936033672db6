package control

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/wording"
)

// decode reads one JSON value; an empty body is an empty object. A member that is null is as good as left out, unless
// it may be anything. The error says all that is wrong.
func decode(raw []byte, schema *jsonschema.Schema, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("{}")
	}
	if err := checkDepth(raw); err != nil {
		return err
	}
	value, err := readValue(raw)
	if err != nil {
		return err
	}
	var invalid *jsonschema.ValidationError
	if errors.As(schema.Validate(withoutNulls(value)), &invalid) {
		return refusalOf(invalid, schema)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // issuers take claims with such numbers, and faults parameters
	if err := dec.Decode(into); err != nil {
		refusal := &Error{Message: "control: request body: " + err.Error()}
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			refusal.Member = wrong.Field
		}
		return refusal
	}
	return nil
}

// checkDepth refuses a text with more brackets inside each other than a parser should see. It knows no more of JSON
// than its strings and brackets.
func checkDepth(raw []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > document.MaxDepth {
				return &Error{Message: fmt.Sprintf("control: request body: more than %d lists and objects inside each other", document.MaxDepth)}
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// readValue reads a body that has one JSON value and nothing else.
func readValue(raw []byte) (value any, err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err = dec.Decode(&value); err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return value, nil
		}
		if err == nil {
			err = errors.New("there is more after the JSON value")
		}
	}
	return nil, &Error{Message: "control: request body: it is not JSON: " + err.Error(), Hint: `want an object, such as {"name": "value"}`}
}

// withoutNulls is a value without the members that are null, at any depth.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if member == nil {
				delete(value, name)
				continue
			}
			withoutNulls(member)
		}
	case []any:
		for _, item := range value {
			withoutNulls(item)
		}
	}
	return value
}

// problem is one thing that is wrong with a body.
type problem struct{ member, text, hint string }

// refusalOf words all that a schema has found. Its member and hint are the first one's.
func refusalOf(invalid *jsonschema.ValidationError, schema *jsonschema.Schema) *Error {
	all := problemsOf(invalid, schema)
	hints := map[string]bool{} // of unknown members, which are not missing but misspelt
	for _, p := range all {
		hints[p.hint] = true
	}
	all = slices.DeleteFunc(all, func(p problem) bool {
		name := p.member[strings.LastIndexByte(p.member, '.')+1:]
		return p.text == missing && hints[wording.DidYouMean(name, []string{name})]
	})
	slices.SortFunc(all, func(a, b problem) int { return cmp.Or(cmp.Compare(a.member, b.member), cmp.Compare(a.text, b.text)) })
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.text
		if p.member != "" {
			texts[i] = p.member + ": " + p.text
		}
	}
	return &Error{Message: "control: " + strings.Join(texts, "; "), Member: all[0].member, Hint: all[0].hint}
}

// The texts of what a member is not.
const (
	missing = "it is missing"
	unknown = "there is no such member"
)

// maxUnknown is how many unknown members of an object are told: to look for what each may mean takes time.
const maxUnknown = 10

// meant hints at the known name that is near to an unknown one, or at some of those there are.
func meant(name string, known []string) string {
	return cmp.Or(wording.DidYouMean(name, known), wording.Have(name, known))
}

// problemsOf are what a validation found at the leaves of its error.
func problemsOf(invalid *jsonschema.ValidationError, root *jsonschema.Schema) []problem {
	var all []problem
	for _, cause := range invalid.Causes {
		all = append(all, problemsOf(cause, root)...)
	}
	if len(all) > 0 {
		return all
	}
	at, schema := memberPath(invalid.InstanceLocation), schemaAt(root, invalid.InstanceLocation)
	switch found := invalid.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range found.Missing {
			all = append(all, problem{below(at, name), missing, ""})
		}
		return all
	case *kind.AdditionalProperties:
		known := make([]string, 0, len(schema.Properties))
		for name := range schema.Properties {
			known = append(known, name)
		}
		slices.Sort(known)
		slices.Sort(found.Properties)
		for _, name := range found.Properties[:min(len(found.Properties), maxUnknown)] {
			all = append(all, problem{below(at, name), unknown, meant(name, known)})
		}
		return all
	case *kind.Type:
		return []problem{{at, fmt.Sprintf("want %s, got %s", wanted(schema, found.Want), kinds[found.Got]), ""}}
	case *kind.Enum:
		words := make([]string, len(found.Want))
		for i, word := range found.Want {
			words[i] = fmt.Sprint(word)
		}
		hint, text := document.NotOneOf(found.Got, words)
		return []problem{{at, text, hint}}
	case *kind.Pattern:
		return []problem{{at, fmt.Sprintf("want %s, got %s", wanted(schema, nil), document.Show(found.Got)), ""}}
	case *kind.Format:
		return []problem{{at, fmt.Sprintf("want %s, got %s", wanted(schema, nil), document.Show(found.Got)), ""}}
	}
	return []problem{{at, "it breaks the rule " + strings.Join(invalid.ErrorKind.KeywordPath(), "/") + " of its schema", ""}}
}

// wanted says what a schema takes: by its title, or by the types that it names.
func wanted(schema *jsonschema.Schema, types []string) string {
	if schema != nil && schema.Title != "" {
		return schema.Title
	}
	words := make([]string, len(types))
	for i, name := range types {
		words[i] = kinds[name]
	}
	return strings.Join(words, " or ")
}

// kinds are the types of JSON Schema in words.
var kinds = map[string]string{
	"string": "a string", "number": "a number", "integer": "a whole number", "boolean": "true or false", "array": "a list", "object": "an object", "null": "null",
}

// schemaAt follows a place in a value through a schema; nil where the schema says nothing.
func schemaAt(schema *jsonschema.Schema, place []string) *jsonschema.Schema {
	for {
		for schema != nil && schema.Ref != nil {
			schema = schema.Ref
		}
		if schema == nil || len(place) == 0 {
			return schema
		}
		next := schema.Properties[place[0]]
		if next == nil {
			next, _ = schema.AdditionalProperties.(*jsonschema.Schema)
		}
		if schema.Items2020 != nil {
			next = schema.Items2020
		}
		schema, place = next, place[1:]
	}
}

// memberPath writes a place as in tenants[0].applications[1].displayName.
func memberPath(place []string) string {
	path := ""
	for _, name := range place {
		path = below(path, name)
	}
	return path
}

// below is the path of a member, or of the item of a list, at a path.
func below(path, name string) string {
	if _, err := strconv.Atoi(name); err == nil {
		return path + "[" + name + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
