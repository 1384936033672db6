package explain

import (
	"slices"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
)

const githubIssuer = "https://token.actions.githubusercontent.com"

// TestDifferences: pairs of what a credential has and what was presented, the kinds of differences, and a part of the
// words.
func TestDifferences(t *testing.T) {
	t.Parallel()
	const main = "repo:octo/web:ref:refs/heads/main"
	for _, tt := range []struct {
		field     entra.Field
		want, got string
		kinds     string
		words     string
	}{
		{entra.FieldSubject, "repo:octo/Web:ref:refs/heads/main", main, "case", "case-sensitive since August 2024"},
		{entra.FieldSubject, main + " ", main, "white-space", "the credential has a space at its end"},
		{entra.FieldSubject, main, "\u00a0" + main, "white-space", "the token has a no-break space (U+00A0) at its beginning"},
		{entra.FieldSubject, "repo:octo/\u200bweb:ref:refs/heads/main", main, "white-space", "a zero-width space (U+200B) in it"},
		{entra.FieldSubject, "repo:octo/web:ref:refs/heads/m\u0430in", main, "look-alike", "the Cyrillic letter U+0430 where a is expected"},
		{entra.FieldSubject, "repo\uff1aocto/web:ref:refs/heads/main", main, "look-alike", "the full-width character U+FF1A where : is expected"},
		{entra.FieldSubject, "repo:Octo/web :ref:refs/heads/main", main, "white-space case", "in it"},
		{entra.FieldSubject, "'" + main + "'", main, "quotes", "quotes"},
		{entra.FieldSubject, "repo:octo/web:environment:a%2Fb", "repo:octo/web:environment:a/b", "url-encoding", "%2F"},
		{entra.FieldSubject, "repo:octo/web:pull-request", "repo:octo/web:pull_request", "pull-request", "underscore"},
		{entra.FieldSubject, main, "repo:octo@12/web@34:ref:refs/heads/main", "immutable-ids", "the token has the ids"},
		{entra.FieldSubject, "repo:octo@12/web@34:ref:refs/heads/main", main, "immutable-ids", "the credential has the ids"},
		{entra.FieldSubject, "repo:octo/web:environment:prod", main, "context", "the job has no environment"},
		{entra.FieldSubject, main, "repo:octo/web:environment:prod", "context", "a job with an environment has no other subject"},
		{entra.FieldSubject, "repo:octo/web:pull_request", main, "context", "of a push, not of a pull request"},
		{entra.FieldSubject, main, "repo:octo/web:ref:refs/tags/v1", "context", "the branch main, the token for the tag v1"},
		{entra.FieldSubject, "repo:octo/web:ref:refs/heads/dev", main, "other-branch", "the branch dev, the token for the branch main"},
		{entra.FieldSubject, "repo:octo/api:ref:refs/heads/main", main, "part", "the repository api, the token for web"},
		{entra.FieldSubject, "repo:octo/web:*", main, "wildcard context", "stands for itself"},
		{entra.FieldSubject, main, "repository_owner:octo:repository_id:7", "other-form", "customised"},
		{entra.FieldSubject, "organization:o:project:p:workspace:w:run_phase:plan", "organization:o:project:p:workspace:w:run_phase:apply", "run-phase", "plan, the token for apply"},
		{entra.FieldSubject, "organization:o:workspace:w:run_phase:plan", "organization:o:project:p:workspace:w:run_phase:plan", "part", "the token's subject has project"},
		{entra.FieldSubject, "project_path:g/p:ref_type:branch:ref:main", "project_path:g/p:ref_type:tag:ref:v1", "part part", "the ref type branch, the token for tag"},
		{entra.FieldSubject, "system:serviceaccount:dev:app", "system:serviceaccount:prod:app", "part", "the namespace dev, the token for prod"},
		{entra.FieldSubject, "sc://o/p/c", "p://o/p/pipeline", "connection-or-pipeline", "was not given the service connection"},
		{entra.FieldSubject, "sc://o/p/c", "/eid1/c/pub/t/a/b/c", "connection-issuer", "read issuer and subject from the service connection"},
		{entra.FieldSubject, "pulumi:environments:org:contoso:env:web/prod", "pulumi:environments:org:contoso:env:<yaml>", "pulumi-yaml", "<yaml>, which is meant literally"},
		{entra.FieldSubject, "pulumi:environments:org:contoso:env:<yaml>", "pulumi:environments:org:other:env:<yaml>", "other", "different texts"},
		{entra.FieldSubject, "a", "b", "other", "different texts"},
		{entra.FieldIssuer, githubIssuer + "/", githubIssuer, "trailing-slash", "GitHub's issuer has no slash"},
		{entra.FieldIssuer, "https://eastus.oic.prod-aks.azure.com/t/c", "https://eastus.oic.prod-aks.azure.com/t/c/", "trailing-slash", "which belongs to them"},
		{entra.FieldIssuer, "https://eastus.oic.prod-aks.azure.com/t/c1/", "https://eastus.oic.prod-aks.azure.com/t/c2/", "cluster", "different clusters"},
		{entra.FieldIssuer, "http://issuer.example", "https://issuer.example", "scheme", "http"},
		{entra.FieldIssuer, "https://issuer.example//a", "https://issuer.example/a", "double-slash", "//"},
		{entra.FieldIssuer, "https://Issuer.example", "https://issuer.example", "case", "which count"},
		{entra.FieldIssuer, "https://a.example", "https://b.example", "host", "a.example and b.example"},
		{entra.FieldIssuer, "https://a.example/x", "https://a.example/y", "path", "/x and /y"},
		{entra.FieldIssuer, githubIssuer, githubIssuer + "/octo", "enterprise", "slug"},
		{entra.FieldIssuer, githubIssuer, "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", "entra-token", "access token"},
		{entra.FieldIssuer, "https://sts.windows.net/t/", "https://login.microsoftonline.com/t/v2.0", "entra-version", "v1.0"},
		{entra.FieldIssuer, "https://vstoken.dev.azure.com/o", "https://login.microsoftonline.com/t/v2.0", "connection-issuer", "vstoken"},
		{entra.FieldIssuer, "https://oidc.example", "https://kubernetes.default.svc.cluster.local", "cluster-issuer", "--service-account-issuer"},
		{entra.FieldAudience, "api://AzureADTokenExchange", "api://AzureADTokenExchangeUSGov", "other-cloud", "cloud public, the token that of usgov"},
		{entra.FieldAudience, "api://AzureADTokenExchange", "AzureADTokenExchange", "api", "api://"},
		{entra.FieldAudience, "api://AzureADTokenExchange", "api://azureadtokenexchange", "case", "which count"},
		{entra.FieldAudience, "api://AzureADTokenExchange", "https://github.com/octo", "default-audience", "if the job asks for none"},
		{entra.FieldAudience, "api://AzureADTokenExchange", "a, api://AzureADTokenExchange", "audience-list", "of which one is the credential's"},
		{entra.FieldAudience, "api://AzureADTokenExchange", "fb60f99c-7a34-4190-8149-302f77469936", "exchange-id", "application id of token exchange"},
		{entra.FieldAudience, "api://AzureADTokenExchange", "x", "other-audience", "different names"},
	} {
		t.Run(tt.want+" "+tt.got, func(t *testing.T) {
			t.Parallel()
			c := explainComparison(entra.Comparison{Field: tt.field, Want: tt.want, Got: tt.got})
			var kinds, words []string
			for _, d := range c.Differences {
				kinds, words = append(kinds, d.Kind), append(words, d.Words)
			}
			if got := strings.Join(kinds, " "); got != tt.kinds || !strings.Contains(strings.Join(words, "\n"), tt.words) {
				t.Errorf("kinds %s, words %q; want %s, %q", got, words, tt.kinds, tt.words)
			}
			if c.Marks == nil || !strings.Contains(c.Marks.Under, "^") {
				t.Errorf("nothing is marked: %+v", c.Marks)
			}
		})
	}
}

