package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/wording"
)

// DidYouMean returns a hint with the known word that is nearest to a word, or a list of what is known when none is
// near.
func DidYouMean(word string, known []string) string {
	if hint := wording.DidYouMean(word, known); hint != "" || len(known) == 0 {
		return hint
	}
	return "known here: " + wording.OneOf(word, slices.Sorted(slices.Values(known)))
}

// NotOneOf words that a value is none of those that it may be.
func NotOneOf(got any, known []string) (hint, message string) {
	return wording.DidYouMean(fmt.Sprint(got), known), fmt.Sprintf("%s is not one of %s", Show(got), wording.OneOf(fmt.Sprint(got), known))
}

// Quoted joins words, each in quotes.
func Quoted(list []string) string {
	quoted := make([]string, 0, len(list))
	for _, w := range list {
		quoted = append(quoted, strconv.Quote(w))
	}
	return strings.Join(quoted, ", ")
}
