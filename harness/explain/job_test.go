package explain_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
)

// TestJobAcceptance: a job is accepted by a credential only if the emulator's checks find everything equal; what they
// do not know is a condition.
func TestJobAcceptance(t *testing.T) {
	t.Parallel()
	trusted := directory.Credential{Name: "one", Issuer: githubIssuer, Subject: mainBranch, Audiences: []string{audience}}
	flexible := func(matching string) directory.Credential {
		c := trusted
		c.Subject, c.Matching = "", matching
		return c
	}
	changed := func(change func(*directory.Credential)) directory.Credential {
		c := trusted
		change(&c)
		return c
	}
	said := input.Subject{Subject: mainBranch, Issuer: githubIssuer, Audience: audience}
	asking := func(change func(*input.Subject)) input.Subject {
		s := said
		change(&s)
		return s
	}
	for _, tt := range []struct {
		name       string
		subject    input.Subject
		credential directory.Credential
		unknown    map[string]string
		accepted   bool
		conditions []string // nil: it is accepted without, or not at all
		differs    string
	}{
		{name: "all is said", subject: said, credential: trusted, accepted: true},
		{name: "no audiences", subject: said, credential: changed(func(c *directory.Credential) { c.Audiences = nil }), conditions: []string{`the audience of the credential is "` + audience + `"`}},
		{name: "the second audience", subject: said, credential: changed(func(c *directory.Credential) { c.Audiences = []string{"other", audience} }), differs: "one does not"},
		{name: "no audience asked for", subject: asking(func(s *input.Subject) { s.Audience = "" }), credential: trusted, conditions: []string{`its audience is "` + audience + `"`}},
		{name: "no issuer", subject: asking(func(s *input.Subject) { s.Issuer = "{the cluster's issuer}" }), credential: trusted, conditions: []string{`{the cluster's issuer} is "` + githubIssuer + `"`}},
		{name: "another branch", subject: said, credential: changed(func(c *directory.Credential) { c.Subject += "2" }), differs: "one does not"},
		{name: "a context", subject: asking(func(s *input.Subject) { s.Subject = "repo:octo/web:{context}" }), credential: trusted, conditions: []string{`{context} is "ref:refs/heads/main"`}},
		{name: "two owners", subject: asking(func(s *input.Subject) { s.Subject = "repo:{owner}/{owner}:ref:refs/heads/main" }), credential: trusted, differs: "one does not"},
		{name: "a subject in doubt", subject: asking(func(s *input.Subject) { s.Doubt = "it may have ids" }), credential: trusted, conditions: []string{"what is in doubt is as it is here"}},
		{name: "a variable", subject: said, credential: changed(func(c *directory.Credential) { c.Subject = "" }), unknown: map[string]string{"subject": "var.subject"}, conditions: []string{`the subject of the credential is "` + mainBranch + `"`}},
		{name: "an expression about sub", subject: said, credential: flexible("claims['sub'] matches 'repo:octo/*'"), accepted: true},
		{name: "an expression about more", subject: said, credential: flexible("claims['sub'] matches 'repo:octo/*' and claims['repository_id'] eq '7'"), conditions: []string{"its claims['repository_id'] eq '7'"}},
		{name: "an expression about another", subject: said, credential: flexible("claims['sub'] matches 'repo:evil/*' and claims['repository_id'] eq '7'"), differs: "one does not"},
		{name: "an expression and placeholders", subject: asking(func(s *input.Subject) { s.Subject = "repo:{owner}/web:pull_request" }), credential: flexible("claims['sub'] matches 'repo:octo/*'"), conditions: []string{"its claims['sub'] matches 'repo:octo/*'"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := explained(t,
				input.Found{Input: "deploy.yml", Jobs: []input.Job{{Name: "deploy", Subjects: []input.Subject{tt.subject}}}},
				input.Found{Input: "credentials.json", Credentials: []input.Credential{{Credential: tt.credential, Unknown: tt.unknown}}})
			got := r.Jobs[0].Subjects[0]
			if accepted := len(got.AcceptedBy) > 0; accepted != tt.accepted {
				t.Errorf("accepted by %q, want %v", got.AcceptedBy, tt.accepted)
			}
			var want []explain.JobAcceptance
			if tt.conditions != nil {
				want = []explain.JobAcceptance{{Credential: "one", If: tt.conditions}}
			}
			if d := cmp.Diff(want, got.AcceptedIf); d != "" {
				t.Errorf("accepted if (-want +got):\n%s", d)
			}
			if differs := strings.Join(got.Differs, "\n"); tt.differs == "" && differs != "" || !strings.Contains(differs, tt.differs) {
				t.Errorf("differs %q, want %q", differs, tt.differs)
			}
			for _, condition := range tt.conditions {
				if text := strings.Join(strings.Fields(r.Text(false)), " "); !strings.Contains(text, "one accepts it, if "+condition) {
					t.Errorf("the text does not say %q:\n%s", condition, text)
				}
			}
		})
	}
}
