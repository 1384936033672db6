package cognito

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// identityScope is the service that developers sign for.
const identityScope = "cognito-identity"

// cognitoLogin is the key in Logins of a developer identity's token.
const cognitoLogin = "cognito-identity.amazonaws.com"

// The limits of requests; pools and identities have the same form.
const (
	maxLogins, maxID           = 10, 55
	minDuration, maxDuration   = 1, 86400
	credentialLife             = time.Hour
	loginLife                  = 24 * time.Hour
	idPattern                  = `[\w-]+:[0-9a-f-]+`
	refusedLogins, refusedUser = "Logins don't match. Please include at least one valid login for this identity or identity pool.", "Unauthenticated access is not supported for this identity pool."
)

var validID = regexp.MustCompile(`^` + idPattern + `$`)

// identityPool answers for one pool with one identity, and for as many as a developer has users.
type identityPool struct {
	workload issuer.Workload
	setting  map[string]any
	key      sigv4.Key
}

func newIdentityPool(w issuer.Workload, preset *issuer.Preset) (*issuer.API, error) {
	key, err := sigv4.NewKey(w.Rand, false)
	if err != nil {
		return nil, err
	}
	p := &identityPool{workload: w, setting: preset.Params, key: key}
	return &issuer.API{Env: p.env, Handler: &jsonService{workload: w, name: "cognito-identity", target: identityTarget, operations: map[string]operation{
		"GetId":                              p.getID,
		"GetOpenIdToken":                     p.getOpenIDToken,
		"GetOpenIdTokenForDeveloperIdentity": p.getOpenIDTokenForDeveloperIdentity,
		"GetCredentialsForIdentity":          p.getCredentialsForIdentity,
	}}}, nil
}

// env has keys for a developer only: the other calls are not signed. A provider's login is a token that nobody signed, since the pool
// does not check that.
func (p *identityPool) env(string) (map[string]string, error) {
	pool, identity, err := p.ids()
	if err != nil {
		return nil, err
	}
	env := map[string]string{"AWS_REGION": region(pool), "AWS_DEFAULT_REGION": region(pool), "AWS_ENDPOINT_URL": p.workload.Base + "/", "AWS_EC2_METADATA_DISABLED": "true"}
	provider, user := text(p.setting, "provider"), text(p.setting, "user")
	switch p.setting["login"] {
	case developerLogin:
		env = p.key.Env(region(pool), p.workload.Base+"/")
		env[providerVariable], env[loginVariable] = provider, user
	case oidcLogin, poolLogin:
		claims, err := json.Marshal(loginClaims{Issuer: "https://" + provider, Subject: user, Expiry: p.workload.Now().Add(loginLife).Unix()})
		if err != nil {
			return nil, fmt.Errorf("cognito: login: %w", err)
		}
		enc := base64.RawURLEncoding
		env[providerVariable] = provider
		env[loginVariable] = enc.EncodeToString([]byte(`{"alg":"none"}`)) + "." + enc.EncodeToString(claims) + "."
	}
	env[poolVariable], env[identityVariable] = pool, identity
	return env, nil
}

// ids are the workload's pool and identity, as its tokens have them.
func (p *identityPool) ids() (pool, identity string, err error) {
	token, err := p.workload.Mint(issuer.Request{})
	return text(token.Claims, "aud"), text(token.Claims, "sub"), err
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
	return checkID(r.IdentityPoolId, "identityPoolId", true)
}
func needIdentity(r *identityRequest) *sigv4.Refused {
	return checkID(r.IdentityId, "identityId", true)
}

func checkID(id *string, name string, needed bool) *sigv4.Refused {
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
	if _, refused := p.login(r.Logins); refused != nil {
		return nil, refused
	}
	return map[string]any{"IdentityId": identity}, nil
}

func (p *identityPool) getOpenIDToken(_ *http.Request, body []byte) (any, *sigv4.Refused) {
	r, refused := request(body, needIdentity)
	if refused != nil {
		return nil, refused
	}
	if _, has := r.Logins[cognitoLogin]; has {
		return nil, refuse("NotAuthorizedException", "Invalid login token. Can't pass in a Cognito token.")
	}
	pool, identity, err := p.ids()
	if err != nil {
		return nil, internal(err)
	}
	if *r.IdentityId != identity {
		return nil, refuse("ResourceNotFoundException", "Identity '%s' not found.", *r.IdentityId)
	}
	user, refused := p.login(r.Logins)
	if refused != nil {
		return nil, refused
	}
	return p.token(issuer.Request{Lifetime: openIDToken, Claims: p.methodsOf(user, pool)})
}

