package explain

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// The kinds of differences after which a credential was meant for this very assertion, and is to be changed rather than
// joined by another.
var slips = []string{
	"white-space", "look-alike", "quotes", "url-encoding", "immutable-ids", "pull-request", "double-slash", "trailing-slash", "scheme", "port", "case", "api",
	"connection-issuer", "entra-version",
}

// isSlip tells whether a field that differs was meant to be what was presented.
func (c Compared) isSlip() bool {
	return !slices.ContainsFunc(c.Differences, func(d Difference) bool { return !slices.Contains(slips, d.Kind) })
}

// remedy is what is known when fixes are made.
type remedy struct {
	g          *gathered
	presented  Presented
	platform   string
	credential *heldCredential  // the nearest; nil: none is at hand
	match      *CredentialMatch // what was compared of it
	fromToken  bool             // presented is what a token at hand says
	anew       bool             // the credential is to be made anew rather than edited
	// doubts are why a value of presented may be another. No command has such a value without its doubt.
	doubts map[entra.Field]string
}

// fixes are the ways out when something of a credential does not match.
func (r *remedy) fixes() []Fix {
	if r.credential == nil {
		return r.makeNew("make a federated credential that accepts what was presented")
	}
	var out []Fix
	wanted := r.credential.Credential.Credential
	slip, other := false, false
	var what []string
	for _, c := range r.match.Compared {
		if len(c.Differences) == 0 {
			continue
		}
		isSlip := c.isSlip()
		switch c.Field {
		case entra.FieldAudience:
			if fix := r.audienceFix(c); fix != nil {
				out = append(out, *fix)
				continue
			}
			wanted.Audiences, isSlip = []string{c.Got}, true
			what = append(what, "audience")
		case entra.FieldIssuer:
			if Inside(c.Got) != "" { // no credential with it would do
				isSlip = false
				break
			}
			wanted.Issuer = c.Got
			what = append(what, "issuer")
		case entra.FieldSubject:
			wanted.Subject = c.Got
			what = append(what, "subject")
		case entra.FieldExpression:
			out = append(out, Fix{Words: fmt.Sprintf("widen the expression, so that claims['%s'] may be %q; or make a credential with the subject", c.Claim, c.Got)})
			other = true
			continue
		}
		slip, other = slip || isSlip, other || !isSlip
	}
	if hasKind(r.match, "wildcard") {
		out = append(out, r.flexible()...)
	}
	if hasKind(r.match, "context", "run-phase") {
		out = append(out, r.workflow()...)
	}
	switch {
	case other:
		out = append(r.makeNew("make another credential, for what was presented"), out...)
	case slip && len(what) > 0:
		words := "give the credential the " + strings.Join(what, " and the ") + " that was presented"
		if r.anew = hasKind(r.match, "case"); r.anew {
			words += "; make it anew rather than editing it, as edits have been seen to take no effect for hours"
		}
		out = append([]Fix{r.write(words, wanted, true)}, out...)
	}
	return out
}

// fixesOfAgreeing are the ways out when a credential agrees with what was refused.
func (r *remedy) fixesOfAgreeing(m *CredentialMatch) []Fix {
	var out []Fix
	if m.Verdict != Accepts {
		out = append(out, Fix{Words: "compare all of it with a token: issuerd explain takes one beside the error and the credential"})
	}
	out = append(out, Fix{Words: "look that the application that signs in is the one that has the credential; wait some minutes, and sign in again"})
	if r.match != m || r.credential == nil || r.credential.Matching != "" {
		return out
	}
	wanted, assumed := r.complete(r.credential.Credential.Credential)
	r.anew = true
	for _, command := range r.commands(wanted, true) {
		if command.Tool == "az" { // the others edit what is there, or leave it as it is
			out = append(out, Fix{Words: assuming("if it fails still, delete the credential and make it anew with the same values", assumed), Commands: []Command{command}})
		}
	}
	return out
}

// compareFirst is to look at the credentials there are, where none is at hand.
func (r *remedy) compareFirst() []Fix {
	if r.credential != nil {
		return nil
	}
	list := "az ad app federated-credential list --id " + quoted(r.client())
	if r.managed() {
		_, group, identity := r.identity()
		list = "az identity federated-credential list --resource-group " + quoted(group) + " --identity-name " + quoted(identity)
	}
	return []Fix{{
		"compare it with the credentials there are, letter for letter; issuerd does so",
		[]Command{{"az", list + " >credentials.json\nissuerd explain " + quoted(r.from()) + " credentials.json"}},
	}}
}

// from is the first input that a command can name.
func (r *remedy) from() string {
	if name := r.g.named; name != "" {
		return name
	}
	return "error.txt"
}

func hasKind(m *CredentialMatch, kinds ...string) bool {
	return slices.ContainsFunc(m.Compared, func(c Compared) bool {
		return slices.ContainsFunc(c.Differences, func(d Difference) bool { return slices.Contains(kinds, d.Kind) })
	})
}

// makeNew is to make a credential for what was presented, as far as that is known.
func (r *remedy) makeNew(words string) []Fix {
	if r.presented.Subject == "" && r.presented.Issuer == "" && usualIssuers[r.platform] == "" {
		return nil
	}
	if Inside(r.presented.Issuer) != "" {
		return r.publicIssuer()
	}
	return []Fix{r.write(words, r.named(directory.Credential{}), false)}
}

