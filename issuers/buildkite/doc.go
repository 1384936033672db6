// Package buildkite impersonates the token issuer of Buildkite, https://agent.buildkite.com.
//
// See https://buildkite.com/docs/agent/v3/cli-oidc.
//
//	iss, err := issuer.New(buildkite.Platform)
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{Claims: issuer.Claims{"build_branch": "release"}})
//	// token.Claims["sub"] is organization:acme-inc:pipeline:super-duper-app:ref:refs/heads/release:commit:…:step:build
//
// A step posts to the agent API at BUILDKITE_AGENT_ENDPOINT, as buildkite-agent oidc request-token does, with
// BUILDKITE_AGENT_ACCESS_TOKEN and BUILDKITE_JOB_ID.
//
// Faithful: the payload, after the documentation's sample (build_number is a number); request and reply of the agent
// API, after the agent's source.
//
// Not faithful or not confirmed:
//   - The statuses and texts of refusals, and the limits of a lifetime. Optional claims, subject_claim and session tags
//     for AWS are refused. The rest of the agent API is left out. The credential is a random text.
//   - The discovery document is not recorded: the smallest useful one, with the documented address of the keys. The
//     number of keys, the style of key ids and the header are inferred.
package buildkite
