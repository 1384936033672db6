package apiserver_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRefusals has what kubectl and client-go show their users.
func TestRefusals(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	pod := c.token(tokenPath, `{}`)
	elsewhere := c.token(tokenPath, `{"audiences":["api://AzureADTokenExchange"]}`)
	const (
		protobuf = "application/vnd.kubernetes.protobuf"
		may      = `User "system:serviceaccount:default:workload-identity-sa" cannot `
	)
	bind := func(ref string) string { return `{"spec":{"boundObjectRef":` + ref + `}}` }
	tests := []struct {
		name, method, path, body string
		headers                  []string
		code                     int
		reason, message          string
	}{
		{"anonymous keys", "GET", "/openid/v1/jwks", "", []string{"Authorization", ""}, 403, "Forbidden",
			`forbidden: User "system:anonymous" cannot get path "/openid/v1/jwks"`},
		{"anonymous discovery", "GET", "/.well-known/openid-configuration", "", []string{"Authorization", "Bearer "}, 403, "Forbidden",
			`forbidden: User "system:anonymous" cannot get path "/.well-known/openid-configuration"`},
		{"HTML in a path", "GET", "/<b>&", "", []string{"Authorization", ""}, 403, "Forbidden",
			`forbidden: User "system:anonymous" cannot get path "/&lt;b&gt;&amp;"`},
		{"anonymous token", "POST", tokenPath, "{}", []string{"Authorization", "Basic eDp5"}, 403, "Forbidden",
			`serviceaccounts "workload-identity-sa" is forbidden: User "system:anonymous" cannot create resource "serviceaccounts/token" ` +
				`in API group "" in the namespace "default"`},
		{"wrong bearer", "POST", tokenPath, "{}", []string{"Authorization", "Bearer wrong"}, 401, "Unauthorized", "Unauthorized"},
		{"token for another audience", "POST", selfPath, "{}", []string{"Authorization", "Bearer " + elsewhere}, 401, "Unauthorized", "Unauthorized"},
		{"pod creates token", "POST", tokenPath, "{}", []string{"Authorization", "Bearer " + pod}, 403, "Forbidden",
			`serviceaccounts "workload-identity-sa" is forbidden: ` + may + `create resource "serviceaccounts/token" in API group "" in the namespace "default"`},
		{"pod lists", "GET", accountsPath, "", []string{"Authorization", "Bearer " + pod}, 403, "Forbidden",
			`serviceaccounts is forbidden: ` + may + `list resource "serviceaccounts" in API group "" in the namespace "default"`},
		{"pod watches all", "GET", "/api/v1/serviceaccounts?watch=true", "", []string{"Authorization", "Bearer " + pod}, 403, "Forbidden",
			`serviceaccounts is forbidden: ` + may + `watch resource "serviceaccounts" in API group "" at the cluster scope`},
		{"pod reviews", "POST", reviewPath, "{}", []string{"Authorization", "bearer " + pod}, 403, "Forbidden",
			`tokenreviews.authentication.k8s.io is forbidden: ` + may +
				`create resource "tokenreviews" in API group "authentication.k8s.io" at the cluster scope`},
		{"pod deletes", "DELETE", accountsPath, "", []string{"Authorization", "Bearer " + pod}, 403, "Forbidden",
			`serviceaccounts is forbidden: ` + may + `deletecollection resource "serviceaccounts" in API group "" in the namespace "default"`},

		{"too short", "POST", tokenPath, `{"spec":{"expirationSeconds":599}}`, nil, 422, "Invalid", `TokenRequest.authentication.k8s.io "" is invalid: ` +
			`spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes`},
		{"zero", "POST", tokenPath, `{"spec":{"expirationSeconds":0}}`, nil, 422, "Invalid", `TokenRequest.authentication.k8s.io "" is invalid: ` +
			`spec.expirationSeconds: Invalid value: 0: may not specify a duration less than 10 minutes`},
		{"too long", "POST", tokenPath, `{"spec":{"expirationSeconds":4294967297}}`, nil, 422, "Invalid", `TokenRequest.authentication.k8s.io "" is invalid: ` +
			`spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds`},
		{"no account", "POST", accountsPath + "/x/token", "{}", nil, 404, "NotFound", `serviceaccounts "x" not found`},
		{"other namespace", "POST", "/api/v1/namespaces/kube-system/serviceaccounts/workload-identity-sa/token", "{}", nil, 404, "NotFound",
			`serviceaccounts "workload-identity-sa" not found`},
		{"another name", "POST", tokenPath, `{"metadata":{"name":"y"}}`, nil, 422, "Invalid",
			`TokenRequest.authentication.k8s.io "workload-identity-sa" is invalid: metadata.name: Invalid value: "y": must match the service account name if specified`},
		{"another namespace", "POST", tokenPath, `{"metadata":{"namespace":"y"}}`, nil, 422, "Invalid",
			`TokenRequest.authentication.k8s.io "workload-identity-sa" is invalid: metadata.namespace: Invalid value: "y": must match the service account namespace if specified`},
		{"no pod", "POST", tokenPath, bind(`{"kind":"Pod","apiVersion":"v1","name":"gone"}`), nil, 404, "NotFound", `pods "gone" not found`},
		{"no secret", "POST", tokenPath, bind(`{"kind":"Secret","apiVersion":"v1","name":"s"}`), nil, 404, "NotFound", `secrets "s" not found`},
		{"another's pod", "POST", accountsPath + "/default/token", bind(`{"kind":"Pod","apiVersion":"v1","name":"quick-start"}`), nil, 400, "BadRequest",
			`cannot bind token for serviceaccount "default" to pod running with different serviceaccount name.`},
		{"another uid", "POST", tokenPath, bind(`{"kind":"Pod","apiVersion":"v1","name":"quick-start","uid":"u"}`), nil, 409, "Conflict",
			`Operation cannot be fulfilled on Pod "quick-start": the UID in the bound object reference (u) does not match the UID in record. ` +
				`The object might have been deleted and then recreated`},
		{"another kind", "POST", tokenPath, bind(`{"kind":"ConfigMap","apiVersion":"v1","name":"x"}`), nil, 400, "BadRequest",
			"cannot bind token to object of type /v1, Kind=ConfigMap"},
		{"another group", "POST", tokenPath, bind(`{"kind":"Pod","apiVersion":"x/v2","name":"x"}`), nil, 400, "BadRequest",
			"cannot bind token to object of type x/v2, Kind=Pod"},

		{"no body", "POST", tokenPath, "", nil, 400, "BadRequest",
			"the object provided is unrecognized (must be of type TokenRequest): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"},
		{"not JSON", "POST", tokenPath, "grant_type=client_credentials&scope=x", nil, 400, "BadRequest",
			"the object provided is unrecognized (must be of type TokenRequest): couldn't get version/kind; json parse error: " +
				"invalid character 'g' looking for beginning of value (6772616e745f747970653d636c69656e745f63726564656e7469616c7326 ...)"},
		{"wrong type", "POST", tokenPath, `{"spec":{"expirationSeconds":"1h"}}`, nil, 400, "BadRequest",
			`TokenRequest in version "v1" cannot be handled as a TokenRequest: json: cannot unmarshal string into Go struct field ` +
				`TokenRequestSpec.spec.expirationSeconds of type int64`},
		{"another object", "POST", tokenPath, `{"kind":"Pod","apiVersion":"v1"}`, nil, 400, "BadRequest",
			`Pod in version "v1" cannot be handled as a TokenRequest: no kind "Pod" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"`},
		{"another version", "POST", reviewPath, `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1beta1"}`, nil, 400, "BadRequest",
			`the API version in the data (authentication.k8s.io/v1beta1) does not match the expected API version (authentication.k8s.io/v1)`},
		{"form", "POST", tokenPath, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "UnsupportedMediaType",
			"the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"},
		{"odd content type", "POST", tokenPath, "{}", []string{"Content-Type", ";"}, 415, "UnsupportedMediaType",
			"the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"},
		{"JSON as protobuf", "POST", tokenPath, "{}", []string{"Content-Type", protobuf}, 400, "BadRequest",
			"the object provided is unrecognized (must be of type TokenRequest): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})"},
		{"no protobuf", "POST", tokenPath, "", []string{"Content-Type", protobuf}, 400, "BadRequest",
			"the object provided is unrecognized (must be of type TokenRequest): empty data (<empty>)"},
		{"cut protobuf", "POST", tokenPath, "k8s\x00", []string{"Content-Type", protobuf}, 400, "BadRequest",
			"the object provided is unrecognized (must be of type TokenRequest): empty body (6b387300)"},
		{"ten megabytes", "POST", tokenPath, `{"x":"` + strings.Repeat("x", 10<<20) + `"}`, nil, 413, "RequestEntityTooLarge",
			"Request entity too large: limit is 3145728"},
		{"YAML", "POST", tokenPath, "spec: {}", []string{"Content-Type", "application/yaml"}, 415, "UnsupportedMediaType",
			"the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"},
		{"ten megabytes of protobuf", "POST", reviewPath, "k8s\x00" + strings.Repeat("x", 10<<20), []string{"Content-Type", protobuf}, 413,
			"RequestEntityTooLarge", "Request entity too large: limit is 3145728"},
		{"accepts a table of a token", "POST", tokenPath, "{}", []string{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}, 406, "NotAcceptable",
			"only the following media types are accepted: application/json"},
		{"accepts HTML", "GET", accountsPath, "", []string{"Accept", "text/html"}, 406, "NotAcceptable",
			"only the following media types are accepted: application/json"},
		{"no token to review", "POST", reviewPath, "{}", nil, 400, "BadRequest", "token is required for TokenReview in authentication"},

		{"get no account", "GET", accountsPath + "/x", "", nil, 404, "NotFound", `serviceaccounts "x" not found`},
		{"account exists", "POST", accountsPath, `{"metadata":{"name":"default"}}`, nil, 409, "AlreadyExists", `serviceaccounts "default" already exists`},
		{"no name", "POST", accountsPath, `{}`, nil, 422, "Invalid", `ServiceAccount "" is invalid: metadata.name: Required value: name or generateName is required`},
		{"name with capitals", "POST", accountsPath, `{"metadata":{"name":"A_b"}}`, nil, 422, "Invalid",
			`ServiceAccount "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case ` +
				`alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for ` +
				`validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`},
		{"no namespace", "POST", "/api/v1/namespaces/nowhere/serviceaccounts", `{"metadata":{"name":"a"}}`, nil, 404, "NotFound", `namespaces "nowhere" not found`},
		{"namespace of the body", "POST", accountsPath, `{"metadata":{"name":"a","namespace":"b"}}`, nil, 400, "BadRequest",
			"the namespace of the provided object does not match the namespace sent on the request"},
		{"no route", "GET", "/api/v1/widgets", "", nil, 404, "NotFound", "the server could not find the requested resource"},
		{"double slash", "GET", "/api/v1//namespaces/default/serviceaccounts", "", nil, 404, "NotFound", "the server could not find the requested resource"},
		{"no method", "GET", tokenPath, "", nil, 405, "MethodNotAllowed", "the server does not allow this method on the requested resource"},
		{"no such path", "GET", "/nowhere", "", nil, 404, "", "404 page not found\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out, header := c.call(tt.method, tt.path, tt.body, tt.headers...)
			want := map[string]any{"code": tt.code, "message": tt.message}
			got := map[string]any{"code": code, "message": out["message"]}
			if tt.reason == "" {
				got["message"] = out["text"]
			} else {
				maps.Copy(want, map[string]any{"reason": tt.reason, "kind": "Status", "apiVersion": "v1", "status": "Failure",
					"in status": float64(tt.code), "type": "application/json"})
				maps.Copy(got, map[string]any{"reason": out["reason"], "kind": out["kind"], "apiVersion": out["apiVersion"], "status": out["status"],
					"in status": out["code"], "type": header.Get("Content-Type")})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if raw, err := json.Marshal(out); err != nil || bytes.Contains(raw, []byte(c.bearer)) || bytes.Contains(raw, []byte(pod)) {
				t.Error("the refusal has a credential in it")
			}
		})
	}
}

