package graph

import (
	"slices"
	"strings"
)

// filter is a parsed $filter.
type filter struct {
	match    func(entity any) bool
	advanced string   // the first operator in it that works only as an advanced query; "": none
	names    []string // the properties it names, without what is below them
}

// maxFilterDepth is how deep parentheses and not may nest. Microsoft Graph's own limit is not known.
const maxFilterDepth = 100

// parseFilter reads a $filter about entities like the example. The texts of its errors are those of Microsoft's OData
// library, which Microsoft Graph passes on; that "Syntax error at position" is among them was seen, the others are
// inferred.
func parseFilter(text, typeName string, example object) (*filter, *refusal) {
	p := &filterParser{lexer: lexer{text: text}, typeName: typeName, example: example, filter: &filter{}}
	p.next()
	p.filter.match = p.or()
	if p.failure == nil && p.token.kind != tokenEnd {
		p.fail("Syntax error at position %d in '%s'.", p.at, p.text)
	}
	if p.failure != nil {
		return nil, p.failure
	}
	return p.filter, nil
}

// predicate tells whether an entity, or an element of a collection, passes.
type predicate = func(any) bool

// filterParser is a parser by recursive descent. After the first failure it runs to the end without effect.
type filterParser struct {
	lexer
	token    token
	typeName string
	example  object
	filter   *filter
	failure  *refusal
	depth    int
	variable string // of the lambda that is being read
	element  any    // an example of what it stands for
}

func (p *filterParser) fail(format string, args ...any) {
	if p.failure == nil {
		p.failure = badRequest("Invalid filter clause: "+format, args...)
	}
	p.token = token{kind: tokenEnd, at: len(p.text)}
}

func (p *filterParser) next() {
	t, message := p.lex()
	p.token = t
	if message != "" {
		p.fail("%s", message)
	}
}

// take skips a token, if it is the next.
func (p *filterParser) take(kind tokenKind, text string) bool {
	if p.token.kind != kind || p.token.text != text {
		return false
	}
	p.next()
	return true
}

func (p *filterParser) or() predicate {
	left := p.and()
	for p.take(tokenName, "or") {
		a, b := left, p.and()
		left = func(e any) bool { return a(e) || b(e) }
	}
	return left
}

func (p *filterParser) and() predicate {
	left := p.not()
	for p.take(tokenName, "and") {
		a, b := left, p.not()
		left = func(e any) bool { return a(e) && b(e) }
	}
	return left
}

func (p *filterParser) not() predicate {
	if p.depth++; p.depth > maxFilterDepth {
		p.fail("Recursion depth exceeded allowed limit.")
	}
	defer func() { p.depth-- }()
	if p.take(tokenName, "not") {
		p.needAdvanced("not")
		inner := p.not()
		return func(e any) bool { return !inner(e) }
	}
	return p.comparison()
}

// needAdvanced notes an operator that works with ConsistencyLevel: eventual only.
func (p *filterParser) needAdvanced(operator string) {
	if p.filter.advanced == "" {
		p.filter.advanced = operator
	}
}

var comparisons = []string{"eq", "ne", "gt", "ge", "lt", "le"}

func (p *filterParser) comparison() predicate {
	never := func(any) bool { return false }
	switch {
	case p.token.kind == tokenSymbol && p.token.text == "(":
		p.next()
		inner := p.or()
		if p.failure == nil && !p.take(tokenSymbol, ")") {
			p.fail("')' or operator expected at position %d in '%s'.", p.token.at, p.text)
		}
		return inner
	case p.token.kind != tokenName:
		if p.failure == nil {
			p.fail("Expression expected at position %d in '%s'.", p.token.at, p.text)
		}
		return never
	}
	name := p.token
	p.next()
	if p.token.kind == tokenSymbol && p.token.text == "(" {
		return p.function(name)
	}
	path := p.path(name)
	if p.failure != nil {
		return never
	}
	if n := len(path.names); n > 0 && (path.names[n-1] == "any" || path.names[n-1] == "all") {
		return p.lambda(path)
	}
	switch operator := p.token; {
	case operator.kind == tokenName && slices.Contains(comparisons, operator.text):
		p.next()
		return p.compare(path, operator.text)
	case p.take(tokenName, "in"):
		return p.in(path)
	}
	if _, isBool := path.example.(bool); isBool {
		return func(e any) bool { return path.value(e) == true }
	}
	p.fail("Syntax error at position %d in '%s'.", p.at, p.text)
	return never
}

