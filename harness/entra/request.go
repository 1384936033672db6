package entra

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// maxBodyBytes bounds the body of a token request. Entra's limit is unknown.
const maxBodyBytes = 1 << 20

// maxDrainBytes bounds what is read of a larger one, only to be thrown away.
const maxDrainBytes = 64 << 20

// AssertionForm is the body with which every client presents an assertion at the token endpoint for a token of a scope.
func AssertionForm(clientID, assertion, scope string) url.Values {
	return url.Values{
		"grant_type":            {"client_credentials"},
		"client_id":             {clientID},
		"client_assertion_type": {oidc.ClientAssertionTypeJWTAssertion},
		"client_assertion":      {assertion},
		"scope":                 {scope},
	}
}

// base is the scheme and host a client called, which the URLs of the answer repeat.
type base struct {
	url string // without a trailing slash
	// nil: not one of Microsoft's hosts, or one with a port, so that URLs and issuers are those of this server's
	// address
	cloud    *directory.Cloud
	of       *directory.Cloud // of Microsoft's host, whatever its port; nil: it is none
	regional bool             // one of Microsoft's regional hosts, whatever its port
}

// baseOf reads it from a request. Microsoft's hosts are always https: whoever
// routes to this handler may have ended TLS before.
func baseOf(r *http.Request) base {
	host := strings.ToLower(r.Host)
	name := strings.TrimSuffix(host, ":443")
	of, regional := directory.CloudOfHost(strings.TrimSuffix(hostname(name), "."))
	if c, _ := directory.CloudOfHost(name); c != nil {
		return base{"https://" + name, c, c, regional}
	}
	if r.TLS != nil || r.URL.Scheme == "https" {
		return base{"https://" + host, nil, of, regional}
	}
	return base{"http://" + host, nil, of, regional}
}

// names tells whether a resource is the address that was called, if that is not one of Microsoft's hosts. The port is
// left out of it, as MSAL for Python leaves it out of the authority.
func (b base) names(resource string) bool {
	called, err := url.Parse(b.url)
	if err != nil || b.cloud != nil {
		return false
	}
	named, err := url.Parse(strings.ToLower(resource))
	return err == nil && named.Scheme == called.Scheme && named.Hostname() == called.Hostname() && strings.Trim(named.Path, "/") == "" && named.RawQuery == ""
}

// issuer is the v2.0 issuer of a tenant: canonical on Microsoft's hosts, below
// the called URL on another host so that verifiers find its discovery document.
func (b base) issuer(of *directory.View) string {
	if b.cloud == nil {
		return b.url + "/" + of.Tenant.ID + "/v2.0"
	}
	return "https://" + of.Cloud.Login + "/" + of.Tenant.ID + "/v2.0"
}

// form is the body of a token request.
type form struct {
	grantType, clientID, clientSecret string
	assertionType, assertion          string
	scope, resource                   string
	requestID                         string // client-request-id
	telemetry                         bool   // the client sent x-client-…-telemetry
	revocable                         bool   // the client can have its tokens revoked: it asked for xms_cc cp1
}

// readForm reads the body. A body of another content type has no parameters,
// as at Entra. The returned reason is empty when the body is well-formed.
func readForm(r *http.Request) (f form, reason string) {
	if r.Body == nil { // a handler may be called without a server
		return f, ""
	}
	const tooLarge = "the body is larger than 1 MiB"
	if r.ContentLength > maxBodyBytes {
		drain(r)
		return f, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if err != nil {
		return f, "the body could not be read"
	}
	if len(body) > maxBodyBytes {
		drain(r)
		return f, tooLarge
	}
	// What follows the media type is not looked at, malformed or not.
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") {
		return f, ""
	}
	// Only & parts parameters, as in .NET. Go refuses a semicolon.
	values, err := url.ParseQuery(strings.ReplaceAll(string(body), ";", "%3B"))
	if err != nil {
		return f, "the body is not application/x-www-form-urlencoded"
	}
	names := slices.Collect(maps.Keys(values))
	for _, p := range []struct {
		name string
		into *string
	}{
		{"grant_type", &f.grantType},
		{"client_id", &f.clientID},
		{"client_secret", &f.clientSecret},
		{"client_assertion_type", &f.assertionType},
		{"client_assertion", &f.assertion},
		{"scope", &f.scope},
		{"resource", &f.resource},
	} {
		given := values[p.name]
		if len(given) == 0 {
			continue
		}
		// Inferred; RFC 6749 forbids it. Whether Entra looks at the case of names is not known: a name in another case
		// is none, and one too many.
		if len(given) > 1 || slices.ContainsFunc(names, func(name string) bool { return name != p.name && strings.EqualFold(name, p.name) }) {
			return f, "parameter " + p.name + " more than once"
		}
		if !utf8.ValidString(given[0]) {
			return f, "parameter " + p.name + " is not UTF-8"
		}
		*p.into = given[0]
	}
	f.requestID = values.Get("client-request-id")
	f.telemetry = values.Has("x-client-current-telemetry") || values.Has("x-client-last-telemetry")
	f.revocable = asksForRevocable(values.Get("claims"))
	return f, ""
}

// asksForRevocable reads the parameter claims. Anything else than what MSAL sends is passed over, as MSAL's other
// parameters are.
func asksForRevocable(claims string) bool {
	if claims == "" {
		return false
	}
	var asked struct {
		AccessToken struct {
			Capabilities struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	return josejson.Unmarshal([]byte(claims), &asked) == nil &&
		slices.ContainsFunc(asked.AccessToken.Capabilities.Values, func(v string) bool { return strings.EqualFold(v, "cp1") })
}

// drain reads what is left of a body that is refused, up to a bound: a client of HTTP/1.1 that writes everything before
// it reads would otherwise find the connection reset, and never see the answer. One that waits to be told to go on is
// not told.
func drain(r *http.Request) {
	if r.Header.Get("Expect") == "" {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxDrainBytes)) // whatever comes of it, the answer is the same
	}
}

// correlationID is the caller's client-request-id from header, body or query
// when it is a GUID, and whether the caller gave one.
func correlationID(r *http.Request, f form) (id string, given bool) {
	for _, id := range []string{r.Header.Get("client-request-id"), f.requestID, r.URL.Query().Get("client-request-id")} {
		if directory.IsGUID(id) {
			return id, true
		}
	}
	return "", false
}

// hostname is a host without its port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}
