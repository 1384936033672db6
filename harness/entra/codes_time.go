package entra

import "net/http"

// timeCodes are about the times of an assertion.
var timeCodes = []Code{
	{
		Number: 70023, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at {iat}. Token expires on {exp}.",
		Cause:      "exp - iat is more than 25 hours; a missing iat counts as 0",
		Fix:        "issue tokens with iat and a lifetime of at most 25 hours",
		Source:     "MicrosoftDocs/azure-docs#86915, #86916, Azure/azure-sdk-for-python#32124",
		Confidence: Seen, Doubt: statusFromOAuth + " (400 invalid_request in 2022)",
	},
	{
		Number: 700024, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {iat}, expiry time of assertion {exp}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
		Cause:      "the assertion has expired or is not yet valid",
		Fix:        "present a fresh token; check the clocks",
		Source:     "kata-containers/kata-containers#11758 (2025-09), hashicorp/packer-plugin-azure#385 (a token of GitHub whose nbf lies before its iat); 1970-01-01: AzureAD/microsoft-authentication-library-for-dotnet#4951 (2024), -java#984 (2025)",
		Confidence: Seen, Doubt: "that the time printed first is iat, that 1970-01-01 stands for a missing iat, and that nbf decides although it is not printed, is inferred from the times of these reports",
	},
}
