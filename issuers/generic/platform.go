package generic

import (
	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Platform is every issuer of this package.
var Platform = &issuer.Platform{
	Name:  "generic",
	Title: "GitLab, Azure DevOps and others",
	Services: []issuer.Service{
		plain, gitlab, azureDevOps, circleCI, buildkite, bitbucket, forgejo,
	},
	Presets: []issuer.Preset{
		plainWorkload,
		gitlabBranch, gitlabTag, gitlabProject,
		azureDevOpsConnection, azureDevOpsPipeline,
		circleCIJob, circleCIJobV2,
		buildkiteStep,
		bitbucketStep,
		forgejoBranch, forgejoTag, forgejoPullRequest,
	},
	Claims: claims,
	Native: native,
}

// What a service has when nothing else is recorded: inferred.
var (
	oneKey    = []issuer.KeySpec{{Alg: jose.RS256, KID: issuer.ThumbprintKID}}
	keyOrder  = []string{"kty", "n", "e", "kid", "use", "alg"}
	headOrder = []string{"typ", "alg", "kid"}
)

// smallest is the discovery document of an issuer whose own is not recorded: what relying parties read.
var smallest = issuer.Document{
	DiscoveryConfiguration: oidc.DiscoveryConfiguration{
		ResponseTypesSupported:           []string{"id_token"},
		SubjectTypesSupported:            []string{"public"},
		IDTokenSigningAlgValuesSupported: []string{"RS256"},
	},
	Order: []string{"issuer", "jwks_uri", "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"},
}
