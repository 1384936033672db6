package cognito

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// identityScope is the service that developers sign for.
const identityScope = "cognito-identity"

// cognitoLogin is the key in Logins of a developer identity's token.
const cognitoLogin = "cognito-identity.amazonaws.com"

// The limits of requests; pools and identities have the same form.
const (
	maxLogins, maxID         = 10, 55
	minDuration, maxDuration = 1, 86400
	credentialLife           = time.Hour
	idPattern                = `[\w-]+:[0-9a-f-]+`
)

var validID = regexp.MustCompile(`^` + idPattern + `$`)

// identityPool answers for one pool with the identity of the workload's user, and for as many as its provider has other
// users.
type identityPool struct {
	workload issuer.Workload
	settings map[string]any
	key      sigv4.Key
	loginKey jose.JSONWebKey // of the login in the environment
}

func newIdentityPool(w issuer.Workload, preset *issuer.Preset) (*issuer.API, error) {
	key, err := sigv4.NewKey(w.Rand, false)
	if err != nil {
		return nil, err
	}
	loginKey, err := newLoginKey(w.Rand)
	if err != nil {
		return nil, err
	}
	p := &identityPool{workload: w, settings: preset.Settings, key: key, loginKey: loginKey}
	return &issuer.API{Env: p.env, Handler: &jsonService{workload: w, name: "cognito-identity", target: identityTarget, operations: map[string]operation{
		"GetId":                              p.getID,
		"GetOpenIdToken":                     p.getOpenIDToken,
		"GetOpenIdTokenForDeveloperIdentity": p.getOpenIDTokenForDeveloperIdentity,
		"GetCredentialsForIdentity":          p.getCredentialsForIdentity,
	}}}, nil
}

// env has keys for a developer only: the other calls are not signed. A provider's login is a token that the workload
// signs in its stead.
func (p *identityPool) env(string) (map[string]string, error) {
	pool, identity, err := p.ids()
	if err != nil {
		return nil, err
	}
	env := map[string]string{"AWS_REGION": region(pool), "AWS_DEFAULT_REGION": region(pool), "AWS_ENDPOINT_URL": p.workload.Base + "/", "AWS_EC2_METADATA_DISABLED": "true"}
	provider, user := issuer.Text(p.settings, "provider"), issuer.Text(p.settings, "user")
	switch p.settings["login"] {
	case developerLogin:
		env = p.key.Env(region(pool), p.workload.Base+"/")
		env[providerVariable], env[loginVariable] = provider, user
	case oidcLogin, poolLogin:
		env[providerVariable] = provider
		if env[loginVariable], err = p.ownLogin(); err != nil {
			return nil, err
		}
	}
	env[poolVariable], env[identityVariable] = pool, identity
	return env, nil
}

// ids are the workload's pool and identity, as its tokens have them.
func (p *identityPool) ids() (pool, identity string, err error) {
	token, err := p.workload.Sample(issuer.Request{})
	return issuer.Text(token.Claims, "aud"), issuer.Text(token.Claims, "sub"), err
}

// identityRequest is what the operations have in common.
type identityRequest struct {
	IdentityPoolId, IdentityId *string
	Logins                     map[string]string
	PrincipalTags              map[string]string
	TokenDuration              *int64
}

// requirement is a part of a request that must be there.
type requirement func(*identityRequest) *sigv4.Refused

func needPool(r *identityRequest) *sigv4.Refused {
	return validateID(r.IdentityPoolId, "identityPoolId", true)
}
func needIdentity(r *identityRequest) *sigv4.Refused {
	return validateID(r.IdentityId, "identityId", true)
}

func validateID(id *string, name string, needed bool) *sigv4.Refused {
	switch {
	case id == nil && needed:
		return invalid("null", name, "Member must not be null")
	case id == nil:
	case *id == "":
		return invalid("''", name, "Member must have length greater than or equal to 1")
	case len(*id) > maxID:
		return invalid("'"+(*id)[:maxID+1]+"'", name, fmt.Sprintf("Member must have length less than or equal to %d", maxID))
	case !validID.MatchString(*id):
		return invalid("'"+*id+"'", name, "Member must satisfy regular expression pattern: "+idPattern)
	}
	return nil
}

// request reads and checks a request against the service model.
func request(body []byte, need requirement) (identityRequest, *sigv4.Refused) {
	var r identityRequest
	if refused := read(body, &r); refused != nil {
		return r, refused
	}
	if refused := need(&r); refused != nil {
		return r, refused
	}
	if len(r.Logins) > maxLogins {
		return r, invalid("'{}'", "logins", fmt.Sprintf("Member must have length less than or equal to %d", maxLogins))
	}
	return r, nil
}

func (p *identityPool) getID(_ *http.Request, body []byte) (any, *sigv4.Refused) {
	r, refused := request(body, needPool)
	if refused != nil {
		return nil, refused
	}
	pool, identity, err := p.ids()
	if err != nil {
		return nil, internal(err)
	}
	if *r.IdentityPoolId != pool {
		return nil, refuse("ResourceNotFoundException", "IdentityPool '%s' not found.", *r.IdentityPoolId)
	}
	user, refused := p.login(r.Logins)
	if refused != nil {
		return nil, refused
	}
	return map[string]any{"IdentityId": p.identityFor(user, pool, identity)}, nil
}

