package scenario

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Condition is a boolean expression of expect.that. It is read-only and may be
// evaluated by several goroutines at once.
type Condition struct {
	// Text is the expression as it stands in the file.
	Text string
	// Position is where it stands.
	Position Position

	path string
	code *expression
}

// Eval returns whether the condition holds. env also holds the results of the
// step, under the names of Results. When the condition does not hold, detail
// gives the values that were compared, such as "token.exp - token.iat = 900";
// tokens in it are cut short. An error, also for a value that is neither true
// nor false, is a *Problem.
func (c *Condition) Eval(env Env) (ok bool, detail string, err error) {
	v, err := c.code.eval(c.path, env)
	if err != nil {
		return false, "", err
	}
	ok, isBool := v.(bool)
	if !isBool {
		message := fmt.Sprintf("want true or false, got %s", kindOf(v))
		return false, "", &Problem{c.path, c.Position.Line, c.Position.Column, message, ""}
	}
	if !ok {
		detail = strings.Join(c.explain(c.code.tree, env), ", ")
	}
	return ok, detail, nil
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
	if part.compileMetered() != nil {
		return nil
	}
	v, err := part.eval(c.path, env)
	if err != nil {
		return nil
	}
	return []string{source + " = " + Show(v)}
}

// compactToken matches a JWS in compact form, with or without its signature.
var compactToken = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+(\.[\w-]*)?`)

// Redact cuts the tokens in a text short, which never belong in a message.
func Redact(s string) string { return compactToken.ReplaceAllString(s, "eyJ…") }
