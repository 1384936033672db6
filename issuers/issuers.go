// Package issuers is the list of the token issuers that issuerd impersonates. To add one, write its folder, or its file
// in issuers/generic/files, and add a line to the list; help, schema and the conformance tests follow from it.
package issuers

import (
	"slices"
	"sync"

	"github.com/issuerd/issuerd/issuers/awssts"
	"github.com/issuerd/issuerd/issuers/azuredevops"
	"github.com/issuerd/issuerd/issuers/buildkite"
	"github.com/issuerd/issuerd/issuers/cognito"
	"github.com/issuerd/issuerd/issuers/forgejo"
	"github.com/issuerd/issuerd/issuers/gcp"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes"
	"github.com/issuerd/issuerd/issuers/spiffe"
	"github.com/issuerd/issuerd/issuers/terraform"
)

// entry is a platform; one that is a file is read when somebody asks for it.
type entry struct {
	name     string
	platform *issuer.Platform // nil: it is a file
}

// list are the platforms that come with issuerd.
var list = []entry{
	{"github", github.Platform},
	{"kubernetes", kubernetes.Platform},
	{"gcp", gcp.Platform},
	{"cognito", cognito.Platform},
	{"awssts", awssts.Platform},
	{"spiffe", spiffe.Platform},
	{"terraform", terraform.Platform},
	{"gitlab", nil},
	{"azure-devops", azuredevops.Platform},
	{"circleci", nil},
	{"buildkite", buildkite.Platform},
	{"bitbucket", nil},
	{"forgejo", forgejo.Platform},
	{"jenkins", nil},
	{"spacelift", nil},
	{"pulumi", nil},
	{"vercel", nil},
	{"fly", nil},
	{"env0", nil},
	{"octopus", nil},
	{"scalr", nil},
	{"teleport", nil},
	{"generic", nil},
}

func (e entry) load() *issuer.Platform {
	if e.platform != nil {
		return e.platform
	}
	return generic.Shipped(e.name)
}

// All returns the platforms that come with issuerd. The slice is the caller's.
func All() []*issuer.Platform { return slices.Clone(all()) }

var all = sync.OnceValue(func() []*issuer.Platform {
	platforms := make([]*issuer.Platform, len(list))
	var wg sync.WaitGroup
	for i, e := range list {
		wg.Go(func() { platforms[i] = e.load() })
	}
	wg.Wait()
	return platforms
})

// Names returns the names of the platforms in their order. It reads no file.
func Names() []string {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.name
	}
	return names
}

// IsFile tells whether a platform that comes with issuerd is a file; see [generic.ShippedFile].
func IsFile(name string) bool {
	return slices.ContainsFunc(list, func(e entry) bool { return e.name == name && e.platform == nil })
}

// ByName returns the platform with that name; the error lists those there are, or that are near.
func ByName(name string) (*issuer.Platform, error) { return Set{}.ByName(name) }

// Hosts are those of the platforms' canonical issuers and of their keys. It parses no file.
func Hosts() []string {
	var hosts []string
	for _, e := range list {
		if e.platform == nil {
			hosts = append(hosts, generic.ShippedHosts(e.name)...)
		} else {
			hosts = append(hosts, e.platform.Hosts()...)
		}
	}
	return hosts
}