// TestStatusBody has a whole body, byte for byte.
func TestStatusBody(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, tokenPath, strings.NewReader(`{"spec":{"expirationSeconds":1}}`))
	r.Header.Set("Authorization", "Bearer "+c.bearer)
	c.server.ServeHTTP(w, r)
	want := `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"TokenRequest.authentication.k8s.io \"\" is invalid: ` +
		`spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes","reason":"Invalid","details":{"group":` +
		`"authentication.k8s.io","kind":"TokenRequest","causes":[{"reason":"FieldValueInvalid","message":"Invalid value: 1: may not specify a ` +
		`duration less than 10 minutes","field":"spec.expirationSeconds"}]},"code":422}` + "\n"
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

// TestQuota makes service accounts until there are enough.
func TestQuota(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	for n := range 1001 {
		code, out, _ := c.call(http.MethodPost, accountsPath, `{"metadata":{"name":"a`+strconv.Itoa(n)+`"}}`)
		if code == http.StatusCreated {
			continue
		}
		want := `serviceaccounts "a995" is forbidden: exceeded quota: accounts, requested: count/serviceaccounts=1, used: count/serviceaccounts=1000, ` +
			`limited: count/serviceaccounts=1000`
		if code != http.StatusForbidden || out["message"] != want {
			t.Errorf("%d %v, want 403 %s", code, out["message"], want)
		}
		return
	}
	t.Error("there is no end")
}

// TestHangUp has clients that go away in the middle of what they say; the next one is answered.
func TestHangUp(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	base, err := url.Parse(c.base)
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{
		"",
		"POST " + base.Path + tokenPath + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + c.bearer,
		"POST " + base.Path + tokenPath + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + c.bearer + "\r\nContent-Length: 1000\r\n\r\n{\"spec\":",
		"GET " + base.Path + accountsPath + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + c.bearer + "\r\n\r\n",
	} {
		for range 50 {
			conn, err := net.Dial("tcp", base.Host)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, said); err != nil {
				t.Fatal(err)
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
		c.token(tokenPath, `{}`) // or it fails
	}
}
