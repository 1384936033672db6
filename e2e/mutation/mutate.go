package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// mutant is one change.
type mutant struct {
	number int
	pos    token.Position
	key    string // file, function and change, which stays the same when lines move
}

// names of what helpers declares in a changed package; ASCII that no other code uses.
const helpers = `package %s

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

var mutantActive, _ = strconv.Atoi(os.Getenv("MUTANT"))

var mutantLog = os.Getenv("MUTANTS_SEEN")

var mutantsSeen sync.Map

func mutantOn(n int) bool {
	if mutantLog != "" {
		if _, seen := mutantsSeen.LoadOrStore(n, true); !seen {
			f, err := os.OpenFile(mutantLog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				panic(err)
			}
			_, err = f.WriteString(strconv.Itoa(n) + "\n")
			if f.Close() != nil || err != nil {
				panic("mutation: can't record what is reached")
			}
		}
	}
	return n == mutantActive
}

func mutantString(n int, is, becomes string) string {
	if mutantOn(n) {
		return becomes
	}
	return is
}

func mutantOne(n int) int {
	if mutantOn(n) {
		return 1
	}
	return 0
}

var mutantRounds atomic.Int64

func mutantRound() {
	if mutantRounds.Add(1) > 1e8 {
		panic("%s")
	}
}
`

// endless is what a loop that never ends says. All loops of a suite together turn less than twenty million times while
// nothing is changed.
const endless = "mutation: a loop without end"

// edit is text to insert at an offset.
type edit struct {
	at   int
	text string
	// Where several are at one offset, the ends come before the beginnings, the ends of inner expressions first and the
	// beginnings of outer ones first.
	begin bool
	size  int
}

// mutator collects the changes of one file.
type mutator struct {
	fset    *token.FileSet
	info    *types.Info
	src     []byte
	file    string // for keys
	fn      string
	results *types.Tuple
	next    func() int
	edits   []edit
	mutants []mutant
	keys    map[string]int
}

func (m *mutator) offset(p token.Pos) int { return m.fset.Position(p).Offset }

func (m *mutator) text(n ast.Node) string { return string(m.src[m.offset(n.Pos()):m.offset(n.End())]) }

// add numbers a change of a node.
func (m *mutator) add(n ast.Node, becomes string) int {
	number := m.next()
	key := fmt.Sprintf("%s %s: %s → %s", m.file, m.fn, strings.Join(strings.Fields(m.text(n)), " "), becomes)
	if m.keys[key]++; m.keys[key] > 1 {
		key += fmt.Sprintf(" (%d)", m.keys[key])
	}
	m.mutants = append(m.mutants, mutant{number, m.fset.Position(n.Pos()), key})
	return number
}

// wrap puts text around a node.
func (m *mutator) wrap(n ast.Node, before, after string) {
	begin, end := m.offset(n.Pos()), m.offset(n.End())
	m.edits = append(m.edits, edit{begin, before, true, end - begin}, edit{end, after, false, end - begin})
}

// apply is the source with every change in it.
func (m *mutator) apply() []byte {
	slices.SortStableFunc(m.edits, func(a, b edit) int {
		switch {
		case a.at != b.at:
			return a.at - b.at
		case a.begin != b.begin:
			if b.begin {
				return -1
			}
			return 1
		case a.begin:
			return b.size - a.size
		}
		return a.size - b.size
	})
	var out []byte
	at := 0
	for _, e := range m.edits {
		out = append(out, m.src[at:e.at]...)
		out = append(out, e.text...)
		at = e.at
	}
	return append(out, m.src[at:]...)
}

// function collects the changes of a function.
func (m *mutator) function(f *ast.FuncDecl) {
	if f.Body == nil {
		return
	}
	m.fn = f.Name.Name
	m.results = m.info.Defs[f.Name].Type().(*types.Signature).Results()
	m.walk(f.Body)
}

