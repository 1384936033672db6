package input

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/issuerd/issuerd/harness/document"
)

// The bounds on what is evaluated.
const (
	maxLocal = 4 << 10 // bytes of texts in a local value
	maxEach  = 1000    // resources that for_each makes
)

// functions are those of Terraform that people use in subjects.
var functions = map[string]function.Function{
	"concat": stdlib.ConcatFunc, "format": stdlib.FormatFunc, "join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "merge": stdlib.MergeFunc,
	"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), "tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
	"tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)), "trimspace": stdlib.TrimSpaceFunc,
	"trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc,
}

// locals evaluates the local values that are literal, also those that others are made of.
func locals(body *hclsyntax.Body) *hcl.EvalContext {
	scope := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: functions}
	known := map[string]cty.Value{}
	for range 10 {
		before := len(known)
		for _, block := range body.Blocks {
			if block.Type != "locals" {
				continue
			}
			for _, attribute := range sortedAttributes(block.Body) {
				if _, there := known[attribute.Name]; there {
					continue
				}
				if value, ok := evaluate(attribute.Expr, scope); ok && size(value) <= maxLocal {
					known[attribute.Name] = value
				}
			}
		}
		if len(known) == before {
			break
		}
		scope.Variables["local"] = cty.ObjectVal(known)
	}
	return scope
}

// size is how many bytes the texts in a value have, and a few for everything else.
func size(v cty.Value) int {
	bytes := 0
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		bytes += 8
		if v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			bytes += len(v.AsString())
		}
		return bytes <= maxLocal, nil
	})
	return bytes
}

func sortedAttributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	return slices.SortedFunc(maps.Values(body.Attributes), func(a, b *hclsyntax.Attribute) int { return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte })
}

func (r *hclReader) value(expr hclsyntax.Expression) (cty.Value, bool) {
	return evaluate(expr, r.scope)
}

// evaluate reports false for an expression of which something is not in the file. One that loops is not evaluated.
func evaluate(expr hclsyntax.Expression, scope *hcl.EvalContext) (cty.Value, bool) {
	loops := false
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		switch node.(type) {
		case *hclsyntax.ForExpr, *hclsyntax.SplatExpr:
			loops = true
		}
		return nil
	})
	for _, traversal := range expr.Variables() {
		if root := traversal.RootName(); scope.Variables[root] == cty.NilVal && (scope.Parent() == nil || scope.Parent().Variables[root] == cty.NilVal) {
			return cty.NilVal, false
		}
	}
	if loops {
		return cty.NilVal, false
	}
	value, problems := expr.Value(scope)
	if problems.HasErrors() || !value.IsWhollyKnown() {
		return cty.NilVal, false
	}
	value, _ = value.UnmarkDeep()
	return value, true
}

// nodeOf is a value as the readers of credentials take it; nil: it is null.
func nodeOf(v cty.Value) *document.Node {
	switch {
	case v.IsNull():
		return nil
	case v.Type() == cty.String:
		return &document.Node{Value: v.AsString()}
	case v.Type() == cty.Bool:
		return &document.Node{Value: v.True()}
	case v.CanIterateElements() && !v.Type().IsMapType() && !v.Type().IsObjectType():
		list := &document.Node{Kind: document.List}
		for it := v.ElementIterator(); it.Next(); {
			if _, item := it.Element(); nodeOf(item) != nil {
				list.Items = append(list.Items, nodeOf(item))
			}
		}
		return list
	}
	return &document.Node{Value: 0}
}

// each reads a resource once, or as often as its for_each says with the values that it has then.
func (r *hclReader) each(block *hclsyntax.Block, read func(block *hclsyntax.Block, address string)) {
	address := strings.Join(block.Labels, ".")
	loop := block.Body.Attributes["for_each"]
	if loop == nil {
		read(block, address)
		return
	}
	values, ok := r.value(loop.Expr)
	if !ok || !values.CanIterateElements() || values.LengthInt() > maxEach {
		read(block, address)
		return
	}
	outer := r.scope
	defer func() { r.scope = outer }()
	for it := values.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if values.Type().IsSetType() {
			key = value
		}
		if key.Type() != cty.String {
			continue
		}
		r.scope = outer.NewChild()
		r.scope.Variables = map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})}
		read(block, address+"["+document.Show(key.AsString())+"]")
	}
}