// methodsOf is amr for a user who is not the setting's.
func (p *identityPool) methodsOf(user, pool string) issuer.Claims {
	if user == text(p.setting, "user") {
		return nil
	}
	setting := maps.Clone(p.setting)
	setting["user"] = user
	return issuer.Claims{"amr": methods(setting, pool)}
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
		refused = checkID(r.IdentityId, "identityId", false)
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
	user := r.Logins[text(p.setting, "provider")]
	if p.setting["login"] != developerLogin || len(r.Logins) != 1 || user == "" { // which of its texts Cognito gives here is not known
		return nil, refuse("NotAuthorizedException", "%s", refusedLogins)
	}
	req := issuer.Request{Lifetime: identityPools.Lifetime, Claims: issuer.Claims{}}
	maps.Copy(req.Claims, p.methodsOf(user, pool))
	if user != text(p.setting, "user") {
		identity = identityOf(pool, user)
		req.Claims["sub"] = identity
	}
	if r.IdentityId != nil && *r.IdentityId != identity {
		return nil, refuse("ResourceNotFoundException", "Identity '%s' not found.", *r.IdentityId)
	}
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

// identityOf is the identity of a developer's other users: always the same for each one.
func identityOf(pool, user string) string {
	digest := sha256.Sum256([]byte(pool + "\n" + user))
	return region(pool) + ":" + uuid([16]byte(digest[:16]))
}

// getCredentialsForIdentity gives credentials that open nothing.
func (p *identityPool) getCredentialsForIdentity(_ *http.Request, body []byte) (any, *sigv4.Refused) {
	r, refused := request(body, needIdentity)
	if refused != nil {
		return nil, refused
	}
	_, identity, err := p.ids()
	if err != nil {
		return nil, internal(err)
	}
	token, developer := r.Logins[cognitoLogin]
	if developer && p.setting["login"] == developerLogin {
		subject, refused := p.check(token, p.workload.Issuer.URL())
		if refused != nil {
			return nil, refused
		}
		identity = subject
	}
	if *r.IdentityId != identity {
		return nil, refuse("ResourceNotFoundException", "Identity '%s' not found.", *r.IdentityId)
	}
	if !developer || p.setting["login"] != developerLogin {
		if _, refused := p.login(r.Logins); refused != nil {
			return nil, refused
		}
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

// login checks the logins of an unsigned call and returns the user that they are for.
func (p *identityPool) login(logins map[string]string) (user string, refused *sigv4.Refused) {
	kind, provider := p.setting["login"], text(p.setting, "provider")
	switch {
	case kind == unauthenticated && len(logins) == 0:
		return text(p.setting, "user"), nil
	case len(logins) == 0:
		return "", refuse("NotAuthorizedException", "%s", refusedUser)
	case kind != oidcLogin && kind != poolLogin || logins[provider] == "" || len(logins) > 1:
		return "", refuse("NotAuthorizedException", "%s", refusedLogins)
	}
	return p.check(logins[provider], "https://"+provider)
}

type loginClaims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	Expiry  int64  `json:"exp"`
}

// check reads a login's token, without its signature: the keys are those of another issuer, which need not exist.
func (p *identityPool) check(token, wantIssuer string) (subject string, refused *sigv4.Refused) {
	var claims loginClaims
	parts := strings.Split(token, ".")
	if len(parts) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(raw, &claims) // no subject then
		}
	}
	now := p.workload.Now().Unix()
	switch {
	case claims.Subject == "":
		return "", refuse("NotAuthorizedException", "Invalid login token. Couldn't verify signed token.")
	case claims.Issuer != wantIssuer:
		return "", refuse("NotAuthorizedException", "Invalid login token. Issuer doesn't match providerName")
	case now >= claims.Expiry:
		return "", refuse("NotAuthorizedException", "Invalid login token. Token expired: %d >= %d", now, claims.Expiry)
	}
	return claims.Subject, nil
}
