package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/issuerd/issuerd/harness/document"
)

// maxExpression bounds an expression in bytes: the expression parser is recursive.
const maxExpression = 4 << 10

// expression is a compiled expression and where it stands. It may be evaluated by several goroutines at once.
type expression struct {
	mu      sync.Mutex // one evaluation at a time: they share the meter
	meter   meter
	source  string
	node    *document.Node // the string it stands in
	offset  int            // runes before it in that string
	lines   []string
	program *vm.Program // nil before the first evaluation
	tree    ast.Node
	scope   shape
	// roots are the names it uses.
	roots []string
	// columns are the columns of case it uses by name; wholeCase is set when it uses case in another way.
	columns   []string
	wholeCase bool
}

// options are those of every compilation. The optimizer would make the lists of constant ranges at once, of 8 MB each,
// and keep them.
func (e *expression) options() []expr.Option {
	return []expr.Option{expr.Env(e.scope.kind()), expr.DisableBuiltin("now"), expr.Optimize(false)}
}

// at returns the place of a rune of the expression.
func (e *expression) at(offset, width int) document.Position {
	p := locate(e.node, e.lines, e.offset+offset)
	p.Width = max(1, width)
	return p
}

// compiler compiles the expressions of one file.
type compiler struct {
	*document.Log
	lines []string
	// rows and steps serve messages about columns and ids that exist elsewhere.
	rows  []*document.Node
	steps []string
}

// compile compiles the text at offset of n, for a condition if boolean. It
// returns nil after adding what is wrong.
func (c compiler) compile(text string, n *document.Node, offset int, scope shape, boolean bool) *expression {
	source := strings.TrimLeft(text, " \t\n")
	offset += utf8.RuneCountInString(text) - utf8.RuneCountInString(source)
	e := &expression{source: source, node: n, offset: offset, lines: c.lines, scope: scope}
	switch {
	case source == "":
		c.Add(e.at(0, 1), "", "the expression is empty")
		return nil
	case len(source) > maxExpression:
		c.Add(e.at(0, 1), "", "the expression has %d bytes, the limit is %d", len(source), maxExpression)
		return nil
	}
	tree, err := parseExpression(source)
	if err != nil {
		c.addError(e, err)
		return nil
	}
	e.tree = tree.Node
	before := c.Len()
	c.resolve(e)
	if c.Len() > before {
		return nil
	}
	_, err = expr.Compile(source, e.options()...)
	if err == nil && boolean {
		// Only for the verdict: the program itself returns the value as it
		// is, so that a message at run time can name its type.
		_, err = expr.Compile(source, append(e.options(), expr.AsBool())...)
	}
	if err != nil {
		c.addError(e, err)
		return nil
	}
	return e
}

// parseExpression guards against panics of the parser.
func parseExpression(source string) (tree *parser.Tree, err error) {
	defer func() {
		if r := recover(); r != nil {
			tree, err = nil, errors.New("the expression cannot be parsed")
		}
	}()
	tree, err = parser.Parse(source)
	if err == nil && (tree == nil || tree.Node == nil) {
		err = errors.New("the expression is empty")
	}
	return tree, err
}

func (c compiler) addError(e *expression, err error) {
	at, message := e.errorAt(err)
	hint := slipHint(e.source, message)
	if hint == "" && e.tree != nil {
		hint = conditionHint(e.tree, message)
	}
	c.Add(at, hint, "%s", message)
}

// errorAt returns where in the file err of the expression library stands, and
// its message without the library's own snippet.
func (e *expression) errorAt(err error) (document.Position, string) {
	if located := (*file.Error)(nil); errors.As(err, &located) {
		return e.at(located.From, located.To-located.From), strings.ReplaceAll(located.Message, "<nil>", "nothing")
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return e.at(0, 1), first
}

// resolve checks the names of an expression, with better messages than the
// compiler's, and notes which it uses.
func (c compiler) resolve(e *expression) {
	locals := map[string]bool{}
	visit(e.tree, func(n ast.Node) {
		if v, ok := n.(*ast.VariableDeclaratorNode); ok {
			locals[v.Name] = true
		}
	})
	named := map[ast.Node]bool{} // the identifiers that are followed by a column's name
	visit(e.tree, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.BuiltinNode:
			if n.Name == "now" {
				c.Add(e.at(n.Location().From, 3), "use the clock of the tokens, such as token.iat", "now() is not available: a scenario does not depend on the time of day")
			}
		case *ast.MemberNode:
			path := memberPath(n)
			if path == nil || locals[path[0]] {
				return
			}
			if len(path) == 2 && path[0] == "case" {
				e.columns = append(e.columns, path[1])
				named[n.Node] = true
			}
			c.resolveMember(e, n, path)
		}
	})
	visit(e.tree, func(n ast.Node) {
		id, ok := n.(*ast.IdentifierNode)
		if !ok || locals[id.Value] {
			return
		}
		e.roots = append(e.roots, id.Value)
		e.wholeCase = e.wholeCase || id.Value == "case" && !named[n]
		if _, ok := e.scope[id.Value]; !ok {
			c.unknownName(e, id)
		}
	})
}

