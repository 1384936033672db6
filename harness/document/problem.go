package document

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Position is a place in a file. Lines and columns count from 1, columns and the width in characters; a width is at
// least 1. Line 0 means the whole file.
type Position struct {
	Line, Column, Width int
	File                string // another file that the one at hand uses; empty: the one at hand
}

// Problem is one thing that is wrong with a file.
type Problem struct {
	File string
	Position
	Message string // what is wrong, in lower case and without a full stop
	Hint    string // what to do about it; empty when there is nothing to add
	Source  string // the line, without its end and with its tokens cut short; empty when it is not known
}

// Error returns "file:line:column: message". The hint is left to the caller.
func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems are all that is wrong with a file, or with several. As an error it is for people: nobody else needs more
// than their number.
type Problems []Problem

// Error returns a line for each problem, and an indented one below it for each hint, without a line end at the end.
func (ps Problems) Error() string {
	var lines []string
	for i := range ps {
		lines = append(lines, ps[i].Error())
		if ps[i].Hint != "" {
			lines = append(lines, "\thint: "+ps[i].Hint)
		}
	}
	return strings.Join(lines, "\n")
}

// Sort sorts by file and place.
func (ps Problems) Sort() { slices.SortStableFunc(ps, byPlace) }

func byPlace(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Message, b.Message))
}

// Log collects what is wrong with one file. The zero value is ready for use but for the name of the file.
type Log struct {
	File    string
	list    Problems
	known   map[place]bool      // of problems of earlier stages
	sources map[string][]string // the lines of the file, and of those that it uses, by their names
}

type place struct {
	file         string
	line, column int
}

// place is where a position is, without its width.
func (l *Log) place(at Position) place { return place{cmp.Or(at.File, l.File), at.Line, at.Column} }

// AddSource has the lines of a file for the problems in it: of the one at hand, or of one that it uses.
func (l *Log) AddSource(file string, lines []string) {
	if l.sources == nil {
		l.sources = map[string][]string{}
	}
	l.sources[file] = lines
}

// Sources has the lines of the files that were added, by their names. The caller must not change it.
func (l *Log) Sources() map[string][]string { return l.sources }

func (l *Log) line(at place) string {
	if lines := l.sources[at.file]; at.line >= 1 && at.line <= len(lines) {
		return Redact(lines[at.line-1])
	}
	return ""
}

// Add adds a problem, with the tokens in its message cut short.
func (l *Log) Add(at Position, hint, format string, args ...any) {
	if place := l.place(at); !l.known[place] {
		at.File = ""
		l.list = append(l.list, Problem{place.file, at, Redact(fmt.Sprintf(format, args...)), hint, l.line(place)})
	}
}

// Len is the number of problems so far.
func (l *Log) Len() int { return len(l.list) }

// First is the problem that was added first, or nil.
func (l *Log) First() error {
	if len(l.list) == 0 {
		return nil
	}
	return &l.list[0]
}

// NextStage silences further problems at places that have one: a later stage would only repeat it in other words.
func (l *Log) NextStage() {
	l.known = map[place]bool{}
	for _, p := range l.list {
		l.known[place{p.File, p.Line, p.Column}] = true
	}
}

// Problems returns the problems by their place, each one once.
func (l *Log) Problems() Problems {
	l.list.Sort()
	return slices.CompactFunc(l.list, func(a, b Problem) bool { return byPlace(a, b) == 0 })
}

// compactToken matches a JWS in compact form, with or without its signature.
var compactToken = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+(\.[\w-]*)?`)

// Redact cuts the tokens in a text short, which never belong in a message.
func Redact(s string) string { return compactToken.ReplaceAllString(s, "eyJ…") }

// Show writes a value as JSON for a message, without tokens and not too long.
func Show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return KindOf(v)
	}
	s := Redact(string(b))
	const limit = 300
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit]) + "…"
	}
	return s
}

// KindOf names the type of a value as an author of YAML would.
func KindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a string"
	case bool:
		return "true or false"
	case int, int64, uint64, float64:
		return "a number"
	}
	return kindOfOther(v)
}
