package input

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// template is an ARM template whose expressions are evaluated as far as they are literal.
type template struct {
	parameters, variables *document.Node
	index                 int  // of the copy that is made; below 0: none
	resolving             int  // parameters and variables that are being evaluated inside each other
	left                  *int // how many more values and functions may be evaluated in all of the input

	defaults map[string]bool // the parameters whose default was taken; nil: the template's defaults are given ones
}

// maxSteps bounds what is evaluated: a few variables that double each other are a long text.
const maxSteps = 500_000

// step counts one value or function, and reports whether it may be evaluated.
func (t *template) step() bool {
	*t.left--
	return *t.left >= 0
}

// errNotLiteral is why an expression has no value here.
var errNotLiteral = errors.New("not literal")

// value evaluates a text of a template: [expression], or the text itself.
func (t *template) value(text string) (any, error) {
	if !strings.HasPrefix(text, "[") || !strings.HasSuffix(text, "]") {
		return text, nil
	}
	if strings.HasPrefix(text, "[[") {
		return text[1:], nil
	}
	p := armParser{template: t, text: text[1 : len(text)-1]}
	value, err := p.expression(0)
	if err == nil && p.peek() != 0 {
		err = errNotLiteral
	}
	return value, err
}

// text evaluates a text to a text.
func (t *template) text(source string) (string, error) {
	value, err := t.value(source)
	if err != nil {
		return "", err
	}
	return plainText(value)
}

func plainText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return map[bool]string{true: "True", false: "False"}[v], nil
	}
	return "", errNotLiteral
}

// armParser evaluates an expression while it reads it.
type armParser struct {
	*template
	text string
	at   int
}

// maxNesting bounds functions inside each other.
const maxNesting = 50

func (p *armParser) peek() byte {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *armParser) accept(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

func (p *armParser) expression(depth int) (any, error) {
	if depth > maxNesting {
		return nil, errNotLiteral
	}
	var value any
	var err error
	switch c := p.peek(); {
	case c == '\'':
		value, err = p.literal()
	case c == '-', c >= '0' && c <= '9':
		begin := p.at
		for p.at++; p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9'; p.at++ {
		}
		value, err = strconv.Atoi(p.text[begin:p.at])
	default:
		value, err = p.function(depth)
	}
	for err == nil {
		switch {
		case p.accept('.'):
			m, ok := value.(map[string]any)
			if value = m[p.name()]; !ok || value == nil {
				return nil, errNotLiteral
			}
		case p.accept('['):
			var key any
			if key, err = p.expression(depth + 1); err != nil {
				return nil, err
			}
			if value, err = element(value, key); err != nil || !p.accept(']') {
				return nil, errNotLiteral
			}
		default:
			return value, nil
		}
	}
	return nil, err
}

func element(value, key any) (any, error) {
	switch v := value.(type) {
	case []any:
		if i, ok := key.(int); ok && i >= 0 && i < len(v) {
			return v[i], nil
		}
	case map[string]any:
		if name, ok := key.(string); ok && v[name] != nil {
			return v[name], nil
		}
	}
	return nil, errNotLiteral
}

// literal reads a text in single quotes, of which two stand for one.
func (p *armParser) literal() (any, error) {
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		if p.text[p.at] == '\'' {
			if p.at++; p.at == len(p.text) || p.text[p.at] != '\'' {
				return b.String(), nil
			}
		}
		b.WriteByte(p.text[p.at])
	}
	return nil, errNotLiteral
}

func (p *armParser) name() string {
	p.peek()
	begin := p.at
	for p.at < len(p.text) && (p.text[p.at] == '_' || p.text[p.at] >= '0' && p.text[p.at] <= '9' || p.text[p.at]|0x20 >= 'a' && p.text[p.at]|0x20 <= 'z') {
		p.at++
	}
	return p.text[begin:p.at]
}

