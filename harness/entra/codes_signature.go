package entra

import "net/http"

// signatureCodes are about the issuer's documents, its keys and the signature.
var signatureCodes = []Code{
	{
		Number: 501661, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Request to External OIDC endpoint failed.",
		Cause:      "the issuer's discovery document could not be fetched, or is malformed",
		Fix:        "serve {issuer}/.well-known/openid-configuration over https where Entra can reach it, without empty members",
		Source:     "Azure/login#283, GitLab's documentation; a malformed document: a SPIRE report",
		Confidence: Seen, Doubt: "Entra answers 501661, 90061 or 50166 with the same text for the same cause; 501661 is the newest and is answered here for the discovery document unless option discoveryFailureCode says otherwise, 90061 for the JWKS. HTTP status inferred",
	},
	{
		Number: 90061, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Request to External OIDC endpoint failed.",
		Cause:      "the issuer's JWKS could not be fetched",
		Fix:        "serve the jwks_uri of the discovery document over https where Entra can reach it",
		Source:     "Azure/azure-workload-identity#605, azure-pipelines-tasks#19831 (2022 to 2024-05)",
		Confidence: Seen, Doubt: "that it is the JWKS which gives this code, and not the discovery document, is inferred",
	},
	{
		Number: 50166, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Request to External OIDC endpoint failed.",
		Cause:      "an issuer could not be reached, seen 2022 to 2024 and in the outage of 2024-05-01",
		Fix:        "make the issuer reachable, try again",
		Source:     "Azure/azure-workload-identity#642, #1130, Azure/azure-cli#28863",
		Confidence: Seen, Doubt: "how it differs from 90061 and 501661 is not known; it is answered here when option discoveryFailureCode asks for it",
	},
	{
		Number: 900612, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Failed to parse provider signing keys.",
		Cause:      "the issuer's JWKS was fetched but cannot be read, or holds a broken RSA key",
		Fix:        "publish a JWKS of valid RSA keys",
		Source:     "OpenShift log of 2025",
		Confidence: Seen,
	},
	{
		Number: 7000272, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "The certificate with identifier {kid} used to sign the federated credential could not be found in the metadata of identity provider {issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.",
		Cause:      "the assertion's kid is not among the issuer's keys that Entra holds: wrong kid, no kid, a rotated key, or more than 100 keys",
		Fix:        "publish the signing key in the JWKS before signing with it, and keep kid equal on both sides",
		Source:     "Azure/azure-workload-identity#1232, #616",
		Confidence: Seen,
	},
	{
		Number: 7000274, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Client assertion contains an invalid signature.",
		Cause:      "the key with the assertion's kid was found, its signature does not verify",
		Fix:        "sign the final header and claims with the published key; do not rewrite a signed token; do not reuse a kid for a new key",
		Source:     "code: AzureAD/microsoft-identity-web CertificateErrorCodes",
		Confidence: Inferred, Doubt: "the wire text and the HTTP status of a federated assertion are unknown",
	},
	{
		Number: 5002730, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Invalid JWT token. Unsupported key for the signing algorithm.",
		Cause:      "the key with the assertion's kid is of another type, or for another algorithm, than the header's alg",
		Fix:        "make kid, alg and the published key agree",
		Source:     "AzureAD/microsoft-authentication-library-for-dotnet#4712",
		Confidence: Seen, Doubt: "that a federated assertion gets it is inferred; error_uri inferred",
	},
}
