package document

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// The bounds on a text. Each is many times what a scenario or a directory needs.
const (
	MaxDepth = 64      // lists and maps inside each other
	MaxKeys  = 1000    // keys in a map; also keys and dashes without a value, and documents, in a file
	MaxPath  = 1024    // bytes of a key together with the keys above it; YAML itself has 1,024 characters for a key
	MaxMarks = 1 << 20 // characters that can begin or end a token; a directory of 20,000 applications has 600,000
	maxPaths = 256 << 20
)

// marks are the characters of which each token but a few has one. Dashes and question marks are marks only before white
// space.
const marks = "[]{},:&*!|>%@#'\"`\t\n<"

// countMarks bounds the memory of the lexer, which takes up to 300 bytes for each token.
func countMarks(text string) *fault {
	count, line, start := 0, 1, 0
	for i := range len(text) {
		switch c := text[i]; {
		case strings.IndexByte(marks, c) >= 0:
		case (c == '-' || c == '?') && (i+1 == len(text) || strings.IndexByte(" \t\n", text[i+1]) >= 0):
		default:
			continue
		}
		if count++; count > MaxMarks {
			return faultAt(Position{Line: line, Column: i - start + 1, Width: 1}, "more than %d brackets, colons, quotes, line ends and other marks of YAML: the file is too large", MaxMarks)
		}
		if text[i] == '\n' {
			line, start = line+1, i+1
		}
	}
	return nil
}

func faultAt(at Position, format string, args ...any) *fault {
	return &fault{Position: at, Message: fmt.Sprintf(format, args...)}
}

// level is a list or map that is open where the measuring is.
type level struct {
	column int
	opener token.Type // SequenceStartType or MappingStartType in brackets; SequenceEntryType or MappingValueType by indentation
	keys   int
	path   int // bytes of the keys down to here
}

// ruler follows the tokens as the parser does. Where it cannot tell whether a level has ended, it has not.
type ruler struct {
	levels    []level
	documents int
	empty     int // keys and dashes without a value
	paths     int // bytes of the paths of all values
	foreign   bool
}

// measure refuses tokens of which the parser would make a tree that is too deep or too large, and unless they are foreign
// those that no format of ours has.
func measure(tokens token.Tokens, foreign bool) *fault {
	r := &ruler{foreign: foreign}
	var last, lastButOne *token.Token // comments excepted
	for _, t := range tokens {
		if t.Type == token.CommentType {
			continue
		}
		if p := r.token(t, last, lastButOne); p != nil {
			return p
		}
		last, lastButOne = t, last
	}
	return nil
}

func (r *ruler) token(t, last, lastButOne *token.Token) *fault {
	if !r.foreign {
		if refused := reference(t); refused != nil {
			return refused
		}
	}
	switch t.Type {
	case token.DocumentHeaderType, token.DocumentEndType:
		r.levels = nil
		if r.documents++; r.documents > MaxKeys {
			return faultAt(at(t), "more than %d documents in a file", MaxKeys)
		}
	case token.SequenceStartType, token.MappingStartType:
		return r.push(t, level{t.Position.Column, t.Type, 0, r.path()})
	case token.SequenceEndType:
		r.close(token.SequenceStartType)
	case token.MappingEndType:
		r.close(token.MappingStartType)
	case token.CollectEntryType:
		if b := r.base(); b > 0 {
			r.levels = r.levels[:b]
		}
	case token.SequenceEntryType:
		return r.open(t, token.SequenceEntryType, last, "")
	case token.MappingKeyType:
		return r.open(t, token.MappingValueType, last, "")
	case token.MappingValueType:
		switch {
		case last == nil:
			return r.open(t, token.MappingValueType, nil, "")
		case last.Type == token.SequenceEndType || last.Type == token.MappingEndType:
			return &fault{Position: at(t), Message: "a list or map is no key", Hint: "quote the key"}
		}
		return r.open(last, token.MappingValueType, lastButOne, last.Value)
	default:
		if r.paths += r.path(); r.paths > maxPaths {
			return faultAt(at(t), "too many values below long keys: the file is too large")
		}
	}
	return nil
}