func (p *armParser) function(depth int) (any, error) {
	name := strings.ToLower(p.name())
	if name == "" || !p.accept('(') {
		return nil, errNotLiteral
	}
	var args []any
	for !p.accept(')') {
		if len(args) > 0 && !p.accept(',') {
			return nil, errNotLiteral
		}
		arg, err := p.expression(depth + 1)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return p.call(name, args)
}

// call is the value of a function. Those that ask Azure have none.
func (t *template) call(name string, args []any) (any, error) {
	if !t.step() {
		return nil, errNotLiteral
	}
	switch {
	case name == "parameters" && len(args) == 1:
		return t.named(t.parameters, args[0], "defaultValue")
	case name == "variables" && len(args) == 1:
		return t.named(t.variables, args[0], "")
	case name == "copyindex" && t.index >= 0:
		if offset, ok := last(args).(int); ok {
			return t.index + offset, nil
		}
		return t.index, nil
	case name == "createarray":
		return args, nil
	case name == "length" && len(args) == 1:
		switch v := args[0].(type) {
		case []any:
			return len(v), nil
		case string:
			return len(v), nil
		}
	case name == "concat":
		var b strings.Builder
		for _, arg := range args {
			s, err := plainText(arg)
			if err != nil {
				return nil, err
			}
			b.WriteString(s)
		}
		return bounded(b.String())
	case name == "format" && len(args) > 0:
		return format(args)
	case (name == "tolower" || name == "toupper" || name == "trim" || name == "string") && len(args) == 1:
		s, err := plainText(args[0])
		switch name {
		case "tolower":
			s = strings.ToLower(s)
		case "toupper":
			s = strings.ToUpper(s)
		case "trim":
			s = strings.TrimSpace(s)
		}
		return s, err
	case name == "replace" && len(args) == 3:
		s, err := plainText(args[0])
		from, isText := args[1].(string)
		to, isTextToo := args[2].(string)
		if err != nil || !isText || !isTextToo || from == "" || len(s)*max(1, len(to)) > MaxToken {
			return nil, errNotLiteral
		}
		return strings.ReplaceAll(s, from, to), nil
	}
	return nil, errNotLiteral
}

func last(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[len(args)-1]
}

// bounded refuses a text that has grown beyond what a credential can have.
func bounded(s string) (any, error) {
	if len(s) > MaxToken {
		return nil, errNotLiteral
	}
	return s, nil
}

// format puts values in place of {0}, {1} and so on.
func format(args []any) (any, error) {
	pattern, ok := args[0].(string)
	if !ok || len(args) > 100 {
		return nil, errNotLiteral
	}
	var pairs []string
	for i, arg := range args[1:] {
		s, err := plainText(arg)
		if err != nil || len(s)*(1+len(pattern)/3) > MaxToken {
			return nil, errNotLiteral
		}
		pairs = append(pairs, fmt.Sprintf("{%d}", i), s)
	}
	return bounded(strings.NewReplacer(append(pairs, "{{", "{", "}}", "}")...).Replace(pattern))
}

// named is the value of a parameter or a variable. member is the one that has it; "": it is the value itself.
func (t *template) named(from *document.Node, name any, member string) (any, error) {
	key, _ := name.(string)
	n := from.Get(key)
	if n == nil {
		for _, e := range entries(from) { // their names have no case
			if strings.EqualFold(e.Key, key) {
				n = e.Value
			}
		}
	}
	if member != "" {
		n = n.Get(member)
	}
	if n == nil || t.resolving > 20 {
		return nil, errNotLiteral
	}
	if member != "" && t.defaults != nil {
		t.defaults[key] = true
	}
	t.resolving++
	defer func() { t.resolving-- }()
	return t.plain(n)
}

func entries(n *document.Node) []document.Entry {
	if n == nil {
		return nil
	}
	return n.Entries
}

// plain evaluates the texts in a value.
func (t *template) plain(n *document.Node) (any, error) {
	if !t.step() {
		return nil, errNotLiteral
	}
	switch n.Kind {
	case document.Map:
		m := map[string]any{}
		for _, e := range n.Entries {
			v, err := t.plain(e.Value)
			if err == nil { // a member that is not literal is missing, and the others are there
				m[e.Key] = v
			}
		}
		return m, nil
	case document.List:
		l := []any{}
		for _, item := range n.Items {
			v, err := t.plain(item)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		return l, nil
	}
	if s, ok := n.Value.(string); ok {
		return t.value(s)
	}
	return n.Value, nil
}
