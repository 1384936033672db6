package input

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// readDecoded reads a token that somebody has decoded: what "issuerd decode --json" prints, header and payload as the
// pages for that show them, or its claims alone. It reports false for other JSON.
func (f *Found) readDecoded(root *document.Node, raw json.RawMessage) bool {
	var parts struct{ Header, Claims, Payload json.RawMessage }
	switch {
	case strings.HasPrefix(str(root.Get("token")), begin):
		return false // the token itself is there
	case isClaims(root.Get("claims")) || isClaims(root.Get("payload")):
		if json.Unmarshal(raw, &parts) != nil {
			return false
		}
		if parts.Claims == nil {
			parts.Claims = parts.Payload
		}
	case isClaims(root):
		parts.Claims = raw
	default:
		return false
	}
	f.Kind = "a token that has been decoded"
	token := Token{Place: root.Start(), Missing: "the signature"}
	if root.Get("header") == nil || root.Get("header").Kind != document.Map {
		f.Kind = "the claims of a token"
		token.NoHeader, token.Missing, parts.Header = true, "the header and the signature", json.RawMessage(`{"alg":"RS256","typ":"JWT"}`)
		token.note("The input has the claims alone: that the token is signed with RS256 was assumed.")
	}
	token.note("The token has been decoded, so that nothing can be said about " + token.Missing + ".")
	token.Compact = Secret(inBase64(parts.Header) + "." + inBase64(parts.Claims) + ".")
	f.addToken(token)
	return true
}

// isClaims tells the claims of a token from other JSON. Kubernetes has a list in aud, and nobody leaves out exp.
func isClaims(n *document.Node) bool { return has(n, "iss", "sub") && (has(n, "aud") || has(n, "exp")) }

func inBase64(raw json.RawMessage) string {
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(compact.Bytes())
}
