package cognito

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

const (
	tagsClaim = "https://aws.amazon.com/tags"
	poolClaim = "https://cognito-identity.amazonaws.com/identity-pool-arn"
)

// account is the AWS account that AWS's documentation uses.
const account = "123456789012"

// claims derives what the service that mints says about an identity or a user.
func claims(req issuer.Request) (issuer.Claims, error) {
	if req.Service == userPool.Name {
		return userPoolClaims(req)
	}
	return identityClaims(req)
}

// identityClaims derives amr and the pool's ARN from aud; sub and aud are in the same region. An aud or sub that is not
// of the form region:id says nothing, and the preset's settings pool, identity, login, provider and user stand.
func identityClaims(req issuer.Request) (issuer.Claims, error) {
	pool, identity := issuer.Text(req.Settings, "pool"), issuer.Text(req.Settings, "identity")
	givenPool, hasPool := regional(req.Claims["aud"])
	givenIdentity, hasIdentity := regional(req.Claims["sub"])
	switch {
	case hasPool && !hasIdentity:
		identity = region(givenPool) + strings.TrimPrefix(identity, region(identity))
	case hasIdentity && !hasPool:
		pool = region(givenIdentity) + strings.TrimPrefix(pool, region(pool))
	}
	if hasPool {
		pool = givenPool
	}
	if len(req.Audience) > 1 || len(req.Audience) == 1 && req.Audience[0] != pool {
		return nil, fmt.Errorf("cognito: audience %q: an identity pool's tokens always have the pool id as aud, here %q; another pool is asked for with the claim %q",
			req.Audience, pool, "aud")
	}
	own := issuer.Claims{"sub": identity, "aud": pool, "amr": methods(req.Settings, pool)}
	if req.Settings["login"] != unauthenticated { // the one recorded token without a login has no ARN
		own[poolClaim] = "arn:aws:cognito-identity:" + region(pool) + ":" + account + ":identitypool/" + pool
	}
	return own, nil
}

// The values of the setting login.
const (
	unauthenticated = "unauthenticated"
	developerLogin  = "developer"
	oidcLogin       = "oidc"
	poolLogin       = "user-pool"
)

// methods is amr by kind of login. That of a user pool is inferred.
func methods(settings map[string]any, pool string) []any {
	provider, user := issuer.Text(settings, "provider"), issuer.Text(settings, "user")
	switch settings["login"] {
	case unauthenticated:
		return []any{"unauthenticated"}
	case oidcLogin:
		return []any{"authenticated", provider, "arn:aws:iam::" + account + ":oidc-provider/" + provider + ":OIDC:" + user}
	case poolLogin:
		return []any{"authenticated", provider, provider + ":CognitoSignIn:" + user}
	}
	return []any{"authenticated", provider, provider + ":" + pool + ":" + user}
}

// regional returns a value of the form region:id.
func regional(value any) (string, bool) {
	s, ok := value.(string)
	return s, ok && strings.Contains(s, ":")
}

// region is what stands before the colon of a pool's or an identity's id.
func region(id string) string {
	name, _, _ := strings.Cut(id, ":")
	return name
}

// userPoolClaims derives the user names from sub; a client's own token has the client as sub. The settings are use (id,
// access or client), user and client.
func userPoolClaims(req issuer.Request) (issuer.Claims, error) {
	use, user, client := issuer.Text(req.Settings, "use"), any(issuer.Text(req.Settings, "user")), any(issuer.Text(req.Settings, "client"))
	if len(req.Audience) > 0 && !(use == useID && len(req.Audience) == 1 && req.Audience[0] == client) {
		what := "have no aud"
		if use == useID {
			what = fmt.Sprintf("have the app client's id as aud, here %q", client)
		}
		return nil, fmt.Errorf("cognito: audience %q: a user pool's tokens of this kind always %s; another is set with the claim %q",
			req.Audience, what, "aud")
	}
	if sub, ok := req.Claims["sub"]; ok {
		user = sub
	}
	own := issuer.Claims{"token_use": "access", "auth_time": req.Now.Unix()}
	switch use {
	case useID:
		own["token_use"] = "id"
		own["aud"], own["sub"], own["cognito:username"] = client, user, user
	case useClient:
		if id, ok := req.Claims["client_id"]; ok {
			client = id
		}
		own["sub"], own["client_id"] = client, client
		if sub, ok := req.Claims["sub"]; ok {
			own["client_id"] = sub
		}
		return own, nil
	default:
		own["client_id"], own["sub"], own["username"] = client, user, user
	}
	own["origin_jti"], own["event_id"] = req.NewID(), req.NewID()
	return own, nil
}

// The values of the setting use.
const (
	useID     = "id"
	useAccess = "access"
	useClient = "client"
)
