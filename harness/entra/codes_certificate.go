package entra

import "net/http"

// certificateCodes are about assertions that a client has signed with a certificate of its own.
var certificateCodes = []Code{
	{
		Number: 5002723, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.",
		Cause:      "a certificate assertion (iss and sub are one application) whose header has none of x5t, x5t#S256 and kid",
		Fix:        "sign with x5t#S256 in the header",
		Source:     "MSAL.NET test bodies of 2023-12",
		Confidence: Seen,
	},
	{
		Number: 700021, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .",
		Cause:      "a certificate-style assertion (iss equals sub) for another application",
		Fix:        "make iss, sub and client_id the same application, or present an outside issuer's token",
		Source:     "MSAL.NET test bodies of 2023-12",
		Confidence: Seen,
	},
	{
		Number: 700023, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials.",
		Cause:      "the aud of a certificate assertion is not the token endpoint or the issuer of the tenant",
		Fix:        "set aud to the token endpoint's URL",
		Source:     "a public log; Microsoft's list has another meaning for the number (InvalidResourcelessScope)",
		Confidence: Seen, Doubt: "the HTTP status is inferred, and so is which audiences Entra accepts",
	},
	{
		Number: 700027, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "{problem} [Reason - {reason}.{key} Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{appId}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query request URL, such as 'https://graph.microsoft.com/beta/applications/{appId}'].",
		Cause:      "a certificate assertion (iss and sub are the client id) whose certificate the application does not have, whose signature does not verify, or whose certificate is not valid now",
		Fix:        "register the certificate with the application and sign with its key, or present an outside issuer's token",
		Source:     "AzureAD/microsoft-authentication-library-for-js#8339 (2026-02), Azure/azure-sdk-for-net#29007 (2022); expired: a log of 2024-01 in AQILINK's documentation",
		Confidence: Seen, Doubt: "that a signature fails is seen with other punctuation, or for AADSTS50013; that a certificate which is not valid yet counts as expired is seen in one report",
	},
	{
		Number: 700030, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true,
		Message:    "Invalid certificate - subject name in certificate isn't authorized. SubjectNames/SubjectAlternativeNames (up to 10) in token certificate are: {names}.",
		Cause:      "subject name authentication (SNI) with a certificate of a name that the application does not trust",
		Fix:        "use a certificate with the trusted name",
		Source:     errorReference,
		Confidence: Documented,
		Reason:     "trust in a subject name is for applications of Microsoft only",
	},
}
