package explain_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
)

// TestEmptyFields has credentials of which fields are missing, empty or hidden, in every combination and of every form,
// beside a token, an error, a workflow's job and nothing. Every command that comes out has all fields.
func TestEmptyFields(t *testing.T) {
	t.Parallel()
	fields := []string{"name", "issuer", "subject", "audiences"}
	empty := []string{"missing", "none", "unknown", "hidden"}
	job := input.Found{Input: "deploy.yml", Jobs: []input.Job{{Platform: "github", Name: "deploy", Subjects: []input.Subject{{Subject: "repo:{owner}/{repo}:pull_request"}, {}}}}}
	beside := [][]input.Found{
		{token(t, nil)}, {token(t, map[string]any{"iss": nil, "sub": nil, "aud": nil})}, {job}, nil,
		{failure(700211, now, map[string]string{"iss": githubIssuer})}, {failure(700212, now, map[string]string{"aud": audience})}, {failure(700213, now, map[string]string{"sub": mainBranch})},
		{failure(7002138, now, nil)}, {failure(700213, now, map[string]string{"sub": ""})}, {failure(70025, now, nil), token(t, nil)},
	}
	for which := range 1 << len(fields) {
		for _, how := range empty {
			for kind := range 4 {
				c := input.Credential{ManagedIdentity: kind&1 != 0, Unknown: map[string]string{}, Masked: map[string]string{}}
				c.Name, c.Issuer, c.Subject, c.Audiences = "one", githubIssuer+"/", "repo:octo/Web:ref:refs/heads/main", []string{"x"}
				if kind&2 != 0 {
					c.Subject, c.Matching = "", "claims['sub'] matches 'repo:octo/x:*' and claims['repository_owner_id'] eq '65'"
				}
				for i, field := range fields {
					if which&(1<<i) == 0 {
						continue
					}
					value := ""
					switch how {
					case "unknown":
						c.Unknown[field] = "var.x"
					case "hidden":
						c.Masked[field], value = "***", "***"
					}
					switch field {
					case "name":
						c.Name = value
					case "issuer":
						c.Issuer = value
					case "subject":
						c.Subject, c.Matching = value, ""
					case "audiences":
						if c.Audiences = nil; how != "missing" {
							c.Audiences = []string{value}
						}
					}
				}
				given := input.Found{Input: "credentials.json", Credentials: []input.Credential{c, {}, c, {}}}
				for _, others := range beside {
					checkCommands(t, fmt.Sprintf("%s of %b, %d, beside %d", how, which, kind, len(others)), append([]input.Found{given}, others...))
				}
			}
		}
	}
}

// hole is a value that is not there, in a shell's words, in JSON, Terraform or Bicep.
var hole = regexp.MustCompile(`""|null|\*\*\*|[ \[]''(?:\s|\]|$)`)

func checkCommands(t *testing.T, about string, inputs []input.Found) {
	t.Helper()
	r, err := explain.Explain(context.Background(), explain.Case{Inputs: inputs, Now: now})
	if err != nil {
		t.Fatalf("%s: %v", about, err)
	}
	if r.Text(true) == "" {
		t.Errorf("%s: an empty report", about)
	}
	for _, s := range r.SignIns {
		for _, fix := range s.Fixes {
			for _, c := range fix.Commands {
				if hole.MatchString(c.Text) {
					t.Errorf("%s: a command has a hole: %s", about, c.Text)
				}
			}
		}
	}
}
