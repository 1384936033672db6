package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/document"
)

// errBounds is that JSON has more than any that is read here.
var errBounds = errors.New("give the part that is about the sign-in")

// ruler tells the line and column of offsets in a text, which must not decrease.
type ruler struct {
	text   string
	offset int
	at     document.Position
}

func newRuler(text string) *ruler {
	return &ruler{text: text, at: document.Position{Line: 1, Column: 1, Width: 1}}
}

func (r *ruler) position(offset int) document.Position {
	passed := r.text[r.offset:offset]
	if last := strings.LastIndexByte(passed, '\n'); last >= 0 {
		r.at.Line += strings.Count(passed, "\n")
		r.at.Column, passed = 1, passed[last+1:]
	}
	r.at.Column += utf8.RuneCountInString(passed)
	r.offset = offset
	return r.at
}

// parseJSON reads one JSON value, or several behind each other, as a log of lines has them. The error has the line and
// column at which the text is no JSON. If that is its end, the last of the values is what is there of it.
func parseJSON(text string) ([]*document.Node, error) {
	p := newJSONParser(text)
	var roots []*document.Node
	for {
		root, err := p.value()
		if err == io.EOF && len(p.open) == 0 && len(roots) > 0 {
			return roots, nil
		}
		if err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = io.ErrUnexpectedEOF
				if cut := p.soFar(); cut != nil {
					roots = append(roots, cut)
				}
			}
			at := p.ruler.position(max(p.ruler.offset, min(int(p.decoder.InputOffset()), len(text))))
			return roots, fmt.Errorf("%d:%d: %w", at.Line, at.Column, err)
		}
		roots = append(roots, root)
	}
}

func newJSONParser(text string) *jsonParser {
	p := &jsonParser{text: text, decoder: json.NewDecoder(strings.NewReader(text)), ruler: newRuler(text)}
	p.decoder.UseNumber()
	return p
}

// soFar is the value that is being read, without a key that has no value yet; nil: there is none.
func (p *jsonParser) soFar() *document.Node {
	if len(p.open) == 0 {
		return nil
	}
	for _, n := range p.open {
		if last := len(n.Entries) - 1; last >= 0 && n.Entries[last].Value == nil {
			n.Entries = n.Entries[:last]
		}
	}
	return p.open[0]
}

type jsonParser struct {
	text    string
	decoder *json.Decoder
	ruler   *ruler
	open    []*document.Node // the lists and maps around the value
	count   int
}

// value reads one value of the top level. It does not call itself: lists and maps inside each other are p.open.
func (p *jsonParser) value() (*document.Node, error) {
	p.open = nil
	for {
		begin := int(p.decoder.InputOffset())
		token, err := p.decoder.Token()
		if err != nil {
			return nil, err
		}
		for begin < len(p.text) && strings.IndexByte(" \t\r\n,:", p.text[begin]) >= 0 {
			begin++
		}
		end := int(p.decoder.InputOffset())
		at := p.ruler.position(min(begin, end))
		at.Width = max(1, min(utf8.RuneCountInString(p.text[min(begin, end):end]), 200))
		if p.count++; p.count > MaxValues {
			return nil, fmt.Errorf("more than %d values (%w)", MaxValues, errBounds)
		}
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{', '[':
				n := &document.Node{Kind: document.List, Position: at}
				n.Width = 1
				if t == '{' {
					n.Kind, n.Style = document.Map, '{'
				}
				if p.put(n); len(p.open) >= MaxDepth {
					return nil, fmt.Errorf("more than %d lists and maps inside each other (%w)", MaxDepth, errBounds)
				}
				p.open = append(p.open, n)
			default:
				closed := p.open[len(p.open)-1]
				if p.open = p.open[:len(p.open)-1]; len(p.open) == 0 {
					return closed, nil
				}
			}
		default:
			if top := p.top(); top != nil && top.Kind == document.Map && p.wantsKey(top) {
				top.Entries = append(top.Entries, document.Entry{Key: token.(string), Position: at})
				continue
			}
			n := &document.Node{Position: at, Value: plain(token)}
			if _, isText := token.(string); isText {
				n.Style = '"'
			}
			if p.put(n); len(p.open) == 0 {
				return n, nil
			}
		}
	}
}

func (p *jsonParser) top() *document.Node {
	if len(p.open) == 0 {
		return nil
	}
	return p.open[len(p.open)-1]
}

// wantsKey tells whether what follows in a map is a key.
func (p *jsonParser) wantsKey(m *document.Node) bool {
	return len(m.Entries) == 0 || m.Entries[len(m.Entries)-1].Value != nil
}

// put adds a value to the list or map around it.
func (p *jsonParser) put(n *document.Node) {
	switch top := p.top(); {
	case top == nil:
	case top.Kind == document.Map:
		top.Entries[len(top.Entries)-1].Value = n
	default:
		top.Items = append(top.Items, n)
	}
}

// plain is a scalar as document.Node has it.
func plain(token json.Token) any {
	number, ok := token.(json.Number)
	if !ok {
		return token
	}
	if i, err := strconv.Atoi(number.String()); err == nil {
		return i
	}
	f, _ := number.Float64() // too large a number is infinite, which no reader here asks for
	return f
}

// raws are the documents of an input of JSON as they are, in the order of what parseJSON returns.
func raws(src string) []json.RawMessage {
	decoder := json.NewDecoder(strings.NewReader(src))
	var all []json.RawMessage
	for {
		var raw json.RawMessage
		if decoder.Decode(&raw) != nil {
			return all
		}
		all = append(all, raw)
	}
}
