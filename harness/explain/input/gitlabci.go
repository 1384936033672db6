package input

import (
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

const gitlabIssuer = "https://gitlab.com"

// gitlabKeys are keys of the first level that are no jobs.
var gitlabKeys = []string{
	"default", "include", "stages", "variables", "workflow", "image", "services", "cache", "before_script", "after_script", "spec", "types",
}

// isGitLab tells a pipeline of GitLab by a job in it: a map with a script or tokens.
func isGitLab(root *document.Node, name string) bool {
	if root.Kind != document.Map || has(root, "apiVersion") || has(root, "on") {
		return false
	}
	named := strings.Contains(name, "gitlab-ci")
	for _, e := range root.Entries {
		if e.Key == "stages" && e.Value.Kind == document.List && len(e.Value.Items) > 0 && e.Value.Items[0].Kind == document.Scalar {
			named = true
		}
		if e.Value.Get("id_tokens") != nil || e.Value.Get("script") != nil && (named || e.Value.Get("stage") != nil || e.Value.Get("rules") != nil || e.Value.Get("only") != nil) {
			return true
		}
	}
	return false
}

// gitlab is a pipeline of GitLab that is being read.
type gitlab struct {
	*Found
	root *document.Node
}

func (f *Found) readGitLab(root *document.Node) {
	f.Kind = "a GitLab pipeline"
	g := gitlab{f, root}
	if root.Get("include") != nil {
		f.note("The pipeline includes other files, which were not read: jobs and templates there are missing here.")
	}
	for _, e := range root.Entries {
		if e.Value.Kind == document.Map && !slices.Contains(gitlabKeys, e.Key) && !strings.HasPrefix(e.Key, ".") {
			g.job(e)
		}
	}
}

// get is the value of a key of a job, of what it extends, or of the defaults of the pipeline.
func (g gitlab) get(job *document.Node, key string) *document.Node {
	if n := g.extended(job, key, 0); n != nil {
		return n
	}
	return g.root.Get("default").Get(key)
}

func (g gitlab) extended(job *document.Node, key string, depth int) *document.Node {
	if n := job.Get(key); n != nil {
		return n
	}
	parents := texts(job.Get("extends"))
	slices.Reverse(parents) // the last one counts
	for _, parent := range parents {
		if depth < 11 && len(parents) < 11 { // GitLab has the limit of 11 for both
			if n := g.extended(g.root.Get(parent), key, depth+1); n != nil {
				return n
			}
		}
	}
	return nil
}

func (g gitlab) job(e document.Entry) {
	job := Job{Platform: "gitlab", Workflow: g.Input, Name: e.Key, Place: e.Position}
	tokens := g.get(e.Value, "id_tokens")
	if path := texts(tokens); tokens != nil && tokens.Kind == document.List && len(path) > 0 { // !reference [.azure, id_tokens]
		tokens = g.root
		for _, key := range path {
			tokens = tokens.Get(key)
		}
		if tokens == nil {
			job.Notes = append(job.Notes, "The tokens are those of another file, which was not read.")
			tokens = &document.Node{Kind: document.Map, Entries: []document.Entry{{Key: "", Value: &document.Node{}}}}
		}
	}
	if tokens == nil || len(tokens.Entries) == 0 {
		job.Refused = "the job has no id_tokens, which name its tokens and their audiences"
	}
	var audience string
	for i, token := range entries(tokens) {
		list := texts(token.Value.Get("aud"))
		switch {
		case token.Key == "": // not known
		case len(list) == 0:
			job.Notes = append(job.Notes, "The token "+token.Key+" has no aud.")
		case i == 0 || strings.HasPrefix(list[0], "api://AzureADTokenExchange") && audience != list[0]:
			audience = list[0]
		}
		if len(list) > 1 {
			job.Notes = append(job.Notes, "The token "+token.Key+" has several audiences: "+strings.Join(list, ", ")+". That Entra takes such a token is not known: issuerd's refuses it unless option audienceLists is set.")
		}
	}
	if len(entries(tokens)) > 1 {
		job.Notes = append(job.Notes, "The job has several tokens; the audience is that of the one for Entra, or else of the first.")
	}
	project := "project_path:{group}/{project}"
	for _, context := range g.contexts(e.Value) {
		job.Subjects = append(job.Subjects, Subject{When: context.when, Issuer: gitlabIssuer, Audience: audience, Doubt: context.doubt,
			Subject: project + ":ref_type:" + context.kind + ":ref:" + context.ref})
	}
	job.Notes = append(job.Notes,
		"The project can choose what its subject is made of (ci_id_token_sub_claim_components): it may begin with project_id.",
		"The issuer is the address of the GitLab: one of your own has its own.")
	if g.get(e.Value, "environment") != nil {
		job.Notes = append(job.Notes, "The environment is a claim of the token; the subject does not have it.")
	}
	g.Jobs = append(g.Jobs, job)
}

type gitlabContext struct{ when, kind, ref, doubt string }

var (
	gitlabBranch  = regexp.MustCompile(`\$CI_COMMIT_(?:BRANCH|REF_NAME)\s*==\s*["']([^"'$]+)["']`)
	gitlabDefault = regexp.MustCompile(`\$CI_COMMIT_(?:BRANCH|REF_NAME)\s*==\s*\$CI_DEFAULT_BRANCH`)
	gitlabTagName = regexp.MustCompile(`\$CI_COMMIT_TAG\s*==\s*["']([^"'$]+)["']`)
	gitlabTag     = regexp.MustCompile(`\$CI_COMMIT_TAG\b`)
	gitlabMerge   = regexp.MustCompile(`merge_request_event|\$CI_MERGE_REQUEST_`)
)

const mergeDoubt = "What ref the subject has in a pipeline of a merge request is not known here; the claims namespace and project are those of the source project."

// contexts are the refs that a job runs for, as far as its rules say.
func (g gitlab) contexts(job *document.Node) []gitlabContext {
	var list []gitlabContext
	add := func(c gitlabContext) {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	branch := gitlabContext{"a branch", "branch", "{branch}", ""}
	tag := gitlabContext{"a tag", "tag", "{tag}", ""}
	merge := gitlabContext{"a merge request", "branch", "{branch}", mergeDoubt}
	open := false // a rule that says nothing of the ref
	for _, rule := range g.get(job, "rules").List() {
		condition := str(rule.Get("if"))
		if str(rule.Get("when")) == "never" {
			continue
		}
		found := false
		for _, at := range gitlabBranch.FindAllStringSubmatch(condition, -1) {
			add(gitlabContext{"the branch " + at[1], "branch", at[1], ""})
			found = true
		}
		if gitlabDefault.MatchString(condition) {
			add(gitlabContext{"the default branch", "branch", "{default branch}", ""})
			found = true
		}
		for _, at := range gitlabTagName.FindAllStringSubmatch(condition, -1) {
			add(gitlabContext{"the tag " + at[1], "tag", at[1], ""})
			found = true
		}
		if !found && gitlabTag.MatchString(condition) {
			add(tag)
			found = true
		}
		if gitlabMerge.MatchString(condition) {
			add(merge)
			found = true
		}
		open = open || !found
	}
	only := g.get(job, "only")
	if only != nil && only.Kind == document.Map {
		only = only.Get("refs")
	}
	for _, ref := range texts(only) {
		switch {
		case ref == "branches", ref == "pushes", ref == "schedules", ref == "web", ref == "api", ref == "triggers", ref == "pipelines":
			add(branch)
		case ref == "tags":
			add(tag)
		case ref == "merge_requests":
			add(merge)
		case strings.HasPrefix(ref, "/"):
			add(gitlabContext{"a branch or tag like " + ref, "branch", "{branch}", ""})
		default:
			add(gitlabContext{"the branch " + ref, "branch", ref, ""})
		}
	}
	if len(list) == 0 || open {
		add(branch)
		add(tag)
	}
	return list
}
