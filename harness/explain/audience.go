package explain

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// defaultAudiences are audiences that a platform's tokens have if nobody asks for another, and of what.
var defaultAudiences = []struct{ prefix, words string }{
	{"https://github.com/", "GitHub's audience if the job asks for none"},
	{"https://gitlab.com", "GitLab's own address"},
	{"https://kubernetes.default.svc", "the API server's audience, which a token has that is not projected for Entra"},
	{"https://oidc.prod-aks.azure.com/", "the cluster's audience, which a token has that is not projected for Entra"},
	{"sts.amazonaws.com", "the audience for AWS"},
	{"https://sts.amazonaws.com", "the audience for AWS"},
	{"openshift", "OpenShift's audience"},
	{"aws.workload.identity", "Terraform Cloud's audience for AWS"},
	{"//iam.googleapis.com/", "the audience for Google Cloud"},
	{"api://AKSIdentityBinding", "the audience of AKS identity bindings, which only their proxy takes"},
}

// audienceDifferences tells how the audience of a credential and those of a token differ by what they are. The token's
// are joined by ", ".
func audienceDifferences(want, got string) []Difference {
	list := strings.Split(got, ", ")
	if len(list) > 1 {
		for _, one := range list {
			if one == want {
				return []Difference{{"audience-list", "the token has several audiences, of which one is the credential's; that Entra takes such a token is not known"}}
			}
		}
		return []Difference{{"audience-list", "the token has several audiences, and none is the credential's"}}
	}
	wantCloud, gotCloud := directory.CloudOfAudience(want), directory.CloudOfAudience(got)
	switch {
	case wantCloud != nil && gotCloud != nil:
		return []Difference{{"other-cloud", fmt.Sprintf("the credential has the audience of the cloud %s, the token that of %s", wantCloud.Name, gotCloud.Name)}}
	case strings.TrimPrefix(want, "api://") == strings.TrimPrefix(got, "api://"):
		return []Difference{{"api", "one begins with api://, the other does not"}}
	case got == directory.ExchangeAppID || want == directory.ExchangeAppID:
		return []Difference{{"exchange-id", "one is the application id of token exchange, the other its URI; an assertion of Entra's has the id, and its credential the URI"}}
	}
	for _, known := range defaultAudiences {
		if strings.HasPrefix(got, known.prefix) {
			return []Difference{{"default-audience", "the token's audience is " + known.words}}
		}
	}
	return []Difference{{"other-audience", "the audiences are different names"}}
}
