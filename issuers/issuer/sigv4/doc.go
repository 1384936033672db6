// Package sigv4 is AWS Signature Version 4 in the Authorization header: what a platform of AWS checks before it
// answers, and what a small client needs to be answered.
//
//	key, err := sigv4.NewKey(rand.Reader, false)
//	if err != nil {
//		return err
//	}
//	key.Sign(request, body, sigv4.Scope{Region: "us-east-1", Service: "sts"}, now)
//	...
//	if refused := key.Verify(request, body, now, sigv4.Scope{Region: "us-east-1", Service: "sts"}); refused != nil {
//		fmt.Println(refused.Code, refused.Message) // SignatureDoesNotMatch The request signature we calculated …
//	}
//
// Faithful: the canonical request, the string to sign and the derived key of the specification, for services that take
// relative parts out of the path and escape it a second time (all but S3); the 15 minutes that a signature is good for.
// AWS's own signer is compared in e2e/clients.
//
// Not faithful, or not known: queries that are signed in the URL and signatures of version 4a are not read. The codes
// and texts of refusals are general knowledge of AWS's services and were not checked against them.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
package sigv4
