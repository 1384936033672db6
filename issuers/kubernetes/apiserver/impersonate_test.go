package apiserver_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestImpersonation asks who the caller is, as an administrator who acts as somebody else.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	const user, uid, group, extra = "Impersonate-User", "Impersonate-Uid", "Impersonate-Group", "Impersonate-Extra-"
	type info = map[string]any
	for _, tt := range []struct {
		name    string
		headers []string
		want    info
	}{
		{"everything", []string{user, "alice", uid, "7", group, "g", extra + "Acme.com%2fproject", "p"},
			info{"username": "alice", "uid": "7", "groups": []any{"g", "system:authenticated"}, "extra": info{"acme.com/project": []any{"p"}}}},
		{"nobody", []string{user, "system:anonymous"}, info{"username": "system:anonymous", "groups": []any{"system:unauthenticated"}}},
		{"unauthenticated", []string{user, "x", group, "system:unauthenticated"}, info{"username": "x", "groups": []any{"system:unauthenticated"}}},
		{"authenticated already", []string{user, "x", group, "system:authenticated"}, info{"username": "x", "groups": []any{"system:authenticated"}}},
		{"masters", []string{user, "x", group, "system:masters"}, info{"username": "x", "groups": []any{"system:masters", "system:authenticated"}}},
		{"node", []string{user, "system:node:worker-1"},
			info{"username": "system:node:worker-1", "groups": []any{"system:nodes", "system:authenticated"}}},
		{"node with a group", []string{user, "system:node:worker-1", group, "g"},
			info{"username": "system:node:worker-1", "groups": []any{"g", "system:authenticated"}}},
		{"no node's name", []string{user, "system:node:_"}, info{"username": "system:node:_", "groups": []any{"system:authenticated"}}},
		{"account with a group", []string{user, "system:serviceaccount:default:default", group, "g"},
			info{"username": "system:serviceaccount:default:default", "groups": []any{"g", "system:authenticated"}}},
		{"no account's name", []string{user, "system:serviceaccount:default:a:b"},
			info{"username": "system:serviceaccount:default:a:b", "groups": []any{"system:authenticated"}}},
	} {
		code, out, _ := c.call(http.MethodPost, selfPath, `{}`, tt.headers...)
		if tt.name == "nobody" || tt.name == "unauthenticated" { // who may not ask
			want := `selfsubjectreviews.authentication.k8s.io is forbidden: User "` + tt.want["username"].(string) + `" cannot create resource ` +
				`"selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope`
			if code != http.StatusForbidden || out["message"] != want {
				t.Errorf("%s: %d %v, want 403 %s", tt.name, code, out["message"], want)
			}
			continue
		}
		if diff := cmp.Diff(any(info{"userInfo": tt.want}), out["status"]); diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", tt.name, code, diff)
		}
	}
}

// TestImpersonationRights has what somebody whom an administrator acts as may do, and who may act as whom.
func TestImpersonationRights(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	const (
		self = "selfsubjectreviews.authentication.k8s.io is forbidden: "
		on   = `User "system:serviceaccount:default:workload-identity-sa" cannot `
		of   = ` resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope`
	)
	pod := "Bearer " + c.token(tokenPath, `{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"quick-start"}}`)
	as := func(user string, more ...string) []string { return append([]string{"Impersonate-User", user}, more...) }
	by := func(bearer, user string, more ...string) []string {
		return append(as(user, more...), "Authorization", bearer)
	}
	for _, tt := range []struct {
		name, method, path string
		headers            []string
		code               int
		message            string
	}{
		{"a group of masters", "POST", tokenPath, as("x", "Impersonate-Group", "system:masters"), 201, ""},
		{"an account reads the keys", "GET", "/openid/v1/jwks", as("system:serviceaccount:default:default"), 200, ""},
		{"alice does not", "GET", "/openid/v1/jwks", as("alice"), 403, `forbidden: User "alice" cannot get path "/openid/v1/jwks"`},
		{"alice lists", "GET", accountsPath, as("alice"), 403, `serviceaccounts is forbidden: User "alice" cannot list resource ` +
			`"serviceaccounts" in API group "" in the namespace "default"`},
		{"alice discovers", "GET", "/api", as("alice"), 200, ""},
		{"nobody does not", "GET", "/api", as("system:anonymous"), 403, `forbidden: User "system:anonymous" cannot get path "/api"`},
		{"a uid alone", "POST", selfPath, []string{"Impersonate-Uid", "7"}, 400, `requested &user.DefaultInfo{Name:"", UID:"7", Groups:[]string(nil), ` +
			`Extra:map[string][]string(nil)} without impersonating a user name`},
		{"more alone", "POST", selfPath, []string{"Impersonate-Extra-a", "b"}, 400, `requested &user.DefaultInfo{Name:"", UID:"", ` +
			`Groups:[]string(nil), Extra:map[string][]string{"a":[]string{"b"}}} without impersonating a user name`},
		{"by an account: itself", "POST", selfPath, by(pod, "system:serviceaccount:default:workload-identity-sa"), 403,
			self + on + "impersonate-on:serviceaccount:create" + of},
		{"by an account: its node", "POST", selfPath, by(pod, "system:node:worker-1"), 403, self + on + "impersonate-on:associated-node:create" + of},
		{"by an account: a node", "POST", selfPath, by(pod, "system:node:worker-2"), 403, self + on + "impersonate-on:arbitrary-node:create" + of},
		{"by an account: an account with a group", "POST", selfPath, by(pod, "system:serviceaccount:a:b", "Impersonate-Group", "g"), 403,
			`serviceaccounts "b" is forbidden: ` + on + `impersonate resource "serviceaccounts" in API group "" in the namespace "a"`},
		{"by an account: a node with a group", "POST", selfPath, by(pod, "system:node:n", "Impersonate-Group", "g"), 403,
			`users "system:node:n" is forbidden: ` + on + `impersonate resource "users" in API group "" at the cluster scope`},
		{"by an account: for a path", "GET", "/version", by(pod, "alice"), 403, "forbidden: " + on + `impersonate-on:user-info:get path "/version"`},
		{"by nobody", "GET", "/version", by("", "alice"), 403, `forbidden: User "system:anonymous" cannot impersonate-on:user-info:get path "/version"`},
		{"with a wrong token", "GET", "/version", by("Bearer x", "alice"), 401, "Unauthorized"},
	} {
		body := ""
		if tt.method == http.MethodPost {
			body = "{}"
		}
		code, out, _ := c.call(tt.method, tt.path, body, tt.headers...)
		message, _ := out["message"].(string)
		if code != tt.code || message != tt.message {
			t.Errorf("%s: %d %s\nwant %d %s", tt.name, code, message, tt.code, tt.message)
		}
	}
}
