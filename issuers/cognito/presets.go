package cognito

import (
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// openIDToken is the life of what GetOpenIdToken returns.
const openIDToken = 10 * time.Minute

// presets: pools, identities and users are in Settings and not in Claims, so that what is derived from aud and sub
// follows a caller.
var presets = []issuer.Preset{
	{Name: "developer-authenticated", About: "GetOpenIdTokenForDeveloperIdentity: a back end vouches for its own user",
		Settings: login(developerLogin, "login.contoso.example", "alice")},
	{Name: "unauthenticated", About: "GetOpenIdToken of a guest identity", Lifetime: openIDToken,
		Settings: login(unauthenticated, "", "")},
	{Name: "oidc-provider", About: "GetOpenIdToken after a login with an OpenID Connect provider", Lifetime: openIDToken,
		Settings: of("cognito-identity.amazonaws.com", login(oidcLogin, "token.actions.githubusercontent.com", "repo:octo-org/octo-repo:environment:prod"))},
	{Name: "user-pool-login", About: "GetOpenIdToken after a login with a user pool (amr inferred)", Lifetime: openIDToken,
		Settings: of(client, login(poolLogin, "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI", user))},
	{Name: "principal-tags", About: "GetOpenIdToken with attributes mapped to principal tags", Lifetime: openIDToken,
		Settings: of("cognito-identity.amazonaws.com", login(oidcLogin, "token.actions.githubusercontent.com", "repo:octo-org/octo-repo:environment:prod")),
		Claims: issuer.Claims{tagsClaim: map[string]any{"principal_tags": map[string]any{
			"actor":      []any{"octocat"},
			"repository": []any{"octo-org/octo-repo"},
		}}}},
	{Name: "user-pool-id", About: "A user pool's ID token: aud is the app client", Service: userPool.Name,
		Settings: member(useID),
		Claims:   issuer.Claims{"at_hash": "BfPGYzetNbCJXaeISS_iiw", "email": "alice@contoso.example", "email_verified": true}},
	{Name: "user-pool-secret", About: "A user pool's ID token, for an app client that has a secret", Service: userPool.Name,
		Settings: confidential(member(useID)),
		Claims:   issuer.Claims{"at_hash": "BfPGYzetNbCJXaeISS_iiw", "email": "alice@contoso.example", "email_verified": true}},
	{Name: "user-pool-access", Direct: true, About: "A user pool's access token: no aud, and its own key", Service: userPool.Name, Signer: new(accessKey),
		Settings: member(useAccess), Claims: issuer.Claims{"scope": "aws.cognito.signin.user.admin"}},
	{Name: "user-pool-client-credentials", About: "A user pool's token for a client of its own: no aud, sub is the client",
		Service: userPool.Name, Signer: new(accessKey),
		Settings: member(useClient), Claims: issuer.Claims{"scope": "sample/read", "version": 2}},
}

// user is the sub of the example user of the user pool, and client its app client.
const (
	user   = "9a099d29-7a49-4f16-ae65-ae593cf159c1"
	client = "1example23456789"
)

// login returns the settings of the example identity with a kind of login.
func login(kind, provider, user string) map[string]any {
	return map[string]any{
		"pool":     "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c",
		"identity": "us-east-1:12345678-ffff-ffff-ffff-123456789012",
		"login":    kind, "provider": provider, "user": user,
	}
}

// of adds the client of the provider whose tokens the pool takes. For GitHub it is the audience that public workflows
// ask for. [catnekaise/cognito-idpool-auth]
func of(client string, settings map[string]any) map[string]any {
	settings["client"] = client
	return settings
}

// member returns the settings of the example user pool with a use of its tokens.
func member(use string) map[string]any {
	return map[string]any{"user": user, "client": client, "use": use}
}

// confidential gives the app client a secret.
func confidential(settings map[string]any) map[string]any {
	settings["secret"] = true
	return settings
}
