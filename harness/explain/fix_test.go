package explain_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain"
)

// TestOffersWhatIsTaken: a credential that Entra's directory refuses is not offered; the reason is said in its place.
func TestOffersWhatIsTaken(t *testing.T) {
	t.Parallel()
	const (
		gitlabMain = "project_path:group/app:ref_type:branch:ref:main"
		gitlabAny  = "project_path:group/app:ref_type:branch:ref:*"
		githubAny  = "repo:octo/web:ref:refs/heads/*"
		gitlab     = "https://gitlab.com"
		terraform  = "https://app.terraform.io"
		planPhase  = "organization:octo:project:web:workspace:prod:run_phase:plan"
		anyPhase   = "organization:octo:project:web:workspace:prod:run_phase:*"
	)
	for _, tt := range []struct {
		name                     string
		issuer, subject, trusted string
		managed                  bool
		cloud                    string
		tools                    string // that can write the flexible credential
		refused                  string // why there is none
	}{
		{"GitHub", githubIssuer, mainBranch, githubAny, false, "", "graph terraform bicep", ""},
		{"GitLab", gitlab, gitlabMain, gitlabAny, false, "", "graph terraform bicep", ""},
		{"Terraform Cloud", terraform, planPhase, anyPhase, false, "", "graph terraform bicep", ""},
		{"a GitHub of an enterprise", "https://token.actions.octo.ghe.com", mainBranch, githubAny, false, "", "", "flexible credentials are for"},
		{"a GitLab of one's own", "https://git.example.org", gitlabMain, gitlabAny, false, "", "", "flexible credentials are for"},
		{"the cloud of the US government", githubIssuer, mainBranch, githubAny, false, "usgov", "", "not currently supported for this cloud"},
		{"a managed identity and GitHub", githubIssuer, mainBranch, githubAny, true, "", "", "managed identities take no expressions about GitHub"},
		{"a managed identity and GitLab", gitlab, gitlabMain, gitlabAny, true, "", "arm bicep", ""},
		{"a managed identity and Terraform Cloud", terraform, planPhase, anyPhase, true, "", "arm bicep", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			held := credential(t, "one", tt.issuer, tt.trusted, audience)
			held.Credentials[0].ManagedIdentity, held.Credentials[0].Cloud = tt.managed, tt.cloud
			s := only(t, explained(t, token(t, map[string]any{"iss": tt.issuer, "sub": tt.subject}), held))
			var tools []string
			for _, fix := range s.Fixes {
				for _, c := range fix.Commands {
					if strings.Contains(c.Text, " matches ") {
						tools = append(tools, c.Tool)
					}
				}
			}
			if got := strings.Join(tools, " "); got != tt.tools {
				t.Errorf("a flexible credential is offered with %q, want %q", got, tt.tools)
			}
			if said := saying(s, tt.refused); tt.refused != "" && said == nil {
				t.Errorf("fixes %+v, want one that says %q", s.Fixes, tt.refused)
			}
		})
	}
}

// TestOffersNoOverlongCredential: what was presented may be longer than a credential can be.
func TestOffersNoOverlongCredential(t *testing.T) {
	t.Parallel()
	long := "repo:octo/web:environment:" + strings.Repeat("x", 600)
	s := only(t, explained(t, token(t, map[string]any{"sub": long}), credential(t, "one", githubIssuer, mainBranch, audience)))
	fix := saying(s, "the directory refuses such a credential")
	if fix == nil || !strings.Contains(fix.Words, "the limit is 600") || len(fix.Commands) > 0 {
		t.Errorf("fixes %+v", s.Fixes)
	}
}

// saying is the first fix that says something; nil: none does.
func saying(s explain.SignIn, words string) *explain.Fix {
	for i := range s.Fixes {
		if strings.Contains(s.Fixes[i].Words, words) {
			return &s.Fixes[i]
		}
	}
	return nil
}
