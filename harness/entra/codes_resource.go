package entra

import "net/http"

// resourceCodes are about the scope and the resource.
var resourceCodes = []Code{
	{
		Number: 70011, OAuth: oauthInvalidScope, Status: http.StatusBadRequest, Answered: true,
		Message:    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
		Cause:      "the scope names more than one resource, or none, or mixes /.default with other scopes",
		Fix:        "send one {resource}/.default",
		Source:     "MSAL.NET test bodies of 2023-12; two resources: Azure/azure-sdk-for-net#9076 (2019), AzureAD/microsoft-authentication-library-for-js#6069 (2023)",
		Confidence: Seen, Doubt: "that the other scopes give it is inferred; for a user's, a sentence on the scope's format follows (vgrem/office365-rest-python-client#751)",
	},
	{
		Number: 700022, OAuth: oauthInvalidScope, Status: http.StatusBadRequest, ErrorURI: true,
		Message:    "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid.",
		Cause:      "the scope names more than one resource",
		Fix:        "ask for one resource at a time",
		Source:     "AzureAD/microsoft-authentication-library-for-js#523 (2018)",
		Confidence: Seen, Doubt: "error member and HTTP status are inferred",
		Reason: "for users who sign in; client_credentials for two resources are seen to get 70011",
	},
	{
		Number: 1002012, OAuth: oauthInvalidScope, Status: http.StatusBadRequest, Answered: true,
		Message:    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
		Cause:      "the scope names a single permission, or no resource at all",
		Fix:        "send {resource}/.default",
		Source:     "MSAL.NET test bodies of 2023-12",
		Confidence: Seen,
	},
	{
		Number: 28002, OAuth: oauthInvalidScope, Status: http.StatusBadRequest, ErrorURI: true,
		Message:    "The provided value for the input parameter scope '{scope}' isn't valid when requesting an access token. Please specify a valid scope.",
		Cause:      "a scope that cannot be used",
		Fix:        "send {resource}/.default",
		Source:     errorReference,
		Confidence: Documented,
		Reason:     "recorded answers to bad scopes of client_credentials are 70011 and 1002012",
	},
	{
		Number: 28003, OAuth: oauthInvalidScope, Status: http.StatusBadRequest, ErrorURI: true,
		Message:    "The provided value for the input parameter scope can't be empty when requesting an access token using the provided authorization code. Please specify a valid scope.",
		Cause:      "no scope with an authorization code",
		Fix:        "send a scope",
		Source:     errorReference,
		Confidence: Documented,
		Reason:     "for authorization codes; client_credentials without a scope gets 900144",
	},
	{
		Number: 500011, OAuth: oauthInvalidResource, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
		Cause:      "no application in the tenant has this identifier URI or client id, or it has no service principal",
		Fix:        "check the resource in the scope, and its cloud",
		Source:     "answer of Entra captured 2026-08-13 by calvinchengx/entra-emulator",
		Confidence: Seen,
	},
	{
		Number: 500014, OAuth: oauthInvalidResource, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The service principal for resource '{resource}' is disabled. This indicate that a subscription within the tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it.",
		Cause:      "the resource's service principal is disabled in the tenant",
		Fix:        "enable the service principal of the resource",
		Source:     "AzureAD/microsoft-authentication-library-for-dotnet#4905 (2024-08, client_credentials), Cloud-Architekt/AzureAD-Attack-Defense#43 (2024-03)",
		Confidence: Seen, Doubt: "the error member, the HTTP status and error_uri are inferred from 500011",
	},
}
