package control_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// FuzzRequests sends any body to any route of a farm. Whatever it is, the answer is JSON, and not the farm's fault.
func FuzzRequests(f *testing.F) {
	s, _ := start(f)
	const issuer = `"issuer":"` + githubURL + `"`
	for i, route := range routes() {
		f.Add(i, route.body)
	}
	for i, body := range []string{
		`null`, `[]`, `{`, `{"name":"x","start":"2030-01-01T00:00:00Z","skew":-1,"cloud":"china"}`,
		`{"platform":"kubernetes","preset":"pod","url":"https://a.test/b","alg":"ES256","claims":{"sub":null},"faults":[{"name":"jwks","parameters":{"body":"x"}}]}`,
		`{` + issuer + `,"faults":[{"name":"status","parameters":{"code":200}}]}`,
		`{` + issuer + `,"audience":["a","b"],"lifetime":-9223372036854775808,"claims":{"iss":1,"exp":"x","aud":{}}}`,
		`{` + issuer + `,"publish":true}`, `{"advance":1}`,
		`{"name":"deployer","credentials":[{"name":"abc","issuer":"a","subject":"b","audiences":["c"]}]}`,
	} {
		for n := range routes() {
			f.Add(n+i, body)
		}
	}
	f.Fuzz(func(t *testing.T, n int, body string) {
		all := routes()
		route := all[(n%len(all)+len(all))%len(all)]
		if strings.HasSuffix(route.path, "/events") {
			return // it has no body, and no end
		}
		status, answer, header := send(t, route.method, s.ControlURL()+route.path, "Bearer "+token, strings.NewReader(body))
		if status >= http.StatusInternalServerError {
			t.Errorf("%s %s: status %d: %s", route.method, route.path, status, answer)
		}
		if header.Get("Content-Type") == "application/json" && !json.Valid([]byte(answer)) {
			t.Errorf("%s %s: the answer is not JSON: %q", route.method, route.path, answer)
		}
		if status != http.StatusOK && strings.Contains(answer, token) {
			t.Errorf("%s %s: the refusal has the token in it", route.method, route.path)
		}
	})
}
