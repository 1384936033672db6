package explain

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers"
)

// IssuerPlatform is who issues a token.
type IssuerPlatform struct {
	Name  string `json:"name"`  // as scenarios name the platform; "": it is none that issuerd impersonates
	Title string `json:"title"` // for people
	Basis string `json:"basis"` // what it was known by: the issuer, or the claims
}

// issuerForms are issuers that have a part of their own, by tenant, region or cluster, and so are in no list.
var issuerForms = []struct {
	form     *regexp.Regexp
	platform string
	title    string
}{
	{regexp.MustCompile(`^https://token\.actions\.[^/]+\.ghe\.com/?$`), "github", "GitHub Actions (GitHub Enterprise Cloud with data residency)"},
	{regexp.MustCompile(`^https://[^/]+/_services/token/?$`), "github", "GitHub Actions (GitHub Enterprise Server)"},
	{regexp.MustCompile(`^https://oidc\.circleci\.com/org/`), "circleci", "CircleCI"},
	{regexp.MustCompile(`^https://([^/.]+\.)?oi(c|dc)\.prod-aks\.azure\.com/`), "kubernetes", "Kubernetes (AKS)"},
	{regexp.MustCompile(`^https://oidc(-eks)?\.(eks\.)?[^/]*(amazonaws\.com|api\.aws)/id/`), "kubernetes", "Kubernetes (EKS)"},
	{regexp.MustCompile(`^https://container\.googleapis\.com/v1/projects/`), "kubernetes", "Kubernetes (GKE)"},
	{regexp.MustCompile(`^https://kubernetes\.default\.svc`), "kubernetes", "Kubernetes (a cluster without a public issuer)"},
	{regexp.MustCompile(`^https://(issuer-)?cognito-idp\.[^/]+\.amazonaws\.com/`), "cognito", "Amazon Cognito (a user pool)"},
	{regexp.MustCompile(`^https://[^/]+\.tokens\.sts\.global\.api\.aws$`), "awssts", "AWS (GetWebIdentityToken)"},
	{regexp.MustCompile(`^https://api\.bitbucket\.org/2\.0/workspaces/`), "bitbucket", "Bitbucket Pipelines"},
	{regexp.MustCompile(`^https://[^/]+\.app\.spacelift\.io$`), "spacelift", "Spacelift"},
	{regexp.MustCompile(`^https://app\.(eu\.)?terraform\.io/?$`), "terraform", "Terraform Cloud"},
	{regexp.MustCompile(`^https://oidc\.vercel\.com`), "vercel", "Vercel"},
	{regexp.MustCompile(`^https://oidc\.fly\.io/`), "fly", "Fly.io"},
}

// claimForms tell a platform by claims that no other has, for an issuer at somebody's own address.
var claimForms = []struct{ claim, platform, title string }{
	{"kubernetes.io", "kubernetes", "Kubernetes"},
	{"job_workflow_ref", "github", "GitHub Actions"},
	{"terraform_run_phase", "terraform", "Terraform Cloud or Enterprise"},
	{"ci_config_ref_uri", "gitlab", "GitLab (one of one's own)"},
	{"project_path", "gitlab", "GitLab (one of one's own)"},
	{"pipelineUuid", "bitbucket", "Bitbucket Pipelines"},
	{"build_number", "jenkins", "Jenkins"},
}

// platformOf tells who issues tokens with this issuer, claims and subject. nil: it is not known.
func platformOf(issuer, subject string, claims map[string]any) *IssuerPlatform {
	bare := strings.TrimRight(strings.ToLower(strings.TrimSpace(issuer)), "/")
	if u, err := url.Parse(bare); err == nil && u.Host != "" {
		if cloud, _ := directory.CloudOfHost(u.Hostname()); cloud != nil {
			return &IssuerPlatform{Title: "Microsoft Entra itself", Basis: "the issuer"}
		}
		for _, form := range issuerForms {
			if form.form.MatchString(bare) || form.form.MatchString(bare+"/") {
				return &IssuerPlatform{form.platform, form.title, "the issuer"}
			}
		}
		for _, platform := range issuers.All() {
			for _, service := range platform.Services {
				s, err := url.Parse(service.Issuer)
				if err == nil && strings.EqualFold(s.Hostname(), u.Hostname()) && !strings.HasSuffix(s.Hostname(), ".example") {
					return &IssuerPlatform{platform.Name, platform.Title, "the issuer"}
				}
			}
		}
	}
	for _, form := range claimForms {
		if _, has := claims[form.claim]; has {
			return &IssuerPlatform{form.platform, form.title, "its claims"}
		}
	}
	if subject == "" {
		return nil
	}
	for form, platform := range map[subjectForm][2]string{
		formGitHub: {"github", "GitHub Actions"}, formGitLab: {"gitlab", "GitLab"}, formTerraform: {"terraform", "Terraform Cloud"}, formBuildkite: {"buildkite", "Buildkite"}, formKubernetes: {"kubernetes", "Kubernetes"},
		formConnection: {"azure-devops", "Azure DevOps"}, formPipeline: {"azure-devops", "Azure DevOps"}, formSPIFFE: {"spiffe", "SPIFFE"},
	} {
		if got, _ := formOf(subject); got == form {
			return &IssuerPlatform{platform[0], platform[1], "the form of the subject"}
		}
	}
	return nil
}

