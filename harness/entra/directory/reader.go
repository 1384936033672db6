package directory

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/issuerd/issuerd/harness/document"
)

// fileReader reads YAML into Go values by their JSON names, remembers where each value stood, and collects all that is wrong. goccy's own
// decoder stops at the first problem.
type fileReader struct {
	nodes    map[string]ast.Node // by path, as in tenants[0].applications[1].displayName
	bad      []string            // paths of values that could not be read
	problems []fileProblem
}

// fileProblem is a problem and where it is.
type fileProblem struct {
	line, column int
	text         string
}

func (r *fileReader) problem(at ast.Node, format string, args ...any) {
	position := document.Start(at)
	r.problems = append(r.problems, fileProblem{position.Line, position.Column, fmt.Sprintf(format, args...)})
}

// unread tells whether the value at a path, or a member of it, could not be read. A list of many is not unread for one of them.
func (r *fileReader) unread(path string) bool {
	return slices.ContainsFunc(r.bad, func(bad string) bool {
		member, below := strings.CutPrefix(bad, path+".")
		return bad == path || below && !strings.ContainsAny(member, ".[")
	})
}

// value reads a node into v.
func (r *fileReader) value(path string, n ast.Node, v reflect.Value) {
	r.nodes[path] = n
	problems, bad := len(r.problems), len(r.bad)
	r.read(path, n, v)
	if len(r.problems) > problems && len(r.bad) == bad { // and not in a value below it
		r.bad = append(r.bad, path)
	}
}

func (r *fileReader) read(path string, n ast.Node, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Duration:
		d, err := time.ParseDuration(n.GetToken().Value)
		if err != nil || d < 0 {
			r.problem(n, "want a duration such as 5m, got %s", kind(n))
			return
		}
		v.SetInt(int64(d))
		return
	case time.Time:
		t, err := time.Parse(time.RFC3339, n.GetToken().Value)
		if err != nil {
			r.problem(n, "want a time such as 2026-01-31T12:00:00Z, got %s", kind(n))
			return
		}
		v.Set(reflect.ValueOf(t))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.mapping(path, n, v)
	case reflect.Slice:
		items, isList := n.(*ast.SequenceNode)
		if !isList {
			r.problem(n, "want a list, got %s", kind(n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(items.Values), len(items.Values)))
		for i, item := range items.Values {
			r.value(path+"["+strconv.Itoa(i)+"]", item, v.Index(i))
		}
	case reflect.String:
		r.text(n, v)
	case reflect.Bool:
		if b, isBool := n.(*ast.BoolNode); isBool {
			v.SetBool(b.Value)
			return
		}
		r.problem(n, "want true or false, got %s", kind(n))
	case reflect.Int:
		i, err := strconv.Atoi(n.GetToken().Value)
		if _, isInteger := n.(*ast.IntegerNode); !isInteger || err != nil {
			r.problem(n, "want a whole number, got %s", kind(n))
			return
		}
		v.SetInt(int64(i))
	default: // a map of anything
		if err := yaml.NodeToValue(n, v.Addr().Interface()); err != nil {
			r.problem(n, "want a mapping, got %s", kind(n))
		}
	}
}

// mapping reads the pairs of a mapping into the fields of a struct and refuses keys that are not fields.
func (r *fileReader) mapping(path string, n ast.Node, v reflect.Value) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		r.problem(n, "want a mapping, got %s", kind(n))
		return
	}
	var known []string
	fields := make(map[string]reflect.Value)
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name != "-" {
			known = append(known, name)
			fields[name] = v.Field(i)
		}
	}
	seen := make(map[string]bool)
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		field, isField := fields[key]
		switch {
		case !isField:
			r.problem(pair.Key, "unknown key %q (have %s)", key, strings.Join(known, ", "))
		case seen[key]:
			r.problem(pair.Key, "key %q twice", key)
		default:
			seen[key] = true
			r.value(strings.TrimPrefix(path+"."+key, "."), pair.Value, field)
		}
	}
}

// text reads a string. Other scalars are refused: an id of digits only must be quoted.
func (r *fileReader) text(n ast.Node, v reflect.Value) {
	switch n := n.(type) {
	case *ast.StringNode:
		v.SetString(n.Value)
	case *ast.LiteralNode:
		v.SetString(n.Value.Value)
	default:
		r.problem(n, "want a string, got %s", kind(n))
	}
}

// kind names what a node is, in a reader's words.
func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	}
	if t := n.GetToken(); t.Type == token.StringType || t.Type == token.DoubleQuoteType || t.Type == token.SingleQuoteType {
		return strconv.Quote(t.Value)
	}
	return strings.ToLower(n.Type().String()) + " " + n.GetToken().Value
}
