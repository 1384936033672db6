package explain_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/input"
)

// said are the sentences of messages, as Entra words them.
func said(code string, value string) string {
	const guide = " Trace ID: fe9fbfcb-e303-4bd9-8083-db2f873c3400 Correlation ID: a876ada9-c13f-4ccd-b830-c2b0795ed03d Timestamp: 2026-02-08 17:02:11Z"
	const check = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
	const none = "No matching federated identity record found for presented assertion "
	sentence := map[string]string{
		"700211":  none + "issuer '" + value + "'. Please " + strings.ToLower(check[:1]) + check[1:],
		"700212":  none + "audience '" + value + "'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
		"700213":  none + "subject '" + value + "'. " + check,
		"7002131": none + "subject '" + value + "' or no federated identity credential expression matched. Please check your federated identity credential Subject, Expression, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
		"7002138": none + "subject '" + value + "'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. " + check,
		"7002137": none + "subject '" + value + "'. Please make sure the federated identity credential Subject is '/eid1/c/pub/t/{tenantId}/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14-0000-1111-2222-333333333333'.",
		"90061":   "Request to External OIDC endpoint failed.",
		"50166":   "Request to External OIDC endpoint failed.",
		"501661":  "Request to External OIDC endpoint failed.",
		"900612":  "Failed to parse provider signing keys.",
		"7000272": "The certificate with identifier " + value + " used to sign the federated credential could not be found in the metadata of identity provider https://issuer.contoso.com. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.",
		"5002738": "Invalid JWT token. 'ES256' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512,PS256,PS384,PS512'",
		"5002727": "Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'.",
		"70023":   "External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at 0. Token expires on 1666000000.",
		"700024":  "Client assertion is not within its valid time range. Current time: 2026-02-08T17:02:11.1234567Z, assertion valid from 2026-02-08T16:00:00.0000000Z, expiry time of assertion 2026-02-08T16:05:00.0000000Z. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
		"700222":  "AAD-issued tokens may not be used for federated identity flows.",
		"700231":  "Token obtained using another federated identity credential may not be used as federated identity credential.",
		"700236":  "Entra ID tokens issued by issuer '" + value + "' may not be used for federated identity credential flows for applications or managed identities registered in this tenant.",
		"7002381": "Federated identity credentials issued by 'https://token.actions.githubusercontent.com/' for applications or managed identities registered in this tenant must contain the enterprise claim with value 'contoso' but actual value is ''.",
		"53003":   "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
		"700016":  "Application with identifier '" + value + "' was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
		"7000229": "The client application 11111111-2222-3333-4444-555555555555 is missing service principal in the tenant 11111111-2222-3333-4444-555555555556. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
		"70025":   "The client '11111111-2222-3333-4444-555555555555'(deployer) has no configured federated identity credentials.",
		"70021":   "No matching federated identity record found for presented assertion. Assertion Issuer: '" + value + "'. Assertion Subject: 'system:serviceaccount:default:app'. Assertion Audience: 'api://AzureADTokenExchange'. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
	}[code]
	return "AADSTS" + code + ": " + sentence + guide
}

// fic is a credential; "" for the issuer is GitHub's, and for the audience that of the public cloud.
type fic struct{ issuer, subject, audience string }

