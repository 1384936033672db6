package paste

import (
	"regexp"
	"strings"
)

// none says what a text looks like that has no message, and what to look for.
func none(raw, text string, all []mention) string {
	if len(all) > 0 {
		codes := distinct(all)
		names := make([]string, 0, len(codes))
		for _, code := range codes[:min(len(codes), 6)] {
			names = append(names, name(code))
		}
		if len(codes) > 6 {
			names = append(names, "…")
		}
		said := "The text names " + names[0] + " in a table, not as an answer"
		if len(codes) > 1 {
			said = "The text names several codes (" + strings.Join(names, ", ") + ") without an answer of any of them"
		}
		return said + ": it looks like documentation or a list of causes. " +
			"Give the output of the sign-in that failed, with AADSTS, its number and its sentence."
	}
	if strings.TrimSpace(raw) == "" {
		return "The text is empty. Give the output of the sign-in that failed."
	}
	raw, text = outer(raw), outer(text)
	flat := strings.Join(strings.Fields(text), " ")
	for _, l := range looks {
		if l.is.MatchString(text) || flat != text && l.is.MatchString(flat) || raw != text && l.is.MatchString(raw) {
			return l.what
		}
	}
	return "There is no message of Entra in the text. Look for a line with AADSTS and a number, or for error_description in the answer of the token endpoint, and give that part."
}

// outer is the beginning and the end of a text, where what went wrong is said.
func outer(text string) string {
	const size = 16 << 10
	if len(text) <= 2*size {
		return text
	}
	return strings.ToValidUTF8(text[:size]+"\n"+text[len(text)-size:], "")
}

// look is a kind of text that is no message of Entra's.
type look struct {
	is   *regexp.Regexp
	what string
}

const notSignIn = " It is no refused sign-in: there is no code of Entra in it."