// TestMark: the carets stand under what differs, and what cannot be seen is escaped.
func TestMark(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ want, got, marks string }{
		{"abc", "abd", "abc|abd|  ^"},
		{"aBcD", "abcd", "aBcD|abcd| ^ ^"},
		{"abc/", "abc", "abc/|abc|   ^"},
		{"a\u00a0b", "ab", `a\u00a0b|ab     | ^^^^^^`},
		{"м", "m", `\u043c|m|^^^^^^`},
		{"environment:prod", "ref:main", "environment:prod|ref:main|^^^^^^^^^^^^^^^^"},
	} {
		m := mark(tt.want, tt.got)
		got := []string{m.Want, m.Got, m.Under}
		want := strings.Split(tt.marks, "|")
		for i := range want {
			want[i] = strings.TrimRight(want[i], " ")
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q %q: %q, want %q", tt.want, tt.got, got, want)
		}
	}
}

// TestEqualHasNoDifference: what is equal, or not known, is not said to differ.
func TestEqualHasNoDifference(t *testing.T) {
	t.Parallel()
	for _, made := range []entra.Comparison{
		{Field: entra.FieldSubject, Want: "a", Got: "a", Equal: true}, {Field: entra.FieldSubject, Want: "a", Got: "", Unknown: true},
	} {
		if c := explainComparison(made); len(c.Differences) > 0 || c.Marks != nil {
			t.Errorf("%+v", c)
		}
	}
}
