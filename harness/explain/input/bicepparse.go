package input

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// bicepValue is a value in a Bicep file: an object, an array, a loop, a text, or anything else as it is written.
type bicepValue struct {
	at        document.Position
	source    string          // as it is written
	members   []bicepMember   // of an object
	items     []*bicepValue   // of an array
	parts     []bicepPart     // of a text
	kind      byte            // '{', '[', '\'', 'f' of a loop, 'i' of a name such as a.b, 0 of anything else
	loop      *bicepLoop      // of a loop
	resources []bicepResource // declared in the object
}

type bicepMember struct {
	key   string
	value *bicepValue
}

// bicepPart is a piece of a text: what is written, or an expression in ${}.
type bicepPart struct {
	text       string
	expression *bicepValue // nil: text
}

type bicepLoop struct {
	item, index string // the names of its variables; index may be ""
	over, body  *bicepValue
}

// bicepResource is a declaration of a resource.
type bicepResource struct {
	symbol, kind string // kind is without the version
	existing     bool
	body         *bicepValue
	at           document.Position
}

// bicepFile are the declarations of a file.
type bicepFile struct {
	resources []bicepResource
	variables map[string]*bicepValue
	defaults  map[string]*bicepValue // of parameters
}

// bicepDeclaration finds what only Bicep has.
var bicepDeclaration = regexp.MustCompile(`(?m)^[ \t]*(resource[ \t]+\w+[ \t]+'[^'\n]+'|module[ \t]+\w+[ \t]+'[^'\n]+'|targetScope[ \t]*=|param[ \t]+\w+[ \t]+(string|int|bool|array|object)\b)`)

func isBicep(src string) bool { return bicepDeclaration.MatchString(src) }

// bicepParser reads declarations of resources, variables and parameters, and skips the rest.
type bicepParser struct {
	src   string
	at    int
	ruler *ruler
	depth int
}

// maxBicepDepth bounds values inside each other.
const maxBicepDepth = 60

func parseBicep(src string) (file bicepFile, err error) {
	p := &bicepParser{src: src, ruler: newRuler(src)}
	file = bicepFile{variables: map[string]*bicepValue{}, defaults: map[string]*bicepValue{}}
	for p.skip(true); p.at < len(p.src); p.skip(true) {
		begin := p.at
		switch word := p.word(); word {
		case "resource":
			r, ok := p.resource(begin)
			if ok {
				file.resources = append(file.resources, r)
			}
		case "var", "param":
			p.skip(false)
			name := p.word()
			p.until('=')
			if p.peek() != '=' {
				break
			}
			p.at++
			p.skip(false)
			if value := p.value(); word == "var" {
				file.variables[name] = value
			} else {
				file.defaults[name] = value
			}
		default:
			if p.at == begin {
				p.one()
			}
		}
		if p.depth > maxBicepDepth {
			at := p.ruler.position(max(p.at, p.ruler.offset))
			return file, fmt.Errorf("at %d:%d it has more than %d values inside each other", at.Line, at.Column, maxBicepDepth)
		}
	}
	return file, nil
}

func (p *bicepParser) peek() byte {
	if p.at < len(p.src) {
		return p.src[p.at]
	}
	return 0
}

// skip passes white space and comments, and line ends if lines says so.
func (p *bicepParser) skip(lines bool) {
	for p.at < len(p.src) {
		rest := p.src[p.at:]
		switch {
		case rest[0] == ' ', rest[0] == '\t', rest[0] == '\n' && lines:
			p.at++
		case strings.HasPrefix(rest, "//"):
			p.to(strings.IndexByte(rest, '\n'))
		case strings.HasPrefix(rest, "/*"):
			if end := strings.Index(rest, "*/"); end >= 0 {
				p.at += end + 2
			} else {
				p.at = len(p.src)
			}
		default:
			return
		}
	}
}

// to moves on by n bytes, or to the end if n is below 0.
func (p *bicepParser) to(n int) {
	if n < 0 {
		p.at = len(p.src)
	} else {
		p.at += n
	}
}

