package github

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Platform is GitHub Actions.
var Platform = &issuer.Platform{
	Name:  "github",
	Title: "GitHub Actions",
	Services: []issuer.Service{
		service("", "https://token.actions.githubusercontent.com", "github.com", keys(firstKID, signerKID)),
		// That an enterprise's issuer has a discovery document of its own below its slug, with the keys of the others,
		// is not confirmed.
		service("enterprise-slug", "https://token.actions.githubusercontent.com/octocat-inc", "github.com", keys(firstKID, signerKID)),
		// What keys a GitHub Enterprise Server and ghe.com publish is not recorded: inferred to look like those of
		// github.com.
		service("ghes", "https://github.contoso.example"+serverPath, "ghes", keys("", "")),
		service("ghe-com", "https://token.actions.octocorp.ghe.com", "ghe.com", keys("", "")),
	},
	Presets: presets,
	Claims:  claims,
	Native:  native,
}

// serverPath is where a GitHub Enterprise Server has its issuer.
const serverPath = "/_services/token"

// The ids of github.com's first two keys, the same since 2024. The second one's key signs.
const (
	firstKID  = "cc413527-173f-5a05-976e-9c52b1d7b431"
	signerKID = "38826b17-6a30-5f9b-b169-8beb8202f723"
)

func service(name, url, keySet string, keys []issuer.KeySpec) issuer.Service {
	return issuer.Service{
		Name:     name,
		Issuer:   url,
		JWKS:     "/.well-known/jwks",
		Document: document,
		Keys:     keys,
		Signer:   1,
		KeySet:   keySet,
		JWK:      []string{"kty", "alg", "use", "kid", "n", "e", "x5c", "x5t"},
		Typ:      "JWT",
		Header:   []string{"alg", "kid", "typ", "x5t"},
		Order:    nil, // alphabetical since 2025
		Lifetime: 5 * time.Minute,
		NotYet:   issuer.Seconds(-300), // -600 until 2024
		ID:       true,
	}
}

// keys are the four of the recorded JWKS: one without a certificate, the one that signs, and two that signed until 2024
// and are replaced every two years.
func keys(first, signer string) []issuer.KeySpec {
	const day, old = 24 * time.Hour, "vsts-vstsghrt-gh-vso-oauth.visualstudio.com"
	return []issuer.KeySpec{
		{Alg: jose.RS256, KID: issuer.UUIDKID(first)},
		{Alg: jose.RS256, KID: issuer.UUIDKID(signer), Certificate: &issuer.Certificate{
			CommonName: "actions.self-signed.github", Age: 900 * day, Life: 3650 * day,
		}},
		{Alg: jose.RS256, KID: issuer.CertificateKID, Certificate: &issuer.Certificate{
			CommonName: old, Age: 330 * day, Life: 730*day + 10*time.Minute,
		}},
		{Alg: jose.RS256, KID: issuer.CertificateKID, Certificate: &issuer.Certificate{
			CommonName: old, Age: 366 * day, Life: 730*day + 10*time.Minute,
		}},
	}
}

// document is the discovery document of 2026. GHES and ghe.com are inferred to have the same.
var document = issuer.Document{
	DiscoveryConfiguration: oidc.DiscoveryConfiguration{
		SubjectTypesSupported:  []string{"public", "pairwise"},
		ResponseTypesSupported: []string{"id_token"},
		ClaimsSupported: []string{
			"sub", "aud", "exp", "iat", "iss", "jti", "nbf", "ref", "sha", "repository", "repository_id", "repository_owner",
			"repository_owner_id", "enterprise", "enterprise_id", "run_id", "run_number", "run_attempt", "actor", "actor_id",
			"workflow", "workflow_ref", "workflow_sha", "head_ref", "base_ref", "event_name", "ref_type", "ref_protected",
			"environment", "environment_node_id", "job_workflow_ref", "job_workflow_sha", "repository_visibility",
			"runner_environment", "issuer_scope", "check_run_id",
		},
		IDTokenSigningAlgValuesSupported: []string{"RS256"},
		ScopesSupported:                  []string{"openid"},
	},
	Order: []string{
		"issuer", "jwks_uri", "subject_types_supported", "response_types_supported", "claims_supported",
		"id_token_signing_alg_values_supported", "scopes_supported",
	},
}
