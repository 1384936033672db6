package input

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

const githubIssuer = "https://token.actions.githubusercontent.com"

// Doubts about the subjects of GitHub; the research is GitHub's own page about them.
const (
	immutableDoubt = "A repository that was made, renamed or transferred after 2026-07-15 has ids in its subject: repo:{owner}@{owner id}/{repo}@{repo id}:…"
	targetDoubt    = "GitHub's documentation speaks of pull request events; that this one is among them is not confirmed."
	inferredDoubt  = "The ref of this event is inferred."
)

// isGitHub tells a workflow of GitHub Actions, or of Forgejo, which has the same form, from other YAML.
func isGitHub(root *document.Node) bool {
	jobs := root.Get("jobs")
	return jobs != nil && jobs.Kind == document.Map && (root.Get("on") != nil || root.Get("true") != nil)
}

// workflow is a workflow of GitHub Actions that is being read.
type workflow struct {
	*Found
	root     *document.Node
	name     string
	triggers []trigger
	called   bool // by other workflows, and by nothing else

	platform, issuer string // Forgejo has workflows of the same form
}

// trigger is an event that starts a workflow, with its filters.
type trigger struct {
	event  string
	filter *document.Node // nil: none
}

func (f *Found) readGitHub(root *document.Node) {
	f.Kind = "a GitHub workflow"
	w := workflow{Found: f, root: root, name: first(root, "name"), platform: "github", issuer: githubIssuer}
	if strings.Contains(f.Input, ".forgejo/") {
		f.Kind, w.platform, w.issuer = "a Forgejo workflow", "forgejo", "https://{host}/api/actions"
		f.note("That Forgejo's subjects are like GitHub's is known; what its jobs need to get a token is not known here.")
	}
	if w.name == "" {
		w.name = f.Input
	}
	on := root.Get("on")
	if on == nil {
		on = root.Get("true") // as another reader of YAML would write it
	}
	for _, text := range texts(on) {
		w.triggers = append(w.triggers, trigger{event: text})
	}
	for _, e := range entries(on) {
		w.triggers = append(w.triggers, trigger{e.Key, e.Value})
	}
	w.called = len(w.triggers) == 1 && w.triggers[0].event == "workflow_call"
	for _, e := range root.Get("jobs").Entries {
		w.job(e)
	}
}

// job reads a job.
func (w *workflow) job(e document.Entry) {
	n := e.Value
	job := Job{Platform: w.platform, Workflow: w.name, Name: e.Key, Place: e.Position}
	job.Refused = w.refused(n)
	if job.Refused == "" && w.called {
		job.Notes = append(job.Notes, "The workflow is called by others: each caller must give id-token: write, too, and the subject is that of the caller.")
	}
	repo := "repo:{owner}/{repo}"
	c := conditionOf(str(n.Get("if")))
	if c.repository != "" {
		repo = "repo:" + c.repository
	}
	if c.other != "" {
		job.Notes = append(job.Notes, "The condition of the job was not evaluated: "+c.other)
	}
	environments, doubt := w.environments(n)
	for _, environment := range environments {
		job.Subjects = append(job.Subjects, Subject{When: "whatever the event, because the job has an environment", Issuer: githubIssuer,
			Subject: repo + ":environment:" + strings.ReplaceAll(environment, ":", "%3A"), Doubt: joinSentences(doubt, immutableDoubt)})
	}
	if len(environments) == 0 {
		for _, t := range w.triggers {
			w.event(&job, t, repo, c)
		}
	}
	if w.platform != "github" {
		job.Refused = ""
		for i := range job.Subjects {
			job.Subjects[i].Issuer = w.issuer
			job.Subjects[i].Doubt = strings.TrimSpace(strings.ReplaceAll(job.Subjects[i].Doubt, immutableDoubt, ""))
		}
		w.login(&job, n)
		w.Jobs = append(w.Jobs, job)
		return
	}
	if uses := str(n.Get("uses")); uses != "" {
		job.Notes = append(job.Notes, "It calls the workflow "+uses+": the claim job_workflow_ref names that, and a job there with an environment has the subject of the environment.")
	}
	w.login(&job, n)
	if w.fromPullRequests() {
		job.Notes = append(job.Notes, "Pull requests from forks and runs of Dependabot get no token, whatever the permissions say.")
	}
	job.Notes = append(job.Notes, "A repository or an organisation may have a template for its subjects: then they look different.")
	w.Jobs = append(w.Jobs, job)
}

