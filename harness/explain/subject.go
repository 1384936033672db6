package explain

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// subjectForm is what a subject is of, as far as its text tells.
type subjectForm string

const (
	formGitHub      subjectForm = "github"
	formGitHubOwn   subjectForm = "github-custom" // of a template that an organisation or repository has made
	formGitLab      subjectForm = "gitlab"
	formTerraform   subjectForm = "terraform"
	formBuildkite   subjectForm = "buildkite"
	formKubernetes  subjectForm = "kubernetes"
	formConnection  subjectForm = "azure-devops-connection"
	formPipeline    subjectForm = "azure-devops-pipeline"
	formEntra       subjectForm = "entra"
	formSPIFFE      subjectForm = "spiffe"
	formGUID        subjectForm = "guid"
	formUnspecified subjectForm = ""
)

// part is a named part of a subject.
type part struct{ name, value string }

// formPrefixes tell the form of a subject by how it begins.
var formPrefixes = []struct {
	prefix string
	form   subjectForm
}{
	{"repo:", formGitHub}, {"repository:", formGitHubOwn}, {"repository_owner:", formGitHubOwn}, {"repository_id:", formGitHubOwn},
	{"repository_owner_id:", formGitHubOwn}, {"job_workflow_ref:", formGitHubOwn}, {"environment:", formGitHubOwn},
	{"project_path:", formGitLab}, {"project_id:", formGitLab}, {"organization:", formTerraform}, {"system:serviceaccount:", formKubernetes},
	{"sc://", formConnection}, {"p://", formPipeline}, {"/eid1/", formEntra}, {"spiffe://", formSPIFFE},
}

// partNames are the keys of subjects that consist of keys and values with colons between them.
var partNames = []string{
	"repo", "repository", "repository_owner", "repository_id", "repository_owner_id", "job_workflow_ref", "environment", "ref", "context", "project_path",
	"project_id", "ref_type", "organization", "project", "workspace", "run_phase", "stack", "enterprise", "actor", "event_name", "pipeline", "commit", "step",
}

var keyInSubject = regexp.MustCompile(`(?:^|:)(` + strings.Join(partNames, "|") + `):`)

// ofBuildkite tells a subject of Buildkite from one of Terraform Cloud, which begin alike.
var ofBuildkite = regexp.MustCompile(`(?i)^organization:[^:]*:pipeline:`)

// formOf tells what a subject is of, and its parts.
func formOf(subject string) (subjectForm, []part) {
	form := formUnspecified
	for _, p := range formPrefixes {
		if strings.HasPrefix(strings.ToLower(subject), p.prefix) {
			form = p.form
			break
		}
	}
	if ofBuildkite.MatchString(subject) {
		form = formBuildkite
	}
	cut := func(text, sep string, names ...string) []part {
		var parts []part
		for i, value := range strings.SplitN(text, sep, len(names)) {
			parts = append(parts, part{names[i], value})
		}
		return parts
	}
	switch form {
	case formGitHub:
		parts := cut(subject[len("repo:"):], ":", "repository", "context")
		owner, name, _ := strings.Cut(parts[0].value, "/")
		return form, append([]part{{"owner", owner}, {"repository", name}}, parts[1:]...)
	case formKubernetes:
		return form, cut(subject[len("system:serviceaccount:"):], ":", "namespace", "service account")
	case formConnection, formPipeline:
		_, rest, _ := strings.Cut(subject, "://")
		last := "service connection"
		if form == formPipeline {
			last = "pipeline"
		}
		return form, cut(rest, "/", "organisation", "project", last)
	case formSPIFFE:
		return form, cut(subject[len("spiffe://"):], "/", "trust domain", "path")
	case formGitHubOwn, formGitLab, formTerraform, formBuildkite:
		return form, keyed(subject)
	}
	if directory.IsGUID(subject) {
		return formGUID, nil
	}
	return form, nil
}

// keyed takes a subject of keys and values apart.
func keyed(subject string) []part {
	var parts []part
	places := keyInSubject.FindAllStringSubmatchIndex(subject, -1)
	for i, at := range places {
		end := len(subject)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		if at[1] <= end {
			parts = append(parts, part{subject[at[2]:at[3]], subject[at[1]:end]})
		}
	}
	return parts
}

// formNames are what people call what a subject is of.
var formNames = map[subjectForm]string{
	formGitHub: "GitHub's default subject (repo:OWNER/REPOSITORY:…)", formGitHubOwn: "a subject of GitHub that an organisation or repository has customised",
	formGitLab: "a subject of GitLab", formTerraform: "a subject of Terraform Cloud", formBuildkite: "a subject of Buildkite", formKubernetes: "a Kubernetes service account",
	formConnection: "an Azure DevOps service connection (sc://)", formPipeline: "an Azure DevOps pipeline (p://)",
	formEntra: "a subject that Entra makes (/eid1/…), as service connections and agents have", formSPIFFE: "a SPIFFE ID", formGUID: "a GUID, such as a managed identity's object id",
}

// pulumiLiteral ends subjects of Pulumi ESC as they are.
const pulumiLiteral = ":env:<yaml>"