// path is a property, or one below it, or the variable of a lambda.
type path struct {
	names   []string // empty: the variable itself
	example any
}

func (q path) value(entity any) any {
	for _, name := range q.names {
		entity = below(entity, name)
	}
	return entity
}

// below is a member of an object, or nil.
func below(entity any, name string) any {
	switch entity := entity.(type) {
	case object:
		value, _ := entity.get(name)
		return value
	case map[string]any:
		return entity[name]
	}
	return nil
}

// path reads what follows the first name of a path.
func (p *filterParser) path(first token) path {
	var q path
	var owner any = p.example
	name := first.text
	if p.variable != "" && name == p.variable {
		q.example, owner = p.element, p.element
	} else {
		q = p.step(q, &owner, name, p.typeName)
		if !slices.Contains(p.filter.names, name) {
			p.filter.names = append(p.filter.names, name)
		}
	}
	for p.failure == nil && p.take(tokenSymbol, "/") {
		if p.token.kind != tokenName {
			p.fail("Syntax error at position %d in '%s'.", p.at, p.text)
			break
		}
		name := p.token.text
		p.next()
		if name == "any" || name == "all" {
			q.names = append(q.names, name)
			break
		}
		q = p.step(q, &owner, name, "")
	}
	return q
}

// step goes down to a property, which must exist where the example has something to tell.
func (p *filterParser) step(q path, owner *any, name, typeName string) path {
	if o, isObject := (*owner).(object); isObject {
		value, known := o.get(name)
		if !known {
			if typeName == "" {
				typeName = p.typeName + "." + strings.Join(q.names, ".")
			}
			p.fail("Could not find a property named '%s' on type '%s'.", name, typeName)
		}
		q.example, *owner = value, value
	} else {
		q.example, *owner = nil, nil
	}
	q.names = append(q.names, name)
	return q
}

// compare reads the literal of a comparison.
func (p *filterParser) compare(q path, operator string) predicate {
	want := p.literal()
	if p.failure == nil {
		p.compatible(q, want, operator)
	}
	if operator == "ne" {
		p.needAdvanced("ne")
	}
	return func(e any) bool { return want.compare(q.value(e), operator) }
}

// operatorKinds are the names of Microsoft's library.
var operatorKinds = map[string]string{
	"eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual", "lt": "LessThan", "le": "LessThanOrEqual",
}

func (p *filterParser) compatible(q path, want literal, operator string) {
	name := ""
	if len(q.names) > 0 {
		name = q.names[len(q.names)-1]
	}
	if have := edmType(name, q.example); have != "" && want.kind != "" && have != want.kind && !(have == "Edm.String" && want.kind == "Edm.Guid") {
		p.fail("A binary operator with incompatible types was detected. Found operand types '%s' and '%s' for operator kind '%s'.", have, want.kind, operatorKinds[operator])
	}
}

// edmType is the type of a property, or "" when the example does not tell.
func edmType(name string, example any) string {
	switch example.(type) {
	case bool:
		return "Edm.Boolean"
	case int:
		return "Edm.Int32"
	}
	if strings.HasSuffix(name, "DateTime") {
		return "Edm.DateTimeOffset"
	}
	if _, isString := example.(string); isString {
		return "Edm.String"
	}
	return ""
}