// usualIssuers are the issuers of platforms that have one for everybody.
var usualIssuers = map[string]string{
	"github": "https://token.actions.githubusercontent.com", "gitlab": "https://gitlab.com", "terraform": "https://app.terraform.io",
	"gcp": "https://accounts.google.com", "buildkite": "https://agent.buildkite.com", "pulumi": "https://api.pulumi.com/oidc",
}

// meanings are what the claims of platforms say, in the order to read them. A claim below another is written with a
// slash.
var meanings = map[string][]struct{ claim, means string }{
	"github": {
		{"repository", "the repository whose workflow runs"},
		{"ref", "the branch or tag of the run; pull requests have refs/pull/NUMBER/merge"},
		{"ref_type", "branch or tag; also branch for pull requests"},
		{"environment", "the job's environment: with one, the default subject names it and no branch"},
		{"event_name", "what started the run"},
		{"job_workflow_ref", "the workflow with the job, which is another repository's for a reusable workflow"},
		{"repository_id", "the repository's id, which stays when it is renamed"},
		{"repository_owner_id", "the owner's id, which stays when it is renamed"},
		{"enterprise", "the enterprise, which a tenant's policy may ask for (AADSTS7002381)"},
	},
	"kubernetes": {
		{"kubernetes.io/namespace", "the namespace of the service account"},
		{"kubernetes.io/serviceaccount/name", "the service account"},
		{"kubernetes.io/pod/name", "the pod that the token is bound to"},
		{"kubernetes.io/warnafter", "the token's real end: its exp is longer for the API server alone, and Entra sees exp"},
	},
	"gitlab": {
		{"project_path", "the project whose pipeline runs"},
		{"ref_type", "branch or tag"},
		{"ref", "the branch or tag"},
		{"environment", "the job's environment, which is not in the default subject"},
		{"project_id", "the project's id, which stays when it is renamed"},
		{"pipeline_source", "what started the pipeline"},
	},
	"terraform": {
		{"terraform_organization_name", "the organisation"},
		{"terraform_project_name", "the project, which is part of the subject since 2023"},
		{"terraform_workspace_name", "the workspace"},
		{"terraform_run_phase", "plan or apply: the subject has it, so that each needs a credential"},
	},
	"azure-devops": {
		{"org_id", "the organisation's id"}, {"prj_id", "the project's id"}, {"def_id", "the pipeline's id"}, {"rpo_ref", "the branch"},
	},
	"gcp": {
		{"email", "the service account; the subject is its numeric id"}, {"google/compute_engine/instance_name", "the machine"},
	},
	"cognito":   {{"amr", "how the identity signed in"}, {"token_use", "id or access"}},
	"bitbucket": {{"repositoryUuid", "the repository, in braces"}, {"branchName", "the branch"}, {"deploymentEnvironmentUuid", "the deployment environment"}},
	"circleci":  {{"oidc.circleci.com/project-id", "the project's id"}, {"oidc.circleci.com/vcs-ref", "the branch or tag"}},
	"buildkite": {{"organization_slug", "the organisation"}, {"pipeline_slug", "the pipeline"}, {"build_branch", "the branch"}, {"step_key", "the step"}},
	"spiffe":    {},
}

// claimMeanings are the claims of a token that its platform gives a meaning.
func claimMeanings(platform string, claims map[string]any) []ClaimMeaning {
	var found []ClaimMeaning
	for _, m := range meanings[platform] {
		value, has := claims[m.claim]
		for at, path := any(claims), strings.Split(m.claim, "/"); !has && len(path) > 0; path = path[1:] {
			members, isObject := at.(map[string]any)
			if !isObject {
				break
			}
			if at, isObject = members[path[0]]; !isObject {
				break
			}
			if len(path) == 1 {
				value, has = at, true
			}
		}
		if has {
			found = append(found, ClaimMeaning{m.claim, textOf(value), m.means})
		}
	}
	return found
}