func (p *bicepParser) word() string {
	begin := p.at
	for p.at < len(p.src) && isWord(p.src[p.at]) {
		p.at++
	}
	return p.src[begin:p.at]
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// one passes a text, or a single character of anything else.
func (p *bicepParser) one() {
	if p.peek() == '\'' {
		p.text()
		return
	}
	p.at++
}

// until passes what stands before a character on the same line.
func (p *bicepParser) until(c byte) {
	for p.at < len(p.src) && p.peek() != c && p.peek() != '\n' {
		p.one()
	}
}

func (p *bicepParser) place(offset int) document.Position {
	at := p.ruler.position(max(offset, p.ruler.offset))
	at.Width = 1
	return at
}

// resource reads a declaration behind its first word.
func (p *bicepParser) resource(begin int) (bicepResource, bool) {
	r := bicepResource{at: p.place(begin)}
	p.skip(false)
	r.symbol = p.word()
	p.skip(false)
	if p.peek() != '\'' {
		return r, false
	}
	kind := p.text()
	if len(kind.parts) > 0 {
		r.kind, _, _ = strings.Cut(kind.parts[0].text, "@")
	}
	p.skip(false)
	if word := p.word(); word == "existing" {
		r.existing = true
	}
	p.until('=')
	if p.peek() != '=' {
		return r, false
	}
	p.at++
	p.skip(true)
	if strings.HasPrefix(p.src[p.at:], "if") {
		p.at += len("if")
		p.skip(true)
		p.other("{\n") // the condition, which is in round brackets
		p.skip(true)
	}
	r.body = p.value()
	return r, true
}

// value reads a value.
func (p *bicepParser) value() *bicepValue {
	if p.depth++; p.depth > maxBicepDepth {
		p.at = len(p.src)
		return &bicepValue{}
	}
	begin := p.at
	place := p.place(begin)
	var v *bicepValue
	switch c := p.peek(); {
	case c == '{':
		v = p.object()
	case c == '[':
		v = p.array()
	case c == '\'':
		v = p.text()
	default:
		v = &bicepValue{}
	}
	end := p.at
	if p.other(",\n]}"); strings.TrimSpace(p.src[end:p.at]) != "" { // an operator or a call: more than what was read
		v = &bicepValue{}
	}
	v.at, v.source = place, strings.TrimSpace(p.src[begin:p.at])
	if v.kind == 0 && v.source != "" && strings.Trim(v.source, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == "" {
		v.kind = 'i'
	}
	if p.depth <= maxBicepDepth {
		p.depth--
	}
	return v
}

// other passes an expression up to one of the characters in stop, which are not in brackets or texts. A comment ends a
// line.
func (p *bicepParser) other(stop string) {
	open := 0
	for p.at < len(p.src) {
		c := p.peek()
		switch {
		case open == 0 && strings.IndexByte(stop, c) >= 0:
			return
		case strings.HasPrefix(p.src[p.at:], "//"), strings.HasPrefix(p.src[p.at:], "/*"):
			if open == 0 && strings.HasPrefix(p.src[p.at:], "//") {
				return
			}
			p.skip(false)
			continue
		case c == '(', c == '[', c == '{':
			open++
		case c == ')', c == ']', c == '}':
			open--
		}
		p.one()
	}
}

// text reads a text in quotes. One in three quotes has no expressions.
func (p *bicepParser) text() *bicepValue {
	v := &bicepValue{kind: '\''}
	if strings.HasPrefix(p.src[p.at:], "'''") {
		p.at += 3
		begin := p.at
		end := strings.Index(p.src[p.at:], "'''")
		p.to(end)
		v.parts = []bicepPart{{text: strings.TrimPrefix(p.src[begin:p.at], "\n")}}
		p.at = min(p.at+3, len(p.src))
		return v
	}
	var b strings.Builder
	for p.at++; p.at < len(p.src); p.at++ {
		switch c := p.src[p.at]; {
		case c == '\'', c == '\n':
			if c == '\'' {
				p.at++
			}
			v.parts = append(v.parts, bicepPart{text: b.String()})
			return v
		case c == '\\' && p.at+1 < len(p.src):
			p.at++
			b.WriteString(map[byte]string{'n': "\n", 'r': "\r", 't': "\t"}[p.src[p.at]])
			if strings.IndexByte("nrtu", p.src[p.at]) < 0 {
				b.WriteByte(p.src[p.at])
			}
		case c == '$' && strings.HasPrefix(p.src[p.at:], "${"):
			p.at += 2
			v.parts = append(v.parts, bicepPart{text: b.String()})
			b.Reset()
			v.parts = append(v.parts, bicepPart{expression: p.value()})
			p.until('}')
			if p.peek() != '}' {
				return v
			}
		default:
			b.WriteByte(c)
		}
	}
	return v
}

func (p *bicepParser) object() *bicepValue {
	v := &bicepValue{kind: '{'}
	p.at++
	for {
		for p.skip(true); p.peek() == ','; p.skip(true) {
			p.at++
		}
		begin := p.at
		switch c := p.peek(); {
		case c == 0:
			return v
		case c == '}':
			p.at++
			return v
		case c == '\'':
			if key := p.text(); len(key.parts) > 0 {
				p.member(v, key.parts[0].text)
			}
		case isWord(c):
			key := p.word()
			p.skip(false)
			if key == "resource" && p.peek() != ':' {
				if r, ok := p.resource(begin); ok {
					v.resources = append(v.resources, r)
				}
				continue
			}
			p.member(v, key)
		default:
			p.one()
		}
	}
}

// member reads the value of a key in an object.
func (p *bicepParser) member(object *bicepValue, key string) {
	p.skip(false)
	if p.peek() != ':' {
		return
	}
	p.at++
	p.skip(true)
	object.members = append(object.members, bicepMember{key, p.value()})
}

func (p *bicepParser) array() *bicepValue {
	v := &bicepValue{kind: '['}
	p.at++
	p.skip(true)
	if strings.HasPrefix(p.src[p.at:], "for ") {
		return p.loop()
	}
	for {
		for p.skip(true); p.peek() == ','; p.skip(true) {
			p.at++
		}
		switch c := p.peek(); c {
		case 0:
			return v
		case ']':
			p.at++
			return v
		case '}', ')':
			p.at++
		default:
			v.items = append(v.items, p.value())
		}
	}
}

// loop reads [for item in list: body] behind its bracket.
func (p *bicepParser) loop() *bicepValue {
	v := &bicepValue{kind: 'f', loop: &bicepLoop{}}
	p.at += len("for ")
	p.skip(true)
	if p.peek() == '(' {
		p.at++
		p.skip(true)
		v.loop.item = p.word()
		if p.skip(true); p.peek() == ',' {
			p.at++
			p.skip(true)
			v.loop.index = p.word()
		}
		p.until(')')
		p.at = min(p.at+1, len(p.src))
	} else {
		v.loop.item = p.word()
	}
	p.skip(true)
	p.word() // in
	p.skip(true)
	begin := p.at
	if p.peek() == '[' {
		v.loop.over = p.array()
	} else {
		p.other(":\n")
		v.loop.over = &bicepValue{source: strings.TrimSpace(p.src[begin:p.at]), kind: 'i'}
	}
	p.until(':')
	p.at = min(p.at+1, len(p.src))
	p.skip(true)
	v.loop.body = p.value()
	p.skip(true)
	if p.peek() == ']' {
		p.at++
	}
	return v
}
