package entra

// Wording is a text that Entra has had for a code in another year, or on another path, than that of [Code.Message]. It
// is written as Message is. This emulator never answers it; it serves to know messages that people show.
type Wording struct {
	Code   int    `json:"code"`
	Text   string `json:"text"`
	Source string `json:"source"` // where it was seen, and when
}

const (
	checkTriple       = "heck your federated identity credential Subject, Audience and Issuer against the presented assertion."
	formerGuide       = "https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation"
	noMatch           = "No matching federated identity record found for presented assertion"
	formerCertificate = "https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials"
)

// Wordings are the other texts of codes, by code. It must not be changed.
var Wordings = []Wording{
	{70021, noMatch + ". Assertion Issuer: '{iss}'. Assertion Subject: '{sub}'. Assertion Audience: '{aud}'.", "Azure/azure-workload-identity#340 (2022-01)"},
	{70021, noMatch + ".", "titles of reports, such as Azure/azure-workload-identity#977 (2023)"},
	{70025, "Client application has no configured federated identity credentials.", "a log of 2024-07"},
	{70025, "The client '{appDisplayName}' has no configured federated identity credentials.", "reports of 2025"},
	{700211, noMatch + " issuer '{iss}'. Please c" + checkTriple + " " + formerGuide, "Azure/azure-workload-identity#1200 (2023-12), Azure/login#360 (2023-10)"},
	{700211, noMatch + " issuer '{iss}'. C" + checkTriple + " " + federationGuide, "inferred from 700213 of 2025"},
	{700212, noMatch + " audience '{aud}'. Please c" + checkTriple + " " + federationGuide, "inferred from 700211 of 2025"},
	{700212, noMatch + " audience '{aud}'. C" + checkTriple + " " + federationGuide, "inferred from 700213 of 2025"},
	{7002121, noMatch + " audience '{aud}'. Please c" + checkTriple + " " + federationGuide, "inferred from 700211 of 2025"},
	{700213, noMatch + " subject '{sub}'. Please c" + checkTriple + " " + formerGuide, "Azure/login#453 (2024-05), #464; kubernetes-sigs and Terraform reports of 2024"},
	{700213, noMatch + " subject '{sub}'. Please c" + checkTriple + " " + federationGuide, "inferred from 700211 of 2025"},
	{700213, noMatch + " subject '{sub}'. Please note that the matching is done using a case-sensitive comparison. C" + checkTriple + " " + federationGuide, "microsoft/terraform-provider-fabric#23 (2024-10)"},
	{7002131, noMatch + " subject '{sub}' or no federated identity credential expression matched. Check your federated identity credential Subject, Expression, Audience and Issuer against the presented assertion. " + federationGuide, "inferred from 700213 of 2025"},
	{7002138, noMatch + " subject '{sub}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Please c" + checkTriple + " " + federationGuide, "inferred from 700213 of 2024"},
	{700027, "Client assertion contains an invalid signature. [Reason - {reason}.{key} Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{appId}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query request URL, such as 'https://graph.microsoft.com/beta/applications/{appId}'].", "Azure/azure-sdk-for-net#29007 (2022)"},
	{700027, "Client assertion contains an invalid signature. [Reason - {reason}.", "reports that end there, and " + errorReference},
	{700027, "Client assertion failed signature validation.", errorReference},
	{700027, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - {reason}.{key} Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{appId}'.", "AzureAD/microsoft-authentication-library-for-js#8339 (2026-02)"},
	{700024, "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {iat}, expiry time of assertion {exp}. Review the documentation at " + formerCertificate + " .", "Azure/login#180 (2023)"},
	{700024, "Client assertion is not within its valid time range. Current time: {now}, expiry time of assertion {exp}. Review the documentation at " + formerCertificate + " .", "reports of 2021"},
	{700024, "Client assertion is not within its valid time range.", errorReference},
	{5002727, "Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'.", "reported, newer than the text of 2021"},
	{700021, "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", "inferred from 700024 of 2025"},
	{700222, "Microsoft Entra-issued tokens may not be used for federated identity flows.", federationGuide + "-considerations"},
	{700229, "Forbidden token type. Only app-only tokens can be used as Federated Identity Credentials for Microsoft Entra issuer.", errorReference},
	{90002, "Tenant '{tenant}' not found. This may happen if there are no active subscriptions for the tenant. Check to make sure you have the correct tenant ID. Check with your subscription administrator.", "Azure/azure-sdk-for-js, recordings of 2021"},
	{9001023, "The grant type isn't supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.", errorReference},
	{900382, "Confidential Client isn't supported in Cross Cloud request.", errorReference},
	{900432, "Confidential Client isn't supported in Cross Cloud request.", errorReference},
	{901002, "The 'resource' request parameter isn't supported.", errorReference},
	{7000222, "The provided client secret keys are expired. Visit the Azure Portal to create new keys for your app, or consider using certificate credentials for added security: " + formerCertificate, "logs of 2020"},
	{7000222, "The provided client secret keys for app '{clientId}' are expired. Visit the Azure Portal to create new keys for your app, or consider using certificate credentials for added security: " + formerCertificate, "inferred from those of 2020 and of today"},
	{7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{clientId}'", "a log of az"},
	{7000215, "Invalid client secret is provided.", "logs of 2019 to 2021"},
	{7000218, "The request body must contain the following parameter: 'client_assertion or client_secret'.", "logs of 2020 and later"},
	{100007, "Regional Cache Auth Service token requests for audience App that is not MSI are forbidden", "AzureAD/microsoft-authentication-library-for-dotnet#2884 (2021)"},
	{700016, "Application with identifier '{clientId}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", "inferred from 500011"},
	{500011, "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", "inferred from 700016"},
	{53003, "Access has been blocked due to Conditional Access policies.", "the sign-in log, " + errorReference},
	{5002738, "'{alg}' is not a supported signature algorithm. Supported signing algorithms are: '{list}'", "reports without its first words"},
}
