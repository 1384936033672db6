package entra

import "net/http"

// Confidence says how well a row of [Codes] is known.
type Confidence string

// The degrees of confidence, best first.
const (
	Documented Confidence = "documented" // by Microsoft
	Seen       Confidence = "seen"       // in a public log, issue or recorded answer
	Reported   Confidence = "reported"   // by a third party without the raw body
	Inferred   Confidence = "inferred"   // by us
)

// Code is one AADSTS error: how it is answered, and what is known about it.
type Code struct {
	Number     int        `json:"number"`
	OAuth      string     `json:"oauth"`           // the "error" member
	Status     int        `json:"status"`          // the HTTP status
	Message    string     `json:"message"`         // the text, with {placeholders}, without "AADSTS…: " and the trailer
	ErrorURI   bool       `json:"errorUri"`        // whether error_uri is sent
	Answered   bool       `json:"answered"`        // false: known, but this emulator never answers it
	Cause      string     `json:"cause"`           // why it happens, in words
	Fix        string     `json:"fix"`             // what to do about it
	Source     string     `json:"source"`          // where it was seen or documented
	Confidence Confidence `json:"confidence"`      // of the message
	Doubt      string     `json:"doubt,omitempty"` // what is not confirmed
}

const (
	federationGuide       = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
	errorReference        = "learn.microsoft.com/entra/identity-platform/reference-error-codes"
	statusFromOAuth       = "HTTP status inferred from the error member"
	oauthInvalidClient    = "invalid_client"
	oauthInvalidRequest   = "invalid_request"
	oauthUnauthorized     = "unauthorized_client"
	oauthInvalidScope     = "invalid_scope"
	oauthInvalidResource  = "invalid_resource"
	oauthUnsupportedGrant = "unsupported_grant_type"
)

