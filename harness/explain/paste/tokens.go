package paste

import (
	"regexp"
	"slices"
)

// compact is a JWT, or a JWE, of which the first part begins with {" in base64.
var compact = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3}`)

// tokens are the compact tokens of a text, each once.
func tokens(text string) []string {
	var all []string
	for _, t := range compact.FindAllString(text, 64) {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}
