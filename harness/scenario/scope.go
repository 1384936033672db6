package scenario

import (
	"maps"
	"slices"

	"github.com/expr-lang/expr/types"

	"github.com/issuerd/issuerd/harness/document"
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
//	fault       none
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

func members(names ...string) shape {
	s := shape{}
	for _, n := range names {
		s[n] = nil
	}
	return s
}

// kind returns the type of a value of this shape for the expression compiler.
func (s shape) kind() types.Type {
	if s == nil {
		return types.Any
	}
	m := types.Map{}
	for name, member := range s {
		m[name] = member.kind()
	}
	return m
}

func (s shape) with(name string, member shape) shape {
	t := maps.Clone(s)
	t[name] = member
	return t
}

func (s shape) names() []string {
	names := make([]string, 0, len(s))
	for n := range s {
		names = append(names, n)
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
