package entra

import (
	"regexp"
	"strings"
)

// jwt finds a token within a text: three parts of base64url, of which the first begins with {" in base64.
var jwt = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.?[A-Za-z0-9_-]*`)

// HideTokens replaces the tokens in a text that is logged or kept: a client may send one where it does not belong, such
// as in client_id or in the URL.
func HideTokens(text string) string {
	if !strings.Contains(text, "eyJ") {
		return text
	}
	return jwt.ReplaceAllString(text, "[token]")
}
