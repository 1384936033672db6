package expression

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// GitHub is the issuer of GitHub Actions.
const GitHub = "https://token.actions.githubusercontent.com"

// GitHubRule is when Entra began to ask expressions about GitHub for an id. The day was reported by several users, the
// hour is inferred. That an expression about GitLab from before is left as it is too is inferred.
var GitHubRule = time.Date(2026, 7, 15, 0, 0, 0, 0, time.UTC)

// GitLabRule is what an expression about GitLab must have beside its clause with sub. Pages of Microsoft's contradict
// each other, and no report says which of them is right.
type GitLabRule string

// The rules there are, by the pages below learn.microsoft.com/entra/workload-id that have them.
const (
	// GitLabID: project_id, namespace_id or user_id, however sub begins.
	// workload-identities-federated-credential-mutable-subjects, an edition of 2026-07-28.
	GitLabID GitLabRule = "id"
	// GitLabProjectID: project_id, unless sub begins with project_id itself.
	// workload-identities-set-up-flexible-federated-identity-credential, the edition of 2026-09-18.
	GitLabProjectID GitLabRule = "project-id"
	// GitLabSubject: nothing. Another edition of the first page, of the same day; and
	// workload-identities-flexible-federated-identity-credentials (2026-08-14), which lists no claim but sub.
	GitLabSubject GitLabRule = "subject"
)

// GitLabRules lists them, the default first.
var GitLabRules = []GitLabRule{GitLabID, GitLabProjectID, GitLabSubject}

// platform is what expressions may say about the tokens of an issuer.
type platform struct {
	name    string
	issuers string // for people
	issues  func(issuer string) bool
	claims  map[string][]string // operators by claim
	// what an expression has asked for since GitHubRule and is not there; nil: nothing
	lacks func(e *Expression, gitLab GitLabRule) string
}

// platforms are those that Entra knows. Those of GitHub's claims that end in _id, and that event_name is refused with
// any operator, were found out by users, who also found that an id may stand alone; a page of 2026-08-14 says that sub
// must be there too. Everything else is documented.
var platforms = []platform{
	{
		name: "GitHub", issuers: GitHub,
		issues: func(issuer string) bool { return issuer == GitHub },
		claims: map[string][]string{
			"sub": {eq, matches}, "job_workflow_ref": {eq, matches}, "repository_id": {eq}, "repository_owner_id": {eq},
		},
		lacks: gitHubLacks,
	},
	{
		name: "GitLab", issuers: "https://gitlab.com, https://gitlab.NAME.com, https://gitlab.NAME.ca",
		issues: isGitLab,
		claims: map[string][]string{"sub": {eq, matches}, "project_id": {eq}, "namespace_id": {eq}, "user_id": {eq}},
		lacks:  gitLabLacks,
	},
	{
		name: "Terraform Cloud", issuers: "https://app.terraform.io, https://app.eu.terraform.io",
		issues: func(issuer string) bool {
			return issuer == "https://app.terraform.io" || issuer == "https://app.eu.terraform.io"
		},
		claims: map[string][]string{"sub": {eq, matches}},
	},
}

func gitHubLacks(e *Expression, _ GitLabRule) string {
	if e.names("repository_id", "repository_owner_id") {
		return ""
	}
	return "repository_id or repository_owner_id, since " + GitHubRule.Format(time.DateOnly)
}

func gitLabLacks(e *Expression, rule GitLabRule) string {
	const option = ": option gitLabRequires"
	byProject := slices.ContainsFunc(e.clauses, func(c Clause) bool { return c.Claim == "sub" && strings.HasPrefix(c.Want, "project_id:") })
	switch {
	case !e.names("sub"):
		return "sub"
	case rule == GitLabID && !e.names("project_id", "namespace_id", "user_id"):
		return "project_id, namespace_id or user_id" + option
	case rule == GitLabProjectID && !byProject && !e.names("project_id"):
		return "project_id, as its sub does not begin with project_id" + option
	}
	return ""
}

// names tells whether a clause is about one of the claims.
func (e *Expression) names(claims ...string) bool {
	return slices.ContainsFunc(e.clauses, func(c Clause) bool { return slices.Contains(claims, c.Claim) })
}

// isGitLab knows https://gitlab.com, and https://gitlab.NAME.com and .ca, where NAME "can be any string"; here any that
// a host can have.
func isGitLab(issuer string) bool {
	host, ok := strings.CutPrefix(issuer, "https://gitlab.")
	if !ok {
		return false
	}
	if host == "com" {
		return true
	}
	name, isCom := strings.CutSuffix(host, ".com")
	if !isCom {
		if name, ok = strings.CutSuffix(host, ".ca"); !ok {
			return false
		}
	}
	return !slices.ContainsFunc(strings.Split(name, "."), func(label string) bool {
		return label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
		})
	})
}

// RuleError says why Entra refuses an expression for an issuer.
type RuleError struct {
	Issuer string
	Reason string // what is wrong, and what would be right; Entra does not tell
}

func (e *RuleError) Error() string {
	return fmt.Sprintf("expression: issuer %q: %s", e.Issuer, e.Reason)
}

// ValidateIssuer tells whether Entra takes the expression in a credential for an issuer that was created then; the zero
// time means now. Credentials from before [GitHubRule] need not name an id. The error is a [*RuleError].
func (e *Expression) ValidateIssuer(issuer string, created time.Time, gitLab GitLabRule) error {
	i := slices.IndexFunc(platforms, func(p platform) bool { return p.issues(issuer) })
	if i < 0 {
		var known []string
		for _, p := range platforms {
			known = append(known, p.issuers)
		}
		return &RuleError{issuer, "flexible credentials are for " + strings.Join(known, ", ") + " only"}
	}
	p := platforms[i]
	for _, c := range e.clauses {
		switch allowed := p.claims[c.Claim]; {
		case allowed == nil:
			return &RuleError{issuer, fmt.Sprintf("%s expressions cannot use claim %q (have %s)", p.name, c.Claim, strings.Join(p.claimNames(), ", "))}
		case !slices.Contains(allowed, c.Operator):
			return &RuleError{issuer, fmt.Sprintf("claim %q takes the operator %s, not %s", c.Claim, strings.Join(allowed, " or "), c.Operator)}
		}
	}
	if p.lacks == nil || !created.IsZero() && created.Before(GitHubRule) {
		return nil
	}
	if lacking := p.lacks(e, gitLab); lacking != "" {
		return &RuleError{issuer, fmt.Sprintf("%s expressions need a clause with %s", p.name, lacking)}
	}
	return nil
}

// ValidateIdentityIssuer is [Expression.ValidateIssuer] for a credential of a managed identity. The documentation
// contradicts itself: some editions of the pages have flexible credentials for applications only, newer ones
// (docs.azure.cn; learn.microsoft.com of 2026-09-18, with GitHub as the example) for applications and user-assigned
// managed identities. Azure's API has them since version 2025-01-31-preview, and so has the Azure CLI in preview; users
// found that it refuses every expression about GitHub.
func (e *Expression) ValidateIdentityIssuer(issuer string, created time.Time, gitLab GitLabRule) error {
	if issuer == GitHub {
		return &RuleError{issuer, "managed identities take no expressions about GitHub"}
	}
	return e.ValidateIssuer(issuer, created, gitLab)
}

func (p platform) claimNames() []string { return slices.Sorted(maps.Keys(p.claims)) }
