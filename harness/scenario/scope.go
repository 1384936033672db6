package scenario

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/expr-lang/expr/types"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Kinds are the actions a step may have, in the order of Action's fields.
var Kinds = []string{"mint", "exchange", "rotate", "clock", "credential", "fault", "call"}

// later are the actions of the format that this version does not have.
var later = []string{"exec"}

// results are the members of a step's result by its kind.
var results = map[string][]string{
	"mint":       {"token", "header", "claims"},
	"exchange":   {"status", "headers", "body", "token", "header", "claims", "accessToken", "error", "fetched", "attempts"},
	"rotate":     {"kid"},
	"clock":      {"now"},
	"credential": {"id"},
	"fault":      {"hits"},
	"call":       {"status", "headers", "body", "error", "beside"},
}

// Results returns the names of the members of a step's result, which stand at
// steps.<id> in later expressions and by themselves in the step's conditions:
//
//	mint        token, header, claims
//	exchange    status, headers, body, token, header, claims, accessToken, error, fetched, attempts
//	rotate      kid
//	clock       now
//	credential  id
//	fault       hits
//	call        status, headers, body, error, beside
//
// token is the one word with two meanings. At steps.<id>.token of a mint step
// it is the compact token, ready to be presented; everywhere else it is the
// decoded claims, the same as claims. accessToken is the compact access token,
// header the decoded JOSE header, headers are those of HTTP under their canonical names, body is the decoded
// JSON answer, error the AADSTS code or "", attempts a number, and fetched a
// list of document names as in expect.fetched, so that "jwks" in fetched and
// len(fetched) read well.
func Results(kind string) []string { return slices.Clone(results[kind]) }

// shape says which members a name has; a nil shape may have any.
type shape map[string]shape

// aNumber and aText are the shapes of what has no members: they can be told by the one that they have, which nobody can
// write.
var (
	aNumber = shape{"$number": nil}
	aText   = shape{"$text": nil}
)

// resultShapes are those of the members of results that are always a number or always a text.
var resultShapes = map[string]shape{"status": aNumber, "attempts": aNumber, "error": aText, "kid": aText}

func members(names ...string) shape {
	s := shape{}
	for _, n := range names {
		s[n] = nil
	}
	return s
}

// resultsOf is the shape of the result of a kind of step.
func resultsOf(kind string) shape {
	s := shape{}
	for _, name := range results[kind] {
		s[name] = resultShapes[name]
	}
	return s
}

// kind returns the type of a value of this shape for the expression compiler.
func (s shape) kind() types.Type {
	switch {
	case s == nil:
		return types.Any
	case s.is(aNumber):
		return types.Int
	case s.is(aText):
		return types.String
	}
	m := types.Map{}
	for name, member := range s {
		m[name] = member.kind()
	}
	return m
}

// is tells whether the shape is that of a number, or of a text.
func (s shape) is(leaf shape) bool {
	for name := range leaf {
		_, is := s[name]
		return is
	}
	return false
}

func (s shape) with(name string, member shape) shape {
	t := maps.Clone(s)
	t[name] = member
	return t
}

func (s shape) names() []string {
	names := make([]string, 0, len(s))
	for n := range s {
		if !strings.HasPrefix(n, "$") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// allNames are all names of the language, for a message about one that is out of scope.
var allNames = []string{"vars", "case", "run", "env", "issuer", "entra", "steps"}

// scopes are what the expressions of each part of the file may use. A part may
// use what is known when it is read: the issuer is made before the Entra side,
// and both before the steps.
type scopes struct {
	cases, issuer, entra, step shape
}

// IssuerValues are what expressions have at issuer.
func IssuerValues(address, platform string) map[string]any {
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	return map[string]any{"url": address, "host": host, "platform": platform}
}

// EntraValues are what expressions have at entra, given the scenario's tenant, whose first application is the
// scenario's, with every id filled in.
func EntraValues(t directory.Tenant) map[string]any {
	app := t.Applications[0]
	return map[string]any{
		"tenant": t.ID,
		"app": map[string]any{
			"name": app.Name, "clientId": app.ClientID, "objectId": app.ObjectID, "servicePrincipalId": app.ServicePrincipalID,
		},
	}
}

func newScopes(root *document.Node) scopes {
	s := shape{"vars": shape{}, "run": members("id", "target"), "env": nil}
	if vars := root.Get("vars"); vars != nil {
		s["vars"] = members(vars.Keys()...)
	}
	cases := s
	if rows := root.Get("cases").List(); len(rows) > 0 {
		s = s.with("case", members(commonColumns(rows)...))
	}
	issuer := s
	s = s.with("issuer", members("url", "host", "platform"))
	entra := s
	s = s.with("entra", shape{"tenant": nil, "app": members("name", "clientId", "objectId", "servicePrincipalId")})
	return scopes{cases, issuer, entra, s.with("steps", shape{})}
}

// commonColumns returns the columns that every row has.
func commonColumns(rows []*document.Node) []string {
	var common []string
	for _, key := range rows[0].Keys() {
		if !slices.ContainsFunc(rows, func(r *document.Node) bool { return r.Get(key) == nil }) {
			common = append(common, key)
		}
	}
	return common
}
