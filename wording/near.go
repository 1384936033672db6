package wording

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Nearest returns the known word with the smallest edit distance to word, of several the first by name, if that is at
// most a third of the word's length. Upper and lower case are the same.
func Nearest(word string, known []string) (string, bool) {
	best, bestDistance := "", len(word)/3+1
	word = strings.ToLower(word)
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := distance(word, strings.ToLower(k), bestDistance); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best, best != ""
}

// near returns the known words that somebody may have meant, the nearest first: those within the distance of Nearest,
// and then those that hold the word, or that it holds.
func near(word string, known []string) []string {
	type candidate struct {
		word string
		rank int
	}
	word = strings.ToLower(word)
	limit := len(word)/3 + 1
	var found []candidate
	for _, k := range known {
		lower := strings.ToLower(k)
		rank := distance(word, lower, limit)
		if rank >= limit && shared(word, lower) {
			rank = limit
		} else if rank >= limit {
			continue
		}
		found = append(found, candidate{k, rank})
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
	list := make([]string, len(found))
	for i, c := range found {
		list[i] = c.word
	}
	return list
}

// minShared is the length from which a word counts as a part of another on purpose.
const minShared = 3

// shared tells whether one of two words holds the other.
func shared(a, b string) bool {
	return len(a) >= minShared && strings.Contains(b, a) || len(b) >= minShared && strings.Contains(a, b)
}

// maxCompared bounds, in characters, the words whose distance is counted: longer ones are far from all others.
const maxCompared = 128

// distance is the optimal string alignment distance, which counts insertions, deletions, substitutions and swaps of
// neighbours, or limit if it is not below that.
func distance(a, b string, limit int) int {
	if max(len(a), len(b)) > maxCompared*utf8.UTFMax { // before anything of that length is copied
		return limit
	}
	s, t := []rune(a), []rune(b)
	if len(s) > maxCompared || len(t) > maxCompared || max(len(s), len(t))-min(len(s), len(t)) >= limit {
		return limit
	}
	// the rows for the characters of s before this one, up to this one, and the one before those
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(t)], limit)
}
