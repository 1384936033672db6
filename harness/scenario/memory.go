package scenario

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/vm/runtime"
)

// maxMemory bounds the values that an evaluation makes, in bytes as estimated by sizeOf. An answer of a server has at
// most 1 MiB. The expression library bounds the items of lists, and with them the turns of loops, but not strings, nor
// lists of one list again and again.
const maxMemory = 64 << 20

// maxPattern bounds a regular expression that is made at run time, in bytes: compiled it takes a hundred times as much.
const maxPattern = maxExpression

// meter counts what one evaluation makes.
type meter struct{ used int }

// add counts bytes before they are made.
func (m *meter) add(bytes int) error {
	if m.used += min(bytes, maxMemory+1); m.used > maxMemory {
		return fmt.Errorf("the expression makes more than %d MB of text and lists", maxMemory>>20)
	}
	return nil
}

// Functions that the patched expressions call. Nobody can write their names.
const (
	addFunction     = "$add"
	matchesFunction = "$matches"
	measureFunction = "$measure"
)

// costs estimate what a function of the library makes, from its arguments.
var costs = map[string]func(args []any) int{
	"repeat": func(args []any) int { return product(length(args[0]), runtime.ToInt(args[1])) },
	"join": func(args []any) int {
		total := sizeOf(args[0], maxMemory)
		if len(args) > 1 {
			total += product(length(args[1]), length(args[0]))
		}
		return total
	},
	"replace":    func(args []any) int { return product(length(args[0])+1, length(args[2])+1) },
	"split":      func(args []any) int { return itemSize * (length(args[0]) + 1) },
	"splitAfter": func(args []any) int { return itemSize * (length(args[0]) + 1) },
	"fromJSON":   func(args []any) int { return itemSize * length(args[0]) },
	"toJSON":     func(args []any) int { return 2 * sizeOf(args[0], maxMemory) },
	"string":     func(args []any) int { return 2 * sizeOf(args[0], maxMemory) },
	"toBase64":   func(args []any) int { return 2 * length(args[0]) },
	"fromBase64": func(args []any) int { return length(args[0]) },
	"upper":      func(args []any) int { return 3 * length(args[0]) },
	"lower":      func(args []any) int { return 3 * length(args[0]) },
	"uniq":       func(args []any) int { return product(length(args[0]), length(args[0])) }, // it compares each with each
}

// collections are the functions whose results hold their arguments again.
var collections = map[string]bool{
	"map": true, "filter": true, "groupBy": true, "sortBy": true, "keys": true, "values": true, "toPairs": true, "fromPairs": true,
	"concat": true, "flatten": true, "reverse": true, "sort": true, "take": true,
}

// metered has a program count what it makes.
func metered(m *meter) []expr.Option {
	options := []expr.Option{
		expr.Function(addFunction, func(args ...any) (any, error) {
			if err := m.add(length(args[0]) + length(args[1])); err != nil {
				return nil, err
			}
			return runtime.Add(args[0], args[1]), nil
		}, new(func(any, any) any)),
		expr.Function(matchesFunction, func(args ...any) (any, error) { return matches(args[0], args[1]) }, new(func(any, any) bool)),
		expr.Function(measureFunction, func(args ...any) (any, error) {
			return args[0], m.add(sizeOf(args[0], maxMemory))
		}, new(func(any) any)),
		expr.Patch(meterPatch{}),
	}
	for name, cost := range costs {
		original := builtin.Builtins[builtin.Index[name]]
		options = append(options, func(c *conf.Config) {
			c.Functions[name] = &builtin.Function{
				Name: name, Types: original.Types, Validate: original.Validate,
				Func: func(args ...any) (any, error) {
					if err := m.add(cost(args)); err != nil {
						return nil, err
					}
					return call(original, args)
				},
			}
		})
	}
	return options
}

// call calls a function of the library, which has one of three forms.
func call(f *builtin.Function, args []any) (any, error) {
	switch {
	case f.Fast != nil:
		return f.Fast(args[0]), nil
	case f.Safe != nil:
		v, _, err := f.Safe(args...)
		return v, err
	}
	return f.Func(args...)
}

