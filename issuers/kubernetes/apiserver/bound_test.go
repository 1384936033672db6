package apiserver_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestBound reviews tokens whose objects are gone or others; that of a pod was recorded.
func TestBound(t *testing.T) {
	t.Parallel()
	const gone = "[invalid bearer token, service account token has been invalidated]"
	type object = map[string]any
	for _, tt := range []struct {
		name, preset string
		about        object
		want         string // the error; empty: authenticated
	}{
		{"its pod", "pod", object{}, ""},
		{"no pod", "pod", object{"pod": object{"name": ""}}, gone},
		{"its node", "node-bound", object{}, ""},
		{"another node", "node-bound", object{"node": object{"name": "worker-2"}}, gone},
		{"a node of another uid", "node-bound", object{"node": object{"uid": "old"}},
			"[invalid bearer token, node UID (NODE) does not match service account node ref claim (old)]"},
		{"a pod's node is not looked for", "pod", object{"node": object{"name": "worker-2", "uid": "old"}}, ""},
		{"its secret", "secret-bound", object{}, ""},
		{"another secret", "secret-bound", object{"secret": object{"name": "x"}}, gone},
		{"a secret of another uid", "secret-bound", object{"secret": object{"uid": "old"}},
			"[invalid bearer token, secret UID (SECRET) does not match service account secret ref claim (old)]"},
		{"a secret in a cluster without", "pod", object{"pod": nil, "secret": object{"name": "workload-identity-token", "uid": "u"}}, gone},
		{"secret before pod", "pod", object{"pod": object{"name": "gone", "uid": "u"}, "secret": object{"name": "gone", "uid": "u"}}, gone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, tt.preset, nil)
			own, err := c.issuer.Mint(issuer.Request{})
			if err != nil {
				t.Fatal(err)
			}
			for placeholder, kind := range map[string]string{"(NODE)": "node", "(SECRET)": "secret"} {
				if has, ok := own.Claims["kubernetes.io"].(object)[kind].(object); ok {
					tt.want = strings.ReplaceAll(tt.want, placeholder, "("+has["uid"].(string)+")")
				}
			}
			token := c.boundTo(tt.about)
			_, out, _ := c.call(http.MethodPost, reviewPath, `{"spec":{"token":"`+token+`"}}`)
			status := out["status"].(object)
			got, _ := status["error"].(string)
			if diff := cmp.Diff([]any{tt.want, tt.want == ""}, []any{got, status["authenticated"] == true}); diff != "" {
				t.Errorf("error, authenticated (-want +got):\n%s", diff)
			}
			code, _, _ := c.call(http.MethodPost, selfPath, `{}`, "Authorization", "Bearer "+token)
			if want := map[bool]int{true: http.StatusCreated, false: http.StatusUnauthorized}[tt.want == ""]; code != want {
				t.Errorf("as a bearer token: %d, want %d", code, want)
			}
		})
	}
}

// TestBoundElsewhere: a pod of that name in another namespace is another pod.
func TestBoundElsewhere(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	token, err := c.issuer.Mint(issuer.Request{Audience: []string{c.issuer.URL()}, Claims: issuer.Claims{"sub": "system:serviceaccount:kube-system:default"}})
	if err != nil {
		t.Fatal(err)
	}
	_, out, _ := c.call(http.MethodPost, reviewPath, `{"spec":{"token":"`+token.Raw+`"}}`)
	want := map[string]any{"user": map[string]any{}, "error": "[invalid bearer token, service account token has been invalidated]"}
	if diff := cmp.Diff(any(want), out["status"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAccountUID asks for a token of an account that was made anew.
func TestAccountUID(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	_, account, _ := c.call(http.MethodGet, accountsPath+"/workload-identity-sa", "")
	uid := account["metadata"].(map[string]any)["uid"].(string)
	want := `Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "workload-identity-sa": the UID in the token request (old) does not ` +
		`match the UID of the service account (` + uid + `)`
	protobuf := "k8s\x00\x12\x09\x0a\x05\x2a\x03old\x12\x00"
	for name, call := range map[string][2]string{
		"JSON": {`{"metadata":{"uid":"old"}}`, "application/json"}, "protobuf": {protobuf, "application/vnd.kubernetes.protobuf"},
	} {
		if code, out, _ := c.call(http.MethodPost, tokenPath, call[0], "Content-Type", call[1]); code != http.StatusConflict || out["message"] != want {
			t.Errorf("%s: %d %v\nwant 409 %s", name, code, out["message"], want)
		}
	}
	if code, out, _ := c.call(http.MethodPost, tokenPath, `{"metadata":{"uid":"`+uid+`"}}`); code != http.StatusCreated {
		t.Errorf("its own uid: %d %v", code, out)
	}
}
