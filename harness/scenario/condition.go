package scenario

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/issuerd/issuerd/harness/document"
)

// Condition is a boolean expression of expect.that. It is read-only and may be
// evaluated by several goroutines at once.
type Condition struct {
	// Text is the expression as it stands in the file.
	Text string
	// Position is where it stands.
	Position document.Position

	path string
	code *expression
}

// Eval returns whether the condition holds. env also holds the results of the
// step, under the names of Results. When the condition does not hold, detail
// gives the values that were compared, such as "token.exp - token.iat = 900";
// tokens in it are cut short. An error, also for a value that is neither true
// nor false, is a *document.Problem.
func (c *Condition) Eval(env Env) (ok bool, detail string, err error) {
	v, err := c.code.eval(c.path, env)
	if err != nil {
		return false, "", err
	}
	ok, isBool := v.(bool)
	if !isBool {
		message := fmt.Sprintf("want true or false, got %s", document.KindOf(v))
		return false, "", &document.Problem{File: c.path, Position: c.Position, Message: message}
	}
	if !ok {
		detail = strings.Join(c.explain(c.code.tree, env), ", ")
	}
	return ok, detail, nil
}

// mayHold refuses a condition that makes a number or a text, which the compiler does not notice where an operand may be
// anything.
func (c compiler) mayHold(e *expression) bool {
	got := madeBy(e.tree)
	if got != "" {
		c.Add(e.node.Position, compareIt, "want true or false, got %s", got)
	}
	return got == ""
}

// madeBy is what an expression makes that can't be true or false; empty where it may be.
func madeBy(n ast.Node) string {
	switch n := n.(type) {
	case *ast.ConditionalNode:
		return cmp.Or(madeBy(n.Exp1), madeBy(n.Exp2))
	case *ast.UnaryNode:
		if n.Operator == "-" || n.Operator == "+" {
			return "a number"
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "-", "*", "/", "%", "^", "**":
			return "a number"
		case "+":
			return "a number or a string"
		case "??":
			return madeBy(n.Right)
		}
	}
	return ""
}

// explain returns "part = value" for the operands of the comparison that failed.
func (c *Condition) explain(n ast.Node, env Env) []string {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return c.explain(n.Node, env)
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&", "or", "||":
			return append(c.explain(n.Left, env), c.explain(n.Right, env)...)
		case "==", "!=", "<", "<=", ">", ">=", "in", "contains", "startsWith", "endsWith", "matches":
			return append(c.operand(n.Left, env), c.operand(n.Right, env)...)
		}
	}
	return c.operand(n, env)
}

// operand returns nothing for a constant and for what cannot be computed by
// itself, such as a part that uses a variable of the expression.
func (c *Condition) operand(n ast.Node, env Env) []string {
	constant := true
	visit(n, func(n ast.Node) {
		if _, ok := n.(*ast.IdentifierNode); ok {
			constant = false
		}
	})
	if constant {
		return nil
	}
	source := n.String()
	part := &expression{source: source, node: c.code.node, scope: c.code.scope}
	v, err := part.eval(c.path, env)
	if err != nil {
		return nil
	}
	return []string{source + " = " + document.Show(v)}
}
