package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
)

// routeOfTest is a route of the API in the default world, or what is none.
type routeOfTest struct{ method, path, body string }

// routes are all there are, out of the OpenAPI document, and what is none.
var routes = sync.OnceValue(func() []routeOfTest {
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Example json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(control.OpenAPI(), &document); err != nil {
		panic(err)
	}
	all := []routeOfTest{{"GET", "/v1/nothing", ""}, {"GET", "/", ""}}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			in := strings.ReplaceAll(path, "{world}", control.DefaultWorld)
			all = append(all, routeOfTest{
				strings.ToUpper(method), regexp.MustCompile(`\{\w+\}`).ReplaceAllString(in, "x"),
				string(document.Paths[path][method].RequestBody.Content["application/json"].Example),
			})
		}
	}
	return all
})

// send makes a request as it is and returns the status, the body and a header.
func send(t *testing.T, method, address, authorization string, body io.Reader) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw), resp.Header
}

func TestUnauthorized(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	const refusal = `{"error":"control: want the bearer token that the farm printed at its start (ISSUERD_CONTROL_TOKEN)"}`
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Bearer " + token[:len(token)-1], "Bearer " + token + "x", "Bearer  " + token, "Basic " + token, token} {
		for _, route := range routes() {
			code, body, header := send(t, route.method, s.ControlURL()+route.path, authorization, nil)
			if code != http.StatusUnauthorized || strings.TrimSpace(body) != refusal || header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s %s with %q: status %d, %q", route.method, route.path, authorization, code, body)
			}
		}
	}
	if code, _, _ := send(t, "GET", s.ControlURL()+"/v1/info", "bearer "+token, nil); code != http.StatusOK {
		t.Errorf("scheme in lower case: status %d, want %d", code, http.StatusOK)
	}
	for path, want := range map[string]string{"/ca.pem": string(s.CA()), "/healthz": "ok\n"} {
		if code, body, _ := send(t, "GET", s.ControlURL()+path, "", nil); code != http.StatusOK || body != want {
			t.Errorf("GET %s without a token: status %d, %q", path, code, body)
		}
	}
}