// subjectDifferences tells how two subjects differ by what their parts mean.
func subjectDifferences(want, got string) []Difference {
	if strings.HasPrefix(got, "pulumi:") && strings.Contains(got, pulumiLiteral) && !strings.Contains(want, pulumiLiteral) {
		return []Difference{{"pulumi-yaml", "the token's subject ends in <yaml>, which is meant literally: Pulumi ESC has it in the place of an environment's name (pulumi/esc#173)"}}
	}
	wantForm, wantParts := formOf(want)
	gotForm, gotParts := formOf(got)
	if strings.ContainsAny(want, "*?") {
		words := "the credential's subject has a wildcard: in a classic credential it stands for itself; only an expression (claimsMatchingExpression) knows wildcards"
		return append([]Difference{{"wildcard", words}}, partDifferences(wantForm, wantParts, gotForm, gotParts)...)
	}
	return partDifferences(wantForm, wantParts, gotForm, gotParts)
}

func partDifferences(wantForm subjectForm, wantParts []part, gotForm subjectForm, gotParts []part) []Difference {
	switch {
	case wantForm == formUnspecified || gotForm == formUnspecified:
		return nil
	case wantForm == formConnection && gotForm == formPipeline:
		return []Difference{{"connection-or-pipeline", "the credential is for a service connection (sc://), the token is the pipeline's own (p://): the task was not given the service connection"}}
	case wantForm == formConnection && gotForm == formEntra, wantForm == formEntra && gotForm == formConnection:
		return []Difference{{"connection-issuer", "one is of a service connection of Azure DevOps as it was (sc://), the other as Entra makes it (/eid1/…): read issuer and subject from the service connection"}}
	case wantForm != gotForm:
		return []Difference{{"other-form", "the credential has " + formNames[wantForm] + ", the token " + formNames[gotForm]}}
	case wantForm == formGUID:
		return []Difference{{"other-id", "they are different ids"}}
	}
	var found []Difference
	valueOf := func(parts []part, name string) (string, bool) {
		for _, p := range parts {
			if p.name == name {
				return p.value, true
			}
		}
		return "", false
	}
	for _, w := range wantParts {
		g, has := valueOf(gotParts, w.name)
		switch {
		case w.value == g && has:
		case w.name == "context":
			found = append(found, contextDifference(w.value, g))
		case !has:
			found = append(found, Difference{"part", fmt.Sprintf("the credential's subject has %s, the token's has none", w.name)})
		case strings.Contains(w.value, "*"):
		case w.name == "run_phase":
			found = append(found, Difference{"run-phase", fmt.Sprintf("the credential is for the run phase %s, the token for %s: a workspace needs a credential for each", w.value, g)})
		default:
			found = append(found, Difference{"part", fmt.Sprintf("the credential is for the %s %s, the token for %s", strings.ReplaceAll(w.name, "_", " "), w.value, g)})
		}
	}
	for _, g := range gotParts {
		if _, has := valueOf(wantParts, g.name); !has {
			found = append(found, Difference{"part", fmt.Sprintf("the token's subject has %s, the credential's has none", g.name)})
		}
	}
	return found
}

// contextDifference tells how the contexts of two of GitHub's subjects differ.
func contextDifference(want, got string) Difference {
	wantKind, wantWords := contextOf(want)
	gotKind, gotWords := contextOf(got)
	words := "the credential is for " + wantWords + ", the token for " + gotWords
	switch {
	case wantKind == "environment" && gotKind != "environment":
		words += ": the job has no environment"
		if gotKind != "" {
			words += " in its workflow"
		}
	case gotKind == "environment" && wantKind != "environment":
		words += ": a job with an environment has no other subject"
	case wantKind == "pull request" && gotKind == "branch":
		words += ": the run was of a push, not of a pull request"
	case gotKind == "pull request" && wantKind == "branch":
		words += ": the run was of a pull request, not of a push"
	}
	kind := "context"
	if wantKind == gotKind && wantKind != "" {
		kind = strings.ReplaceAll("other-"+wantKind, " ", "-")
	}
	return Difference{kind, words}
}

// contextOf tells what the last part of one of GitHub's subjects is about.
func contextOf(context string) (kind, words string) {
	for _, known := range []struct{ prefix, kind, words string }{
		{"environment:", "environment", "the environment "}, {"ref:refs/heads/gh-readonly-queue/", "merge queue", "the merge queue of "},
		{"ref:refs/heads/", "branch", "the branch "}, {"ref:refs/tags/", "tag", "the tag "}, {"ref:refs/pull/", "pull request ref", "the ref of pull request "},
		{"job_workflow_ref:", "workflow", "the reusable workflow "},
	} {
		if rest, is := strings.CutPrefix(context, known.prefix); is {
			return known.kind, known.words + rest
		}
	}
	if context == "pull_request" || context == "pull-request" {
		return "pull request", "pull requests"
	}
	return "", context
}

// withIDs matches owner and repository in one of GitHub's subjects of repositories since 2026-07-15.
var withIDs = regexp.MustCompile(`^(repo:)([^/@:]+)@(\d+)/([^/@:]+)@(\d+)`)

// withoutIDs leaves the ids out of one of GitHub's subjects.
func withoutIDs(s string) string { return withIDs.ReplaceAllString(s, "$1$2/$4") }

func idsWords(want, got string) string {
	const rest = "; repositories that were made, renamed or moved since 2026-07-15 have the ids in their subject (repo:OWNER@ID/REPOSITORY@ID)"
	switch {
	case withIDs.MatchString(want) && withIDs.MatchString(got):
		return "the ids of owner or repository differ" + rest
	case withIDs.MatchString(want):
		return "the credential has the ids of owner and repository, the token has their names alone" + rest
	}
	return "the token has the ids of owner and repository, the credential has their names alone" + rest
}
