package entra

import "net/http"

// entraTokenCodes are about assertions that Entra itself has issued, which applications accept since 2024-12 when they
// are a managed identity's.
var entraTokenCodes = []Code{
	{
		Number: 700222, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "AAD-issued tokens may not be used for federated identity flows.",
		Cause:      "the assertion was issued by Entra, and the client is a managed identity, or the issuer is none of a tenant",
		Fix:        "present the outside issuer's token; only applications accept tokens of managed identities",
		Source:     "AzureAD/microsoft-identity-web#2519, Azure/azure-workload-identity#820, MicrosoftDocs/azure-docs#90276",
		Confidence: Seen, Doubt: "until 2024-12 every token of Entra got it; for which it is still the answer is inferred",
	},
	{
		Number: 700226, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.",
		Cause:      "the assertion is an application's token, not a managed identity's",
		Fix:        "present a user-assigned managed identity's token",
		Source:     "a public test of managed identities as credentials (2024-12)",
		Confidence: Reported, Doubt: "status and error member inferred",
	},
	{
		Number: 700227, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Forbidden token audience '{aud}'.",
		Cause:      "the assertion was issued by Entra for a resource, not for token exchange, though the federated identity credential has that audience",
		Fix:        "ask for the managed identity's token with resource api://AzureADTokenExchange",
		Source:     "a public test of managed identities as credentials (2024-12): seen with the issuer sts.windows.net",
		Confidence: Reported, Doubt: "only the first words of the text are known; status and error member inferred",
	},
	{
		Number: 700229, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Forbidden token type. Only app-only tokens may be used as Federated Identity Credentials for AAD issuer.",
		Cause:      "the assertion is a token of a user",
		Fix:        "present a managed identity's token",
		Source:     "MicrosoftDocs/azure-docs#109083",
		Confidence: Seen, Doubt: "status and error member inferred",
	},
	{
		Number: 700231, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Token obtained using another federated identity credential may not be used as federated identity credential.",
		Cause:      "the managed identity's token was itself obtained through a federated credential",
		Fix:        "present the first token to the application directly: one hop only",
		Source:     "Azure/azure-workload-identity#1363",
		Confidence: Seen, Doubt: "status and error member inferred",
	},
	{
		Number: 700236, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Entra ID tokens issued by issuer '{issuer}' may not be used for federated identity credential flows for applications or managed identities registered in this tenant.",
		Cause:      "the assertion is a token of another tenant",
		Fix:        "use a managed identity of the application's tenant",
		Source:     "a public test of managed identities as credentials (2024-12), and another report",
		Confidence: Seen, Doubt: "status and error member inferred",
	},
	{
		Number: 700238, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Federated identity credentials issued by '{issuer}' are not supported for applications or managed identities registered in this tenant.",
		Cause:      "the assertion was issued by Entra in another national cloud",
		Fix:        "use a secret or a certificate between clouds",
		Source:     "reports of 2026, without the text; Microsoft's guide names it beside 700223",
		Confidence: Inferred, Doubt: "the wire text, the error member and the HTTP status are inferred; Microsoft names the code for tenants that have federation switched off",
	},
	{
		Number: 700263, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "More than one federated identity credential of application '{appId}' has the subject '{sub}'.",
		Cause:      "two federated identity credentials have one subject and the two issuers of one tenant of Entra",
		Fix:        "keep the credential with the v2.0 issuer",
		Source:     "four copies of one report of 2026, without the text",
		Confidence: Inferred, Doubt: "the wire text, the error member and the HTTP status are inferred",
	},
	{
		Number: 700214, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "The audience of the federated identity credential must be '{audience}' for assertions issued by Entra ID.",
		Cause:      "the assertion was issued by Entra for token exchange, and the federated identity credential has another audience than api://AzureADTokenExchange, such as its GUID",
		Fix:        "give the credential the audience api://AzureADTokenExchange, or that of the national cloud",
		Source:     "two reports of 2026, without the text",
		Confidence: Inferred, Doubt: "the wire text, the error member and the HTTP status are inferred",
	},
	{
		Number: 7002121, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "No matching federated identity record found for presented assertion audience '{aud}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. " + federationGuide,
		Cause:      "the assertion was issued by Entra for another audience than the federated identity credential's",
		Fix:        "ask for the managed identity's token with resource api://AzureADTokenExchange",
		Source:     "a public test of managed identities as credentials (2024-12); a support note of 2026",
		Confidence: Reported, Doubt: "the text after the audience is inferred from 700213; when it is the answer and when 700212 is inferred",
	},
	{
		Number: 70052, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true,
		Message:    "The identity must be a managed identity, a single tenant app, or a service account.",
		Cause:      "an assertion that Entra has made for a service connection of Azure DevOps is presented to an application of several tenants",
		Fix:        "make the application one of a single tenant, or use a managed identity",
		Source:     "Microsoft's guide to troubleshooting Azure DevOps service connections; logs of 2026",
		Confidence: Seen, Doubt: "status and error member inferred",
		Reason: "every application here is of one tenant",
	},
}
