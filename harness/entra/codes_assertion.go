package entra

import "net/http"

// assertionCodes are about reading the assertion.
var assertionCodes = []Code{
	{
		Number: 50027, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "JWT token is invalid or malformed.",
		Cause:      "the client_assertion is not a signed JWT: wrong number of parts, bad base64url, a stray newline, bad JSON, white space around it, a claim of the wrong type, a time that is no whole number",
		Fix:        "send the token as issued, one line, unchanged",
		Source:     "MSAL.NET test bodies of 2023-12; " + errorReference,
		Confidence: Seen, Doubt: "which malformed claims give it is inferred",
	},
	{
		Number: 5002727, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Invalid JWT header type specified, must be 'JWT' or 'http://openid.net/specs/jwt/1.0'.",
		Cause:      "the assertion's typ header is something else, for example at+jwt",
		Fix:        "sign with typ JWT, or without typ",
		Source:     "log of 2021",
		Confidence: Seen, Doubt: "a newer text is reported: \"Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'.\"",
	},
	{
		Number: 5002726, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Invalid JWT token. Found unsupported token header. Supported headers are: " + supportedHeaderList,
		Cause:      "the assertion's header has a member that the text does not list, for example gty or cty",
		Fix:        "sign with alg, kid and typ, and no member that is not listed",
		Source:     "cloudfoundry/uaa#2109 (2023, the whole message), FusionAuth/fusionauth-issues#2886 (a federated credential), AzureAD/azure-activedirectory-identitymodel-extensions-for-dotnet#1877",
		Confidence: Seen, Doubt: "x5t#S256 is not in the list and is taken, because Microsoft documents it; that critical extensions (crit) get this code, and the absence of error_uri, is inferred",
	},
	{
		Number: 5002738, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Invalid JWT token. '{alg}' is not a supported signature algorithm. Supported signing algorithms are: '{list}'",
		Cause:      "the assertion is signed with an algorithm other than RSA's, for example ES256",
		Fix:        "use an RSA key; only RS256 is documented as tested",
		Source:     "log of 2021, AzureAD/microsoft-identity-web#3467 (2025)",
		Confidence: Seen, Doubt: "the list changed over time; the one printed is that of the 2025 report",
	},
	{
		Number: 90014, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The required field '{name}' is missing from the credential. Ensure that you have all the necessary parameters for the login request.",
		Cause:      "a required claim is missing from the assertion",
		Fix:        "issue tokens with iss, sub, aud, exp and iat",
		Source:     "MSAL.NET test bodies of 2023-12",
		Confidence: Seen, Doubt: "seen for iss and aud; that sub and exp give it too is inferred",
	},
	{
		Number: 50013, OAuth: oauthInvalidGrant, Status: http.StatusBadRequest, ErrorURI: true,
		Message:    "Assertion failed signature validation. [Reason - {reason}.]",
		Cause:      "a user assertion (on-behalf-of flow) does not verify",
		Fix:        "send the token that was received",
		Source:     errorReference,
		Confidence: Documented,
		Reason:     "only the on-behalf-of flow answers it",
	},
	{
		Number: 500133, OAuth: oauthInvalidGrant, Status: http.StatusBadRequest, ErrorURI: true,
		Message:    "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token.",
		Cause:      "a user assertion (on-behalf-of flow) has expired",
		Fix:        "ask for a new one",
		Source:     errorReference,
		Confidence: Documented,
		Reason:     "only the on-behalf-of flow answers it",
	},
	{
		Number: 5002731, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true,
		Message:    "Invalid JWT token.",
		Cause:      "a JWT that cannot be used",
		Fix:        "send the token unchanged",
		Source:     errorReference,
		Confidence: Reported, Doubt: "the text is inferred",
		Reason: "no evidence that a federated sign-in gets it; 50027 and the rest of its family are answered",
	},
}
