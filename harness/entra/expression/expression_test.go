package expression_test

import (
	"cmp"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/entra/expression"
)

const (
	gitLab = "https://gitlab.com"
	hcp    = "https://app.terraform.io"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	claims := map[string]any{
		"sub": "repo:contoso/web:ref:refs/heads/main", "job_workflow_ref": "contoso/ci/.github/workflows/deploy.yml@refs/heads/main",
		"repository_id": "74", "run_number": 10.0, "aud": []any{"api://AzureADTokenExchange"}, "quoted": "it's", "accents": "é",
		"broken": "\xff", "long": strings.Repeat("x", expression.MaxLength+1),
	}
	tests := []struct {
		expression string
		want       bool
	}{
		{"claims['sub'] eq 'repo:contoso/web:ref:refs/heads/main'", true},
		{"claims['sub'] eq 'repo:contoso/web:ref:refs/heads/Main'", false},
		{"claims['sub'] eq 'repo:contoso/web:ref:refs/heads/*'", false},
		{"claims['sub'] matches 'repo:contoso/web:ref:refs/heads/*'", true},
		{"claims['sub'] matches 'repo:contoso/web:ref:refs/heads/M*'", false},
		{"claims['sub'] matches 'repo:*'", true}, // over : and /
		{"claims['sub'] matches 'repo:contoso/web:ref:refs/heads/????'", true},
		{"claims['sub'] matches 'repo:contoso/web:ref:refs/heads/???'", false},
		{"claims['sub'] matches 'repo:contoso/web:ref:refs/heads/?????'", false},
		{"claims['sub'] matches 'repo:contoso/web'", false}, // the whole of it
		{"claims['sub'] matches 'contoso/web*'", false},
		{"claims['sub'] matches '*main'", true},
		{"claims['sub'] matches '*:ref:*/*n'", true},
		{"claims['sub'] matches '*/heads/*' and claims['job_workflow_ref'] matches 'contoso/ci/.github/workflows/*.yml@refs/heads/main'", true},
		{"claims['sub'] matches '*/heads/*' and claims['repository_id'] eq '75'", false},
		{"claims['repository_id'] eq '74'", true},
		{"claims['nothing'] matches '*'", false},
		{"claims['run_number'] eq '10'", false},
		{"claims['aud'] matches '*'", false},
		{"claims['quoted'] eq 'it''s'", true},
		{"claims['accents'] matches '?'", true},
		{"claims['broken'] matches '?'", false},
		{"claims['sub'] matches 'repo.contoso/web:ref:refs/heads/main'", false},
		{"claims['sub'] eq '" + strings.Repeat("x", 4000) + "'", false}, // no limit is documented
		{"claims['long'] eq '" + strings.Repeat("x", 4000) + "'", false},
		{"claims['long'] matches 'x*'", false}, // the limit is ours
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			t.Parallel()
			e := parse(t, tt.expression)
			for _, emptyStar := range []bool{false, true} {
				if got := e.Match(claims, emptyStar); got != tt.want {
					t.Errorf("match with emptyStar %t is %t, want %t", emptyStar, got, tt.want)
				}
			}
			if e.String() != tt.expression {
				t.Errorf("text is %q", e.String())
			}
		})
	}
}

// TestMatchEmptyStar has what only the option decides.
func TestMatchEmptyStar(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"main*", "*main", "ma*in", "main**", "*m*a*i*n*"} {
		e := parse(t, "claims['sub'] matches '"+pattern+"'")
		claims := map[string]any{"sub": "main"}
		if e.Match(claims, false) || !e.Match(claims, true) {
			t.Errorf("%s: want a match only where * may stand for nothing", pattern)
		}
	}
	if !parse(t, "claims['sub'] matches '*'").Match(map[string]any{"sub": ""}, true) {
		t.Error("* does not match nothing")
	}
}

// TestMatchCost has the dearest expression and claim that there can be. Without a bound, 64 kB and 128 kB took 14
// seconds.
func TestMatchCost(t *testing.T) {
	t.Parallel()
	text := func(length int) string {
		const frame = len("claims['sub'] matches ''")
		return "claims['sub'] matches '*" + strings.Repeat("a", length-frame-2) + "b'"
	}
	if _, err := expression.Parse(text(expression.MaxLength + 1)); err == nil ||
		err.Error() != "expression: position 4097: expected the end after at most 4096 bytes, got \"1 more\"" {
		t.Errorf("error %v", err)
	}
	e := parse(t, text(expression.MaxLength))
	for _, length := range []int{expression.MaxLength, 1 << 20} {
		if e.Match(map[string]any{"sub": strings.Repeat("a", length)}, true) {
			t.Errorf("a claim of %d bytes matches", length)
		}
	}
	longest := map[string]any{"sub": strings.Repeat("a", expression.MaxLength)}
	if !parse(t, "claims['sub'] matches 'a*'").Match(longest, false) {
		t.Error("the longest claim does not match")
	}
}

func TestParseRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		offset int
		want   string // part of the message
	}{
		{"", 0, "expected claims['NAME'], got the end"},
		{"sub eq 'x'", 0, `got "sub eq 'x'"`},
		{"claims[\"sub\"] eq 'x'", 0, "expected claims['NAME']"},
		{"claims['sub eq 'x'", 8, "the name of a claim"},
		{"claims['sub", 8, "the name of a claim"},
		{"claims['a b'] eq 'x'", 8, "the name of a claim"},
		{"claims['a[b'] eq 'x'", 8, "the name of a claim"},
		{"claims[''] eq 'x'", 8, "the name of a claim"},
		{"claims['sub'] ne 'x'", 13, `expected " eq " or " matches "`},
		{"claims['sub']  eq 'x'", 13, `expected " eq "`},
		{"claims['sub'] EQ 'x'", 13, `expected " eq "`},
		{"claims['sub'] eq x", 17, "text in single quotes"},
		{"claims['sub'] eq  'x'", 17, "text in single quotes"},
		{"claims['sub'] matches system:serviceaccount:ns:*", 22, `got "system:serviceaccoun…"`},
		{"claims['sub'] matches system:serviceaccoun", 22, `got "system:serviceaccoun"`},
		{"claims['sub'] matches system:serviceaccou\u00fc", 22, `got "system:serviceaccou…"`},
		{"claims['sub'] eq ''", 17, "not empty"},
		{"claims['sub'] eq 'x", 19, "ends the text from position 18"},
		{"claims['sub'] eq 'x''", 21, "ends the text"},
		{"claims['sub'] eq 'x' or claims['sub'] eq 'y'", 20, `expected " and "`},
		{"claims['sub'] eq 'x'.", 20, "or the end"},
		{"claims['sub'] eq 'x' ", 20, "or the end"},
		{"claims['sub'] eq 'x' and ", 25, "got the end"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			_, err := expression.Parse(tt.text)
			var syntax *expression.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("error %v", err)
			}
			if syntax.Offset != tt.offset || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v at %d, want %q at %d", err, syntax.Offset, tt.want, tt.offset)
			}
		})
	}
}