func (w *workflow) fromPullRequests() bool {
	return slices.ContainsFunc(w.triggers, func(t trigger) bool { return t.event == "pull_request" })
}

// refused says why a job gets no token: what it may do is said by the job, or else by the workflow.
func (w *workflow) refused(job *document.Node) string {
	permissions, whose := job.Get("permissions"), "the job"
	if permissions == nil {
		permissions, whose = w.root.Get("permissions"), "the workflow"
	}
	switch {
	case permissions == nil && w.called:
		return "" // the caller says
	case permissions == nil:
		return `neither the job nor the workflow has "permissions: id-token: write"`
	case str(permissions) == "write-all", str(permissions.Get("id-token")) == "write":
		return ""
	case permissions.Get("id-token") != nil:
		return fmt.Sprintf(`%s has "id-token: %s": write "id-token: write"`, whose, str(permissions.Get("id-token")))
	}
	return fmt.Sprintf(`the permissions of %s do not have "id-token: write"; naming any permission takes away all the others`, whose)
}

// event adds the subjects that an event gives.
func (w *workflow) event(job *Job, t trigger, repo string, c condition) {
	if c.excludes(t.event) {
		return
	}
	add := func(when, context, doubt string) {
		if c.ref != "" && !strings.Contains(context, "{") && context != "ref:"+c.ref {
			return // such as a pull request, where the condition wants a branch
		}
		if c.ref != "" && strings.HasPrefix(context, "ref:") {
			if strings.HasPrefix(context, "ref:refs/tags/") != strings.HasPrefix(c.ref, "refs/tags/") || strings.Contains(context, "gh-readonly-queue") {
				return
			}
			context = "ref:" + c.ref
		}
		s := Subject{When: when, Subject: repo + ":" + context, Issuer: githubIssuer, Doubt: joinSentences(doubt, immutableDoubt)}
		if !slices.ContainsFunc(job.Subjects, func(o Subject) bool { return o.Subject == s.Subject && o.When == s.When }) {
			job.Subjects = append(job.Subjects, s)
		}
	}
	switch t.event {
	case "push":
		w.push(t.filter, c.ref, add)
	case "pull_request":
		add("pull request", "pull_request", "")
	case "pull_request_target":
		add("pull_request_target", "pull_request", targetDoubt)
	case "merge_group":
		add("merge queue", "ref:refs/heads/gh-readonly-queue/{base}/pr-{number}-{sha}", inferredDoubt)
	case "workflow_dispatch":
		add("started by hand on a branch", "ref:refs/heads/{branch}", "")
		add("started by hand on a tag", "ref:refs/tags/{tag}", "")
	case "schedule":
		add("schedule", "ref:refs/heads/{default branch}", inferredDoubt)
	case "release":
		add("release", "ref:refs/tags/{tag}", inferredDoubt)
	case "workflow_call":
		add("called by another workflow", "{context of the caller}", "Repository and context are those of the caller.")
	default:
		job.Notes = append(job.Notes, fmt.Sprintf("What subject the event %q gives is not known here.", t.event))
	}
}