// realFailures are the failures that people have reported, by their row in the research on them: what they had, and what
// comes out. Of codes "none", the text is no answer to a sign-in.
var realFailures = []struct {
	row    string
	report string
	text   string
	fic    *fic
	name   string // of the error; "none"
	cause  string // a part of the report's text
}{
	{"1", "Azure/login#379", said("700213", "repo:o/r:ref:refs/heads/master"), &fic{subject: "repo:o/r:environment:x"}, "AADSTS700213", "the job has no environment"},
	{"2", "Azure/login#346", said("700213", "repo:o/r:environment:x"), &fic{subject: "repo:o/r:ref:refs/heads/main"}, "AADSTS700213", "a job with an environment has no other subject"},
	{"3", "Azure/login#453", said("700213", "repo:o/r:ref:refs/heads/main"), &fic{subject: "repo:o/r:pull_request"}, "AADSTS700213", "the run was of a push, not of a pull request"},
	{"4", "Azure/login#178", said("700213", "repo:o/r:pull_request"), &fic{subject: "repo:o/r:pull-request"}, "AADSTS700213", "GitHub's tokens have the underscore"},
	{"5", "Azure/login#515, #517", said("7002138", "repo:o/r:environment:Production"), &fic{subject: "repo:o/r:environment:production"}, "AADSTS7002138", "capital and small letters"},
	{"6", "Redth/mobile-canvas-ghcp#50", said("7002138", "repo:o/r:environment:prod"), &fic{subject: "repo:o/r:environment:prod"}, "AADSTS7002138", "as it was before it was changed"},
	{"7", "Azure/login#617, #635", said("700213", "repo:o/r:ref:refs/heads/main"), &fic{subject: "repo:o@1/r@2:ref:refs/heads/main"}, "AADSTS700213", "the credential has the ids of owner and repository"},
	{"8", "Azure/azure-dev#9382", said("700213", "repo:o@1/r@2:ref:refs/heads/main"), &fic{subject: "repo:o/r:ref:refs/heads/main"}, "AADSTS700213", "the token has the ids of owner and repository"},
	{"9", "Azure/login#468", said("700213", "repository_owner:o:repository_id:1:ref:refs/heads/main"), &fic{subject: "repo:o/r:ref:refs/heads/main"}, "AADSTS700213", "customised"},
	{"10", "tig/winprint#125", said("700213", "repo:o/r:ref:refs/heads/main"), &fic{subject: "repo:o/r:*"}, "AADSTS700213", "wildcard"},
	{"11", "a merge queue", said("7002131", "repo:o/r:ref:refs/heads/gh-readonly-queue/main/pr-1-abc"), nil, "AADSTS7002131", "widen the expression"},
	{"12", "hashicorp/terraform-provider-azuread#1901", "unexpected status 400 (400 Bad Request) with error: InvalidFederatedIdentityCredentialValue: The FederatedIdentityCredential.ClaimsMatchingExpression.Value is invalid. Rule exception: Expression configured for issuer 'https://token.actions.githubusercontent.com' either lacks all required claims or contains unallowed claims.", nil, "none", ""},
	{"13", "hashicorp/terraform-provider-azuread#1807", "InvalidFederatedIdentityCredentialValue: The FederatedIdentityCredential.ClaimsMatchingExpression.Value is invalid. Rule exception: Expression configured for issuer 'https://tfe.contoso.com' either lacks all required claims or contains unallowed claims.", nil, "none", ""},
	{"14", "Azure/azure-workload-identity#373", `{"error":{"code":"InternalServerError","message":"The property 'subject[Nullable=False]' of type 'Edm.String' has a null value, which is not allowed."}}`, nil, "none", ""},
	{"15", "Azure/azure-workload-identity#340", said("700211", "https://eastus.oic.prod-aks.azure.com/t/c/"), &fic{issuer: "https://eastus.oic.prod-aks.azure.com/t/c", subject: "system:serviceaccount:default:app"}, "AADSTS700211", "a slash at the end"},
	{"16", "Azure/login#360", said("700211", "https://token.actions.githubusercontent.com"), &fic{issuer: "https://token.actions.githubusercontent.com/", subject: "repo:o/r:ref:refs/heads/main"}, "AADSTS700211", "GitHub's issuer has no slash"},
	{"17", "Azure/azure-workload-identity#616", said("70021", "https://kubernetes.default.svc.cluster.local"), &fic{issuer: "https://contoso.blob.core.windows.net/oidc/", subject: "system:serviceaccount:default:app"}, "AADSTS70021", "--service-account-issuer"},
	{"18", "Azure/azure-workload-identity#1232", said("7000272", "k1"), nil, "AADSTS7000272", "kid"},
	{"19", "a new cluster", said("7000272", "k1"), nil, "AADSTS7000272", "20 to 30 minutes"},
	{"20a", "Azure/azure-workload-identity#605", said("90061", ""), nil, "AADSTS90061", "could not be fetched"},
	{"20b", "Azure/azure-workload-identity#642", said("50166", ""), nil, "AADSTS50166", "outage of 2024-05-01"},
	{"20c", "Azure/login#283", said("501661", ""), nil, "AADSTS501661", "behind a firewall"},
	{"21", "a discovery document of SPIRE's", said("501661", ""), nil, "AADSTS501661", "malformed"},
	{"22", "a JWKS with a broken key", said("900612", ""), nil, "AADSTS900612", "broken RSA key"},
	{"23", "AzureAD/microsoft-identity-web#3467", said("5002738", ""), nil, "AADSTS5002738", "RSA"},
	{"24", "a token of type at+jwt", said("5002727", ""), nil, "AADSTS5002727", "typ"},
	{"25", "MicrosoftDocs/azure-docs#86915", said("70023", ""), nil, "AADSTS70023", "a missing iat counts as 0"},
	{"26", "Azure/login#180", said("700024", ""), nil, "AADSTS700024", "keep the assertion of the login"},
	{"27", "a projected token that was rotated", said("700024", ""), nil, "AADSTS700024", "read the token's file once"},
	{"28a", "GitLab's documentation", said("700212", "https://gitlab.com"), &fic{issuer: "https://gitlab.com", subject: "project_path:g/p:ref_type:branch:ref:main"}, "AADSTS700212", "GitLab's own address"},
	{"28b", "openshift/hypershift", said("700212", "openshift"), &fic{subject: "system:serviceaccount:a:b"}, "AADSTS700212", "OpenShift's audience"},
	{"29", "AzureAD/microsoft-authentication-library-for-python#739", said("700211", "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"), &fic{subject: "repo:o/r:ref:refs/heads/main"}, "AADSTS700211", "pass the platform's token"},
	{"30", "AzureAD/microsoft-identity-web#2519", said("700222", ""), nil, "AADSTS700222", "Entra"},
	{"31", "Azure/azure-workload-identity#1363", said("700231", ""), nil, "AADSTS700231", "another federated"},
	{"32", "a managed identity of another tenant", said("700236", "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"), nil, "AADSTS700236", "another tenant"},
	{"33", "microsoft/Agents#202", said("7002137", "/eid1/c/pub/t/abc/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14-0000-1111-2222-333333333333"), nil, "AADSTS7002137", "make a credential with the subject that the error prints"},
	{"34", "microsoft/terraform-provider-azuredevops#1361", said("700213", "/eid1/c/pub/t/abc/a/def/1"), &fic{issuer: "https://vstoken.dev.azure.com/1", subject: "sc://o/p/c"}, "AADSTS700213", "read issuer and subject from the service connection"},
	{"35", "a tenant that asks for an enterprise", said("7002381", ""), nil, "AADSTS7002381", "enterprise"},
	{"36", "dotnet/maui#37951", said("53003", ""), nil, "AADSTS53003", "Conditional Access policy for workload identities"},
	{"37", "hashicorp/terraform-provider-azurerm#20650", said("700016", "11111111-2222-3333-4444-555555555555"), nil, "AADSTS700016", "object id"},
	{"38", "an application without a service principal", said("7000229", ""), nil, "AADSTS7000229", "service principal"},
	{"39", "no credential", said("70025", ""), nil, "AADSTS70025", "on another application"},
	{"40", "Azure/azure-workload-identity#434", `{"error":{"code":"InvalidFederatedIdentityCredentialValue","message":"The combination of issuer and subject must be unique for the application. Issuer https://a and Subject: b already exist. paramName: FederatedIdentityCredential.Subject, paramValue: b, objectType: Microsoft.Online.DirectoryServices.Application"}}`, nil, "none", ""},
	{"41", "hashicorp/terraform-provider-azurerm#19968", `StatusCode=409 -- Original Error: Code="ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity" Message="Too many Federated Identity Credentials are written concurrently for the managed identity"`, nil, "none", ""},
	{"42", "Azure/azure-workload-identity#575", "Too many Federated Identity Credentials have been added to the application. The limit is 20.", nil, "none", ""},
	{"43", "Azure/azure-cli#31598", "(BadRequest) Federated identity credentials must have exactly one audience.", nil, "none", ""},
	{"44", "Azure/login#213", "Error: No subscriptions found for ***.", nil, "none", ""},
	{"45", "Azure/login#481", "Error: Login failed with Error: Using auth-type: SERVICE_PRINCIPAL. Not all values are present. Ensure 'client-id' and 'tenant-id' are supplied.. Double check if the 'auth-type' is correct.", nil, "none", ""},
}

