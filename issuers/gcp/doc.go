// Package gcp impersonates Google as the issuer of the ID tokens of service accounts, and the APIs that give them: the
// metadata server of Compute Engine and GKE, the IAM Credentials API, and the token endpoint for the owners of key
// files.
//
//	iss, err := issuer.New(gcp.Platform, issuer.WithPreset("compute-engine"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"sub": "112633961854638529490"},
//	})
//	fmt.Println(token.Claims["azp"]) // 112633961854638529490, as a string
//
// Faithful: the discovery document of accounts.google.com, the keys on their own host, aud as one string, the numeric
// unique id as sub and azp, email only where the real token has it, the types inside google.compute_engine. Of the
// metadata server: the paths that Google's clients read on their way to a token, the rules for Metadata-Flavor, what
// each format contains, types and headers. Of the IAM Credentials API: generateIdToken, generateAccessToken, signJwt
// and signBlob with the access token of the metadata server, and the words of its refusals as far as public threads
// show them. Of the token endpoint: the JWT bearer grant, for an ID token (target_audience) or an access token (scope),
// with the words of Google's page on its errors. Also tokeninfo and the keys in both forms (/oauth2/v1/certs and
// /oauth2/v3/certs).
//
// Not faithful, or not known, of the tokens:
//   - Google asks for an audience and refuses a request without one; a token minted directly without gets
//     api://AzureADTokenExchange. Google fixes the lifetime to an hour; a token minted directly can have any.
//   - That there are two keys, and that the first signs, is inferred. Cache-Control of both documents is not known and
//     not sent; their white space is not known either.
//   - A person's token (preset user) comes in alphabetical order like a service account's; the recorded one has another
//     order. Its at_hash is an example: there is no access token to hash. No API here gives it; it is minted directly.
//   - google.organization_number is left out: the claim's name is not confirmed.
//
// Of the metadata server:
//   - The workload's claims make its account and machine. Those of the preset compute-engine-standard are short, and so
//     are its tokens whatever format it asks for. A workload whose tokens name no instance has GKE's metadata server;
//     its cluster-name is an example.
//   - Error pages lack Google's style sheet and logo. The answers to another flavor, to an unknown path, to a request
//     without an audience and the redirect of directories are those of public emulators; what a format that there is
//     not does, and other methods than GET, is inferred. So is, but for the words of its refusal, what else a
//     Kubernetes account sees that is bound to no Google account (preset gke-unbound): the workload pool as its e-mail
//     address, and an access token. Minted directly, that preset gives a token that GKE never would.
//   - Values never change: wait_for_change waits until the client's timeout. license_id is an example. Disks, networks,
//     tags and keys are not served, and neither is alt=text for a whole directory.
//   - It is also below the farm's TLS address; Google's speaks plain HTTP. The plain address is for clients on the
//     farm's own machine: in a container its port is published nowhere. It answers a program with a key file too, which
//     would have none.
//
// Of the public APIs:
//   - The workload's account may do everything to itself, and to the accounts that the variable ISSUERD_IMPERSONATE of
//     its environment names (googleapis/google-auth-library-nodejs#1318). Nobody has granted those anything, so that a
//     chain of delegates through one of them is refused. Other accounts of its own project are unknown, those of others
//     are refused; the words for an unknown one are those of the IAM API.
//   - Arguments that Google finds wrong (no audience, a life of more than an hour, a JWT of more than twelve) all get
//     the sentence that is known for one of them. JSON that cannot be read is refused without a quotation of the place.
//     The words about a form in place of JSON, a value of the wrong type, a duration, base64 and the size of a request
//     are not confirmed.
//   - A key made for the workload signs signJwt and signBlob; its id is of the same style, and /service_accounts/v1/jwk
//     and /service_accounts/v1/metadata/x509 (unconfirmed) publish it.
//   - The certificates of /oauth2/v1/certs carry the issuer's keys but are signed by a throw-away key, since an issuer
//     does not give its private keys away; Google's are self-signed. Name and dates are inferred. No client checks
//     them.
//   - tokeninfo leaves objects as they are (inferred).
//   - The token endpoint is /token at the plain address, which is the token_uri of the key file, and below the
//     workload's base; it takes Google's own names as aud too. In which order it checks, by how much a clock may be
//     ahead (five minutes), what it says about a grant that it does not know and about an assertion that is no JWT, and
//     that the ID token has the e-mail address, is inferred. The key in the file is the one that signJwt signs with; in
//     Google's world they differ. GOOGLE_CREDENTIALS, which holds the file too, is Terraform's variable.
//
// See https://cloud.google.com/compute/docs/instances/verifying-instance-identity,
// https://cloud.google.com/compute/docs/metadata/querying-metadata and
// https://cloud.google.com/iam/docs/create-short-lived-credentials-direct#sa-credentials-oidc.
package gcp
