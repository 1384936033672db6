package apiserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStrictFields has members that are unknown, doubled or of another case, and known ones that must not be taken for
// such.
func TestStrictFields(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	warning := func(texts ...string) (headers []string) {
		for _, text := range texts {
			headers = append(headers, `299 - "`+strings.ReplaceAll(text, `"`, `\"`)+`"`)
		}
		return headers
	}
	const meta = `"metadata":{"name":"all","generateName":"g","namespace":"default","selfLink":"s","uid":"u","resourceVersion":"1","generation":1,` +
		`"creationTimestamp":null,"deletionTimestamp":null,"deletionGracePeriodSeconds":1,"labels":{"a":"b"},"annotations":{"A":"b"},` +
		`"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"n","uid":"u","controller":true,"blockOwnerDeletion":true}],"finalizers":["f"],` +
		`"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2026-11-01T12:00:00Z","fieldsType":"FieldsV1",` +
		`"fieldsV1":{"f:a":{},"f:a":{}},"subresource":"s"}]}`
	for _, tt := range []struct {
		name, path, body string
		code             int
		want             []string // warnings; of a refusal, the message
	}{
		{"all that there is", accountsPath + "?fieldValidation=Strict", `{"kind":"ServiceAccount","apiVersion":"v1",` + meta +
			`,"secrets":[{"kind":"a","namespace":"a","name":"a","uid":"a","apiVersion":"a","resourceVersion":"a","fieldPath":"a"}],` +
			`"imagePullSecrets":[{"name":"a"}],"automountServiceAccountToken":false}`, 201, nil},
		{"all of a review", selfPath + "?fieldValidation=Strict", `{"status":{"userInfo":{"username":"a","uid":"a","groups":[],"extra":{"A":["a"]}}}}`, 201, nil},
		{"all of a token's review", reviewPath + "?fieldValidation=Strict", `{"spec":{"token":"x","audiences":["a"]},"status":{"authenticated":true,` +
			`"user":{"username":"a"},"audiences":[],"error":"e"}}`, 201, nil},
		{"all of a request", tokenPath + "?fieldValidation=Strict", `{"metadata":{},"spec":{"audiences":["a"],"expirationSeconds":600,` +
			`"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"quick-start","uid":""}},"status":{"token":"","expirationTimestamp":null}}`, 201, nil},
		{"in a list", accountsPath, `{"metadata":{"name":"b"},"secrets":[{"name":"x"},{"Name":"y"}]}`, 201, warning(`unknown field "secrets[1].Name"`)},
		{"labels", accountsPath, `{"metadata":{"name":"c","labels":{"a":"1","A":"2","a":"3"}}}`, 201, warning(`duplicate field "metadata.labels.a"`)},
		{"the same twice", reviewPath, `{"spec":{"token":"x","x":1,"x":2}}`, 201, warning(`unknown field "spec.x"`)},
		{"a field that a later release has", tokenPath, `{"spec":{"attestations":{}}}`, 201, warning(`unknown field "spec.attestations"`)},
		{"several", tokenPath, `{"a":1,"spec":{"b":1,"audiences":[],"audiences":["x"]},"metadata":{"Name":"y"}}`, 201, warning(
			`unknown field "a"`, `unknown field "spec.b"`, `duplicate field "spec.audiences"`, `unknown field "metadata.Name"`)},
		{"several, refused", tokenPath + "?fieldValidation=Strict", `{"a":1,"spec":{"b":1}}`, 400, []string{`TokenRequest in version "v1" cannot be ` +
			`handled as a TokenRequest: strict decoding error: unknown field "a", unknown field "spec.b"`}},
		{"in the core group", accountsPath + "?fieldValidation=Strict", `{"metadata":{"name":"d"},"x":1}`, 400, []string{
			`ServiceAccount in version "v1" cannot be handled as a ServiceAccount: strict decoding error: unknown field "x"`}},
		{"nobody looks", tokenPath + "?fieldValidation=Ignore", `{"a":1,"spec":{"audiences":["a"],"Audiences":["b"]}}`, 201, nil},
		{"asked twice", tokenPath + "?fieldValidation=Ignore&fieldValidation=Strict", `{"a":1}`, 201, nil},
		{"protobuf", tokenPath + "?fieldValidation=Strict", recordedRequest + "\x7a\x01x", 201, nil},
	} {
		var headers []string
		if tt.name == "protobuf" {
			headers = []string{"Content-Type", "application/vnd.kubernetes.protobuf"}
		}
		code, out, header := c.call(http.MethodPost, tt.path, tt.body, headers...)
		got := header.Values("Warning")
		if code >= 400 {
			got = append(got, out["message"].(string))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || code != tt.code {
			t.Errorf("%s: %d, want %d (-want +got):\n%s", tt.name, code, tt.code, diff)
		}
	}
	_, out, _ := c.call(http.MethodPost, tokenPath, `{"spec":{"audiences":["a"],"expirationSeconds":601},"spec":{"audiences":["b"],"Audiences":["c"]}}`)
	want := map[string]any{"audiences": []any{"b"}, "expirationSeconds": 601.0, "boundObjectRef": nil}
	if diff := cmp.Diff(any(want), out["spec"]); diff != "" {
		t.Errorf("two specs (-want +got):\n%s", diff)
	}
	code, _, header := c.call(http.MethodPost, tokenPath, `{"a":1,"spec":{"expirationSeconds":1}}`)
	if code != http.StatusUnprocessableEntity || header.Get("Warning") != warning(`unknown field "a"`)[0] {
		t.Errorf("refused for another reason: %d, warning %s", code, header.Get("Warning"))
	}
}

// TestManyWarnings sends more unknown members than anybody wants to read about.
func TestManyWarnings(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	for _, tt := range []struct{ members, runes, headers, longest int }{
		{100, 10, 100, len(`299 - "unknown field \"0123456789\""`)},
		{3000, 10, 100, len(`299 - "unknown field \"0123456789\""`)}, // a hundred are counted
		{100, 1000, 16, len(`299 - "unknown field \"`) + 256 - len(`unknown field "`) + len(`"`)},
		{1, 1000000, 1, len(`299 - "unknown field \"`) + 256 - len(`unknown field "`) + len(`"`)},
	} {
		var body strings.Builder
		body.WriteString("{")
		for i := range tt.members {
			if i > 0 {
				body.WriteString(",")
			}
			fmt.Fprintf(&body, `"%0*d":1`, tt.runes, i)
		}
		body.WriteString("}")
		code, _, header := c.call(http.MethodPost, tokenPath, body.String())
		longest := 0
		for _, text := range header.Values("Warning") {
			longest = max(longest, len(text))
		}
		if n := len(header.Values("Warning")); code != http.StatusCreated || n != tt.headers || longest != tt.longest {
			t.Errorf("%d members of %d runes: %d, %d headers up to %d bytes, want 201, %d up to %d",
				tt.members, tt.runes, code, n, longest, tt.headers, tt.longest)
		}
	}
}

// TestCreateOptions has several wrong options at once; what one is alone was recorded.
func TestCreateOptions(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	code, out, _ := c.call(http.MethodPost, accountsPath+"?dryRun=All&dryRun=<&fieldValidation=strict&fieldManager="+strings.Repeat("x", 128)+"%0a",
		`{"metadata":{"name":"a"}}`)
	want := `CreateOptions.meta.k8s.io "" is invalid: [fieldManager: Too long: may not be more than 128 bytes, fieldManager: Invalid value: "` +
		strings.Repeat("x", 128) + `\n": invalid character U+000A (at position 128), dryRun: Unsupported value: ["All","\u003c"]: supported values: "All", ` +
		`fieldValidation: Unsupported value: "strict": supported values: "", "Ignore", "Strict", "Warn"]`
	if code != http.StatusUnprocessableEntity || out["message"] != want {
		t.Errorf("%d %v\nwant 422 %s", code, out["message"], want)
	}
	for _, path := range []string{tokenPath, reviewPath, selfPath} {
		if code, out, _ := c.call(http.MethodPost, path+"?dryRun=None", `{}`); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v, want 422", path, code, out["message"])
		}
	}
	code, out, _ = c.call(http.MethodPost, accountsPath+"?dryRun=All&dryRun=All", `{"metadata":{"name":"default"}}`)
	if want := `serviceaccounts "default" already exists`; code != http.StatusConflict || out["message"] != want {
		t.Errorf("dry run of what is there: %d %v, want 409 %s", code, out["message"], want)
	}
	if code, out, _ := c.call(http.MethodPost, tokenPath+"?dryRun=All", `{}`); code != http.StatusCreated {
		t.Errorf("dry run of a token: %d %v, want 201", code, out["message"])
	}
}
