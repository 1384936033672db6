// Package ci is the engine of the platforms that differ from each other in data: Azure DevOps, Buildkite, Forgejo, and
// all that are issuer files (package generic).
//
// The claims of such a platform follow from each other by rules: a [Shape] holds those of a preset, and [Claims]
// applies them. A platform whose jobs find their token in a variable has [Variables] as its token API; the others
// answer requests, each in a file native.go of its own.
//
//	var Platform = &issuer.Platform{
//		Name: "example", Title: "Example CI",
//		Services: []issuer.Service{{Issuer: "https://ci.example", JWKS: "/jwks", Document: ci.Document, Keys: ci.OneKey}},
//		Presets: []issuer.Preset{{
//			Name: "branch", About: "a job on a branch",
//			Claims: issuer.Claims{"project": "contoso/app", "ref": "main"},
//			Settings: ci.Shape{Rules: []ci.Rule{{Claim: "sub", Form: "{project}:{ref}"}}, Audience: ci.EntraAudience}.Settings(),
//		}},
//		Claims: ci.Claims("example"),
//	}
//	// its token's sub is contoso/app:main
package ci