// Codes is the table of errors this emulator knows. It must not be changed.
var Codes = []Code{
	// Matching the assertion with a federated identity credential.
	{
		Number: 70025, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, Answered: true,
		Message:    "The client '{appId}'({appDisplayName}) has no configured federated identity credentials.",
		Cause:      "the application has no federated identity credential",
		Fix:        "add a federated identity credential, and check that client_id names the application that has it",
		Source:     "dotnet-foundation/projects#503 (2026-07); 2024: \"Client application has no configured federated identity credentials.\"",
		Confidence: Seen,
	},
	{
		Number: 700211, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "No matching federated identity record found for presented assertion issuer '{iss}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. " + federationGuide,
		Cause:      "no federated identity credential of the application has the assertion's issuer; issuers are compared byte for byte, a trailing slash matters",
		Fix:        "make the credential's issuer equal to the iss claim",
		Source:     "logs of 2025-07, Azure/azure-workload-identity#1200",
		Confidence: Seen,
	},
	{
		Number: 700212, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "No matching federated identity record found for presented assertion audience '{aud}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
		Cause:      "the assertion's audience is not the one of the federated identity credential",
		Fix:        "ask the platform for the credential's audience, normally api://AzureADTokenExchange",
		Source:     "log of 2024-04",
		Confidence: Seen, Doubt: statusFromOAuth + "; newer texts may carry the learn.microsoft.com link",
	},
	{
		Number: 700213, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "No matching federated identity record found for presented assertion subject '{sub}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. " + federationGuide,
		Cause:      "a federated identity credential has the assertion's issuer, none has its subject",
		Fix:        "make the credential's subject equal to the sub claim; classic credentials know no wildcards",
		Source:     "log of 2026-02, Azure/azure-workload-identity#1200, Azure/login#453",
		Confidence: Seen,
	},
	{
		Number: 7002138, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "No matching federated identity record found for presented assertion subject '{sub}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. See documentation at: " + federationGuide + ". See breaking change notification and remediation at: https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024.",
		Cause:      "the subject differs from the federated identity credential's only in case",
		Fix:        "recreate the credential with the exact case of the sub claim",
		Source:     "Azure/login#515, Azure/login#517",
		Confidence: Seen, Doubt: "HTTP status and error_uri inferred",
	},
	{
		Number: 700222, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "AAD-issued tokens may not be used for federated identity flows.",
		Cause:      "the assertion was issued by Entra; the emulator does not know managed identities as issuers",
		Fix:        "present the outside issuer's token",
		Source:     "AzureAD/microsoft-identity-web#2519, Azure/azure-workload-identity#820, MicrosoftDocs/azure-docs#90276",
		Confidence: Seen, Doubt: "since 2024-12 Entra accepts tokens of user-assigned managed identities of the same tenant; the emulator refuses them",
	},

	// The issuer's metadata, the signature, the time.
	{
		Number: 501661, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Request to External OIDC endpoint failed.",
		Cause:      "the issuer's discovery document could not be fetched, or is malformed",
		Fix:        "serve {issuer}/.well-known/openid-configuration over https where Entra can reach it, without empty members",
		Source:     "Azure/login#283, GitLab's documentation; a malformed document: a SPIRE report",
		Confidence: Seen, Doubt: "Entra answers 501661, 90061 or 50166 with the same text for the same cause; 501661 is the newest and is answered here for the discovery document, 90061 for the JWKS. HTTP status inferred",
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
		Number: 50166, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest,
		Message:    "Request to External OIDC endpoint failed.",
		Cause:      "an issuer could not be reached, seen 2022 to 2024 and in the outage of 2024-05-01",
		Fix:        "make the issuer reachable, try again",
		Source:     "Azure/azure-workload-identity#642, #1130, Azure/azure-cli#28863",
		Confidence: Seen, Doubt: "how it differs from 90061 and 501661 is not known, so it is never answered here",
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
		Message:    "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {nbf}, expiry time of assertion {exp}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
		Cause:      "the assertion has expired or is not yet valid",
		Fix:        "present a fresh token; check the clocks",
		Source:     "kata-containers/kata-containers#11758 (2025-09)",
		Confidence: Seen,
	},

	// Reading the assertion.
	{
		Number: 50027, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "JWT token is invalid or malformed.",
		Cause:      "the client_assertion is not a signed JWT: wrong number of parts, bad base64url, a stray newline, bad JSON, a claim of the wrong type",
		Fix:        "send the token as issued, one line, unchanged",
		Source:     "MSAL.NET test bodies of 2023-12; " + errorReference,
		Confidence: Seen, Doubt: "which malformed claims give it is inferred",
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
		Number: 5002727, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Invalid JWT header type specified, must be 'JWT' or 'http://openid.net/specs/jwt/1.0'.",
		Cause:      "the assertion's typ header is something else, for example at+jwt",
		Fix:        "sign with typ JWT, or without typ",
		Source:     "log of 2021",
		Confidence: Seen, Doubt: "a newer text is reported: \"Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'.\"",
	},
	{
		Number: 5002726, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, Answered: true,
		Message:    "Invalid JWT token. Found unsupported token header. Supported headers are: '{list}'",
		Cause:      "the assertion's header has a member beside the usual ones, for example gty or cty",
		Fix:        "sign with alg, kid and typ, and no other header member than a certificate's",
		Source:     "FusionAuth/fusionauth-issues#2886 (a federated credential), AzureAD/azure-activedirectory-identitymodel-extensions-for-dotnet#1877 (invalid_request)",
		Confidence: Seen, Doubt: "the list of supported headers, the HTTP status and the absence of error_uri are inferred",
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
		Number: 700021, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .",
		Cause:      "a certificate-style assertion (iss equals sub) for another application",
		Fix:        "present an outside issuer's token",
		Source:     "MSAL.NET test bodies of 2023-12",
		Confidence: Seen,
	},
	{
		Number: 700027, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Client assertion contains an invalid signature. [Reason - The key was not found.]",
		Cause:      "a certificate-style assertion (iss and sub are the client id); applications have no certificates in this emulator",
		Fix:        "present an outside issuer's token",
		Source:     errorReference,
		Confidence: Documented, Doubt: "Entra adds thumbprint details",
	},

	// The tenant, the application, the request, the resource.
	{
		Number: 90002, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
		Cause:      "no tenant has this id or domain; on discovery the error member is invalid_tenant",
		Fix:        "use the directory (tenant) id, and the login host of its cloud",
		Source:     "logs of 2023 and later",
		Confidence: Seen,
	},
	{
		Number: 900023, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
		Cause:      "the tenant in the URL is neither a GUID nor a domain name, often a placeholder that was not filled in",
		Fix:        "use the directory (tenant) id",
		Source:     "MSAL.NET test bodies of 2023-12",
		Confidence: Seen,
	},
	{
		Number: 50059, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "No tenant-identifying information found in either the request or implied by any provided credentials.",
		Cause:      "client_credentials at /organizations",
		Fix:        "use the directory (tenant) id",
		Source:     errorReference,
		Confidence: Seen, Doubt: "that /organizations gives it for client_credentials is inferred",
	},
	{
		Number: 9001023, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The grant type isn't supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
		Cause:      "client_credentials at /common or /consumers",
		Fix:        "use the directory (tenant) id",
		Source:     errorReference,
		Confidence: Documented, Doubt: statusFromOAuth,
	},
	{
		Number: 900382, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Confidential Client isn't supported in Cross Cloud request.",
		Cause:      "the tenant belongs to another national cloud than the login host",
		Fix:        "use the login host of the tenant's cloud",
		Source:     errorReference,
		Confidence: Documented, Doubt: "when Entra answers this and when 90002 is not known",
	},
	{
		Number: 50049, OAuth: "invalid_instance", Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Unknown or invalid instance.",
		Cause:      "instance discovery for an authority that is no login host",
		Fix:        "switch instance discovery off for a custom authority",
		Source:     "MSAL.NET test bodies of 2023-12",
		Confidence: Seen,
	},
	{
		Number: 700016, OAuth: oauthUnauthorized, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Application with identifier '{clientId}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
		Cause:      "the tenant has no application with this client id; often the object id was used, or another tenant's id",
		Fix:        "use the application (client) id and the tenant it is registered in",
		Source:     "logs of 2020 to 2026-05, hashicorp/terraform-provider-azurerm#20650",
		Confidence: Seen,
	},
	{
		Number: 700038, OAuth: oauthUnauthorized, Status: http.StatusBadRequest, Answered: true,
		Message:    "{clientId} is not a valid application identifier.",
		Cause:      "the client id is the all-zero GUID",
		Fix:        "use the application (client) id",
		Source:     "answer of Entra captured 2026-08-13 by calvinchengx/entra-emulator",
		Confidence: Seen,
	},
	{
		Number: 7000112, OAuth: oauthUnauthorized, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Application '{appId}'({appDisplayName}) is disabled.",
		Cause:      "the application is disabled",
		Fix:        "enable it",
		Source:     "a public log; the name is documented",
		Confidence: Seen, Doubt: "error member and HTTP status inferred from the documented name",
	},
	{
		Number: 7000229, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "The client application {appId} is missing service principal in the tenant {tenantId}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
		Cause:      "the application is registered but has no service principal in the tenant",
		Fix:        "create the service principal (az ad sp create --id …)",
		Source:     "Azure/azure-sdk-for-net#46762 (2024), Azure/Commercial-Marketplace-SaaS-Accelerator#830 (2025)",
		Confidence: Seen, Doubt: "the HTTP status and error_uri are inferred",
	},
	{
		Number: 7000215, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{clientId}'.",
		Cause:      "a client_secret was sent; applications have no secrets in this emulator",
		Fix:        "send a client_assertion",
		Source:     "answer of Entra captured 2026-08-13 by calvinchengx/entra-emulator",
		Confidence: Seen,
	},
	{
		Number: 7000216, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
		Cause:      "the request carries no credential, or an empty one",
		Fix:        "send client_assertion",
		Source:     "recorded answer (401)",
		Confidence: Seen, Doubt: "error_uri inferred",
	},
	{
		Number: 900144, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The request body must contain the following parameter: '{name}'.",
		Cause:      "a required parameter is missing, or the body is not application/x-www-form-urlencoded",
		Fix:        "send the parameter, form-encoded, in the body",
		Source:     errorReference + "; seen for 'scope'",
		Confidence: Documented,
	},
	{
		Number: 901002, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The 'resource' request parameter isn't supported.",
		Cause:      "resource, a parameter of the v1.0 endpoint, was sent to the v2.0 endpoint",
		Fix:        "send scope={resource}/.default",
		Source:     errorReference,
		Confidence: Documented, Doubt: statusFromOAuth,
	},
	{
		Number: 900561, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The endpoint only accepts {accepted} requests. Received a {received} request.",
		Cause:      "the token endpoint was called with another method than POST",
		Fix:        "POST the form",
		Source:     errorReference + "; seen with \"POST\" (2026) and with \"POST, OPTIONS\"",
		Confidence: Documented, Doubt: "HTTP status inferred",
	},
	{
		Number: 9002313, OAuth: oauthInvalidRequest, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Invalid request. Request is malformed or invalid.",
		Cause:      "the form cannot be decoded, is too large, repeats a parameter, or names another client_assertion_type",
		Fix:        "send each parameter once, percent-encoded UTF-8",
		Source:     errorReference + "; text: davidjrh/dnn.azureadprovider#112",
		Confidence: Seen, Doubt: "which malformed requests give it is inferred",
	},
	{
		Number: 70003, OAuth: oauthUnsupportedGrant, Status: http.StatusBadRequest, Answered: true,
		Message:    "The app requested an unsupported grant type '{grant}'.",
		Cause:      "grant_type is not client_credentials, the only one this emulator knows",
		Fix:        "send grant_type=client_credentials",
		Source:     "answer of Entra captured 2026-08-13 by calvinchengx/entra-emulator",
		Confidence: Seen,
	},
	{
		Number: 70011, OAuth: oauthInvalidScope, Status: http.StatusBadRequest, Answered: true,
		Message:    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
		Cause:      "the scope cannot be read, names no resource, or mixes /.default with other scopes",
		Fix:        "send one {resource}/.default",
		Source:     "MSAL.NET test bodies of 2023-12",
		Confidence: Seen, Doubt: "which scopes give it is inferred",
	},
	{
		Number: 700022, OAuth: oauthInvalidScope, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The provided value for the input parameter scope isn't valid because it contains more than one resource.",
		Cause:      "the scope names more than one resource",
		Fix:        "ask for one resource at a time",
		Source:     errorReference,
		Confidence: Documented, Doubt: "error member, HTTP status and the wire text are inferred from the documentation",
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
		Number: 500011, OAuth: oauthInvalidResource, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
		Cause:      "no application in the tenant has this identifier URI or client id, or it has no service principal",
		Fix:        "check the resource in the scope, and its cloud",
		Source:     "answer of Entra captured 2026-08-13 by calvinchengx/entra-emulator",
		Confidence: Seen,
	},
}

// codeIndex finds a row of Codes by its number.
var codeIndex = func() map[int]*Code {
	index := make(map[int]*Code, len(Codes))
	for i := range Codes {
		index[Codes[i].Number] = &Codes[i]
	}
	return index
}()

// Lookup returns the row of [Codes] with this number, and whether there is one.
func Lookup(code int) (Code, bool) {
	if c := codeIndex[code]; c != nil {
		return *c, true
	}
	return Code{}, false
}

// Known says whether [Codes] has a row with this number.
func Known(code int) bool { return codeIndex[code] != nil }
