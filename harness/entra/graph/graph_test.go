package graph_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	anonymous := &client{rig: r}
	forged := &client{rig: r, token: c.token[:len(c.token)-4] + "AAAA"}
	other := &client{rig: r, token: r.signIn(c.app.ClientID, "admin", "https://management.azure.com")}
	anonymous.refused(401, "InvalidAuthenticationToken", "Access token is empty.", "GET", "/v1.0/applications", nil)
	forged.refused(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid signature.", "GET", "/v1.0/applications", nil)
	other.refused(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.", "GET", "/v1.0/applications", nil)
	c.refused(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.", "GET", "/v1.0/applications", nil, "Host", "graph.microsoft.us")
	c.must(200, "GET", "/v1.0/applications", nil, "Host", "127.0.0.1:8446")
	(&client{rig: r, token: "opaque"}).refused(401, "InvalidAuthenticationToken", "IDX14100: JWT is not well formed, there are no dots (.).\n"+
		"The token needs to be in JWS or JWE Compact Serialization Format. (JWS): 'EncodedHeader.EncodedPayload.EncodedSignature'. "+
		"(JWE): 'EncodedProtectedHeader.EncodedEncryptedKey.EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'.",
		"GET", "/v1.0/applications", nil)
	for host, login := range map[string]string{
		"graph.microsoft.com": "login.microsoftonline.com", "graph.microsoft.us": "login.microsoftonline.us", "dod-graph.microsoft.us": "login.microsoftonline.us",
		"microsoftgraph.chinacloudapi.cn": "login.partner.microsoftonline.cn", "127.0.0.1:8446": "login.microsoftonline.com",
	} {
		want := `Bearer realm="", authorization_uri="https://` + login + `/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`
		if got := anonymous.do("GET", "/v1.0/applications", nil, "Host", host).header.Get("WWW-Authenticate"); got != want {
			t.Errorf("%s: WWW-Authenticate %q, want %q", host, got, want)
		}
	}
	r.advance(2 * time.Hour)
	c.refused(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.", "GET", "/v1.0/applications", nil)
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	nobody, reader, owner := r.caller("nobody"), r.caller("reader", "Application.Read.All"), r.caller("owner", "Application.ReadWrite.OwnedBy")
	app := "/v1.0/applications/" + nobody.app.ObjectID
	principal := "/v1.0/servicePrincipals/" + nobody.app.ServicePrincipalID
	const denied = "Insufficient privileges to complete the operation."
	for _, tt := range []struct {
		who          *client
		method, path string
		body         any
	}{
		{nobody, "GET", "/v1.0/applications", nil},
		{nobody, "GET", app, nil},
		{nobody, "GET", app + "/federatedIdentityCredentials", nil},
		{nobody, "GET", "/v1.0/servicePrincipals", nil},
		{nobody, "GET", "/v1.0/organization", nil},
		{nobody, "GET", "/v1.0/directoryObjects/" + nobody.app.ObjectID, nil},
		{reader, "POST", "/v1.0/applications", map[string]any{"displayName": "x"}},
		{reader, "PATCH", app, map[string]any{"displayName": "x"}},
		{reader, "DELETE", app, nil},
		{reader, "POST", app + "/federatedIdentityCredentials", map[string]any{}},
		{reader, "POST", principal + "/appRoleAssignments", map[string]any{}},
		{reader, "DELETE", principal, nil},
		{owner, "PATCH", app, map[string]any{"displayName": "x"}},
		{owner, "DELETE", app, nil},
		{owner, "POST", app + "/federatedIdentityCredentials", credential("mine", "s")},
		{owner, "PATCH", principal, map[string]any{"accountEnabled": false}},
	} {
		tt.who.refused(403, "Authorization_RequestDenied", denied, tt.method, tt.path, tt.body)
	}
	// What somebody creates with OwnedBy is theirs.
	own := owner.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": "own"}).text("id")
	owner.must(201, "POST", "/v1.0/applications/"+own+"/federatedIdentityCredentials", credential("mine", "s"))
	owner.must(200, "GET", app, nil)
	owner.must(204, "DELETE", "/v1.0/applications/"+own, nil)
	reader.refused(403, "Authentication_MSGraphPermissionMissing",
		"The principal does not have required Microsoft Graph permission(s): AuditLog.Read.All to call this API.",
		"GET", "/beta/auditLogs/signIns", nil)
}

// text is a body in JSON.
func text(body map[string]any) string {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	app := "/v1.0/applications/" + c.app.ObjectID
	const unreadable = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
	for _, tt := range []struct {
		status        int
		code, message string
		method, path  string
		body          any
	}{
		{400, "BadRequest", "Invalid version: v2.0", "GET", "/v2.0/applications", nil},
		{400, "BadRequest", "Resource not found for the segment 'apps'.", "GET", "/v1.0/apps/1", nil},
		{400, "BadRequest", "Resource not found for the segment 'addPassword'.", "POST", app + "/addPassword", map[string]any{}},
		{400, "BadRequest", "Resource not found for the segment 'provisioning'.", "GET", "/v1.0/auditLogs/provisioning", nil},
		{400, "BadRequest", "Resource not found for the segment 'meow'.", "GET", "/v1.0/meow", nil},
		{400, "BadRequest", "/me request is only valid with delegated authentication flow.", "GET", "/v1.0/me", nil},
		{400, "BadRequest", "/me request is only valid with delegated authentication flow.", "GET", "/beta/me/memberOf", nil},
		{400, "BadRequest", "The request URI is not valid. Since the segment 'applications' refers to a collection, this must be the last segment in the request URI " +
			"or it must be followed by an function or action that can be bound to it otherwise all intermediate segments must refer to a single resource.",
			"GET", "/v1.0/applications//federatedIdentityCredentials", nil},
		{405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.", "PUT", app, map[string]any{}},
		{400, "Request_BadRequest", "Invalid object identifier 'x'.", "GET", "/v1.0/applications/x", nil},
		{404, "Request_ResourceNotFound", "Resource '11111111-1111-4111-8111-111111111111' does not exist or one of its queried reference-property objects are not present.",
			"GET", "/v1.0/applications/11111111-1111-4111-8111-111111111111", nil},
		{404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried reference-property objects are not present.",
			"GET", "/v1.0/applications(uniqueName='x')", nil},
		{400, "BadRequest", "The key property 'name' was not found on type 'microsoft.graph.application'.", "GET", "/v1.0/applications(name='x')", nil},
		{400, "BadRequest", unreadable, "POST", "/v1.0/applications", "{"},
		{400, "BadRequest", unreadable, "POST", "/v1.0/applications", "[]"},
		{400, "BadRequest", unreadable, "POST", "/v1.0/applications", "null"},
		{400, "BadRequest", unreadable, "POST", app + "/federatedIdentityCredentials", strings.Replace(text(credential("bad", "s")), `"s"`, "\"s\xff\"", 1)},
		{400, "BadRequest", "Multiple properties with the name 'displayName' were detected in a resource or a complex value. " +
			"In OData, duplicate property names are not allowed.", "POST", "/v1.0/applications", `{"displayName":"a","tags":["displayName"],"displayName":"b"}`},
		{400, "BadRequest", "Multiple properties with the name 'logoutUrl' were detected in a resource or a complex value. " +
			"In OData, duplicate property names are not allowed.", "POST", "/v1.0/applications",
			`{"displayName":"a","addIns":[{"id":1},{"id":2}],"web":{"logoutUrl":"https://a","homePageUrl":null,"logoutUrl":"https://b"}}`},
		{400, "BadRequest", "Empty Payload. JSON content expected.", "POST", "/v1.0/applications", " "},
		{413, "RequestEntityTooLarge", "The request payload is larger than 4194304 bytes.", "POST", "/v1.0/applications", `{"displayName":"` + strings.Repeat("x", 4<<20) + `"}`},
		{400, "Request_BadRequest", "A value is required for property 'displayName' of resource 'Application'.", "POST", "/v1.0/applications", "{}"},
		{404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried reference-property objects are not present.", "GET", "/v1.0/directory/deletedItems/x", nil},
	} {
		c.refused(tt.status, tt.code, tt.message, tt.method, tt.path, tt.body)
	}
	// The name of a member may be the value of another, and of a member of another object.
	c.must(201, "POST", "/v1.0/applications", `{"displayName":"notes","notes":"displayName","web":{"logoutUrl":null},"info":{"logoutUrl":null}}`)
	c.refused(400, "BadRequest", "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
		"POST", "/v1.0/applications", "{}", "Content-Type", "text/plain")
}

// TestCompressed: Microsoft's generated clients send their bodies with gzip.
func TestCompressed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	zipped := func(text string) string {
		var b strings.Builder
		w := gzip.NewWriter(&b)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	const at = "/v1.0/applications"
	c.must(201, "POST", at, zipped(`{"displayName":"zipped"}`), "Content-Encoding", "gzip")
	c.must(400, "POST", at, `{"displayName":"plain"}`, "Content-Encoding", "gzip")
	c.must(415, "POST", at, `{"displayName":"plain"}`, "Content-Encoding", "br")
	c.must(413, "POST", at, zipped(`{"displayName":"`+strings.Repeat("x", 5<<20)+`"}`), "Content-Encoding", "gzip")
}

// TestSpelling: names may have any case, keys may not, and may be quoted in any way.
func TestSpelling(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	for _, path := range []string{
		"/V1.0/Applications/" + c.app.ObjectID + "/FederatedIdentityCredentials/test", "/v1.0/serviceprincipals(appid='x')/", "/v1.0/applications('" + c.app.ObjectID + "')",
		"/v1.0/applications%28appId=%27" + c.app.ClientID + "%27%29", "/v1.0/applications/", "/beta/auditlogs/signins",
	} {
		want := 200
		if strings.Contains(path, "appid=") {
			want = 400 // a key's name is exact
		}
		c.must(want, "GET", path, nil)
	}
	c.must(404, "GET", "/v1.0/applications/"+c.app.ObjectID+"/federatedIdentityCredentials/Test", nil)
	for _, name := range []string{"it's", "'quoted'", "'"} {
		id := c.must(201, "POST", "/v1.0/applications", map[string]any{"displayName": "quotes", "uniqueName": name}).text("id")
		for _, quote := range []string{"'", "%27"} {
			key := quote + strings.ReplaceAll(name, "'", quote+quote) + quote
			if got := c.must(200, "GET", "/v1.0/applications(uniqueName="+key+")", nil).text("id"); got != id {
				t.Errorf("%s: %q, want %q", key, got, id)
			}
		}
	}
	c.must(201, "POST", "/v1.0/applications/"+c.app.ObjectID+"/federatedIdentityCredentials", credential("OWNERS", "x"))
	if got := c.must(200, "GET", "/v1.0/applications/"+c.app.ObjectID+"/federatedIdentityCredentials/OWNERS", nil).text("name"); got != "OWNERS" {
		t.Errorf("name %q", got)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	const id = "01234567-89ab-4cde-8f01-23456789abcd"
	good := c.must(200, "GET", "/v1.0/organization", nil, "client-request-id", id)
	for name, want := range map[string]string{
		"Content-Type":              "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
		"Odata-Version":             "4.0",
		"Cache-Control":             "no-cache",
		"Strict-Transport-Security": "max-age=31536000",
		"Client-Request-Id":         id,
	} {
		if got := good.header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	if good.header.Get("Request-Id") == "" || good.header.Get("X-Ms-Ags-Diagnostic") == "" {
		t.Errorf("headers %v", good.header)
	}
	bad := c.must(400, "GET", "/v1.0/me", nil, "client-request-id", id)
	want := map[string]any{"error": map[string]any{
		"code": "BadRequest", "message": "/me request is only valid with delegated authentication flow.",
		"innerError": map[string]any{"date": "2026-09-08T00:24:38", "request-id": bad.header.Get("Request-Id"), "client-request-id": id},
	}}
	if diff := cmp.Diff(want, bad.body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if got := bad.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.caller("admin", everything...)
	got := c.must(200, "GET", "/v1.0/organization?$select=id,displayName,verifiedDomains", nil)
	want := `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#organization(id,displayName,verifiedDomains)","value":[{"id":"` + r.tenant.ID +
		`","displayName":"Contoso","verifiedDomains":[{"capabilities":"Email, OfficeCommunicationsOnline","isDefault":true,"isInitial":true,"name":"contoso.onmicrosoft.com","type":"Managed"}]}]}`
	if diff := cmp.Diff(want, got.raw); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	c.must(200, "GET", "/v1.0/organization/"+r.tenant.ID, nil)
	c.must(404, "GET", "/v1.0/organization/"+c.app.ObjectID, nil)
}