func (c compiler) unknownName(e *expression, id *ast.IdentifierNode) {
	at := e.at(id.Location().From, utf8.RuneCountInString(id.Value))
	switch {
	case id.Value == "case":
		c.Add(at, "", "case is not available here: it needs cases, and stands for one of them")
	case slices.Contains(allNames, id.Value):
		c.Add(at, "known here: "+strings.Join(e.scope.names(), ", "), "%s is not available here", id.Value)
	default:
		c.Add(at, cmp.Or(wordHint(id.Value), document.DidYouMean(id.Value, e.scope.names())), "unknown name %s", id.Value)
	}
}

// resolveMember checks the last name of a path against the members of the rest.
func (c compiler) resolveMember(e *expression, n *ast.MemberNode, path []string) {
	parent := e.scope
	for _, name := range path[:len(path)-1] {
		s, ok := parent[name]
		if !ok || s == nil {
			return // unknown names have their own message, open ones have any member
		}
		parent = s
	}
	last := path[len(path)-1]
	if _, ok := parent[last]; ok {
		return
	}
	at := e.at(n.Property.Location().From, utf8.RuneCountInString(last))
	of := strings.Join(path[:len(path)-1], ".")
	switch {
	case of == "case":
		for _, row := range c.rows {
			if row.Get(last) == nil && slices.ContainsFunc(c.rows, func(r *document.Node) bool { return r.Get(last) != nil }) {
				name, _ := constant(row.Get("name"))
				c.Add(at, "give every case the column", "case %q has no column %q", name, last)
				return
			}
		}
		c.Add(at, document.DidYouMean(last, parent.names()), "no case has a column %q", last)
	case of == "steps" && slices.Contains(c.steps, last):
		c.Add(at, "a step sees only the results of earlier ones", "step %q does not come before this one", last)
	case of == "steps":
		c.Add(at, document.DidYouMean(last, parent.names()), "unknown step %q", last)
	default:
		c.Add(at, document.DidYouMean(last, parent.names()), "%s has no %q", of, last)
	}
}

// memberPath returns the names of a.b["c"], or nil if n is anything else.
func memberPath(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.ChainNode:
		return memberPath(n.Node)
	case *ast.IdentifierNode:
		return []string{n.Value}
	case *ast.MemberNode:
		property, ok := n.Property.(*ast.StringNode)
		if path := memberPath(n.Node); ok && path != nil {
			return append(path, property.Value)
		}
	}
	return nil
}

// member is the value at a path of names; not found where a part of it is not there or no map.
func member(env Env, path []string) (v any, found bool) {
	v = map[string]any(env)
	for _, name := range path {
		m, isMap := v.(map[string]any)
		if v, found = m[name]; !isMap || !found {
			return nil, false
		}
	}
	return v, len(path) > 0
}

// eval runs the expression. An error is a *document.Problem.
func (e *expression) eval(path string, env Env) (v any, err error) {
	fail := func(at document.Position, message string) error {
		return &document.Problem{File: path, Position: at, Message: document.Redact(message)}
	}
	defer func() {
		if r := recover(); r != nil {
			v, err = nil, fail(e.at(0, 1), fmt.Sprint(r))
		}
	}()
	if v, found := member(env, memberPath(e.tree)); found {
		return v, nil // most expressions are a path, which needs no program
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.meter.used = 0
	if e.program == nil {
		if err := e.compileMetered(); err != nil {
			return nil, fail(e.at(0, 1), err.Error())
		}
	}
	v, err = expr.Run(e.program, map[string]any(env))
	if err != nil {
		at, message := e.errorAt(err)
		return nil, fail(at, message)
	}
	return v, nil
}

// visit calls f for every node of an expression, children first.
func visit(n ast.Node, f func(ast.Node)) { ast.Walk(&n, visitor(f)) }

type visitor func(ast.Node)

func (v visitor) Visit(n *ast.Node) { v(*n) }
