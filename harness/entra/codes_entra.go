package entra

import "net/http"

// entraCodes are about assertions that Entra itself has issued, which applications accept since 2024-12 when they are a managed identity's.
var entraCodes = []Code{
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
		Number: 70052, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true,
		Message:    "The identity must be a managed identity, a single tenant app, or a service account.",
		Cause:      "an assertion that Entra has made for a service connection of Azure DevOps is presented to an application of several tenants",
		Fix:        "make the application one of a single tenant, or use a managed identity",
		Source:     "Microsoft's guide to troubleshooting Azure DevOps service connections; logs of 2026",
		Confidence: Seen, Doubt: "status and error member inferred",
		Reason: "every application here is of one tenant",
	},
}
