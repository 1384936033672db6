// Package issuers is the list of the token issuers that issuerd impersonates. To add one, write its folder and add a
// line to [All]; help, schema and the conformance tests follow from the list.
package issuers

import (
	"fmt"

	"github.com/issuerd/issuerd/issuers/awssts"
	"github.com/issuerd/issuerd/issuers/azuredevops"
	"github.com/issuerd/issuerd/issuers/bitbucket"
	"github.com/issuerd/issuerd/issuers/buildkite"
	"github.com/issuerd/issuerd/issuers/circleci"
	"github.com/issuerd/issuerd/issuers/cognito"
	"github.com/issuerd/issuerd/issuers/forgejo"
	"github.com/issuerd/issuerd/issuers/gcp"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/gitlab"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes"
	"github.com/issuerd/issuerd/issuers/spiffe"
	"github.com/issuerd/issuerd/issuers/terraform"
	"github.com/issuerd/issuerd/wording"
)

// All are the platforms.
var All = []*issuer.Platform{
	github.Platform,
	kubernetes.Platform,
	gcp.Platform,
	cognito.Platform,
	awssts.Platform,
	spiffe.Platform,
	terraform.Platform,
	gitlab.Platform,
	azuredevops.Platform,
	circleci.Platform,
	buildkite.Platform,
	bitbucket.Platform,
	forgejo.Platform,
	generic.Platform,
}

// Names returns the names of the platforms in their order.
func Names() []string {
	names := make([]string, len(All))
	for i, p := range All {
		names[i] = p.Name
	}
	return names
}

// ByName returns the platform with that name; the error lists those there are, or that are near.
func ByName(name string) (*issuer.Platform, error) {
	for _, p := range All {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("issuers: no platform %q (%s)", name, wording.Have(name, Names()))
}