// looks are the kinds, the surest first.
var looks = []look{
	{regexp.MustCompile(`(?i)ACTIONS_ID_TOKEN_REQUEST_(?:URL|TOKEN)`), "GitHub gave the job no token: its request variables are missing. Entra was never asked. Grant the job `permissions: id-token: write`; a workflow of a fork, of Dependabot, or a reusable one whose caller does not grant it, has none."},
	{regexp.MustCompile(`(?i)cannot request token: Get "?\??audience=|githubAssertion`), "The provider had no address to ask for a token: the variables of the job's token (ACTIONS_ID_TOKEN_REQUEST_URL, or SYSTEM_OIDCREQUESTURI) are missing in that step. Entra was never asked. Pass them on, and grant the job `id-token: write`."},
	{regexp.MustCompile(`(?i)Can't issue ID_TOKEN|Failed to get ID Token|getIDToken`), "GitHub's token service refused, or did not answer. Entra was never asked. Try again; look at the job's permissions if it stays."},
	{regexp.MustCompile(`(?i)ConcurrentFederatedIdentityCredentialsWrites|Too many Federated Identity Credentials are written concurrently`), "Azure Resource Manager refused to write several federated credentials of one managed identity at the same time (409)." + notSignIn + " Write them one after the other, with dependsOn or depends_on, and try again."},
	{regexp.MustCompile(`(?i)InvalidFederatedIdentityCredentialValue|combination of issuer and subject must be unique|lacks all required claims`), "Microsoft Graph refused to write the federated credential." + notSignIn + " Correct its issuer, subject or expression as the message says; issuer and subject must be unique for the application."},
	{regexp.MustCompile(`subject\[Nullable=False\]|Property 'subject' cannot be empty`), "Version 1.0 of Microsoft Graph cannot list, or write, a flexible federated credential, which has no subject." + notSignIn + " Ask the beta version, or use a tool that does."},
	{regexp.MustCompile(`(?i)FederatedIdentityCredential with name .{1,130} (?:already exists|not found)|Request_MultipleObjectsWithSameKeyValue`), "Microsoft Graph found another federated credential of that name, or none." + notSignIn + " List the credentials of the application."},
	{regexp.MustCompile(`(?i)Federated identity credentials must have exactly one audience|must specify 'issuer', 'subject' and 'audience'|Issuer and subject combination already exists|Support for federated identity credentials not enabled|parent user-assigned identity doesn't exist`), "Azure Resource Manager refused to write the federated credential." + notSignIn + " Correct its issuer, subject and audience as the message says."},
	{regexp.MustCompile(`(?i)AuthorizationFailed|does not have authorization to perform action|Authorization_RequestDenied|Insufficient privileges to complete the operation`), "The sign-in succeeded, and then a role or a permission was missing. Give the identity the role, at the scope that the message names."},
	{regexp.MustCompile(`(?i)No subscriptions? found for`), "The sign-in succeeded: the identity has no role on any subscription. Give it a role, or sign in with --allow-no-subscriptions."},
	{regexp.MustCompile(`(?i)Please run '?az login`), "The Azure CLI is not signed in. Entra was not asked. Look further up in the log for the sign-in that failed, or let the provider use OIDC instead of the CLI."},
	{regexp.MustCompile(`(?i)InvalidIdentityToken|AssumeRoleWithWebIdentity|No OpenIDConnect provider found|Couldn't retrieve verification key from your identity provider|amazonaws\.com`), "It looks like a refusal of AWS STS or Cognito, not of Entra. Look at the provider's client ids and at the trust policy of the role."},
	{regexp.MustCompile(`(?i)sts\.googleapis\.com|iam\.googleapis\.com|iamcredentials|workloadIdentityPools|unauthorized_client.{0,80}attribute condition|google\.auth`), "It looks like a refusal of Google Cloud, not of Entra. Look at the pool's provider: its issuer, its audiences and its condition."},
	{regexp.MustCompile(`(?i)ForbiddenByRbac|ForbiddenByPolicy|Caller is not authorized to perform action`), "The sign-in succeeded: Key Vault, or another service, refused the identity. Give it the role, or the access policy, that the message names."},
	{regexp.MustCompile(`(?i)no managed identity endpoint found|ManagedIdentityCredential authentication unavailable|169\.254\.169\.254`), "The client looked for a managed identity and found none where it runs. Entra was not asked for a federated sign-in: the variables of workload identity are missing, or the chain of credentials did not get to it."},
	{regexp.MustCompile(`(?i)service connection .{0,80}(?:could not be found|not authorized|does not exist)|Could not fetch access token for Azure|Failed to fetch federated token|SYSTEM_OIDCREQUESTURI|oidctoken`), "Azure Pipelines could not use the service connection, or got no token for it. Entra was not asked. Look at the name of the connection, and whether the pipeline may use it."},
	{regexp.MustCompile(`(?i)IDX\d{5}:`), "It looks like an API that refuses a token with Microsoft's own library (IDX…), not like a refused sign-in."},
	{regexp.MustCompile(`(?i)(?:client[-_ ]?id|tenant[-_ ]?id)['"]? ?(?:is|are|was|were) (?:required|not set|missing|empty|undefined)|Not all values are present|not fully configured|are required parameters|is a required parameter|Ensure 'client-id' and 'tenant-id'`), "The client had no client id, tenant id or token file, and did not ask Entra. Look at the variables and secrets of the step."},
	{regexp.MustCompile(`(?i)unable to resolve an endpoint|endpoints_resolution_error|no such host|getaddrinfo|ENOTFOUND|EAI_AGAIN|connection refused|ECONNREFUSED|context deadline exceeded|i/o timeout|ETIMEDOUT|Max retries exceeded|certificate signed by unknown authority|CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|x509:`), "The client did not reach Entra, or did not trust its certificate: there is no answer. Look at the network, the proxy and the certificates."},
	{regexp.MustCompile(`(?i)"(?:issuer|subject)"\s*:[^\n]*\n?[^\n]*"audiences"`), "It looks like a federated credential, not like an error. Give the output of the sign-in that failed beside it."},
	{regexp.MustCompile(`(?m)^\s*at [\w.$<>]+[(.]|Traceback \(most recent call last\)|^goroutine \d+|^\s*File "[^"\n]+", line \d+`), "It looks like a stack trace without the message of Entra. Give the lines before it: look for AADSTS and a number."},
	{regexp.MustCompile(`^\s*eyJ[A-Za-z0-9_-]+\.|^\s*\[token\]\s*$`), "It looks like a token, not like an error. Give it as a token."},
	{regexp.MustCompile(`(?i)<html|<!doctype`), "It looks like a page of HTML without a message of Entra: a proxy or a firewall may have answered."},
	{regexp.MustCompile(`(?i)\bAADSTS\b|AADSTS\d*[x*?#]`), "AADSTS is in the text, but without its number, and no sentence of Entra's. Give the line with the number."},
	{regexp.MustCompile(`(?i)invalid_client|invalid_request|unauthorized_client|invalid_grant|invalid_scope`), "There is an OAuth error in the text, but neither a number nor a sentence of Entra. Give the error_description too."},
}
