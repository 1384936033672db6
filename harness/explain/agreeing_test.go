package explain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
)

// TestAgreeingCredential: an error says that nothing matches, and the credential at hand does, as far as it could be
// compared.
func TestAgreeingCredential(t *testing.T) {
	t.Parallel()
	const stale, spreads, other, later = "as it was before it was changed", "has just been made", "on another application", "after the sign-in failed"
	subject := map[string]string{"sub": mainBranch}
	fic := credential(t, "one", githubIssuer, mainBranch, audience)
	for _, tt := range []struct {
		name   string
		inputs []input.Found
		agrees bool
		cause  string
		az     string
	}{
		{"the subject is known", []input.Found{failure(700213, now, subject), fic}, true, "one has the subject that was presented; that it has the issuer and the audience is not known", "federated-credential delete --id CLIENT_ID --federated-credential-id one\naz ad app federated-credential create"},
		{"the subject by its case", []input.Found{failure(7002138, now, subject), fic}, true, "one has the subject", "federated-credential delete"},
		{"all is known", []input.Found{failure(700213, now.Add(-3*time.Hour), subject), token(t, nil), fic}, true, "a credential accepts what was presented", "federated-credential delete"},
		{"the issuer is known", []input.Found{failure(700211, now, map[string]string{"iss": githubIssuer}), fic}, true, "one has the issuer that was presented; that it has the audience", "federated-credential delete"},
		{"another agrees in it", []input.Found{failure(700213, now, subject), credential(t, "two", githubIssuer, "repo:octo/other:pull_request", audience), fic}, true, "one has the subject", "--federated-credential-id one"},
		{"a managed identity", []input.Found{failure(700213, now, subject), read(t, "id.json", `{"id":"/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i/federatedIdentityCredentials/one","name":"one","issuer":"`+githubIssuer+`","subject":"`+mainBranch+`","audiences":["`+audience+`"]}`)},
			true, "one has the subject", "az identity federated-credential delete --yes --resource-group g --identity-name i --name one\naz identity federated-credential create"},
		{"it differs", []input.Found{failure(700213, now, map[string]string{"sub": "repo:octo/web:pull_request"}), fic}, false, "the subject of one is not the token's", "federated-credential create"},
		{"its subject is hidden", []input.Found{failure(700213, now, subject), credential(t, "one", githubIssuer, "repo:***/web:ref:refs/heads/main", audience)}, false, "", ""},
	} {
		s := only(t, explained(t, tt.inputs...))
		if !strings.Contains(s.Cause, tt.cause) || !strings.Contains(command(s, "az"), tt.az) {
			t.Errorf("%s: cause %q, az %s", tt.name, s.Cause, command(s, "az"))
		}
		for _, words := range []string{stale, spreads, other, later} {
			is := slices.ContainsFunc(s.Causes, func(c explain.Cause) bool {
				return strings.Contains(c.Words, words) && c.Sure != "" && c.Source != ""
			})
			if is != tt.agrees {
				t.Errorf("%s: the cause %q is %v", tt.name, words, is)
			}
		}
	}
}

// TestNothingCompared: which side of a comparison is hidden is said, and nothing that was compared is not agreement.
func TestNothingCompared(t *testing.T) {
	t.Parallel()
	refused := failure(700213, now, map[string]string{"sub": "repo:octo/web:pull_request"})
	for _, tt := range []struct {
		subject string // of the credential
		inputs  input.Found
		cause   string
		missing string
		text    string
	}{
		{"repo:<org>/<repo>:pull_request", refused, "its subject is not known here (subject is repo:<org>/<repo>:pull_request)", "credential", "?  repo:<org>/<repo>:pull_request  (it is not known of the credential; presented was repo:octo/web:pull_request)"},
		{"repo:YOUR_ORG/YOUR_REPO:pull_request", refused, "its subject is not known here", "credential", "presented was repo:octo/web:pull_request"},
		{"repo:***/web:pull_request", failure(700213, now, map[string]string{"sub": "***"}), "nothing could be compared with one: what was presented is hidden (sub (***))", "", "hidden"},
		{mainBranch, failure(700213, now, map[string]string{"sub": "***"}), "what was presented is hidden (sub (***))", "", "hidden"},
		{mainBranch, refused, "the subject of one is not the token's", "", "differs"},
	} {
		r := explained(t, tt.inputs, credential(t, "one", githubIssuer, tt.subject, audience))
		s, missing := only(t, r), ""
		for _, c := range s.Credentials[0].Compared {
			if c.Field == entra.FieldSubject {
				missing = c.Missing
			}
		}
		if !strings.Contains(s.Cause, tt.cause) || missing != tt.missing || !strings.Contains(r.Text(false), tt.text) || strings.Contains(s.Cause, "could be compared agrees") {
			t.Errorf("%s: cause %q, missing %q\n%s", tt.subject, s.Cause, missing, r.Text(false))
		}
	}
}
