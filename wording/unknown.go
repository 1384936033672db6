package wording

import (
	"fmt"
	"strings"
)

// UnknownError is about a word that is not among the known ones. Its text lists those as [Have] does.
type UnknownError struct {
	Text  string // what is unknown, such as `no platform "gitub"`
	Word  string
	Known []string
}

// Unknown is an UnknownError whose text is formatted.
func Unknown(word string, known []string, format string, args ...any) *UnknownError {
	return &UnknownError{fmt.Sprintf(format, args...), word, known}
}

// Error is the text with the known words.
func (e *UnknownError) Error() string { return e.Text + " (" + Have(e.Word, e.Known) + ")" }

// Hint is DidYouMean of the word.
func (e *UnknownError) Hint() string { return DidYouMean(e.Word, e.Known) }

// DidYouMean is a question about the known word that is nearest to a word, or about the only one that begins with it. It
// is empty when there is none.
func DidYouMean(word string, known []string) string {
	near, ok := Nearest(word, known)
	if !ok {
		near, ok = onlyBegun(word, known)
	}
	if !ok {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", near)
}

// onlyBegun returns the known word that begins with a word, if there is one alone.
func onlyBegun(word string, known []string) (only string, ok bool) {
	for _, k := range known {
		if word != "" && strings.HasPrefix(k, word) && k != only {
			if ok {
				return "", false
			}
			only, ok = k, true
		}
	}
	return only, ok
}