// reference refuses what makes a short file a long one.
func reference(t *token.Token) *fault {
	switch t.Type {
	case token.AnchorType, token.AliasType:
		return &fault{Position: at(t), Message: "anchors and aliases are not supported", Hint: "write the value where it is used", reference: true}
	case token.MergeKeyType:
		return &fault{Position: at(t), Message: "merge keys are not supported", Hint: "write the members where they are used", reference: true}
	case token.TagType:
		return &fault{Position: at(t), Message: fmt.Sprintf("tag %s is not supported", t.Value), Hint: "leave the tag out"}
	}
	return nil
}

// open enters a list or map by indentation, unless its opener, a dash or a key, goes on with one that is open
// already. before is the token before it.
func (r *ruler) open(opener *token.Token, kind token.Type, before *token.Token, key string) *fault {
	base, column := r.base(), opener.Position.Column
	if r.leftOut(base, column, kind, before) {
		if r.empty++; r.empty > MaxKeys {
			return faultAt(at(opener), "more than %d keys and dashes without a value", MaxKeys)
		}
	}
	for n := len(r.levels); n > base && r.levels[n-1].column > column; n = len(r.levels) {
		r.levels = r.levels[:n-1]
	}
	// A list may stand at the column of its key. A key at the column of a list ends it, but for one right behind a
	// dash.
	if n := len(r.levels); n > base && r.levels[n-1].column == column && kind == token.MappingValueType &&
		r.levels[n-1].opener == token.SequenceEntryType && (before == nil || before.Type != token.SequenceEntryType) {
		r.levels = r.levels[:n-1]
	}
	n := len(r.levels)
	inBraces := n == base && n > 0 && r.levels[n-1].opener == token.MappingStartType &&
		(before.Type == token.MappingStartType || before.Type == token.CollectEntryType) // the braces are the map
	if !inBraces && (n == base || r.levels[n-1].column != column || r.levels[n-1].opener != kind) {
		if p := r.push(opener, level{column, kind, 0, r.path()}); p != nil {
			return p
		}
	}
	if kind != token.MappingValueType {
		return nil
	}
	n = len(r.levels)
	top, above := &r.levels[n-1], 0
	if n > 1 {
		above = r.levels[n-2].path
	}
	if top.path = above + len(key) + 1; top.path > MaxPath {
		return faultAt(at(opener), "the key has, with those above it, %d bytes, the limit is %d", top.path, MaxPath)
	}
	if top.keys++; top.keys > MaxKeys {
		return faultAt(at(opener), "more than %d keys in a map", MaxKeys)
	}
	return nil
}

// leftOut tells whether the dash or key before the one at a column has no value. The parser puts one there, and moves
// all tokens behind it.
func (r *ruler) leftOut(base, column int, kind token.Type, before *token.Token) bool {
	n := len(r.levels)
	if before == nil || n == base {
		return false
	}
	open := r.levels[n-1]
	switch before.Type {
	case token.SequenceEntryType:
		return open.column > column || open.column == column && kind == token.SequenceEntryType
	case token.MappingValueType, token.MappingKeyType:
		return open.column > column || open.column == column && kind == token.MappingValueType
	}
	return false
}

// push enters a level.
func (r *ruler) push(opener *token.Token, l level) *fault {
	if len(r.levels) >= MaxDepth {
		return faultAt(at(opener), "more than %d lists and maps inside each other", MaxDepth)
	}
	l.path += len("[00000]")
	r.levels = append(r.levels, l)
	return nil
}

// close leaves the brackets that a closing one belongs to; one that belongs to no other changes nothing.
func (r *ruler) close(opener token.Type) {
	if b := r.base(); b > 0 && r.levels[b-1].opener == opener {
		r.levels = r.levels[:b-1]
	}
}

// base is the number of levels down to the innermost brackets: what is open by indentation behind it is inside of them.
func (r *ruler) base() int {
	for n := len(r.levels); n > 0; n-- {
		if o := r.levels[n-1].opener; o == token.SequenceStartType || o == token.MappingStartType {
			return n
		}
	}
	return 0
}

func (r *ruler) path() int {
	if len(r.levels) == 0 {
		return 0
	}
	return r.levels[len(r.levels)-1].path
}