// TestRealFailures explains each of them.
func TestRealFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range realFailures {
		t.Run(tt.row+" "+tt.report, func(t *testing.T) {
			t.Parallel()
			inputs := []input.Found{read(t, "error.txt", tt.text)}
			if tt.fic != nil {
				f := *tt.fic
				if f.issuer == "" {
					f.issuer = githubIssuer
				}
				if f.audience == "" {
					f.audience = audience
				}
				inputs = append(inputs, credential(t, "one", f.issuer, f.subject, f.audience))
			}
			r := explained(t, inputs...)
			if tt.name == "none" {
				if len(r.Errors) > 0 || len(r.SignIns) > 0 || len(r.Notes) == 0 {
					t.Errorf("it is no answer to a sign-in, and is taken for one: %s", r.Text(false))
				}
				return
			}
			names := make([]string, len(r.Errors))
			for i, e := range r.Errors {
				names[i] = e.Name
			}
			if got := fmt.Sprint(names); got != "["+tt.name+"]" {
				t.Fatalf("errors %s, want %s", got, tt.name)
			}
			if text := r.Text(false); !strings.Contains(text, tt.cause) {
				t.Errorf("%q is not in\n%s", tt.cause, text)
			}
			for _, s := range r.SignIns {
				if tt.fic != nil && s.Answer != nil && s.Answer.Name != tt.name && tt.name != "AADSTS70021" {
					t.Errorf("the checks answer %s, the error is %s", s.Answer.Name, tt.name)
				}
			}
		})
	}
}
