package generic

import (
	"maps"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// forgejo is Forgejo Actions. The discovery document is recorded; subject and audience are known to be like GitHub's, lifetime, nbf
// and header are inferred.
var forgejo = issuer.Service{
	Name:   "forgejo",
	Issuer: "https://forgejo.contoso.example/api/actions",
	JWKS:   "/.well-known/keys",
	Document: issuer.Document{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			SubjectTypesSupported:  []string{"public"},
			ResponseTypesSupported: []string{"id_token"},
			ClaimsSupported: []string{
				"sub", "aud", "exp", "iat", "iss", "nbf", "actor", "base_ref", "event_name", "head_ref", "ref", "ref_protected", "ref_type",
				"repository", "repository_owner", "run_attempt", "run_id", "run_number", "sha", "workflow", "workflow_ref",
			},
			IDTokenSigningAlgValuesSupported: []string{"RS256"},
			ScopesSupported:                  []string{"openid"},
		},
		Order: []string{
			"issuer", "jwks_uri", "subject_types_supported", "response_types_supported", "claims_supported",
			"id_token_signing_alg_values_supported", "scopes_supported",
		},
	},
	Keys:     oneKey,
	JWK:      keyOrder,
	Typ:      "JWT",
	Header:   headOrder,
	Lifetime: time.Hour,
	NotYet:   issuer.Seconds(0),
}

var forgejoBranch = issuer.Preset{
	Name: "forgejo", About: "Forgejo Actions: a push to a branch", Service: "forgejo",
	Claims:   forgejoClaims(issuer.Claims{"event_name": "push", "ref": "refs/heads/main"}),
	Settings: forgejoShape.settings(),
}

var forgejoTag = issuer.Preset{
	Name: "forgejo-tag", About: "Forgejo Actions: a push of a tag", Service: "forgejo",
	Claims:   forgejoClaims(issuer.Claims{"event_name": "push", "ref": "refs/tags/v1.0.0"}),
	Settings: forgejoShape.settings(),
}

var forgejoPullRequest = issuer.Preset{
	Name: "forgejo-pull-request", About: "Forgejo Actions: a pull request", Service: "forgejo",
	Claims:   forgejoClaims(issuer.Claims{"event_name": "pull_request", "ref": "refs/pull/27/merge", "head_ref": "topic", "base_ref": "main"}),
	Settings: forgejoShape.settings(),
}

func forgejoClaims(context issuer.Claims) issuer.Claims {
	c := issuer.Claims{
		"actor": "alice", "base_ref": "", "head_ref": "", "ref_protected": "false", "repository": "contoso/app",
		"run_attempt": "1", "run_id": "42", "run_number": "7", "sha": "9f3182061f1e2cca4702c368cbc039b7dc9d4485", "workflow": "ci.yml",
	}
	maps.Copy(c, context)
	return c
}

var forgejoShape = shape{
	rules: []rule{
		{claim: "repository_owner", form: "{dir repository}"},
		{claim: "ref_type", form: "tag", on: "ref", is: "refs/tags/*"},
		{claim: "ref_type", form: "branch"},
		{claim: "workflow_ref", form: "{repository}/.forgejo/workflows/{workflow}@{ref}"},
		{claim: "sub", form: "repo:{repository}:pull_request", on: "event_name", is: "pull_request"},
		{claim: "sub", form: "repo:{repository}:ref:{ref}"},
	},
	audience: "https://{host iss}/{repository_owner}",
}
