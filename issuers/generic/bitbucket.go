package generic

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// bitbucket is Bitbucket Pipelines; each workspace has an issuer. The discovery document is rebuilt; lifetime, header and the type
// of compliant are inferred.
var bitbucket = issuer.Service{
	Name:   "bitbucket",
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
	Keys:     oneKey,
	JWK:      keyOrder,
	Typ:      "JWT",
	Header:   headOrder,
	Lifetime: time.Hour,
}

var bitbucketStep = issuer.Preset{
	Name: "bitbucket", About: "Bitbucket Pipelines: a step with oidc: true", Service: "bitbucket",
	Claims: issuer.Claims{ // the braces belong to the values
		"branchName": "main", "compliant": true,
		"deploymentEnvironmentUuid": "{2b7f4c19-8e3d-4a56-9c01-5d6e7f8a9b0c}",
		"pipelineUuid":              "{5e4d3c2b-1a09-4f8e-9d7c-6b5a49382716}",
		"repositoryUuid":            "{c94dbd51-3a05-4b0b-9b6e-6d1f2f1a7e3d}",
		"stepUuid":                  "{8a7b6c5d-4e3f-4a1b-8c9d-0e1f2a3b4c5d}",
		"workspaceUuid":             "{1f0e9d8c-7b6a-4594-a382-716f5e4d3c2b}",
	},
	Settings: shape{
		rules:    []rule{{claim: "sub", form: "{repositoryUuid}:{stepUuid}"}},
		audience: "ari:cloud:bitbucket::workspace/{bare workspaceUuid}", // not confirmed
		asked:    array,
	}.settings(),
}
