package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a file. Lines and columns count from
// 1, columns in runes; Line 0 means the whole file.
type Problem struct {
	File         string
	Line, Column int
	// Message says what is wrong, in lower case and without a full stop.
	Message string
	// Hint says what to do about it; empty when there is nothing to add.
	Hint string
}

// Error returns "file:line:col: message". The hint is left to the caller.
func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// problems collects what is wrong with one file.
type problems struct {
	file string
	list []Problem
	// known holds the lines and columns that earlier stages have complained
	// about: a later stage would only repeat that in other words.
	known map[[2]int]bool
}

func (ps *problems) add(at Position, hint, format string, args ...any) {
	if ps.known[[2]int{at.Line, at.Column}] {
		return
	}
	message := Redact(fmt.Sprintf(format, args...))
	ps.list = append(ps.list, Problem{ps.file, at.Line, at.Column, message, hint})
}

// nextStage silences further problems at positions that have one.
func (ps *problems) nextStage() {
	ps.known = map[[2]int]bool{}
	for _, p := range ps.list {
		ps.known[[2]int{p.Line, p.Column}] = true
	}
}

// sorted returns the problems by position, each one once.
func (ps *problems) sorted() []Problem {
	slices.SortStableFunc(ps.list, byPosition)
	return slices.Compact(ps.list)
}

func byPosition(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Message, b.Message))
}

// didYouMean returns a hint with the known word nearest to word, or a list of
// what is known when none is near.
func didYouMean(word string, known []string) string {
	if near, ok := nearest(word, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(known))
	return "known here: " + strings.Join(sorted, ", ")
}

// nearest returns the known word with the smallest edit distance to word, if
// that is at most a third of the word's length.
func nearest(word string, known []string) (string, bool) {
	best, bestDistance := "", len(word)/3+1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best, best != ""
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s) > 64 || len(t) > 64 {
		return max(len(s), len(t))
	}
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range t {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
