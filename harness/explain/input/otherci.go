package input

import (
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// readBitbucket reads the steps of a pipeline of Bitbucket, wherever they are in it.
func (f *Found) readBitbucket(root *document.Node) {
	f.Kind = "a pipeline of Bitbucket"
	var walk func(n *document.Node, when string)
	walk = func(n *document.Node, when string) {
		for _, item := range n.List() {
			walk(item, when)
		}
		for _, e := range entries(n) {
			if e.Key == "step" && e.Value.Kind == document.Map {
				f.bitbucketStep(e.Value, when)
				continue
			}
			inner := strings.TrimSpace(when + " " + e.Key)
			if e.Key == "parallel" || e.Key == "steps" || e.Key == "stage" {
				inner = when
			}
			walk(e.Value, inner)
		}
	}
	walk(root.Get("pipelines"), "")
}

func (f *Found) bitbucketStep(step *document.Node, when string) {
	job := Job{Platform: "bitbucket", Workflow: f.Input, Name: first(step, "name"), Place: step.Start()}
	oidc := step.Get("oidc")
	if oidc == nil || oidc.Value == false {
		job.Refused = `the step has no "oidc: true"`
	}
	audience := "ari:cloud:bitbucket::workspace/{workspace UUID}"
	if list := texts(oidc.Get("audiences")); len(list) > 0 {
		audience = list[0]
	}
	job.Subjects = []Subject{{When: when, Issuer: "https://api.bitbucket.org/2.0/workspaces/{workspace}/pipelines-config/identity/oidc",
		Subject: "{repositoryUuid}:{stepUuid}", Audience: audience, Doubt: "Each UUID is in braces, which belong to the subject."}}
	f.Jobs = append(f.Jobs, job)
}

var circleAudience = regexp.MustCompile(`oidc get[^\n]*"aud"\s*:\s*\\?"([^"\\]+)`)

// readCircleCI reads the jobs of a pipeline of CircleCI. Any of them has the tokens.
func (f *Found) readCircleCI(root *document.Node, src string) {
	f.Kind = "a pipeline of CircleCI"
	for _, e := range entries(root.Get("jobs")) {
		job := Job{Platform: "circleci", Workflow: f.Input, Name: e.Key, Place: e.Position}
		audience := "{organization id}"
		e.Value.Walk(func(n *document.Node) {
			if at := circleAudience.FindStringSubmatch(str(n)); at != nil {
				audience = at[1]
			}
		})
		const subject = "org/{organization id}/project/{project id}/user/{user id}"
		job.Subjects = []Subject{
			{When: "the token CIRCLE_OIDC_TOKEN", Issuer: "https://oidc.circleci.com/org/{organization id}", Subject: subject, Audience: audience},
			{When: "the token CIRCLE_OIDC_TOKEN_V2", Issuer: "https://oidc.circleci.com/org/{organization id}", Subject: subject + "/vcs-origin/{origin}/vcs-ref/{ref}", Audience: audience},
		}
		job.Notes = append(job.Notes, "The user who starts the pipeline is in the subject.")
		if !strings.Contains(src, "CIRCLE_OIDC_TOKEN") && audience == "{organization id}" {
			job.Notes = append(job.Notes, "The file does not use CIRCLE_OIDC_TOKEN.")
		}
		f.Jobs = append(f.Jobs, job)
	}
}

// isBuildkite tells a pipeline of Buildkite by its steps.
func isBuildkite(root *document.Node, name string) bool {
	found := strings.Contains(name, "buildkite")
	for _, step := range root.Get("steps").List() {
		found = found || step.Get("command") != nil || step.Get("commands") != nil || step.Get("plugins") != nil || str(step) == "wait"
	}
	return found && root.Get("steps") != nil
}

var (
	buildkiteAudience = regexp.MustCompile(`oidc request-token[^\n]*--audience[ =]["']?([^\s"']+)`)
	buildkiteSubject  = regexp.MustCompile(`oidc request-token[^\n]*--subject-claim[ =]["']?([^\s"']+)`)
)

// readBuildkite reads the steps of a pipeline of Buildkite, also those in groups.
func (f *Found) readBuildkite(root *document.Node) {
	f.Kind = "a pipeline of Buildkite"
	for _, step := range root.Get("steps").List() {
		if inner := step.Get("steps"); inner != nil {
			f.readBuildkite(step)
			continue
		}
		commands := strings.Join(append(texts(step.Get("command")), texts(step.Get("commands"))...), "\n")
		if commands == "" {
			continue
		}
		key := first(step, "key", "id", "identifier")
		job := Job{Platform: "buildkite", Workflow: f.Input, Name: first(step, "label", "name", "key"), Place: step.Start()}
		if key == "" {
			key = "{step key}"
		}
		s := Subject{Issuer: "https://agent.buildkite.com", Audience: "https://buildkite.com/{organization}",
			Subject: "organization:{organization}:pipeline:{pipeline}:ref:refs/heads/{branch}:commit:{commit}:step:" + key}
		if at := buildkiteAudience.FindStringSubmatch(commands); at != nil {
			s.Audience = at[1]
		} else if !strings.Contains(commands, "oidc request-token") {
			job.Notes = append(job.Notes, `The step does not run "buildkite-agent oidc request-token".`)
		}
		if at := buildkiteSubject.FindStringSubmatch(commands); at != nil {
			s.Subject, s.When = "{"+at[1]+"}", "--subject-claim "+at[1]
		} else {
			job.Notes = append(job.Notes, "The commit is in the subject, so a credential with a subject fits one build alone; --subject-claim pipeline_id asks for another subject.")
		}
		job.Subjects = []Subject{s}
		f.Jobs = append(f.Jobs, job)
	}
}