// TestNoToken says that a server without a token lets nobody in, rather than everybody.
func TestNoToken(t *testing.T) {
	t.Parallel()
	handler := (&control.Server{Info: func() control.Info { return control.Info{} }}).Handler()
	for _, authorization := range []string{"", "Bearer", "Bearer "} {
		r := httptest.NewRequest(http.MethodGet, "/v1/info", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%q: status %d, want %d", authorization, w.Code, http.StatusUnauthorized)
		}
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	const worlds = "/v1/worlds"
	huge := `{"name":"` + strings.Repeat("x", 1<<20) + `"}`
	var many strings.Builder
	for n := range 9999 {
		fmt.Fprintf(&many, `,"z%04d":1`, n+1)
	}
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     []string
	}{
		{"unknown member", "POST", worlds, `{"nmae":"x"}`, 400, []string{`nmae: there is no such member`, `did you mean "name"?`, `"member":"nmae"`}},
		{"unknown member of a list", "POST", worlds + "/default/issuers", `{"platform":"github","faults":[{"nmae":"x"}]}`, 400, []string{`faults[0].nmae: there is no such member`, `did you mean "name"?`, `"member":"faults[0].nmae"`}},
		{"wrong type", "POST", worlds, `{"name":1}`, 400, []string{"name", "number"}},
		{"not JSON", "POST", worlds, `name: x`, 400, []string{"request body"}},
		{"cut off", "POST", worlds, `{"name":`, 400, []string{"request body"}},
		{"two values", "POST", worlds, `{"name":"x"} {}`, 400, []string{"more after"}},
		{"something behind", "POST", worlds, `{"name":"x"}]`, 400, []string{"request body"}},
		{"huge", "POST", worlds, huge, 413, []string{"more than 1048576 bytes"}},
		{"huge behind", "POST", worlds, `{"name":"x"}` + strings.Repeat(" ", 1<<20), 413, []string{"more than 1048576 bytes"}},
		{"time", "POST", worlds, `{"start":"yesterday"}`, 400, []string{"yesterday"}},
		{"cloud", "POST", worlds, `{"cloud":"mars"}`, 400, []string{`"mars"`, "public, usgov, china"}},
		{"unknown member of a tenant", "POST", worlds, `{"tenants":[{"displayName":"x","applications":[{"nmae":"x"}]}]}`, 400, []string{`"member":"tenants[0].applications[0].nmae"`, "have appRole"}},
		{"three mistakes", "POST", worlds, `{"tenants":[{"displayName":1,"applications":[{"displayName":true}]}],"skew":"soon"}`, 400, []string{
			`skew: want a duration such as "10m" or a number of seconds, got "soon"; tenants[0].applications[0].displayName: want a string, got true or false; tenants[0].displayName: want a string, got a number`,
		}},
		{"many unknown members", "POST", worlds, `{"z0000":1` + many.String() + `}`, 400, []string{`"control: z0000: there is no such member; z0001`, `; z0009: there is no such member","member":"z0000"`}},
		{"member in capitals", "POST", worlds, `{"Name":"x"}`, 400, []string{`Name: there is no such member`, `did you mean "name"?`}},
		{"too deep", "POST", worlds, `{"tenants":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 400, []string{"more than 64 lists and objects inside each other"}},
		{"brackets in a text", "POST", worlds + "/default/tokens", `{"issuer":"\\\"` + strings.Repeat("[", 100) + `"}`, 404, []string{"no issuer"}},
		{"an audience of a number", "POST", worlds + "/default/tokens", `{"issuer":"x","audience":1}`, 400, []string{"audience: want a string or a list of strings, got a number", `"member":"audience"`}},
		{"a list of audiences with a number", "POST", worlds + "/default/tokens", `{"issuer":"x","audience":["a",1]}`, 400, []string{"audience[1]: want a string, got a number"}},
		{"a lifetime without a unit", "POST", worlds + "/default/tokens", `{"issuer":"x","lifetime":"10"}`, 400, []string{`lifetime: want a duration such as "10m" or a number of seconds, got "10"`}},
		{"no issuer", "POST", worlds + "/default/tokens", ``, 400, []string{"issuer: it is missing", `"member":"issuer"`}},
		{"an issuer that is null", "POST", worlds + "/default/tokens", `{"issuer":null}`, 400, []string{"issuer: it is missing"}},
		{"a misspelt issuer", "POST", worlds + "/default/tokens", `{"isuer":"x"}`, 400, []string{`"control: isuer: there is no such member"`, `did you mean "issuer"?`}},
		{"a list in place of an object", "POST", worlds + "/default/tokens", `[]`, 400, []string{"want an object, got a list"}},
		{"null in place of an object", "POST", worlds + "/default/tokens", `null`, 400, []string{"want an object, got null"}},
		{"claims that are a list", "POST", worlds + "/default/tokens", `{"issuer":"x","claims":[]}`, 400, []string{"claims: want an object, got a list"}},
		{"a publication that says nothing", "PUT", worlds + "/default/keys", `{"issuer":"x"}`, 400, []string{"published: it is missing"}},
		{"rule of the directory", "POST", worlds, `{"tenants":[{"displayName":"x","applications":[{"displayName":"a"},{"displayName":"a"}]}]}`, 400, []string{`application "a"`}},
		{"tenant twice", "POST", worlds, `{"tenants":[{"displayName":"x"},{"displayName":"x"}]}`, 400, []string{"already has a tenant"}},
		{"option", "POST", worlds, `{"options":{"clockSkew":-1}}`, 400, []string{"option clockSkew"}},
		{"option without a unit", "POST", worlds, `{"options":{"clockSkew":"5"}}`, 400, []string{"options.clockSkew: want a duration", `got "5"`}},
		{"word of an option", "POST", worlds, `{"options":{"matchOrder":"subject"}}`, 400, []string{"options.matchOrder", "audience-first, subject-first"}},
		{"unknown world", "GET", worlds + "/nobody/issuers", "", 404, []string{"no such world"}},
		{"delete an unknown world", "DELETE", worlds + "/nobody", "", 404, []string{"no such world"}},
		{"escaped slash in a world's id", "GET", worlds + "/a%2Fb/issuers", "", 404, []string{"no such world"}},
		{"platform", "POST", worlds + "/default/issuers", `{"platform":"gitbuh"}`, 400, []string{`"gitbuh"`, "have github", `"hint":"did you mean "github"?"`}},
		{"fault", "PUT", worlds + "/default/faults", `{"issuer":"` + githubURL + `","faults":[{"name":"x"}]}`, 400, []string{`"x"`, "have algorithm"}},
		{"fault of an unknown issuer", "PUT", worlds + "/default/faults", `{"issuer":"https://token.actions.githubusercontent.test","faults":[]}`, 404, []string{`githubusercontent.test"`, "(have " + githubURL + ", ", " more)", `"hint":"did you mean "` + githubURL}},
		{"preset of another issuer", "POST", worlds + "/default/tokens", `{"issuer":"` + githubURL + `","preset":"ghes"}`, 400, []string{`"ghes"`, "another issuer"}},
		{"clock backwards", "POST", worlds + "/default/clock", `{"advance":-1}`, 400, []string{"only goes forward"}},
		{"clock too far", "POST", worlds + "/default/clock", `{"advance":"876001h"}`, 400, []string{"100 years"}},
		{"clock overflow", "POST", worlds + "/default/clock", `{"advance":9223372036854775808}`, 400, []string{"292 years"}},
		{"issuer of nothing", "POST", worlds + "/default/issuers", `{}`, 400, []string{`"member":"platform"`, "or a definition in define"}},
		{"application without a name", "POST", worlds + "/default/applications", ``, 400, []string{"name"}},
		{"credential of an unknown application", "POST", worlds + "/default/applications/nobody/credentials", `{"name":"abc"}`, 404, []string{`"nobody"`}},
		{"change of a credential of an unknown application", "PATCH", worlds + "/default/applications/nobody/credentials/x", `{"subject":"s"}`, 404, []string{`"nobody"`}},
		{"journal", "GET", worlds + "/default/journal?after=x", "", 400, []string{`after="x"`, `"member":"after"`}},
		{"journal backwards", "GET", worlds + "/default/journal?after=-1", "", 400, []string{`after="-1"`, "0 or more"}},
		{"journal for too long", "GET", worlds + "/default/journal?wait=2m", "", 400, []string{"at most 1m", `"member":"wait"`}},
		{"journal for no time", "GET", worlds + "/default/journal?wait=soon", "", 400, []string{`wait="soon"`, `"10s" or a number of seconds`}},
		{"journal of perhaps", "GET", worlds + "/default/journal?failed=yes", "", 400, []string{`failed="yes"`, "true or false"}},
		{"journal of no plane", "GET", worlds + "/default/journal?plane=entry", "", 400, []string{`plane="entry": want issuer, workload, entra or control`}},
		{"unknown parameter", "GET", worlds + "/default/journal?signins=true", "", 400, []string{`unknown parameter "signins"`, `did you mean "signIns"?`}},
		{"parameter where none is", "GET", "/v1/info?x=1", "", 400, []string{`unknown parameter "x"`}},
		{"parameter twice", "GET", worlds + "/default/journal?after=1&after=2", "", 400, []string{"after is there 2 times"}},
		{"query that is none", "GET", worlds + "/default/journal?after=%zz", "", 400, []string{"query", "escape"}},
		{"more than a page", "GET", worlds + "?limit=1001", "", 400, []string{"limit=1001", "at most 1000"}},
		{"no cursor", "GET", worlds + "?after=!", "", 400, []string{`after="!"`, "the member next"}},
		{"journal overflow", "GET", worlds + "/default/journal?after=99999999999999999999", "", 400, []string{"after="}},
		{"unknown path", "GET", "/v2/info", "", 404, []string{"no route GET /v2/info", `did you mean "/v1/info"?`}},
		{"unknown path of a world", "GET", worlds + "/default/tokenz", "", 404, []string{`did you mean "/v1/worlds/default/tokens"?`}},
		{"a path far from all", "GET", "/metrics", "", 404, []string{"/openapi.json"}},
		{"method", "PATCH", worlds, "", 405, []string{"/v1/worlds takes GET, POST, not PATCH"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, body, _ := send(t, tt.method, s.ControlURL()+tt.path, "Bearer "+token, strings.NewReader(tt.body))
			if code != tt.status {
				t.Fatalf("status %d, want %d: %.300s", code, tt.status, body)
			}
			for _, want := range tt.want {
				if !strings.Contains(strings.ReplaceAll(body, `\"`, `"`), want) {
					t.Errorf("body %.300q does not say %q", body, want)
				}
			}
			if strings.Contains(body, token) {
				t.Error("the body has the token in it")
			}
		})
	}
}

// TestMethods says which methods a path has.
func TestMethods(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	for path, want := range map[string]string{"/v1/worlds": "GET, POST", "/v1/worlds/default/faults": "GET, POST, PUT", "/v1/decode": "POST"} {
		if code, _, header := send(t, "DELETE", s.ControlURL()+path, "Bearer "+token, nil); code != http.StatusMethodNotAllowed || header.Get("Allow") != want {
			t.Errorf("DELETE %s: status %d, Allow %q, want %d and %q", path, code, header.Get("Allow"), http.StatusMethodNotAllowed, want)
		}
	}
}

// TestContentTypes sends bodies as different programs label them.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	for contentType, want := range map[string]int{
		"": 200, "application/json": 200, "application/json; charset=utf-8": 200, "Application/JSON": 200,
		"application/x-www-form-urlencoded": 200, // of curl -d
		"text/plain":                        415, "multipart/form-data; boundary=x": 415, "application/yaml": 415, "application/json;": 200, "/": 415,
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.ControlURL()+"/v1/worlds", strings.NewReader(`{"name":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != want || want == 415 && !strings.Contains(string(body), "want Content-Type application/json") {
			t.Errorf("%q: status %d, want %d: %s", contentType, resp.StatusCode, want, body)
		}
	}
}
