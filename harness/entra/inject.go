package entra

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Asked is a request to the login service, as those see it who may put something else in the place of its answer.
type Asked struct {
	Request  *http.Request // its body has been read
	Token    bool          // it is for a token; else for a document
	ClientID string        // as asked for; empty: none, or it is for a document
	Tenant   string        // as asked for
	TenantID string        // of the tenant found; empty: there is none
}

// Injection is what is put in the place of an answer. The zero value is nothing.
type Injection struct {
	Faults []string // whose doing it is, by their names

	Drop   bool              // the connection is closed without an answer
	Code   int               // a row of Codes: Entra refuses with it, without a check
	Values map[string]string // of its placeholders, over what the request says
	Status int               // of HTTP, with Header and Body in place of what Entra sends; 0: no such answer
	Header http.Header
	Body   string
}

// Unfilled are the placeholders of the code's text that no request fills, in their order.
func (c Code) Unfilled() []string {
	known := new(exchange).values()
	var names []string
	for rest := c.Message; ; {
		_, after, found := strings.Cut(rest, "{")
		name, after, closed := strings.Cut(after, "}")
		if !found || !closed {
			return names
		}
		if _, fills := known[name]; !fills && !slices.Contains(names, name) {
			names = append(names, name)
		}
		rest = after
	}
}

// values are what a request says, by the placeholders that stand for it. What it does not say is empty.
func (x *exchange) values() map[string]string {
	scope, _, _ := strings.Cut(x.form.scope, " ")
	resource := cmp.Or(x.form.resource, strings.TrimSuffix(scope, "/.default"))
	values := map[string]string{
		"clientId": x.form.clientID, "appId": x.form.clientID, "appDisplayName": x.form.clientID, "tenant": x.tenant, "tenantId": x.tenant,
		"grant": x.form.grantType, "scope": x.form.scope, "resource": resource, "resourceName": resource, "resourceId": resource,
		"accepted": "POST, OPTIONS", "received": x.method, "list": assertionAlgorithmList, "policy": x.policy,
		"now": x.now.UTC().Format(assertionTime),
	}
	view := x.view
	if x.server != nil {
		view = x.server.directory.View(x.tenant, x.now)
	}
	if view.Tenant != nil {
		values["tenant"], values["tenantId"] = view.Tenant.DisplayName, view.Tenant.ID
		if app := view.Client(x.form.clientID); app != nil {
			values["appId"], values["appDisplayName"] = app.ClientID, app.Name
		}
		if app := view.Resource(resource); app != nil {
			values["resourceName"], values["resourceId"] = app.Name, app.ClientID
		}
	}
	a, _ := parseAssertion(x.form.assertion)
	if a == nil {
		a = new(assertion)
	}
	values["iss"], values["issuer"], values["sub"], values["alg"], values["kid"] = a.issuer, a.issuer, a.subject, a.alg, a.kid
	values["aud"] = strings.Join(a.audiences, ",")
	values["audience"] = values["aud"]
	for name, date := range map[string]numericDate{"iat": a.issued, "exp": a.expires} {
		values[name] = time.Unix(date.seconds, 0).UTC().Format(assertionTime)
	}
	for name := range values {
		values[name] = HideTokens(values[name])
	}
	return values
}

// injected is the refusal of an injection.
func (x *exchange) injected(in Injection) *Error {
	values := x.values()
	for name, value := range in.Values {
		values[name] = value
	}
	return &Error{Code: in.Code, Args: values}
}

// ask finds out what is put in the place of an answer. Preflights are left alone.
func (s *Server) ask(w http.ResponseWriter, asked Asked) Injection {
	if s.inject == nil || asked.Request.Method == http.MethodOptions {
		return Injection{}
	}
	if tenant := s.directory.View(asked.Tenant, s.now()).Tenant; tenant != nil {
		asked.TenantID = tenant.ID
	}
	return s.inject(w, asked)
}

// answered puts something else in the place of an answer to a request for a token, and tells whether it did.
func (s *Server) answered(w http.ResponseWriter, x *exchange, in Injection) bool {
	if !in.Drop && in.Status == 0 {
		return false
	}
	x.signIn.Status = in.Status
	if in.Drop {
		x.signIn.Status = 0
	}
	x.signIn.Duration = max(0, s.now().Sub(x.signIn.Time))
	s.record(x.signIn)
	in.write(w)
	return true
}

// write sends the answer, or drops the connection. None of what Entra's servers send is among its headers.
func (in Injection) write(w http.ResponseWriter) {
	if in.Drop {
		panic(http.ErrAbortHandler) // net/http's way to drop the connection without an answer
	}
	header := w.Header()
	clear(header)
	for name, values := range in.Header {
		header[name] = values
	}
	header.Set("Content-Length", strconv.Itoa(len(in.Body)))
	w.WriteHeader(in.Status)
	_, _ = io.WriteString(w, in.Body) // the client may have gone away
}

// answeredDocument is answered for a document.
func (s *Server) answeredDocument(w http.ResponseWriter, r *http.Request, tenant string) bool {
	in := s.ask(w, Asked{Request: r, Tenant: tenant})
	switch {
	case in.Drop, in.Status != 0:
		in.write(w)
	case in.Code != 0:
		x := &exchange{server: s, method: r.Method, now: s.now(), tenant: tenant}
		s.refuseDocument(w, r, x.injected(in))
	default:
		return false
	}
	return true
}
