package scenario

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

//go:generate go test -run ^TestSchema$ -update .

//go:embed scenario.schema.json
var schemaJSON []byte

// Schema returns the JSON schema (draft 7) of a scenario file. It is generated
// from the structs of this package and their doc comments.
func Schema() []byte { return bytes.Clone(schemaJSON) }

const schemaURL = "scenario.schema.json"

// directoryDefs begins the names of the definitions that are the directory's own types.
const directoryDefs = "directory."

var compiledSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaJSON))
	if err != nil {
		return nil, fmt.Errorf("scenario: schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, fmt.Errorf("scenario: schema: %w", err)
	}
	return c.Compile(schemaURL)
})

// validate applies the schema and words its complaints for an author.
func validate(root *node, ps *problems) {
	schema, err := compiledSchema()
	if err != nil {
		ps.add(Position{}, "", "%v", err)
		return
	}
	err = schema.Validate(root.plain())
	if invalid := (*jsonschema.ValidationError)(nil); errors.As(err, &invalid) {
		explainInvalid(invalid, root, ps)
	} else if err != nil {
		ps.add(Position{1, 1, 1}, "", "%v", err)
	}
}

func explainInvalid(e *jsonschema.ValidationError, root *node, ps *problems) {
	if _, choice := e.ErrorKind.(*kind.AnyOf); choice && len(e.Causes) > 0 {
		// The only choice in the schema is between a value and an
		// expression in its place. The first is what the author means.
		explainInvalid(e.Causes[0], root, ps)
		return
	}
	if names, ok := e.ErrorKind.(*kind.PropertyNames); ok {
		unknownTarget(root.get("skip"), names.Property, ps)
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			explainInvalid(cause, root, ps)
		}
		return
	}
	n := instance(root, e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		known := schemaKeys(e.SchemaURL)
		for _, key := range k.Properties {
			unknownKey(n, key, known, ps)
		}
	case *kind.Required:
		ps.add(n.start(), "", "missing %s", quotedKeys(k.Missing))
	case *kind.Type:
		hint := ""
		switch {
		case n.value == nil && n.kind == scalarNode && slices.Contains(k.Want, "object"):
			hint = "write {} for the defaults"
		case n.kind == scalarNode && n.value != nil && slices.Contains(k.Want, "string"):
			hint = "quote it"
		}
		ps.add(n.start(), hint, "want %s, got %s", typeNames(k.Want), kindOf(n.plain()))
	case *kind.Enum:
		words := make([]string, 0, len(k.Want))
		for _, w := range k.Want {
			words = append(words, fmt.Sprint(w))
		}
		hint, message := notOneOf(k.Got, words)
		ps.add(n.start(), hint, "%s", message)
	case *kind.MinItems:
		ps.add(n.start(), "", "want at least %d, got %d", k.Want, k.Got)
	case *kind.MaxItems:
		ps.add(n.start(), "", "want at most %d, got %d", k.Want, k.Got)
	case *kind.MinLength:
		ps.add(n.start(), "", "must not be empty")
	case *kind.Pattern:
		// validateRules and the decoder know what the pattern is for, except where the directory's own types are decoded elsewhere.
		if strings.Contains(e.SchemaURL, "/$defs/"+directoryDefs) {
			ps.add(n.start(), "write a duration, such as 90s, 10m or 1h30m; 0s for none", "%s is not a duration", Show(n.plain()))
		}
	case *kind.Minimum:
		ps.add(n.start(), "", "want at least %s, got %s", k.Want.RatString(), k.Got.RatString())
	case *kind.Maximum:
		ps.add(n.start(), "", "want at most %s, got %s", k.Want.RatString(), k.Got.RatString())
	default:
		ps.add(n.start(), "", "does not fit the schema (%s)", strings.Join(e.ErrorKind.KeywordPath(), "/"))
	}
}

func unknownKey(n *node, key string, known []string, ps *problems) {
	at := n.keyPosition(key)
	if slices.Contains(later, key) && slices.Contains(known, Kinds[0]) {
		ps.add(at, "this version has "+strings.Join(Kinds, ", "), "step %q is not supported by this version", key)
		return
	}
	ps.add(at, didYouMean(key, known), "unknown key %q", key)
}

func notOneOf(got any, words []string) (hint, message string) {
	if near, ok := nearest(fmt.Sprint(got), words); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return hint, fmt.Sprintf("%s is not one of %s", Show(got), strings.Join(words, ", "))
}

// unknownTarget is about skip, the only map of the schema with a closed set of names.
func unknownTarget(n *node, name string, ps *problems) {
	ps.add(n.keyPosition(name), didYouMean(name, skipTargets), "unknown target %q", name)
}

// decodedSchema is the schema as a value that nobody changes.
var decodedSchema = sync.OnceValue(func() (doc any) {
	_ = json.Unmarshal(schemaJSON, &doc) // it compiles, or there would be nothing to explain
	return doc
})

// schemaKeys returns the keys an object of the schema at url may have.
func schemaKeys(url string) []string {
	_, pointer, _ := strings.Cut(url, "#")
	doc := decodedSchema()
	for _, step := range strings.Split(strings.Trim(pointer, "/"), "/") {
		if m, ok := doc.(map[string]any); ok && step != "" {
			doc = m[step]
		}
	}
	m, _ := doc.(map[string]any)
	properties, _ := m["properties"].(map[string]any)
	return sortedKeys(properties)
}

// instance returns the node at a location of the validator, or the nearest above it.
func instance(root *node, location []string) *node {
	n := root
	for _, step := range location {
		next := n.get(step)
		if i, err := strconv.Atoi(step); err == nil && n.kind == listNode && i < len(n.items) {
			next = n.items[i]
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

func typeNames(want []string) string {
	names := make([]string, 0, len(want))
	for _, w := range want {
		switch w {
		case "object":
			w = "a map"
		case "array":
			w = "a list"
		case "boolean":
			w = "true or false"
		case "integer", "number":
			w = "a number"
		case "string":
			w = "a string"
		}
		names = append(names, w)
	}
	return strings.Join(names, " or ")
}

func quotedKeys(keys []string) string {
	if len(keys) == 1 {
		return "key " + quotedList(keys)
	}
	return "keys " + quotedList(keys)
}

func quotedList(keys []string) string {
	quoted := make([]string, 0, len(keys))
	for _, k := range keys {
		quoted = append(quoted, strconv.Quote(k))
	}
	return strings.Join(quoted, ", ")
}
