package graph_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/expression"
)

// credential is the body of a good request.
func credential(name, subject string) map[string]any {
	return map[string]any{"name": name, "issuer": issuerURL, "subject": subject, "audiences": []string{exchangeAudience}}
}

// with is a body with some members changed; nil removes one.
func with(body map[string]any, changes map[string]any) map[string]any {
	body = maps.Clone(body)
	for name, value := range changes {
		if body[name] = value; value == nil {
			delete(body, name)
		}
	}
	return body
}

func flexible(name, issuer, text string) map[string]any {
	return map[string]any{
		"name": name, "issuer": issuer, "subject": nil, "audiences": []string{exchangeAudience},
		"claimsMatchingExpression": map[string]any{"value": text, "languageVersion": 1},
	}
}

func TestCredentialLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	app := c.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": "web"})
	object := app.text("id")
	at := "/v1.0/applications/" + object + "/federatedIdentityCredentials"

	created := c.must(201, "POST", at, with(credential("Testing", "repo:a/b:ref:refs/heads/main"), map[string]any{"@odata.type": "#microsoft.graph.federatedIdentityCredential"}))
	id := created.text("id")
	want := `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#applications('` + object + `')/federatedIdentityCredentials/$entity","id":"` + id +
		`","name":"Testing","issuer":"https://issuer.example","subject":"repo:a/b:ref:refs/heads/main","description":null,"audiences":["api://AzureADTokenExchange"]}`
	if diff := cmp.Diff(want, created.raw); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if got, want := created.header.Get("Location"), "https://graph.microsoft.com/v2/"+r.tenant.ID+"/federatedIdentityCredentials/"+id; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	byAppID := "/v1.0/applications(appId='" + app.text("appId") + "')/federatedIdentityCredentials"
	for _, path := range []string{at + "/" + id, at + "/Testing", at + "('Testing')", at + "(name='Testing')", at + "(name=%27Testing%27)", byAppID + "/Testing"} {
		if got := c.must(200, "GET", path, nil); got.raw != created.raw {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
	c.must(204, "PATCH", at+"/"+id, map[string]any{"subject": "other", "description": "d", "name": "Testing"})
	if got := c.must(200, "GET", at+"/Testing?$select=subject,description", nil); got.text("subject") != "other" || got.text("description") != "d" || got.text("id") != "" {
		t.Errorf("after the update %s", got.raw)
	}
	c.must(204, "PATCH", at+"/Testing", map[string]any{"description": nil})
	if got := c.must(200, "GET", at, nil); len(got.values("id")) != 1 || strings.Contains(got.raw, `"description":"d"`) {
		t.Errorf("list %s", got.raw)
	}
	// Upsert.
	c.must(404, "PATCH", at+"(name='second')", credential("second", "2"))
	c.must(201, "PATCH", at+"(name='second')", with(credential("", "2"), map[string]any{"name": nil}), "Prefer", "create-if-missing")
	c.must(204, "PATCH", at+"(name='second')", map[string]any{"subject": "3"}, "Prefer", "create-if-missing")
	c.must(400, "PATCH", at+"(name='third')", credential("fourth", "4"), "Prefer", "create-if-missing")
	if got := c.must(200, "GET", at+"?$filter=subject eq '3'", nil).values("name"); !cmp.Equal(got, []string{"second"}) {
		t.Errorf("filtered by subject: %v", got)
	}
	c.must(204, "DELETE", at+"/Testing", nil, "If-Match", "*")
	c.refused(404, "Request_ResourceNotFound", "FederatedIdentityCredential with name Testing not found.", "GET", at+"/Testing", nil)
	c.refused(404, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.", "DELETE", at+"/"+id, nil)
}

// TestCredentialSignsIn: what Microsoft Graph is told is what the token endpoint knows.
func TestCredentialSignsIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	app := c.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": "web"})
	at := "/v1.0/applications/" + app.text("id") + "/federatedIdentityCredentials"
	code := func() string {
		body := r.exchange(app.text("appId"), "subject", "https://graph.microsoft.com").Body.String()
		if strings.Contains(body, "access_token") {
			return "signed in"
		}
		_, rest, _ := strings.Cut(body, "AADSTS")
		code, _, _ := strings.Cut(rest, ":")
		return code
	}
	expect := func(want string) {
		t.Helper()
		if got := code(); got != want {
			t.Errorf("sign-in: %s, want %s", got, want)
		}
	}
	expect("7000229")
	principal := c.must(201, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": app.text("appId")}).text("id")
	expect("70025")
	c.must(201, "POST", at, credential("test", "another"))
	expect("700213")
	c.must(204, "PATCH", at+"/test", map[string]any{"subject": "subject"})
	expect("signed in")
	c.must(204, "PATCH", "/v1.0/servicePrincipals/"+principal, map[string]any{"accountEnabled": false})
	expect("7000112")
	c.must(204, "PATCH", "/v1.0/servicePrincipals/"+principal, map[string]any{"accountEnabled": true})
	c.must(204, "DELETE", at+"/test", nil)
	expect("70025")
	c.must(204, "DELETE", "/v1.0/applications/"+app.text("id"), nil)
	expect("700016")
}

func TestCredentialRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.dir.Change(r.tenant.ID, func(t *directory.Tenant) error {
		t.Policies.AllowedIssuers = []string{issuerURL, github, "https://gitlab.com", "https://gitlab.example.org", "https://login.microsoftonline.com/" + t.ID + "/v2.0"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c := r.caller("admin", everything...)
	at := "/beta/applications/" + c.app.ObjectID + "/federatedIdentityCredentials"
	self := "https://login.microsoftonline.com/" + r.tenant.ID + "/v2.0"
	good := credential("good", "s")
	change := func(name string, value any) map[string]any { return with(good, map[string]any{name: value}) }
	const (
		invalid = "InvalidFederatedIdentityCredentialValue"
		bad     = "Request_BadRequest"
		rule    = "The FederatedIdentityCredential.ClaimsMatchingExpression.Value is invalid. Rule exception: Expression configured for issuer " +
			"'https://token.actions.githubusercontent.com' either lacks all required claims or contains unallowed claims."
	)
	for _, tt := range []struct {
		status        int
		code, message string
		body          any
	}{
		{400, bad, "Property 'name' cannot be empty.", change("name", nil)},
		{400, bad, "Property 'issuer' cannot be empty.", change("issuer", nil)},
		{400, bad, "Property 'subject' cannot be empty.", change("subject", nil)},
		{400, bad, "Property 'audiences' cannot be empty.", change("audiences", nil)},
		{400, bad, "Property 'audiences' cannot be empty.", change("audiences", []string{""})},
		{400, invalid, "Federated identity credentials must have exactly one audience.", change("audiences", []string{"a", "b"})},
		{400, invalid, "FederatedIdentityCredential name 'a b' is not a valid URI last segment.", change("name", "a b")},
		{400, invalid, "FederatedIdentityCredential name 'ab' is not a valid URI last segment.", change("name", "ab")},
		{400, invalid, "FederatedIdentityCredential name '-ab' is not a valid URI last segment.", change("name", "-ab")},
		{400, bad, "Invalid value specified for property 'subject' of resource 'FederatedIdentityCredential'.", change("subject", strings.Repeat("ü", 601))},
		{400, bad, "Invalid value specified for property 'subject' of resource 'FederatedIdentityCredential'.", change("subject", 1)},
		{400, bad, "Invalid value specified for property 'audiences' of resource 'FederatedIdentityCredential'.", change("audiences", "a")},
		{400, "BadRequest", "The property 'x' does not exist on type 'microsoft.graph.federatedIdentityCredential'. Make sure to only use property names that are defined by the type.", change("x", 1)},
		{409, "Request_MultipleObjectsWithSameKeyValue", "FederatedIdentityCredential with name test already exists.", change("name", "test")},
		{400, invalid, "The combination of issuer and subject must be unique for the application. Issuer https://issuer.example and Subject: admin already exist. " +
			"paramName: FederatedIdentityCredential.Subject, paramValue: admin, objectType: Microsoft.Online.DirectoryServices.Application", change("subject", "admin")},
		{400, invalid, "Issuer 'https://other.example' is not allowed as per assigned policy.", change("issuer", "https://other.example")},
		{400, invalid, "The subject 'x' does not exist in the tenant.", with(good, map[string]any{"issuer": self, "subject": "x"})},
		{400, invalid, rule, flexible("flex", github, "claims['sub'] matches 'repo:a/*'")},
		{400, invalid, rule, flexible("flex", github, "claims['event_name'] eq 'push' and claims['repository_id'] eq '1'")},
		{400, invalid, "The FederatedIdentityCredential.ClaimsMatchingExpression.Value is invalid. Syntax error at position 14: expected \" eq \" or \" matches \".",
			flexible("flex", github, "claims['sub'] ne 'x'")},
		{400, invalid, "The properties subject and claimsMatchingExpression are mutually exclusive.",
			with(flexible("flex", github, "claims['repository_id'] eq '1'"), map[string]any{"subject": "s"})},
		{400, bad, "Invalid value specified for property 'claimsMatchingExpression' of resource 'FederatedIdentityCredential'.",
			with(good, map[string]any{"claimsMatchingExpression": map[string]any{"value": "claims['repository_id'] eq '1'", "languageVersion": 2}})},
		{400, "BadRequest", "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader. A 'StartObject' node was expected.",
			change("claimsMatchingExpression", "claims['repository_id'] eq '1'")},
	} {
		c.refused(tt.status, tt.code, tt.message, "POST", at, tt.body)
	}
	c.refused(400, "Request_BadRequest", "Property 'subject' cannot be empty.",
		"POST", strings.Replace(at, "beta", "v1.0", 1), flexible("flex", github, "claims['repository_id'] eq '1'"))
	c.refused(400, invalid, "Name is immutable and cannot be changed after creation.", "PATCH", at+"/test", map[string]any{"name": "renamed"})
	c.must(201, "POST", at, with(good, map[string]any{"name": "worker", "issuer": self, "subject": r.identity.PrincipalID}))
	if got := len(c.must(200, "GET", at, nil).values("id")); got != 2 {
		t.Errorf("%d credentials, want 2: the refused ones must not be there", got)
	}
}

func TestCredentialLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	at := "/v1.0/applications/" + c.app.ObjectID + "/federatedIdentityCredentials"
	for i := range 19 {
		c.must(201, "POST", at, credential(fmt.Sprintf("n%02d", i), fmt.Sprint(i)))
	}
	c.refused(403, "Directory_ResourceSizeExceeded", "The size of the object has exceeded its limit. Please reduce the number of values and retry your request.",
		"POST", at, credential("last", "last"))
	c.must(204, "PATCH", at+"/n00", map[string]any{"subject": "changed"})
}

func TestFlexible(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	path := "/applications/" + c.app.ObjectID + "/federatedIdentityCredentials"
	const text = "claims['sub'] matches 'repo:a/*' and claims['repository_id'] eq '1'"
	created := c.must(201, "POST", "/beta"+path, flexible("flex", github, text))
	if want := `"subject":null,"description":null,"audiences":["api://AzureADTokenExchange"],"claimsMatchingExpression":{"value":"` + text +
		`","languageVersion":1}}`; !strings.HasSuffix(created.raw, want) {
		t.Errorf("created %s", created.raw)
	}
	if got := c.must(200, "GET", "/v1.0"+path, nil); strings.Contains(got.raw, "claimsMatchingExpression") || !strings.Contains(got.raw, `"subject":null`) {
		t.Errorf("v1.0 %s", got.raw)
	}
	// From an expression to a subject, and back.
	c.must(204, "PATCH", "/beta"+path+"/flex", map[string]any{"subject": "s", "claimsMatchingExpression": nil})
	c.must(400, "PATCH", "/beta"+path+"/flex", flexible("flex", github, "claims['sub'] matches 'repo:a/*'"))
	c.must(204, "PATCH", "/beta"+path+"/flex", flexible("flex", github, text))

	options := r.dir.Options()
	options.GraphFlexibleBreaks = true
	if err := r.dir.SetOptions(options); err != nil {
		t.Fatal(err)
	}
	got := c.must(200, "GET", "/v1.0"+path, nil)
	if got.body != nil || !strings.Contains(got.raw, `"issuer":"https://token.actions.githubusercontent.com"{"error":{"code":"InternalServerError","message":"The property 'subject[Nullable=False]'`) {
		t.Errorf("broken listing %s", got.raw)
	}
	c.must(200, "GET", "/beta"+path, nil)
}

// TestOldFlexible: an expression from before the rule about GitHub stays, and may not be changed to another one of that
// kind.
func TestOldFlexible(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	if _, err := r.dir.AddCredential(r.tenant.ID, c.app.ClientID, directory.Credential{
		Name: "old", Issuer: github, Matching: "claims['sub'] matches 'repo:a/*'", Audiences: []string{exchangeAudience},
		Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}); err != nil {
		t.Fatal(err)
	}
	at := "/beta/applications/" + c.app.ObjectID + "/federatedIdentityCredentials/old"
	c.must(204, "PATCH", at, map[string]any{"description": "still there"})
	c.must(400, "PATCH", at, flexible("old", github, "claims['sub'] matches 'repo:b/*'"))
	// One about GitLab of that age does not become one about GitHub by its issuer.
	if _, err := r.dir.AddCredential(r.tenant.ID, c.app.ClientID, directory.Credential{
		Name: "gitlab", Issuer: "https://gitlab.com", Matching: "claims['sub'] matches 'repo:a/*'", Audiences: []string{exchangeAudience},
		Created: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
	}); err != nil {
		t.Fatal(err)
	}
	at = strings.TrimSuffix(at, "old") + "gitlab"
	c.must(400, "PATCH", at, map[string]any{"issuer": github})
	c.must(400, "PATCH", strings.Replace(at, "beta", "v1.0", 1), map[string]any{"issuer": github})
	c.must(400, "PATCH", at, map[string]any{"issuer": "https://gitlab.example.com"})
	today := flexible("gitlab", "https://gitlab.example.com", "claims['sub'] matches 'repo:a/*' and claims['namespace_id'] eq '72'")
	c.must(204, "PATCH", at, today)
}

// TestFlexibleGitLab has what the directory's option says about GitLab.
func TestFlexibleGitLab(t *testing.T) {
	t.Parallel()
	const bySubject, byProject = "claims['sub'] matches 'project_path:a/*'", "claims['sub'] matches 'project_id:57382910:*'"
	and := func(text string, ids ...string) string {
		for _, id := range ids {
			text += " and claims['" + id + "'] eq '1'"
		}
		return text
	}
	for _, tt := range []struct {
		rule           expression.GitLabRule
		taken, refused []string
	}{
		{expression.GitLabID,
			[]string{and(bySubject, "project_id"), and(bySubject, "namespace_id"), and(bySubject, "user_id"), and(byProject, "project_id", "namespace_id", "user_id")},
			[]string{bySubject, byProject, "claims['project_id'] eq '1'", bySubject + " and claims['user_id'] matches '1*'"}},
		{expression.GitLabProjectID, []string{byProject, and(bySubject, "project_id")}, []string{bySubject, and(bySubject, "namespace_id")}},
		{expression.GitLabSubject, []string{bySubject, byProject, and(bySubject, "user_id")}, []string{"claims['project_id'] eq '1'"}},
	} {
		t.Run(string(tt.rule), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			options := r.dir.Options()
			options.GitLabRequires = tt.rule
			if err := r.dir.SetOptions(options); err != nil {
				t.Fatal(err)
			}
			c := r.caller("admin", everything...)
			path := "/beta/applications/" + c.app.ObjectID + "/federatedIdentityCredentials"
			for i, text := range tt.taken {
				c.must(201, "POST", path, flexible(fmt.Sprint("taken", i), "https://gitlab.com", text))
			}
			for _, text := range tt.refused {
				c.must(400, "POST", path, flexible("refused", "https://gitlab.com", text))
			}
		})
	}
}

// TestNoFlexible: Azure Government has no flexible credentials, neither new ones nor ones that were classic.
func TestNoFlexible(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	if _, err := r.dir.Change(r.tenant.ID, func(t *directory.Tenant) error {
		t.Cloud = "usgov"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	path := "/beta/applications/" + c.app.ObjectID + "/federatedIdentityCredentials"
	body := flexible("flex", github, "claims['sub'] matches 'repo:a/*' and claims['repository_id'] eq '74'")
	c.must(201, "POST", path, credential("classic", "s"))
	change := map[string]any{"subject": nil, "issuer": github, "claimsMatchingExpression": body["claimsMatchingExpression"]}
	for _, got := range []*answer{c.must(400, "POST", path, body), c.must(400, "PATCH", path+"/classic", change),
		c.must(400, "PATCH", path+"(name='flex')", body, "Prefer", "create-if-missing")} {
		if !strings.Contains(got.raw, `"code":"InvalidFederatedIdentityCredentialValue","message":"Federated identity credential matching via expression is not currently supported for this cloud"`) {
			t.Errorf("%s", got.raw)
		}
	}
}

// TestAllowedIssuers: the policy is about credentials that are created, and issuers that change.
func TestAllowedIssuers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	if _, err := r.dir.Change(r.tenant.ID, func(t *directory.Tenant) error {
		t.Policies.AllowedIssuers = []string{github}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	at := "/v1.0/applications/" + c.app.ObjectID + "/federatedIdentityCredentials"
	c.must(204, "PATCH", at+"/test", map[string]any{"description": "from before the policy", "issuer": issuerURL})
	c.must(400, "PATCH", at+"/test", map[string]any{"issuer": "https://other.example"})
	c.must(400, "POST", at, credential("new", "s"))
	c.must(204, "PATCH", at+"/test", map[string]any{"issuer": github})
	c.must(400, "PATCH", at+"/test", map[string]any{"issuer": issuerURL})
}

func TestIdentityCredentials(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	at := "/v1.0/servicePrincipals/" + r.identity.PrincipalID + "/federatedIdentityCredentials"
	if got := c.must(200, "GET", at, nil).values("name"); !cmp.Equal(got, []string{"cluster"}) {
		t.Errorf("credentials %v", got)
	}
	if got := c.must(200, "GET", at+"/cluster", nil).text("subject"); got != "system:serviceaccount:a:b" {
		t.Errorf("subject %q", got)
	}
	c.must(404, "GET", at+"/none", nil)
	c.must(405, "POST", at, credential("new", "x"))
}
