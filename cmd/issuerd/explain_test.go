package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestExplain has answers of farms, and of what is none: what can't be done is another matter than bad usage.
func TestExplain(t *testing.T) {
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	const world = `{"items":[{"id":"w1","name":"staging"},{"id":"w2","name":"twin"},{"id":"w3","name":"twin"}]}`
	for _, tt := range []struct {
		name   string
		status int
		body   string // of what is not about worlds
		args   []string
		code   int
		want   string
	}{
		{"a full disk", 507, `{"error":"farm: not kept, and so not done"}`, []string{"app", "list"}, exitRun, "error: farm: not kept, and so not done\n"},
		{"a fault of the farm", 500, `{"error":"farm: broken","hint":"mend it"}`, []string{"app", "list"}, exitRun, "hint: mend it\n"},
		{"bad usage", 400, `{"error":"farm: no","member":"name"}`, []string{"app", "list"}, exitUsage, "error: name: farm: no\n"},
		{"nothing there", 404, `{"error":"farm: no app"}`, []string{"app", "list"}, exitUsage, "error: farm: no app\n"},
		{"an ended world", 404, `{"error":"farm: this world has been deleted"}`, []string{"app", "list", "--world", "staging"}, exitRun, "error: the world w1 has ended: farm: this"},
		{"a name of two worlds", 200, `{}`, []string{"app", "list", "--world", "twin"}, exitUsage, `2 worlds are called "twin": give an id (have w2, w3)`},
		{"another server's page", 200, "<html>", []string{"app", "list"}, exitRun, "is no farm: GET http://"},
		{"another server's refusal", 404, "404 page not found", []string{"app", "list"}, exitRun, "is no farm: GET http://"},
		{"another server's login", 401, "<html>", []string{"app", "list"}, exitRun, "is no farm: GET http://"},
		{"another API", 200, "[1]", []string{"app", "list"}, exitRun, "is no farm: GET http://"},
		{"a farm that ends in the middle", 200, `{"items":[`, []string{"app", "list"}, exitRun, "no farm answers at http://"},
		{"escape sequences", 400, `{"error":"farm: \u001b[31mred"}`, []string{"app", "list"}, exitUsage, `error: farm: \x1b[31mred`},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/worlds" {
				_, _ = io.WriteString(w, world)
				return
			}
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}))
		t.Setenv(controlURLVariable, server.URL)
		var out, errs bytes.Buffer
		code := Main(t.Context(), tt.args, strings.NewReader(""), &out, &errs)
		if code != tt.code || !strings.Contains(errs.String(), tt.want) || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %q and %q; want %d and %q", tt.name, code, out.String(), errs.String(), tt.code, tt.want)
		}
		server.Close()
	}
}
