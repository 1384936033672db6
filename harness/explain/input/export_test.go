package input

import "strings"

// Parts are the decoded header and claims of a token, and its signature as it is.
func Parts(t Token) (header, claims map[string]any, signature string) {
	parts := strings.Split(string(t.Compact), ".")
	header, _ = part(parts[0])
	claims, _ = part(parts[1])
	return header, claims, parts[2]
}
