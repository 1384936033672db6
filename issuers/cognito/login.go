package cognito

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// loginLife is how long the login in a workload's environment is good.
const loginLife = 24 * time.Hour

// The texts of refused logins are those that users report: amazon-cognito-identity-js#153, #7 and
// aws-amplify/amplify-js#2067 (another user pool or app client), #12 (an access token), #68 (a pool without providers,
// and an issuer that is not the key), #91 (the signature), aws-sdk-ios#218 (a developer provider in a call that is not
// signed), LambdAuth#32. In which order they are looked for is inferred but for the issuer, which comes before the
// pool's providers: deep-framework#593 has a key that is no provider's.
const (
	refusedLogins    = "Logins don't match. Please include at least one valid login for this identity or identity pool."
	refusedUser      = "Unauthenticated access is not supported for this identity pool."
	refusedProvider  = "Token is not from a supported provider of this identity pool."
	refusedDeveloper = "This identity pool does not support the specified developer provider"
	refusedPublic    = "Please provide a valid public provider"
)

// loginClaims are what is read of a login's token.
type loginClaims struct {
	Issuer   string       `json:"iss"`
	Subject  string       `json:"sub"`
	Audience jwt.Audience `json:"aud,omitempty"`
	Use      string       `json:"token_use,omitempty"` // of a user pool's token: id or access
	Username string       `json:"cognito:username,omitempty"`
	Issued   int64        `json:"iat"`
	Expiry   int64        `json:"exp"`
}

// newLoginKey makes the key that signs the login in a workload's environment, where its provider has none in this
// world.
func newLoginKey(random io.Reader) (jose.JSONWebKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("cognito: login: %w", err)
	}
	return jose.JSONWebKey{Key: key, KeyID: "login", Algorithm: string(jose.ES256), Use: "sig"}, nil
}

// ownLogin is the token of the workload's user, as the provider would give it to the client that the pool knows.
func (p *identityPool) ownLogin() (string, error) {
	now := p.workload.Now()
	claims := loginClaims{
		Issuer: "https://" + issuer.Text(p.settings, "provider"), Subject: issuer.Text(p.settings, "user"), Audience: jwt.Audience{issuer.Text(p.settings, "client")},
		Issued: now.Unix(), Expiry: now.Add(loginLife).Unix(),
	}
	if p.settings["login"] == poolLogin {
		claims.Use, claims.Username = useID, claims.Subject
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.loginKey}, nil)
	if err != nil {
		return "", fmt.Errorf("cognito: login: %w", err)
	}
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("cognito: login: %w", err)
	}
	return raw, nil
}

// login checks the logins of an unsigned call and returns the user that they are for.
func (p *identityPool) login(logins map[string]string) (user string, refused *sigv4.Refused) {
	kind := p.settings["login"]
	switch {
	case kind == unauthenticated && len(logins) == 0:
		return issuer.Text(p.settings, "user"), nil
	case len(logins) == 0:
		return "", refuse("NotAuthorizedException", "%s", refusedUser)
	case kind == unauthenticated:
		return "", refuse("NotAuthorizedException", "%s", refusedLogins)
	}
	for _, provider := range slices.Sorted(maps.Keys(logins)) { // the pool has one provider, so that of two logins one is refused
		if user, refused = p.verifyLogin(provider, logins[provider]); refused != nil {
			return "", refused
		}
	}
	return user, nil
}

