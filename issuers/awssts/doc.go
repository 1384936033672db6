// Package awssts impersonates the issuer of AWS's outbound identity federation, whose tokens sts:GetWebIdentityToken
// returns to roles and users of an account.
//
//	iss, err := issuer.New(awssts.Platform, issuer.WithPreset("ec2"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"sub": "arn:aws:iam::123456789012:role/deployer"},
//	})
//	fmt.Println(token.Claims["https://sts.amazonaws.com/"]) // map[aws_account:123456789012 … principal_id:arn:…:role/deployer …]
//
// Faithful: an issuer per account, the discovery document without response_types_supported, an RSA key without alg and
// an EC key with one, header and payload in their order, the claims under https://sts.amazonaws.com/ with the types of
// real tokens (ou_path is an array and ec2_role_delivery a string, whatever AWS's documentation shows).
//
// Not faithful, or not known:
//   - STS wants an audience and a signing algorithm; a token minted without an audience gets
//     api://AzureADTokenExchange, and the preset es384 stands for the other algorithm. Lifetimes outside 60 to 3600
//     seconds are refused by the API only, and so is a token that outlives the caller's session.
//   - That several audiences make an array is inferred, and so is what the presets lambda, user and tags have under
//     https://sts.amazonaws.com/ beside their own members, whose names are documented; members that no recorded token
//     has follow alphabetically.
//   - The session of ec2 and lambda ends six hours after the token was minted.
//   - The API is STS and IAM at one address; a request's Version tells which. Signatures are checked as AWS does (see
//     package sigv4). The federation is switched per workload, not per account, and is on at first. The texts of
//     validation errors are those of AWS's services in general; those for an unknown algorithm, a duration that is no
//     number, a missing action and a body over 1 MiB are guesses. JWTPayloadSizeExceededException is not given. The
//     session of a role is called issuerd.
//   - Tags come in alphabetical order.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html.
package awssts
