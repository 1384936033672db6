package entra

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Evidence is what is known about a token request that was made elsewhere. Everything may be missing.
type Evidence struct {
	Time time.Time // when the request was made; zero: not known

	// Request is the token request, as a server has it. nil: it is not at hand.
	Request *http.Request
	// Directory is all of the directory that the request was for. nil: it is not at hand, and the next members say what
	// is known of it.
	Directory *directory.Directory

	Tenant          string             // the tenant's id or a domain; "": not known, or Request has it
	Cloud           string             // of the tenant: public, usgov, china; "": public, or Directory has it
	ClientID        string             // "": not known, or Request has it
	ManagedIdentity bool               // the client is one, if Directory does not say
	Credentials     []KnownCredential  // of the client, if Directory does not have them; nil: not known
	Options         *directory.Options // nil: the defaults, or those of Directory

	Assertion string // the compact token; "": not at hand, or Request has it
	Values    Values // what is known of an assertion that is not at hand

	// Client reaches the issuer. nil: nothing is fetched, and its documents are those below, as far as they are known.
	Client    *http.Client
	Discovery []byte // nil: not known
	JWKS      []byte // nil: not known
}

// KnownCredential is a federated credential, of which some fields may not be known.
type KnownCredential struct {
	directory.Credential
	Unknown []Field
}

// Values are what is known of an assertion that is not at hand, such as what an error prints. What is empty is not
// known.
type Values struct {
	Issuer, Subject string
	Audiences       []string
	KeyID           *string // "" is a header without kid
	Issued, Expires time.Time
}

// exchange is a request with what is known of it, as a server has it before the checks.
func (e *Evidence) exchange(ctx context.Context) (*exchange, error) {
	cloud, err := directory.CloudNamed(e.Cloud)
	if err != nil {
		return nil, err
	}
	options := directory.DefaultOptions()
	if e.Options != nil {
		options = *e.Options
	}
	values := e.Values.assertion()
	now := e.Time
	if now.IsZero() { // a time at which the assertion is good, for what is not about its time
		dates := values
		if a, err := parseAssertion(e.Assertion); err == nil {
			dates = a
		}
		now = time.Unix(dates.issued.seconds, 0)
	}
	client, given := e.Client, &givenDocuments{discovery: e.Discovery, jwks: e.JWKS}
	if client == nil {
		client = &http.Client{Transport: given}
	}
	clock := func() time.Time { return now }
	server := &Server{directory: e.Directory, cache: newKeyCache(client, clock), now: clock}
	if server.directory == nil {
		server.directory = directory.New()
	}

	x := &exchange{server: server}
	if e.Request != nil {
		if x = server.request(e.Request); x == nil {
			return nil, fmt.Errorf("entra: %s %s is no token request", e.Request.Method, e.Request.URL.Path)
		}
	} else {
		x.lacking |= theRequest | theScope
		x.now, x.tenant = now, e.Tenant
		x.base = base{"https://" + cloud.Login, cloud, cloud, false}
		x.form.clientID, x.form.assertion = e.ClientID, e.Assertion
	}
	x.ctx = ctx
	x.signIn = SignIn{Time: now, Tenant: HideTokens(x.tenant), ClientID: HideTokens(x.form.clientID), Status: http.StatusOK}
	if e.Request != nil {
		x.signIn.IPAddress = hostname(e.Request.RemoteAddr)
	}
	lacksIf := func(missing bool, what need) {
		if missing {
			x.lacking |= what
		}
	}
	lacksIf(e.Time.IsZero(), theTime)
	lacksIf(e.Client == nil && e.JWKS == nil, theKeys)
	lacksIf(x.tenant == "", theTenant)
	lacksIf(x.form.clientID == "", theClient)
	lacksIf(e.Directory == nil, theDirectory)
	lacksIf(e.Directory == nil && e.Credentials == nil, theCredentials)

	switch {
	case e.Directory != nil: // the view is there even if its check cannot be made
		x.view = e.Directory.View(x.tenant, now)
		x.app = x.view.Client(x.form.clientID)
		if in := x.view.Cloud; in != nil && e.Request == nil { // it was asked where it is
			x.base = base{"https://" + in.Login, in, in, false}
		}
	default:
		lacksIf(!directory.IsGUID(e.Tenant), theTenant)
		x.view = directory.View{Tenant: &directory.Tenant{ID: e.Tenant, DisplayName: e.Tenant}, Cloud: cloud, Options: options}
		x.app = &directory.Application{ClientID: e.ClientID}
		if e.ManagedIdentity {
			x.app.Identity = &directory.ManagedIdentity{ClientID: e.ClientID}
		}
		x.trust(e.Credentials)
	}
	if x.form.assertion == "" && (e.Request == nil || e.Request.Method != http.MethodPost) {
		x.assertion = values
		x.lacking |= theToken | theClaims | e.Values.missing()
		x.isCertificate = x.lacking&(theIssuer|theSubject) == 0 && values.isClients()
		x.signIn.Issuer, x.signIn.Subject, x.signIn.Audience, x.signIn.KeyID = values.issuer, values.subject, values.audiences, values.kid
	}
	given.issuer = func() string { return x.assertion.issuer }
	return x, nil
}

