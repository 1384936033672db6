package wording

import (
	"fmt"
	"slices"
	"strings"
)

// The bounds of what a message lists.
const (
	maxListed = 12 // a longer list is cut
	maxCut    = 5  // to so many
)

// Have lists the known words for an error about one that is not among them: "have a, b, c". A long list is cut: those
// that are near come first, then the others in their order, as in "have a, b, c, d, e and 65 more". Without any it is
// "have none".
func Have(word string, known []string) string {
	if len(known) == 0 {
		return "have none"
	}
	return "have " + OneOf(word, known)
}

// OneOf lists the words that could stand in the place of one that does not fit, and cuts the list as Have does.
func OneOf(word string, known []string) string {
	if len(known) <= maxListed {
		return strings.Join(known, ", ")
	}
	shown := near(word, known)
	for _, k := range known[:maxCut] {
		if !slices.Contains(shown, k) {
			shown = append(shown, k)
		}
	}
	shown = shown[:maxCut]
	return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), len(known)-len(shown))
}

// Count is a number with what it counts: "1 case", "2 cases", "2 days". The plural of a word that ends in a consonant
// and y ends in ies.
func Count(n int, singular string) string {
	if n == 1 {
		return "1 " + singular
	}
	if stem, ok := strings.CutSuffix(singular, "y"); ok && !strings.ContainsAny(stem[max(0, len(stem)-1):], "aeou") {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, singular)
}
