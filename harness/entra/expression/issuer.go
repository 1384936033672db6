package expression

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// GitHub is the issuer of GitHub Actions.
const GitHub = "https://token.actions.githubusercontent.com"

// GitHubRule is when Entra began to ask expressions about GitHub for an id. The day was reported by several users, the hour is inferred.
var GitHubRule = time.Date(2026, 7, 15, 0, 0, 0, 0, time.UTC)

// platform is what expressions may say about the tokens of an issuer.
type platform struct {
	name     string
	issuers  string // for people
	issues   func(issuer string) bool
	claims   map[string][]string // operators by claim
	required []string            // claims of which an expression must name one, since GitHubRule; nil: any expression will do
}

// platforms are those that Entra knows. Those of GitHub's claims that end in _id, and that event_name is refused with any operator, were found
// out by users; everything else is documented.
var platforms = []platform{
	{
		name: "GitHub", issuers: GitHub,
		issues: func(issuer string) bool { return issuer == GitHub },
		claims: map[string][]string{
			"sub": {eq, matches}, "job_workflow_ref": {eq, matches}, "repository_id": {eq}, "repository_owner_id": {eq},
		},
		required: []string{"repository_id", "repository_owner_id"},
	},
	{
		name: "GitLab", issuers: "https://gitlab.com, https://gitlab.NAME.com, https://gitlab.NAME.ca",
		issues: isGitLab,
		claims: map[string][]string{"sub": {eq, matches}},
	},
	{
		name: "Terraform Cloud", issuers: "https://app.terraform.io, https://app.eu.terraform.io",
		issues: func(issuer string) bool {
			return issuer == "https://app.terraform.io" || issuer == "https://app.eu.terraform.io"
		},
		claims: map[string][]string{"sub": {eq, matches}},
	},
}

// isGitLab knows https://gitlab.com, and https://gitlab.NAME.com and .ca, where NAME "can be any string"; here any that a host can have.
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

// CheckIssuer tells whether Entra takes the expression in a credential for an issuer that was created then; the zero time means now. Credentials
// from before [GitHubRule] are left as they are. The error is a [*RuleError].
func (e *Expression) CheckIssuer(issuer string, created time.Time) error {
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
		switch allowed := p.claims[c.claim]; {
		case allowed == nil:
			return &RuleError{issuer, fmt.Sprintf("%s expressions cannot use claim %q (have %s)", p.name, c.claim, strings.Join(p.claimNames(), ", "))}
		case !slices.Contains(allowed, c.operator):
			return &RuleError{issuer, fmt.Sprintf("claim %q takes the operator %s, not %s", c.claim, strings.Join(allowed, " or "), c.operator)}
		}
	}
	exempt := p.required == nil || !created.IsZero() && created.Before(GitHubRule)
	if !exempt && !slices.ContainsFunc(e.clauses, func(c clause) bool { return slices.Contains(p.required, c.claim) }) {
		return &RuleError{issuer, fmt.Sprintf("since %s an expression needs a clause with %s", GitHubRule.Format(time.DateOnly), strings.Join(p.required, " or "))}
	}
	return nil
}

// CheckIdentityIssuer is CheckIssuer for a credential of a managed identity. The documentation contradicts itself: some editions of the page have
// flexible credentials for applications only, a newer one (docs.azure.cn) for applications and user-assigned managed identities. Azure's API has
// them since version 2025-01-31-preview, and so has the Azure CLI in preview; users found that it refuses every expression about GitHub.
func (e *Expression) CheckIdentityIssuer(issuer string) error {
	if issuer == GitHub {
		return &RuleError{issuer, "managed identities take no expressions about GitHub"}
	}
	return e.CheckIssuer(issuer, time.Time{})
}

func (p platform) claimNames() []string {
	var names []string
	for name := range p.claims {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