// in reads the list of an in operator.
func (p *filterParser) in(q path) predicate {
	if !p.take(tokenSymbol, "(") {
		p.fail("'(' expected at position %d in '%s'.", p.token.at, p.text)
	}
	var wanted []literal
	for p.failure == nil {
		want := p.literal()
		if p.failure == nil {
			p.compatible(q, want, "eq")
		}
		wanted = append(wanted, want)
		if !p.take(tokenSymbol, ",") {
			break
		}
	}
	if p.failure == nil && !p.take(tokenSymbol, ")") {
		p.fail("')' or ',' expected at position %d in '%s'.", p.token.at, p.text)
	}
	return func(e any) bool {
		have := q.value(e)
		return slices.ContainsFunc(wanted, func(want literal) bool { return want.compare(have, "eq") })
	}
}

// function reads startswith and endswith.
func (p *filterParser) function(name token) predicate {
	never := func(any) bool { return false }
	p.next()
	var test func(s, part string) bool
	switch strings.ToLower(name.text) {
	case "startswith":
		test = strings.HasPrefix
	case "endswith":
		test = strings.HasSuffix
		p.needAdvanced("endsWith")
	case "contains":
		if p.failure == nil {
			p.failure = unsupportedQuery("Filter operator 'Contains' is not supported.")
		}
		return never
	default:
		p.fail("An unknown function with name '%s' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed.", name.text)
		return never
	}
	if p.token.kind != tokenName {
		p.fail("Expression expected at position %d in '%s'.", p.token.at, p.text)
		return never
	}
	first := p.token
	p.next()
	q := p.path(first)
	if p.failure == nil && !p.take(tokenSymbol, ",") {
		p.fail("')' or ',' expected at position %d in '%s'.", p.token.at, p.text)
	}
	want := p.literal()
	if p.failure == nil && !p.take(tokenSymbol, ")") {
		p.fail("')' or ',' expected at position %d in '%s'.", p.token.at, p.text)
	}
	if p.failure == nil && want.kind != "Edm.String" {
		p.fail("No function signature for the function with name '%s' matches the specified arguments.", name.text)
	}
	part := strings.ToLower(want.text)
	return func(e any) bool {
		have, isString := q.value(e).(string)
		return isString && test(strings.ToLower(have), part)
	}
}

// lambda reads any(x:...) and all(x:...).
func (p *filterParser) lambda(q path) predicate {
	never := func(any) bool { return false }
	all := q.names[len(q.names)-1] == "all"
	q.names = q.names[:len(q.names)-1]
	if !p.take(tokenSymbol, "(") {
		p.fail("'(' expected at position %d in '%s'.", p.token.at, p.text)
		return never
	}
	if !all && p.take(tokenSymbol, ")") {
		return func(e any) bool { return len(elements(q.value(e))) > 0 }
	}
	name := p.token
	if name.kind != tokenName || p.variable != "" {
		p.fail("Syntax error at position %d in '%s'.", p.at, p.text)
		return never
	}
	p.next()
	if !p.take(tokenSymbol, ":") {
		p.fail("Syntax error at position %d in '%s'.", p.at, p.text)
		return never
	}
	p.variable = name.text
	if of := elements(q.example); len(of) > 0 {
		p.element = of[0]
	}
	inner := p.or()
	p.variable, p.element = "", nil
	if p.failure == nil && !p.take(tokenSymbol, ")") {
		p.fail("')' or operator expected at position %d in '%s'.", p.token.at, p.text)
	}
	return func(e any) bool {
		of := elements(q.value(e))
		if all {
			return !slices.ContainsFunc(of, func(x any) bool { return !inner(x) })
		}
		return slices.ContainsFunc(of, inner)
	}
}

// elements are those of a collection.
func elements(collection any) []any {
	switch collection := collection.(type) {
	case []any:
		return collection
	case []string:
		out := make([]any, len(collection))
		for i, s := range collection {
			out[i] = s
		}
		return out
	case []object:
		out := make([]any, len(collection))
		for i, o := range collection {
			out[i] = o
		}
		return out
	}
	return nil
}