func (m *mutator) walk(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			outer := m.results
			m.results = m.info.Types[n].Type.(*types.Signature).Results()
			m.walk(n.Body)
			m.results = outer
			return false
		case *ast.GenDecl:
			return n.Tok != token.CONST
		case *ast.ArrayType, *ast.StructType:
			return false
		case *ast.BlockStmt:
			m.statements(n.List)
		case *ast.CaseClause:
			m.statements(n.Body)
		case *ast.IfStmt:
			m.condition(n.Cond, true)
		case *ast.ForStmt:
			m.edits = append(m.edits, edit{at: m.offset(n.Body.Lbrace) + 1, text: " mutantRound();", begin: true})
			if n.Cond != nil {
				m.condition(n.Cond, false) // one that always holds never ends
			}
		case *ast.SwitchStmt:
			if n.Tag == nil {
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						m.condition(e, true)
					}
				}
			}
		case *ast.AssignStmt:
			if len(n.Lhs) == len(n.Rhs) {
				for _, e := range n.Rhs {
					m.condition(e, true)
				}
			}
		case *ast.ReturnStmt:
			for _, e := range n.Results {
				m.condition(e, true)
			}
			if m.refusal(n) {
				m.walk(n.Results[len(n.Results)-1]) // nobody reads what is beside an error
				return false
			}
		case *ast.BasicLit:
			m.literal(n)
		}
		return true
	})
}

// statements leaves out each statement that does nothing but change something.
func (m *mutator) statements(list []ast.Stmt) {
	for _, s := range list {
		switch n := s.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE || strings.HasSuffix(m.text(n.Lhs[0]), ".Note") {
				continue
			}
		case *ast.IncDecStmt, *ast.ExprStmt:
		default:
			continue
		}
		m.wrap(s, fmt.Sprintf("if !mutantOn(%d) { ", m.add(s, "left out")), " }")
	}
}

// refusal makes a function that returns an error return none, and tells whether that was possible.
func (m *mutator) refusal(n *ast.ReturnStmt) bool {
	last := len(n.Results) - 1
	if last < 0 || last != m.results.Len()-1 || m.text(n.Results[last]) == "nil" {
		return false
	}
	if t := m.results.At(last).Type().String(); t != "error" && !strings.HasSuffix(t, "Error") {
		return false
	}
	var kept []string
	for _, e := range n.Results[:last] {
		kept = append(kept, m.text(e))
	}
	m.wrap(n, fmt.Sprintf("if mutantOn(%d) { return %s }; ", m.add(n, "no error"), strings.Join(append(kept, "nil"), ", ")), "")
	return true
}

var boundary = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}

// condition makes every part of a condition true, and false, and moves the boundary of comparisons.
func (m *mutator) condition(e ast.Expr, maybeTrue bool) {
	switch n := e.(type) {
	case *ast.ParenExpr:
		m.condition(n.X, maybeTrue)
		return
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			m.condition(n.X, true)
			return
		}
	case *ast.BinaryExpr:
		if n.Op == token.LAND || n.Op == token.LOR {
			m.condition(n.X, maybeTrue)
			m.condition(n.Y, maybeTrue)
			return
		}
	}
	t, known := m.info.Types[e]
	basic, isBasic := t.Type.(*types.Basic)
	if !known || t.Value != nil || !isBasic || basic.Info()&types.IsBoolean == 0 {
		return
	}
	before, after := fmt.Sprintf("(!mutantOn(%d) && (", m.add(e, "false")), "))"
	if maybeTrue {
		before, after = fmt.Sprintf("(mutantOn(%d) || ", m.add(e, "true"))+before, after+")"
	}
	if n, ok := e.(*ast.BinaryExpr); ok && boundary[n.Op] != "" {
		number := m.add(e, boundary[n.Op])
		before += fmt.Sprintf("!mutantOn(%d) && (", number)
		after = fmt.Sprintf(") || mutantActive == %d && (%s %s %s)", number, m.text(n.X), boundary[n.Op], m.text(n.Y)) + after
	}
	m.wrap(e, before, after)
}

// literal changes a text or a number.
func (m *mutator) literal(n *ast.BasicLit) {
	basic, ok := m.info.Types[n].Type.(*types.Basic)
	switch {
	case !ok:
	case n.Kind == token.STRING && basic.Kind() == types.String:
		is, err := strconv.Unquote(n.Value)
		if err != nil || strings.Contains(strings.TrimSpace(is), " ") {
			return
		}
		becomes := ""
		if is == "" {
			becomes = "mutant"
		}
		m.wrap(n, fmt.Sprintf("mutantString(%d, ", m.add(n, strconv.Quote(becomes))), fmt.Sprintf(", %q)", becomes))
	case n.Kind == token.INT && basic.Info()&types.IsInteger != 0 && basic.Info()&types.IsUntyped == 0:
		m.wrap(n, "(", fmt.Sprintf(" + %s(mutantOne(%d)))", basic.Name(), m.add(n, n.Value+" + 1")))
	}
}