// request reads a token request, or is nil if that is none.
func (s *Server) request(r *http.Request) *exchange {
	lowered := lowerPath(r)
	template := s.Route(r)
	_, path, _ := strings.Cut(template, " ")
	v1 := strings.HasSuffix(path, "/oauth2/token")
	if !v1 && !strings.HasSuffix(path, "/oauth2/v2.0/token") {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(lowered.URL.Path, "/"), "/")
	vars := map[string]string{"tenant": parts[0]}
	if strings.Contains(path, "{policy}") {
		vars["policy"] = parts[1]
	}
	return s.begin(lowered, s.endpointOf(lowered, vars, v1))
}

// trust gives the client its federated credentials.
func (x *exchange) trust(credentials []KnownCredential) {
	x.app.Credentials = make([]directory.Credential, len(credentials))
	x.unknown = make(map[*directory.Credential]map[Field]bool)
	for i, known := range credentials {
		credential := &x.app.Credentials[i]
		*credential = known.Credential
		x.unknown[credential] = make(map[Field]bool)
		for _, field := range known.Unknown {
			x.unknown[credential][field] = true
		}
		if len(credential.Audiences) == 0 { // the checks look at the first
			credential.Audiences = []string{""}
			x.unknown[credential][FieldAudience] = true
		}
	}
}

func (x *exchange) allCredentials() []*directory.Credential {
	var all []*directory.Credential
	if x.app != nil {
		for i := range x.app.Credentials {
			all = append(all, &x.app.Credentials[i])
		}
	}
	return all
}

// assertion is one that has these values.
func (v *Values) assertion() *assertion {
	a := &assertion{issuer: v.Issuer, subject: v.Subject, audiences: v.Audiences, claims: map[string]any{}}
	if v.KeyID != nil {
		a.kid = *v.KeyID
	}
	for _, date := range []struct {
		from time.Time
		to   *numericDate
	}{{v.Issued, &a.issued}, {v.Expires, &a.expires}} {
		if !date.from.IsZero() {
			*date.to = numericDate{date.from.Unix(), true}
		}
	}
	if v.Subject != "" {
		a.claims["sub"] = v.Subject
	}
	return a
}

func (v *Values) missing() (missing need) {
	for _, value := range []struct {
		known bool
		what  need
	}{
		{v.Issuer != "", theIssuer}, {v.Subject != "", theSubject}, {len(v.Audiences) > 0, theAudience}, {v.KeyID != nil, theKeyID},
		{!v.Issued.IsZero() && !v.Expires.IsZero(), theDates},
	} {
		if !value.known {
			missing |= value.what
		}
	}
	return missing
}

// givenDocuments answers for an issuer with documents that are at hand. In the place of a discovery document that is
// not it has the least that leads to the JWKS.
type givenDocuments struct {
	discovery, jwks []byte
	issuer          func() string
}

// RoundTrip answers without a network.
func (g *givenDocuments) RoundTrip(r *http.Request) (*http.Response, error) {
	body := g.jwks
	if address, isDiscovery := strings.CutSuffix(r.URL.String(), oidc.DiscoveryEndpoint); isDiscovery {
		if body = g.discovery; body == nil {
			body = marshal(map[string]string{"issuer": g.issuer(), "jwks_uri": address + "/keys"})
		}
	}
	status := http.StatusOK
	if body == nil {
		status = http.StatusNotFound
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}
