package graph

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func example() object {
	t := &directory.Tenant{ID: "11111111-1111-4111-8111-111111111111"}
	return applicationEntity(t, &directory.Application{UniqueName: "x", IdentifierURIs: []string{""}, AppRoles: make([]directory.AppRole, 1)})
}

func TestFilterRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ filter, want string }{
		{"displayName equals 'x'", "Syntax error at position 18 in 'displayName equals 'x''."},
		{"displayName eq", "Expression expected at position 14 in 'displayName eq'."},
		{"displayName eq 'x", "There is an unterminated string literal at position 17 in 'displayName eq 'x'."},
		{"displayName eq 'x' 'y'", "Syntax error at position 22 in 'displayName eq 'x' 'y''."},
		{"displayName eq 'x' and", "Expression expected at position 22 in 'displayName eq 'x' and'."},
		{"(displayName eq 'x'", "')' or operator expected at position 19 in '(displayName eq 'x''."},
		{"startswith(displayName 'x')", "')' or ',' expected at position 23 in 'startswith(displayName 'x')'."},
		{"displayName in 'x'", "'(' expected at position 15 in 'displayName in 'x''."},
		{"displayName in ('x'", "')' or ',' expected at position 19 in 'displayName in ('x''."},
		{"displayName eq \"x\"", "Syntax error: character '\"' is not valid at position 15 in 'displayName eq \"x\"'."},
		{"name eq 'x'", "Could not find a property named 'name' on type 'microsoft.graph.application'."},
		{"web/x eq 'x'", "Could not find a property named 'x' on type 'microsoft.graph.application.web'."},
		{"substringof('x',displayName)", "An unknown function with name 'substringof' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed."},
		{"displayName eq 1", "A binary operator with incompatible types was detected. Found operand types 'Edm.String' and 'Edm.Int32' for operator kind 'Equal'."},
		{"createdDateTime ge '2026-01-01'", "A binary operator with incompatible types was detected. Found operand types 'Edm.DateTimeOffset' and 'Edm.String' for operator kind 'GreaterThanOrEqual'."},
		{strings.Repeat("(", 200) + "displayName eq 'x'", "Recursion depth exceeded allowed limit."},
		{strings.Repeat("not ", 200) + "displayName eq 'x'", "Recursion depth exceeded allowed limit."},
	} {
		_, bad := parseFilter(tt.filter, applicationType, example())
		if bad == nil || bad.code != codeBadRequest || bad.message != "Invalid filter clause: "+tt.want {
			t.Errorf("%s: %v\nwant %s", tt.filter, bad, tt.want)
		}
	}
	if _, bad := parseFilter("contains(displayName,'x')", applicationType, example()); bad == nil || bad.code != codeUnsupportedQuery {
		t.Errorf("contains: %v", bad)
	}
}

// FuzzFilter reads any filter. None panics, and what is accepted can be applied.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"appId eq '1' and (startswith(displayName,'a') or not endswith(displayName, 'b'))", "identifierUris/any(u:u eq 'x')", "identifierUris/any()",
		"displayName in ('a','b')", "createdDateTime ge 2026-01-01T00:00:00Z", "api/requestedAccessTokenVersion eq 2", "appRoles/any(r:r/value eq 'x')",
		"a/any(", "((((", "x eq -", "'", "identifierUris/all(u:u ne null)",
	} {
		f.Add(seed)
	}
	tenant := &directory.Tenant{ID: "11111111-1111-4111-8111-111111111111"}
	app := applicationEntity(tenant, &directory.Application{Name: "a", IdentifierURIs: []string{"x"}, AppRoles: []directory.AppRole{{Value: "x"}}})
	f.Fuzz(func(t *testing.T, text string) {
		parsed, bad := parseFilter(text, applicationType, example())
		if (parsed == nil) == (bad == nil) {
			t.Fatalf("filter %v, refusal %v", parsed, bad)
		}
		if bad == nil {
			parsed.match(app) // must not panic
		} else if bad.status != 400 || bad.message == "" {
			t.Errorf("refusal %+v", bad)
		}
	})
}