func TestCheckIssuer(t *testing.T) {
	t.Parallel()
	before, since := expression.GitHubRule.Add(-time.Second), expression.GitHubRule
	tests := []struct {
		name, text, issuer string
		created            time.Time
		want               string // part of the error; "": none
		gitLab             expression.GitLabRule
	}{
		{"GitHub, repository", "claims['sub'] matches 'repo:a/*' and claims['repository_id'] eq '1'", expression.GitHub, time.Time{}, "", ""},
		{"GitHub, owner alone", "claims['repository_owner_id'] eq '1'", expression.GitHub, since, "", ""},
		{"GitHub, subject alone", "claims['sub'] matches 'repo:a/*'", expression.GitHub, time.Time{}, "need a clause with repository_id or repository_owner_id, since 2026-07-15", ""},
		{"GitHub, workflow alone", "claims['job_workflow_ref'] eq 'a'", expression.GitHub, since, "need a clause", ""},
		{"GitHub, subject alone, old", "claims['sub'] matches 'repo:a/*'", expression.GitHub, before, "", ""},
		{"GitHub, id with matches", "claims['repository_id'] matches '1*'", expression.GitHub, time.Time{}, `"repository_id" takes the operator eq, not matches`, ""},
		{"GitHub, event", "claims['event_name'] eq 'push' and claims['repository_id'] eq '1'", expression.GitHub, time.Time{}, `cannot use claim "event_name"`, ""},
		{"GitHub, event, old", "claims['event_name'] eq 'push'", expression.GitHub, before, `cannot use claim "event_name"`, ""},
		{"GitHub with a slash", "claims['repository_id'] eq '1'", expression.GitHub + "/", time.Time{}, "flexible credentials are for", ""},
		{"GitHub of an enterprise", "claims['repository_id'] eq '1'", expression.GitHub + "/contoso", time.Time{}, "flexible credentials are for", ""},
		{"GitLab", "claims['sub'] matches 'project_path:a/*' and claims['project_id'] eq '1'", gitLab, time.Time{}, "", ""},
		{"GitLab of a company", "claims['sub'] eq 'a' and claims['namespace_id'] eq '1'", "https://gitlab.contoso.com", since, "", ""},
		{"GitLab of a company in Canada", "claims['user_id'] eq '1' and claims['sub'] eq 'a'", "https://gitlab.con-toso.west.ca", time.Time{}, "", ""},
		{"GitLab, subject of a project's id and the id", "claims['sub'] matches 'project_id:1:*' and claims['project_id'] eq '1'", gitLab, time.Time{}, "", ""},
		{"GitLab, all ids", "claims['sub'] matches 'project_id:1:*' and claims['project_id'] eq '1' and claims['namespace_id'] eq '2' and claims['user_id'] eq '3'", gitLab, time.Time{}, "", ""},
		{"GitLab, subject alone", "claims['sub'] matches 'project_path:a/*'", gitLab, time.Time{}, "GitLab expressions need a clause with project_id, namespace_id or user_id: option gitLabRequires", ""},
		{"GitLab, subject of a project's id alone", "claims['sub'] matches 'project_id:1:*'", gitLab, since, "need a clause with project_id, namespace_id or user_id", ""},
		{"GitLab, subject alone, old", "claims['sub'] matches 'project_path:a/*'", gitLab, before, "", ""},
		{"GitLab, id alone", "claims['project_id'] eq '1'", gitLab, time.Time{}, "GitLab expressions need a clause with sub", ""},
		{"GitLab, id alone, whatever the rule", "claims['project_id'] eq '1'", gitLab, time.Time{}, "GitLab expressions need a clause with sub", expression.GitLabSubject},
		{"GitLab, project's id with matches", "claims['sub'] eq 'a' and claims['project_id'] matches '1*'", gitLab, time.Time{}, `"project_id" takes the operator eq, not matches`, ""},
		{"GitLab, namespace's id with matches", "claims['sub'] eq 'a' and claims['namespace_id'] matches '1*'", gitLab, time.Time{}, `"namespace_id" takes the operator eq, not matches`, ""},
		{"GitLab, user's id with matches", "claims['sub'] eq 'a' and claims['user_id'] matches '1*'", gitLab, time.Time{}, `"user_id" takes the operator eq, not matches`, ""},
		{"GitLab, subject alone, rule subject", "claims['sub'] matches 'project_path:a/*'", gitLab, time.Time{}, "", expression.GitLabSubject},
		{"GitLab, subject of a project's id alone, rule project-id", "claims['sub'] matches 'project_id:1:*'", gitLab, time.Time{}, "", expression.GitLabProjectID},
		{"GitLab, path and project, rule project-id", "claims['sub'] eq 'project_path:a' and claims['project_id'] eq '1'", gitLab, time.Time{}, "", expression.GitLabProjectID},
		{"GitLab, path and namespace, rule project-id", "claims['sub'] eq 'project_path:a' and claims['namespace_id'] eq '1'", gitLab, time.Time{}, "need a clause with project_id, as its sub does not begin with project_id", expression.GitLabProjectID},
		{"GitLab, a project's id in another claim, rule project-id", "claims['sub'] eq 'project_path:a' and claims['namespace_id'] eq 'project_id:1'", gitLab, time.Time{},
			"need a clause with project_id, as its sub does not begin with project_id", expression.GitLabProjectID},
		{"GitLab elsewhere", "claims['sub'] eq 'a'", "https://gitlab.contoso.org", time.Time{}, "flexible credentials are for", ""},
		{"GitLab in Canada", "claims['sub'] eq 'a'", "https://gitlab.ca", time.Time{}, "flexible credentials are for", ""},
		{"GitLab below a path", "claims['sub'] eq 'a'", "https://gitlab.x/y.com", time.Time{}, "flexible credentials are for", ""},
		{"GitLab without a name", "claims['sub'] eq 'a'", "https://gitlab..com", time.Time{}, "flexible credentials are for", ""},
		{"GitLab, path claim", "claims['project_path'] eq 'a'", gitLab, time.Time{}, `cannot use claim "project_path" (have namespace_id, project_id, sub, user_id)`, ""},
		{"Terraform Cloud", "claims['sub'] matches 'organization:a:*'", hcp, time.Time{}, "", ""},
		{"Terraform Cloud in Europe", "claims['sub'] matches 'organization:a:*'", "https://app.eu.terraform.io", time.Time{}, "", ""},
		{"Terraform Enterprise", "claims['sub'] matches 'organization:a:*'", "https://tfe.contoso.com", time.Time{},
			"flexible credentials are for https://token.actions.githubusercontent.com, https://gitlab.com, https://gitlab.NAME.com, https://gitlab.NAME.ca, " +
				"https://app.terraform.io, https://app.eu.terraform.io only", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := parse(t, tt.text).ValidateIssuer(tt.issuer, tt.created, cmp.Or(tt.gitLab, expression.GitLabID))
			var rule *expression.RuleError
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (!errors.As(err, &rule) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestGitLabNames has the first and the last of the characters that a name may have, and those beside them.
func TestGitLabNames(t *testing.T) {
	t.Parallel()
	e := parse(t, "claims['sub'] eq 'a'")
	for issuer, want := range map[string]bool{
		"https://gitlab.azAZ09-.com": true, "https://gitlab.a.z.ca": true,
		"https://gitlab.a`.com": false, "https://gitlab.a{.com": false, "https://gitlab.a@.com": false, "https://gitlab.a[.com": false,
		"https://gitlab.a/.com": false, "https://gitlab.a:.com": false, "https://gitlab.é.com": false, "com": false, "contoso.com": false,
	} {
		if err := e.ValidateIssuer(issuer, time.Time{}, expression.GitLabSubject); (err == nil) != want {
			t.Errorf("%s: %v, want it taken: %t", issuer, err, want)
		}
	}
}

func TestCheckIdentityIssuer(t *testing.T) {
	t.Parallel()
	var rule *expression.RuleError
	if err := parse(t, "claims['repository_id'] eq '1'").ValidateIdentityIssuer(expression.GitHub, time.Time{}, expression.GitLabID); !errors.As(err, &rule) {
		t.Errorf("GitHub: error %v", err)
	}
	if err := parse(t, "claims['project_path'] eq 'a'").ValidateIdentityIssuer(gitLab, time.Time{}, expression.GitLabID); !errors.As(err, &rule) {
		t.Errorf("GitLab's path: error %v", err)
	}
	if err := parse(t, "claims['sub'] eq 'a'").ValidateIdentityIssuer(gitLab, time.Time{}, expression.GitLabID); !errors.As(err, &rule) {
		t.Errorf("GitLab's subject alone: error %v", err)
	}
	if err := parse(t, "claims['sub'] eq 'a'").ValidateIdentityIssuer(gitLab, expression.GitHubRule.Add(-time.Second), expression.GitLabID); err != nil {
		t.Errorf("GitLab's subject alone, old: %v", err)
	}
	if err := parse(t, "claims['sub'] eq 'a' and claims['project_id'] eq '1'").ValidateIdentityIssuer(gitLab, time.Time{}, expression.GitLabID); err != nil {
		t.Error(err)
	}
}

func parse(t *testing.T, text string) *expression.Expression {
	t.Helper()
	e, err := expression.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// FuzzParse reads any text. What is an expression writes itself as it was read.
func FuzzParse(f *testing.F) {
	f.Add("claims['sub'] matches 'repo:contoso/*' and claims['repository_id'] eq '74'")
	f.Add("claims['sub'] eq 'it''s'")
	f.Add("claims['sub'] eq 'x' and ")
	f.Add("claims['")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := expression.Parse(text)
		if err != nil {
			var syntax *expression.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(text) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if e.String() != text {
			t.Errorf("%q became %q", text, e)
		}
		e.Match(map[string]any{"sub": text}, true)
		_ = e.ValidateIssuer(expression.GitHub, time.Time{}, expression.GitLabID) // must not panic
	})
}

// FuzzGlob compares the matching with that of regular expressions.
func FuzzGlob(f *testing.F) {
	f.Add("repo:*:ref:refs/heads/????", "repo:contoso/web:ref:refs/heads/main", true)
	f.Add("*a*b?", "xaybz", false)
	f.Add("**", "é", false)
	f.Add("?", "\n", true)
	f.Fuzz(func(t *testing.T, pattern, text string, emptyStar bool) {
		e, err := expression.Parse("claims['sub'] matches '" + pattern + "'")
		if err != nil || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		star := ".+"
		if emptyStar {
			star = ".*"
		}
		re := regexp.MustCompile("(?s)^" + strings.NewReplacer(`\*`, star, `\?`, ".").Replace(regexp.QuoteMeta(strings.ReplaceAll(pattern, "''", "'"))) + "$")
		if got, want := e.Match(map[string]any{"sub": text}, emptyStar), re.MatchString(text); got != want {
			t.Errorf("%q matches %q: %t, want %t", pattern, text, got, want)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	e, err := expression.Parse("claims['sub'] matches '" + strings.Repeat("a*", 200) + "b'")
	if err != nil {
		b.Fatal(err)
	}
	claims := map[string]any{"sub": strings.Repeat("a", 10_000)}
	for b.Loop() {
		if e.Match(claims, true) {
			b.Fatal("matched")
		}
	}
}
