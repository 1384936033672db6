package github

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// The settings of a preset, named as in GitHub's API for the customisation of subjects.
const (
	includeClaimKeys    = "include_claim_keys"    // []string: the template; absent: the default subject
	useImmutableSubject = "use_immutable_subject" // true: the repository is written with ids
)

// subject is the sub of a job: repo:OWNER/REPO:CONTEXT, or key:value for each key of the template.
func subject(reader *issuer.ClaimReader, derived issuer.Claims, settings map[string]any) string {
	value := func(name string) string {
		fallback, _ := derived[name].(string)
		return reader.Text(name, fallback)
	}
	repo := "repo:" + value("repository")
	if settings[useImmutableSubject] == true {
		owner, name, _ := strings.Cut(value("repository"), "/")
		repo = fmt.Sprintf("repo:%s@%s/%s@%s", owner, value("repository_owner_id"), name, value("repository_id"))
	}
	keys, _ := settings[includeClaimKeys].([]string)
	if len(keys) == 0 {
		return repo + ":" + contextOf(value)
	}
	parts := make([]string, len(keys))
	for n, key := range keys {
		switch key {
		case "repo": // that an immutable repository is so in a template too is inferred
			parts[n] = repo
		case "context":
			parts[n] = contextOf(value)
		default: // what is printed for a claim that the job lacks is not known; here nothing
			parts[n] = key + ":" + escape(value(key))
		}
	}
	return strings.Join(parts, ":")
}

// contextOf is what a job runs for; the first that applies. The documentation says only "pull request events": that it
// means pull_request_target too is not confirmed.
func contextOf(value func(string) string) string {
	event := value("event_name")
	switch environment := value("environment"); {
	case environment != "":
		return "environment:" + escape(environment)
	case event == "pull_request", event == "pull_request_target":
		return "pull_request" // without its number
	}
	return "ref:" + value("ref")
}

// escape writes a value so that its colons do not look like the separator. Everything else stays as it is (inferred).
func escape(value string) string { return strings.ReplaceAll(value, ":", "%3A") }