// verifyLogin reads a provider's token.
func (p *identityPool) verifyLogin(provider, token string) (user string, refused *sigv4.Refused) {
	kind, own := p.settings["login"], provider == issuer.Text(p.settings, "provider")
	switch {
	case provider == cognitoLogin:
		return "", refuse("NotAuthorizedException", "Invalid login token. Can't pass in a Cognito token.")
	case own && kind == developerLogin:
		return "", refuse("InvalidParameterException", "%s", refusedPublic)
	}
	claims, ok := readLogin(token)
	supported := own && slices.Contains(claims.Audience, issuer.Text(p.settings, "client"))
	if kind == poolLogin && claims.Use != useID { // what an access token with an aud is told is inferred
		supported = false
	}
	switch {
	case !ok:
		return "", refuse("NotAuthorizedException", "Invalid login token. Not a valid OpenId Connect identity token.")
	case claims.Issuer != "https://"+provider:
		return "", refuse("NotAuthorizedException", "Invalid login token. Issuer doesn't match providerName")
	case len(claims.Audience) == 0:
		return "", refuse("NotAuthorizedException", "Invalid login token. Missing a required claim: aud")
	case !supported:
		return "", refuse("NotAuthorizedException", "%s", refusedProvider)
	}
	keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.loginKey.Public()}}
	if p.workload.Find != nil {
		if found := p.workload.Find(claims.Issuer); found != nil {
			published, err := publishedBy(found)
			if err != nil {
				return "", internal(err)
			}
			keys.Keys = append(keys.Keys, published.Keys...)
		}
	}
	return claims.Subject, p.verify(token, claims, keys)
}

// verify checks the signature and the time of a token.
func (p *identityPool) verify(token string, claims loginClaims, keys jose.JSONWebKeySet) *sigv4.Refused {
	parsed, err := jwt.ParseSigned(token, issuer.Algorithms)
	if err == nil {
		err = parsed.Claims(keys, &claims)
	}
	now := p.workload.Now().Unix()
	switch {
	case err != nil:
		return refuse("NotAuthorizedException", "Invalid login token. Couldn't verify signed token.")
	case now >= claims.Expiry:
		return refuse("NotAuthorizedException", "Invalid login token. Token expired: %d >= %d", now, claims.Expiry)
	}
	return nil
}

// verifyCognito reads a token that the pool gave a developer's user, and returns its identity. Which text a token of
// another pool is refused with is inferred.
func (p *identityPool) verifyCognito(token, pool string) (identity string, refused *sigv4.Refused) {
	claims, ok := readLogin(token)
	switch {
	case !ok:
		return "", refuse("NotAuthorizedException", "Invalid login token. Not a valid OpenId Connect identity token.")
	case claims.Issuer != p.workload.Issuer.URL():
		return "", refuse("NotAuthorizedException", "Invalid login token. Issuer doesn't match providerName")
	case !slices.Equal(claims.Audience, jwt.Audience{pool}):
		return "", refuse("NotAuthorizedException", "%s", refusedProvider)
	}
	keys, err := publishedBy(p.workload.Issuer)
	if err != nil {
		return "", internal(err)
	}
	return claims.Subject, p.verify(token, claims, keys)
}

// publishedBy are the keys in an issuer's document.
func publishedBy(iss *issuer.Issuer) (keys jose.JSONWebKeySet, err error) {
	raw, err := iss.JWKS()
	if err == nil {
		err = json.Unmarshal(raw, &keys)
	}
	if err != nil {
		return keys, fmt.Errorf("cognito: keys of %s: %w", iss.URL(), err)
	}
	return keys, nil
}

// readLogin reads the claims of a token, whoever has signed it; ok is false for what is none.
// go-jose's JSON knows names by their case, and refuses a name that occurs twice.
func readLogin(token string) (claims loginClaims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	return claims, err == nil && josejson.Unmarshal(raw, &claims) == nil && claims.Subject != ""
}

// identityFor is the identity of a user: the workload's, or for another user one that is always the same.
func (p *identityPool) identityFor(user, pool, own string) string {
	if user == issuer.Text(p.settings, "user") {
		return own
	}
	return identityOf(pool, user)
}

// match finds out whether an identity that a call is for is that of its logins. Of identities that others have, it
// knows the workload's.
func match(asked, ofLogins, own string) *sigv4.Refused {
	switch asked {
	case ofLogins:
		return nil
	case own:
		return refuse("NotAuthorizedException", "%s", refusedLogins)
	}
	return refuse("ResourceNotFoundException", "Identity '%s' not found.", asked)
}
