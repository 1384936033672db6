package bitbucket

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

const name = "bitbucket"

// Platform is Bitbucket Pipelines.
var Platform = &issuer.Platform{
	Name:     name,
	Title:    "Bitbucket Pipelines",
	Services: []issuer.Service{service},
	Presets:  presets,
	Claims:   ci.Claims(name),
	Native:   ci.Variables(name, presets),
}

// service is the issuer of one workspace; each has its own. The discovery document is rebuilt; lifetime, header and the
// type of compliant are inferred.
var service = issuer.Service{
	Issuer: "https://api.bitbucket.org/2.0/workspaces/contoso/pipelines-config/identity/oidc",
	JWKS:   "/.well-known/jwks",
	Document: issuer.Document{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			ClaimsSupported: []string{
				"sub", "iss", "aud", "exp", "iat", "branchName", "compliant", "deploymentEnvironmentUuid", "pipelineUuid",
				"repositoryUuid", "stepUuid", "workspaceUuid",
			},
			IDTokenSigningAlgValuesSupported: []string{"RS256"},
			ResponseTypesSupported:           []string{"id_token"},
			ScopesSupported:                  []string{"openid"},
			SubjectTypesSupported:            []string{"public"},
		},
	},
	Keys:     ci.OneKey,
	JWK:      ci.JWKOrder,
	Typ:      "JWT",
	Header:   ci.HeaderOrder,
	Lifetime: time.Hour,
}
