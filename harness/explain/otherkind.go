package explain

import (
	"slices"
	"strings"
)

// requestClaims are those of the token with which a job of GitHub's asks for ID tokens. No ID token has them.
var requestClaims = []string{"IdentityTypeClaim", "ac", "acsl"}

// otherKind says of a token of GitHub's that is no ID token what it is, and what to present instead. GitHub signs others
// with the same issuer and the same keys; none of them names a subject.
func (s *SignIn) otherKind() {
	if s.Token == nil || s.Token.Issuer == nil || s.Token.Issuer.Name != "github" {
		return
	}
	if _, named := s.Token.Claims["sub"]; named {
		return
	}
	isRequest := strings.HasPrefix(textOf(s.Token.Claims["aud"]), "vso:") ||
		slices.ContainsFunc(requestClaims, func(name string) bool { _, has := s.Token.Claims[name]; return has })
	s.Cause = "the token names no subject, as GitHub's ID tokens do: it is of another kind, perhaps the request token (ACTIONS_ID_TOKEN_REQUEST_TOKEN) or the runner's own"
	if isRequest {
		s.Cause = "this is the request token of a job (ACTIONS_ID_TOKEN_REQUEST_TOKEN), not an ID token: it only allows to ask GitHub for one"
	}
	s.Fixes = []Fix{{Words: `ask ACTIONS_ID_TOKEN_REQUEST_URL with "&audience=api://AzureADTokenExchange" and this token as the bearer, and present the "value" of the answer`}}
	if !isRequest {
		s.Fixes[0].Words = `ask ACTIONS_ID_TOKEN_REQUEST_URL with "&audience=api://AzureADTokenExchange" and the request token as the bearer, and present the "value" of the answer`
	}
}