func (p *identityPool) getOpenIDToken(_ *http.Request, body []byte) (any, *sigv4.Refused) {
	r, refused := request(body, needIdentity)
	if refused != nil {
		return nil, refused
	}
	pool, identity, err := p.ids()
	if err != nil {
		return nil, internal(err)
	}
	user, refused := p.login(r.Logins)
	if refused == nil {
		refused = match(*r.IdentityId, p.identityFor(user, pool, identity), identity)
	}
	if refused != nil {
		return nil, refused
	}
	return p.token(issuer.Request{Lifetime: openIDToken, Claims: p.claimsOf(user, pool)})
}

// claimsOf are sub and amr of a user who is not the settings'.
func (p *identityPool) claimsOf(user, pool string) issuer.Claims {
	if user == issuer.Text(p.settings, "user") {
		return issuer.Claims{}
	}
	settings := maps.Clone(p.settings)
	settings["user"] = user
	return issuer.Claims{"sub": identityOf(pool, user), "amr": methods(settings, pool)}
}

func (p *identityPool) token(req issuer.Request) (any, *sigv4.Refused) {
	token, err := p.workload.Mint(req)
	if err != nil {
		return nil, internal(err)
	}
	return map[string]any{"IdentityId": token.Claims["sub"], "Token": token.Raw}, nil
}

func (p *identityPool) getOpenIDTokenForDeveloperIdentity(raw *http.Request, body []byte) (any, *sigv4.Refused) {
	pool, identity, err := p.ids()
	if err != nil {
		return nil, internal(err)
	}
	if refused := p.key.Verify(raw, body, p.workload.Now(), sigv4.Scope{Region: region(pool), Service: identityScope}); refused != nil {
		return nil, refused.JSON()
	}
	r, refused := request(body, needPool)
	if refused == nil {
		refused = validateID(r.IdentityId, "identityId", false)
	}
	switch {
	case refused != nil:
		return nil, refused
	case r.Logins == nil:
		return nil, invalid("null", "logins", "Member must not be null")
	case r.TokenDuration != nil && *r.TokenDuration < minDuration:
		return nil, invalid(fmt.Sprintf("'%d'", *r.TokenDuration), "tokenDuration", fmt.Sprintf("Member must have value greater than or equal to %d", minDuration))
	case r.TokenDuration != nil && *r.TokenDuration > maxDuration:
		return nil, invalid(fmt.Sprintf("'%d'", *r.TokenDuration), "tokenDuration", fmt.Sprintf("Member must have value less than or equal to %d", maxDuration))
	case *r.IdentityPoolId != pool:
		return nil, refuse("ResourceNotFoundException", "IdentityPool '%s' not found.", *r.IdentityPoolId)
	}
	user := r.Logins[issuer.Text(p.settings, "provider")]
	if p.settings["login"] != developerLogin || len(r.Logins) != 1 || user == "" { // the code is inferred
		return nil, refuse("NotAuthorizedException", "%s", refusedDeveloper)
	}
	if r.IdentityId != nil {
		if refused := match(*r.IdentityId, p.identityFor(user, pool, identity), identity); refused != nil {
			return nil, refused
		}
	}
	req := issuer.Request{Lifetime: identityPools.Lifetime, Claims: p.claimsOf(user, pool)}
	if r.TokenDuration != nil {
		req.Lifetime = time.Duration(*r.TokenDuration) * time.Second
	}
	if len(r.PrincipalTags) > 0 {
		tags := map[string]any{}
		for name, value := range r.PrincipalTags {
			tags[name] = []any{value}
		}
		req.Claims[tagsClaim] = map[string]any{"principal_tags": tags}
	}
	return p.token(req)
}

// identityOf is the identity of a provider's other users: always the same for each one.
func identityOf(pool, user string) string {
	digest := sha256.Sum256([]byte(pool + "\n" + user))
	return region(pool) + ":" + issuer.UUIDFrom(digest[:], 4)
}

// getCredentialsForIdentity gives credentials that open nothing.
func (p *identityPool) getCredentialsForIdentity(_ *http.Request, body []byte) (any, *sigv4.Refused) {
	r, refused := request(body, needIdentity)
	if refused != nil {
		return nil, refused
	}
	pool, own, err := p.ids()
	if err != nil {
		return nil, internal(err)
	}
	identity := ""
	if token, given := r.Logins[cognitoLogin]; given && len(r.Logins) == 1 && p.settings["login"] == developerLogin {
		identity, refused = p.verifyCognito(token, pool)
	} else {
		var user string
		user, refused = p.login(r.Logins)
		identity = p.identityFor(user, pool, own)
	}
	if refused == nil {
		refused = match(*r.IdentityId, identity, own)
	}
	if refused != nil {
		return nil, refused
	}
	key, err := sigv4.NewKey(p.workload.Rand, true)
	if err != nil {
		return nil, internal(err)
	}
	return map[string]any{"IdentityId": identity, "Credentials": map[string]any{
		"AccessKeyId": key.ID, "SecretKey": key.Secret, "SessionToken": key.Session,
		"Expiration": float64(p.workload.Now().Add(credentialLife).Unix()),
	}}, nil
}