// publicIssuer is to give tokens an issuer that Entra can read, and to make the credential with that one.
func (r *remedy) publicIssuer() []Fix {
	fix := Fix{Words: "give the tokens an issuer that anybody can read over https, and publish its discovery document and its keys there"}
	if r.platform == "kubernetes" {
		fix = Fix{
			"give the API server a public --service-account-issuer, publish its discovery document and its keys there, and restart the pods",
			[]Command{
				{"kubernetes", "kube-apiserver --service-account-issuer=https://ISSUER --service-account-jwks-uri=https://ISSUER/openid/v1/jwks   # beside its other flags"},
				{"kubernetes", "kubectl get --raw /.well-known/openid-configuration >openid-configuration   # to https://ISSUER/.well-known/\nkubectl get --raw /openid/v1/jwks >jwks   # to https://ISSUER/openid/v1/"},
			},
		}
	}
	out := []Fix{fix}
	if r.presented.Subject == "" {
		return out
	}
	return append(out, r.write("then make a federated credential with that issuer", r.named(directory.Credential{Issuer: "https://ISSUER"}), false))
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9]+`)

// named gives a new credential the name that suits its subject, once that is filled in.
func (r *remedy) named(c directory.Credential) directory.Credential {
	whole, _ := r.complete(c)
	c.Name = nameFor(whole)
	return c
}

// nameFor makes a name for a credential from its subject.
func nameFor(c directory.Credential) string {
	name := strings.Trim(notInNames.ReplaceAllString(c.Subject, "-"), "-")
	if len(name) > 100 {
		name = strings.TrimRight(name[:100], "-")
	}
	if len(name) < 3 {
		name = "credential-" + name
	}
	return strings.TrimRight(name, "-")
}

// audienceFix is to ask the platform for the credential's audience, where that is the one that Microsoft recommends.
func (r *remedy) audienceFix(c Compared) *Fix {
	if directory.CloudOfAudience(c.Want) == nil {
		return nil
	}
	fix := &Fix{Words: "ask the platform for the audience " + c.Want}
	line := map[string]string{
		"github":       "- uses: azure/login@v2\n  with:\n    audience: " + c.Want,
		"gitlab":       "id_tokens:\n  AZURE_TOKEN:\n    aud: " + c.Want,
		"kubernetes":   "serviceAccountToken:\n  audience: " + c.Want + "   # in the projected volume; the workload identity webhook does so by itself",
		"terraform":    "TFC_WORKLOAD_IDENTITY_AUDIENCE=" + c.Want,
		"gcp":          "curl -H 'Metadata-Flavor: Google' 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=" + c.Want + "'",
		"circleci":     "circleci run oidc get --claims '{\"aud\": \"" + c.Want + "\"}'",
		"buildkite":    "buildkite-agent oidc request-token --audience " + c.Want,
		"azure-devops": "",
	}[r.platform]
	if line != "" {
		fix.Commands = []Command{{"workflow", line}}
	}
	if wantCloud, gotCloud := directory.CloudOfAudience(c.Want), directory.CloudOfAudience(c.Got); wantCloud != nil && gotCloud != nil {
		fix.Words += ", if the tenant is in the cloud " + wantCloud.Name + "; else give the credential the audience " + c.Got
	}
	return fix
}

// flexible is a credential with an expression in the place of a wildcard, where Entra takes one.
func (r *remedy) flexible() []Fix {
	c := r.credential.Credential.Credential
	c.Matching, c.Subject = "claims['sub'] matches '"+strings.ReplaceAll(c.Subject, "'", "''")+"'", ""
	words := "or make a flexible credential, whose expression knows * and ? (in preview)"
	switch r.platform {
	case "github":
		c.Matching += " and claims['repository_id'] eq 'REPOSITORY_ID'"
		words += "; since 2026-07-15 one for GitHub must name repository_id or repository_owner_id"
	case "gitlab":
		c.Matching += " and claims['project_id'] eq 'PROJECT_ID'"
	}
	c.Issuer = cmp.Or(r.presented.Issuer, c.Issuer)
	c.Name = cmp.Or(c.Name, nameFor(r.credential.Credential.Credential))
	c.Name = c.Name[:min(len(c.Name), 100)] + "-flexible"
	c.Created = time.Time{} // it is made now
	if refused := r.refused(c); refused != "" {
		return []Fix{{Words: "or make one credential for each subject; a flexible one is refused here: " + refused}}
	}
	return []Fix{r.write(words, c, false)}
}

// write is to make a credential, or to change the one that is there. What Entra's directory refuses is not offered:
// the fix says why then.
func (r *remedy) write(words string, c directory.Credential, change bool) Fix {
	c, assumed := r.complete(c)
	if refused := r.refused(c); refused != "" {
		return Fix{Words: words + "; but the directory refuses such a credential: " + refused}
	}
	return Fix{assuming(words, assumed), r.commands(c, change)}
}

// refused says why the directory refuses a credential; "": it does not.
func (r *remedy) refused(c directory.Credential) string {
	c, _ = r.complete(c)
	c.Name = cmp.Or(c.Name, "CREDENTIAL") // as commands have it
	var why []string
	for _, rule := range directory.BrokenRules(directory.ValidateCredential(r.g.cloud, c, r.managed(), r.g.options())) {
		why = append(why, rule.Err.Error())
	}
	return strings.Join(why, "; ")
}

// workflow is to give the job what the credential is for.
func (r *remedy) workflow() []Fix {
	for _, c := range r.match.Compared {
		if c.Field != entra.FieldSubject {
			continue
		}
		if _, environment, is := strings.Cut(c.Want, ":environment:"); is && r.platform == "github" {
			return []Fix{{"or give the job the environment that the credential is for", []Command{{"workflow", "jobs:\n  JOB:\n    environment: " + environment}}}}
		}
		if strings.Contains(c.Got, ":environment:") && r.platform == "github" {
			return []Fix{{Words: "or take the environment out of the job, so that its subject names the branch or the pull request"}}
		}
	}
	return nil
}