// push adds the subjects of pushes that the filters let through.
// ref is the one that the condition of the job wants; "": any.
func (w *workflow) push(filter *document.Node, ref string, add func(when, context, doubt string)) {
	branches, tags := filter.Get("branches"), filter.Get("tags")
	noBranches, noTags := filter.Get("branches-ignore"), filter.Get("tags-ignore")
	one := func(kind, placeholder string, filter *document.Node) {
		for _, pattern := range texts(filter) {
			name := map[string]string{"branch": "heads", "tag": "tags"}[kind]
			switch {
			case strings.HasPrefix(pattern, "!"):
			case ref != "" && !globMatches(pattern, strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")):
			case strings.ContainsAny(pattern, "*?+[]"):
				add(fmt.Sprintf("push to a %s like %s", kind, pattern), "ref:refs/"+name+"/"+placeholder, "")
			case kind == "tag":
				add("push of the tag "+pattern, "ref:refs/tags/"+pattern, "")
			default:
				add("push to "+pattern, "ref:refs/heads/"+pattern, "")
			}
		}
	}
	one("branch", "{branch}", branches)
	one("tag", "{tag}", tags)
	all := branches == nil && tags == nil && noBranches == nil && noTags == nil
	if noBranches != nil || all {
		add("push to a branch", "ref:refs/heads/{branch}", "")
	}
	if noTags != nil || all {
		add("push of a tag", "ref:refs/tags/{tag}", "")
	}
}

// globMatches tells whether a filter lets a branch or tag through, of which a star is not a slash and two are. What it
// does not know in a filter lets everything through.
func globMatches(pattern, name string) bool {
	expression := regexp.QuoteMeta(pattern)
	for _, r := range [][2]string{{`\*\*`, `.*`}, {`\*`, `[^/]*`}, {`\?`, `?`}, {`\+`, `+`}, {`\[`, `[`}, {`\]`, `]`}} {
		expression = strings.ReplaceAll(expression, r[0], r[1])
	}
	matches, err := regexp.MatchString("^(?:"+expression+")$", name)
	return matches || err != nil
}

var (
	matrixReference = regexp.MustCompile(`^\$\{\{\s*matrix\.([\w-]+)(?:\.([\w-]+))?\s*\}\}$`)
	eitherOr        = regexp.MustCompile(`&&\s*'([^']+)'\s*\|\|\s*'([^']+)'\s*\}\}$`)
	inputReference  = regexp.MustCompile(`^\$\{\{\s*(?:github\.event\.)?inputs\.([\w-]+)\s*\}\}$`)
)

// environments are those that a job may have. An expression gives all that the file says it can be, or a placeholder.
func (w *workflow) environments(job *document.Node) (names []string, doubt string) {
	n := job.Get("environment")
	if n == nil || n.Kind == document.Scalar && n.Value == nil {
		return nil, ""
	}
	if n.Kind == document.Map {
		n = n.Get("name")
	}
	name := str(n)
	switch {
	case name == "":
		return nil, ""
	case !strings.Contains(name, "${{"):
		return []string{name}, ""
	}
	if at := matrixReference.FindStringSubmatch(name); at != nil {
		if names = matrixValues(job.Get("strategy").Get("matrix"), at[1], at[2]); len(names) > 0 {
			return names, ""
		}
	}
	if at := inputReference.FindStringSubmatch(name); at != nil {
		for _, t := range w.triggers {
			input := t.filter.Get("inputs").Get(at[1])
			if options := texts(input.Get("options")); len(options) > 0 && str(input.Get("type")) == "choice" {
				return options, ""
			}
		}
	}
	if at := eitherOr.FindStringSubmatch(name); at != nil {
		return at[1:], "The environment depends on the run: " + name
	}
	return []string{"{environment}"}, "The environment is an expression: " + name + ". If it is empty, the subject is that of the event."
}

// matrixValues are the texts that a matrix has for a name, and for a member of it.
func matrixValues(matrix *document.Node, name, member string) []string {
	var values []string
	add := func(n *document.Node) {
		if member != "" {
			n = n.Get(member)
		}
		if s := str(n); s != "" && !strings.Contains(s, "${{") && !slices.Contains(values, s) {
			values = append(values, s)
		}
	}
	for _, item := range matrix.Get(name).List() {
		add(item)
	}
	for _, item := range matrix.Get("include").List() {
		if item.Get(name) != nil {
			add(item.Get(name))
		}
	}
	return values
}

// condition is what the "if" of a job says about the run, as far as it is a plain comparison.
type condition struct {
	repository, ref string
	events, not     []string
	other           string // the whole, if there is more in it
}

var comparison = regexp.MustCompile(`^github\.(repository|ref|event_name)\s*(==|!=)\s*'([^']*)'$`)

func conditionOf(text string) condition {
	var c condition
	text = strings.TrimSpace(text)
	if text == "" {
		return c
	}
	inner := text
	if strings.HasPrefix(inner, "${{") && strings.HasSuffix(inner, "}}") {
		inner = inner[3 : len(inner)-2]
	}
	if strings.Contains(inner, "||") {
		return condition{other: text}
	}
	for _, part := range strings.Split(inner, "&&") {
		at := comparison.FindStringSubmatch(strings.Trim(strings.TrimSpace(part), "()"))
		switch {
		case at == nil:
			c.other = text
		case at[1] == "repository" && at[2] == "==":
			c.repository = at[3]
		case at[1] == "ref" && at[2] == "==" && (strings.HasPrefix(at[3], "refs/heads/") || strings.HasPrefix(at[3], "refs/tags/")):
			c.ref = at[3]
		case at[1] == "event_name" && at[2] == "==":
			c.events = append(c.events, at[3])
		case at[1] == "event_name":
			c.not = append(c.not, at[3])
		default:
			c.other = text
		}
	}
	return c
}

func (c condition) excludes(event string) bool {
	return len(c.events) > 0 && !slices.Contains(c.events, event) && event != "workflow_call" || slices.Contains(c.not, event)
}

var (
	requestedAudience = regexp.MustCompile(`audience=([A-Za-z0-9:/._%-]+)`)
	toolkitAudience   = regexp.MustCompile(`getIDToken\(\s*['"]([^'"]+)['"]`)
)

// login reads who a job signs in as and which audience it asks for.
func (w *workflow) login(job *Job, n *document.Node) {
	audience := ""
	for _, step := range n.Get("steps").List() {
		action, _, _ := strings.Cut(strings.ToLower(str(step.Get("uses"))), "@")
		with := step.Get("with")
		switch {
		case action == "azure/login":
			audience = exchangeAudience
			if given := str(with.Get("audience")); given != "" {
				audience = given
			}
			if id := str(with.Get("client-id")); !masked(id) {
				job.ClientID = id
			}
			if id := str(with.Get("tenant-id")); !masked(id) {
				job.Tenant = id
			}
			if with.Get("creds") != nil && with.Get("client-id") == nil {
				job.Notes = append(job.Notes, "azure/login has creds and no client-id: with a secret in it, it does not ask for a token.")
			}
		case str(step.Get("run")) != "" || with.Get("script") != nil:
			script := str(step.Get("run")) + str(with.Get("script"))
			for _, find := range []*regexp.Regexp{requestedAudience, toolkitAudience} {
				if at := find.FindStringSubmatch(script); at != nil && audience == "" {
					audience = strings.NewReplacer("%3A", ":", "%2F", "/", "%3a", ":", "%2f", "/").Replace(at[1])
				}
			}
		}
	}
	for _, env := range []*document.Node{n.Get("env"), w.root.Get("env")} {
		if use := env.Get("ARM_USE_OIDC"); use != nil && (use.Value == true || str(use) == "true") {
			if audience == "" {
				audience = exchangeAudience
			}
			if id := str(env.Get("ARM_CLIENT_ID")); job.ClientID == "" && !masked(id) {
				job.ClientID = id
			}
			if id := str(env.Get("ARM_TENANT_ID")); job.Tenant == "" && !masked(id) {
				job.Tenant = id
			}
		}
	}
	for i := range job.Subjects {
		job.Subjects[i].Audience = audience
	}
}

func joinSentences(sentences ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(sentences), func(s string) bool { return s == "" }), " ")
}