// matches is the operator, with a bound on what it reads.
func matches(text, pattern any) (bool, error) {
	if runtime.IsNil(text) || runtime.IsNil(pattern) {
		return false, nil
	}
	switch {
	case length(pattern) > maxPattern:
		return false, fmt.Errorf("the regular expression has %d bytes, the limit is %d", length(pattern), maxPattern)
	case length(text) > maxText:
		return false, fmt.Errorf("the text to match has %d bytes, the limit is %d", length(text), maxText)
	}
	return regexp.MatchString(pattern.(string), text.(string))
}

// maxText bounds what a regular expression is matched with: as much as an answer can have.
const maxText = 1 << 20

// meterPatch puts the functions of metered in the places of what can make large values.
type meterPatch struct{}

// Visit implements ast.Visitor.
func (meterPatch) Visit(n *ast.Node) {
	switch node := (*n).(type) {
	case *ast.BinaryNode:
		switch node.Operator {
		case "+":
			ast.Patch(n, callNode(addFunction, node.Left, node.Right))
		case "matches":
			ast.Patch(n, callNode(matchesFunction, node.Left, node.Right))
		}
	case *ast.ArrayNode, *ast.MapNode:
		if !constants(*n) {
			ast.Patch(n, callNode(measureFunction, *n))
		}
	case *ast.BuiltinNode:
		if collections[node.Name] {
			ast.Patch(n, callNode(measureFunction, *n))
		}
	}
}

func callNode(name string, args ...ast.Node) ast.Node {
	callee := &ast.IdentifierNode{Value: name}
	callee.SetLocation(args[0].Location())
	return &ast.CallNode{Callee: callee, Arguments: args}
}

// constants tells whether a list or a map has nothing in it but what the file says.
func constants(n ast.Node) bool {
	all := true
	visit(n, func(n ast.Node) {
		switch n.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NilNode, *ast.ArrayNode, *ast.MapNode, *ast.PairNode:
		default:
			all = false
		}
	})
	return all
}

// itemSize is what an item of a list takes in memory, in bytes: the interface and what is in it.
const itemSize = 32

// length is that of a string, list or map; 0 for others.
func length(v any) int {
	if s, ok := v.(string); ok {
		return len(s)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.String:
		return r.Len()
	}
	return 0
}

// product is that of two lengths, or something above maxMemory.
func product(a, b int) int {
	if a <= 0 || b <= 0 {
		return 0
	}
	if a > maxMemory/b {
		return maxMemory + 1
	}
	return a * b
}

// sizeOf estimates the bytes of a value with all that is in it, a part that is there twice counted twice. It stops
// beyond limit.
func sizeOf(v any, limit int) int {
	total := itemSize
	switch v := v.(type) {
	case string:
		return total + len(v)
	case []any:
		for i := 0; i < len(v) && total <= limit; i++ {
			total += sizeOf(v[i], limit-total)
		}
		return total
	case map[string]any:
		for key, member := range v {
			if total > limit {
				break
			}
			total += itemSize + len(key) + sizeOf(member, limit-total)
		}
		return total
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Slice, reflect.Array:
		for i := 0; i < r.Len() && total <= limit; i++ {
			total += sizeOf(r.Index(i).Interface(), limit-total)
		}
	case reflect.Map:
		for entries := r.MapRange(); entries.Next() && total <= limit; {
			total += sizeOf(entries.Key().Interface(), limit) + sizeOf(entries.Value().Interface(), limit-total)
		}
	}
	return total
}

// compileMetered compiles an expression that has compiled without a meter, which says better what is wrong with types.
func (e *expression) compileMetered() error {
	program, err := expr.Compile(e.source, append(e.options(), metered(&e.meter)...)...)
	if err != nil {
		return fmt.Errorf("%s", strings.SplitN(err.Error(), "\n", 2)[0])
	}
	e.program = program
	return nil
}
