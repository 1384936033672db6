package github

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// claims derives every claim of a job from the given claims that say what it runs for. All claims of GitHub except the
// times are strings, also the ids and ref_protected; aud is one string.
func claims(req issuer.Request) (issuer.Claims, error) {
	reader := issuer.ClaimReader{Platform: "github", Claims: req.Claims}
	owner := reader.Text("repository_owner", "octo-org")
	repository := reader.Text("repository", owner+"/octo-repo")
	owner, _, _ = strings.Cut(repository, "/")
	owner = reader.Text("repository_owner", owner)

	event := reader.Text("event_name", eventOf(reader.Text("ref", "")))
	ref := reader.Text("ref", refOf(event))
	sha := reader.Text("sha", "9f3182061f1e2cca4702c368cbc039b7dc9d4485")
	at := ref
	if at == "" {
		at = sha // a deployment of a bare commit has no ref; its workflow is then named by the commit
	}
	workflow := reader.Text("workflow_ref", repository+"/.github/workflows/example-workflow.yml@"+at)
	called := reader.Text("job_workflow_ref", workflow)

	c := issuer.Claims{
		"actor":                 "octocat",
		"actor_id":              "12",
		"base_ref":              "",
		"check_run_id":          "56363837828",
		"event_name":            event,
		"head_ref":              "",
		"job_workflow_ref":      called,
		"ref":                   ref,
		"ref_protected":         "false",
		"ref_type":              "branch", // also for refs/pull/N/merge
		"repository":            repository,
		"repository_id":         "74",
		"repository_owner":      owner,
		"repository_owner_id":   "65",
		"repository_visibility": "private",
		"run_attempt":           "1",
		"run_id":                "19677834613",
		"run_number":            "10",
		"runner_environment":    "github-hosted",
		"sha":                   sha,
		"workflow":              "example-workflow",
		"workflow_ref":          workflow,
		"workflow_sha":          sha,
	}
	if strings.HasPrefix(ref, "refs/tags/") {
		c["ref_type"] = "tag"
	}
	if event == "pull_request" || event == "pull_request_target" {
		c["head_ref"], c["base_ref"] = "octocat-patch-1", "main"
	}
	c["job_workflow_sha"] = reader.Text("workflow_sha", sha)
	if called != workflow {
		c["job_workflow_sha"] = "8b42ec0b6b973f5465ddc4e667cee9ba26aeabb5" // the other repository's commit
	}
	if reader.Text("environment", "") != "" {
		c["environment_node_id"] = "EN_kwDOM0RsPM7xAwGo"
	}
	if reader.Text("enterprise", "") != "" {
		c["enterprise_id"] = "2"
	}

	switch len(req.Audience) {
	case 0:
		c["aud"] = server(req) + "/" + owner
	case 1:
		c["aud"] = req.Audience[0]
	default:
		return nil, fmt.Errorf("github: want one audience, got %d", len(req.Audience))
	}
	c["sub"] = subject(&reader, c, req.Settings)
	return c, reader.Err
}

// eventOf is the event that a ref speaks of.
func eventOf(ref string) string {
	switch {
	case strings.HasPrefix(ref, "refs/pull/"):
		return "pull_request"
	case strings.HasPrefix(ref, "refs/heads/gh-readonly-queue/"):
		return "merge_group"
	}
	return "push"
}

// refOf is an example of a ref that an event runs for. That of release and of the merge queue is inferred.
func refOf(event string) string {
	switch event {
	case "pull_request":
		return "refs/pull/27/merge"
	case "release":
		return "refs/tags/v1.0.0"
	case "merge_group":
		return "refs/heads/gh-readonly-queue/main/pr-27-15a5ebfa3fb5ddf10c4b4250e14496bec7f03a56"
	}
	return "refs/heads/main"
}

// server is the GitHub that a job runs on; the default audience is its owner's page there. ghe.com's is inferred.
func server(req issuer.Request) string {
	switch req.Service {
	case "ghes":
		if base, ok := strings.CutSuffix(req.Issuer, serverPath); ok {
			return base
		}
		return "https://github.contoso.example"
	case "ghe-com":
		if host, ok := strings.CutPrefix(req.Issuer, "https://token.actions."); ok {
			host, _, _ = strings.Cut(host, "/") // an enterprise's slug may follow
			return "https://" + host
		}
		return "https://octocorp.ghe.com"
	}
	return "https://github.com"
}
