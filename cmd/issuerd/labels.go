package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/wording"
)

// labels are those of --label, which a scenario must have or, with a - before them, must not have.
type labels []string

// parseLabels reads --label: each is one that some file has.
func parseLabels(given []string, files []*scenario.File) (labels, error) {
	having := labelsOf(files)
	known := slices.SortedFunc(maps.Keys(having), func(a, b string) int { return cmp.Or(having[b]-having[a], strings.Compare(a, b)) })
	for _, label := range given {
		word := strings.TrimPrefix(label, "-")
		if slices.ContainsFunc(known, func(k string) bool { return sameLabel(k, word) }) {
			continue
		}
		near := word
		if isDigits(word) {
			near = "AADSTS" + word
		}
		return nil, wording.Unknown(near, known, "--label %q: no scenario has it", label)
	}
	return given, nil
}

// selects tells whether a file has all the labels, and none of those with a - before them.
func (l labels) selects(file *scenario.File) bool {
	for _, label := range l {
		word, exclude := strings.CutPrefix(label, "-")
		has := slices.ContainsFunc(append(slices.Clone(file.Labels), file.Platform), func(k string) bool { return sameLabel(k, word) })
		if has == exclude {
			return false
		}
	}
	return true
}

// labelsOf returns the labels of the files, their platforms among them, with the number of files that have each.
func labelsOf(files []*scenario.File) map[string]int {
	having := map[string]int{}
	for _, f := range files {
		own := map[string]bool{}
		for _, label := range append(slices.Clone(f.Labels), f.Platform) {
			own[label] = label != "" // the platform of a file may be an expression
		}
		for label, named := range own {
			if named {
				having[label]++
			}
		}
	}
	return having
}

// sameLabel tells whether a word names a label: in upper or lower case, and a code of Entra's also by its number.
func sameLabel(label, word string) bool {
	return strings.EqualFold(label, word) || isDigits(word) && (strings.EqualFold(label, "AADSTS"+word) || strings.EqualFold(label, "AADB2C"+word))
}

// isDigits tells a number in decimal digits.
func isDigits(word string) bool {
	return word != "" && strings.Trim(word, "0123456789") == ""
}
