package entra

import "net/http"

// policyCodes are about what a tenant's administrators demand of those who sign in.
var policyCodes = []Code{
	{
		Number: 700223, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Federated identity credentials are disabled in the tenant '{tenantId}'.",
		Cause:      "the tenant's administrators have switched workload identity federation off",
		Fix:        "have it allowed, or sign in another way",
		Source:     "Microsoft's guide to troubleshooting Azure DevOps service connections, without the text",
		Confidence: Inferred, Doubt: "the wire text, the error member and the HTTP status are inferred",
	},
	{
		Number: 7002381, OAuth: oauthInvalidClient, Status: http.StatusUnauthorized, ErrorURI: true, Answered: true,
		Message:    "Federated identity credentials issued by '{issuer}' for applications or managed identities registered in this tenant must contain the enterprise claim with value {values} but actual value is '{actual}'.",
		Cause:      "the tenant accepts GitHub's tokens only of certain enterprises, and the claim enterprise names none of them; a token without the claim prints an empty value",
		Fix:        "run the workflow in a repository of the enterprise",
		Source:     "logs of 2026",
		Confidence: Seen, Doubt: "the HTTP status is inferred; seen for the issuer https://token.actions.githubusercontent.com: that the issuers of enterprises below it are refused too is inferred",
	},
	{
		Number: 53003, OAuth: oauthAccessDenied, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
		Cause:      "a Conditional Access policy for workload identities blocks the service principal, everywhere or from this place",
		Fix:        "sign in from a place that the policy excludes, or change the policy",
		Source:     "dotnet/maui#37951 (2026-08, a GitHub workflow)",
		Confidence: Seen, Doubt: "the error member and the HTTP status for applications are not known; users get interaction_required (MartinIngesen/MSOLSpray#5)",
	},
	{
		Number: 501051, OAuth: oauthInvalidGrant, Status: http.StatusBadRequest, ErrorURI: true, Answered: true,
		Message:    "Application '{appId}'({appDisplayName}) is not assigned to a role for the application '{resourceId}'({resourceName}).",
		Cause:      "the resource requires an assignment, and the client has no app role there",
		Fix:        "assign an app role of the resource to the client's service principal",
		Source:     "a walkthrough with a screenshot (invalid_grant); Microsoft's API Management documentation says invalid_client",
		Confidence: Seen, Doubt: "the error member and with it the HTTP status are in doubt",
	},
}
