package entra

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// otherGrants are the grants that Entra has beside client_credentials, in the words of its clients (the grants of the
// Microsoft Authentication Library for Go), for the flows with users. Entra never answers AADSTS70003 for them. What it
// answers is not emulated.
var otherGrants = []string{
	"authorization_code",
	"refresh_token",
	"password",
	"device_code",
	"urn:ietf:params:oauth:grant-type:device_code",
	"urn:ietf:params:oauth:grant-type:jwt-bearer", // on behalf of a user
	"urn:ietf:params:oauth:grant-type:saml1_1-bearer",
	"urn:ietf:params:oauth:grant-type:saml2-bearer",
	"user_fic", // of agents
}

// unsupportedByIssuerd is an error member that Entra never answers.
const unsupportedByIssuerd = "grant_not_emulated_by_issuerd"

// refuseGrant answers a grant of otherGrants, whoever asks and with whatever credential, in a way that nobody takes for
// Entra's: with a status that Entra never answers, the program's name, and no AADSTS code.
func (s *Server) refuseGrant(w http.ResponseWriter, x *exchange) {
	const status = http.StatusNotImplemented
	x.signIn.Status, x.signIn.Error = status, unsupportedByIssuerd
	x.signIn.Checks = append(x.signIn.Checks, Check{
		Name: "grant type", Want: string(oidc.GrantTypeClientCredentials), Got: x.form.grantType,
		Note: "Entra has this grant, issuerd does not emulate it: the answer is issuerd's own",
	})
	s.record(x.signIn)
	body := marshal(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{unsupportedByIssuerd, strings.Join([]string{
		"issuerd does not emulate the grant '" + x.form.grantType + "', which Microsoft Entra ID has.",
		"This answer is issuerd's own: Entra would look at the request, and may accept it.",
		"issuerd emulates grant_type=" + string(oidc.GrantTypeClientCredentials) + " only.",
	}, " ")})
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone away
}
