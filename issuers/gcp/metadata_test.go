package gcp_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/gcp"
	"github.com/issuerd/issuerd/issuers/issuer"
)

func errorPage(status, title, sentence string) string {
	return "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n" +
		"  <meta name=viewport content=\"initial-scale=1, minimum-scale=1, width=device-width\">\n" +
		"  <title>Error " + status + " (" + title + ")!!1</title>\n" +
		"  <p><b>" + status + ".</b> <ins>That’s an error.</ins>\n  <p>" + sentence + " <ins>That’s all we know.</ins>\n"
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	const v1 = "/computeMetadata/v1/"
	plain, asJSON := "application/text", "application/json"
	account := `{"aliases":["default"],"email":"` + email + `","scopes":["` + cloud + `"]}`
	tests := []struct{ path, contentType, want string }{
		{"/", plain, "computeMetadata/\n"},
		{"/computeMetadata/", plain, "v1/\n"},
		{v1, plain, "instance/\nproject/\nuniverse/\n"},
		{v1 + "project/", plain, "attributes/\nnumeric-project-id\nproject-id\n"},
		{v1 + "project/project-id", plain, "contoso-prod"},
		{v1 + "project/project-id?alt=json", asJSON, `"contoso-prod"`},
		{v1 + "project/numeric-project-id", plain, "1071284184436"},
		{v1 + "project/?recursive=true", asJSON, `{"attributes":{},"numericProjectId":1071284184436,"projectId":"contoso-prod"}`},
		{v1 + "instance/id", plain, "4570452845155348778"},
		{v1 + "instance/name", plain, "web-1"},
		{v1 + "instance/hostname", plain, "web-1.us-central1-c.c.contoso-prod.internal"},
		{v1 + "instance/zone", plain, "projects/1071284184436/zones/us-central1-c"},
		{v1 + "instance/attributes/", plain, ""},
		{v1 + "instance/service-accounts/", plain, email + "/\ndefault/\n"},
		{v1 + "instance/service-accounts/default/", plain, "aliases\nemail\nidentity\nscopes\ntoken\n"},
		{v1 + "instance/service-accounts/default/email", plain, email},
		{v1 + "instance/service-accounts/" + email + "/email", plain, email},
		{v1 + "instance/service-accounts/" + strings.Replace(email, "@", "%40", 1) + "/email", plain, email},
		{v1 + "instance/service-accounts/default/aliases", plain, "default\n"},
		{v1 + "instance/service-accounts/default/scopes", plain, cloud + "\n"},
		{v1 + "instance/service-accounts/default/?recursive=true", asJSON, account},
		{v1 + "instance/service-accounts/?recursive=true", asJSON, `{"` + email + `":` + account + `,"default":` + account + `}`},
		{v1 + "universe/universe-domain", plain, "googleapis.com"},
		{v1 + "project/project-id?wait_for_change=true&timeout_sec=0", plain, "contoso-prod"},
		{v1 + "project/project-id?wait_for_change=true&last_etag=0", plain, "contoso-prod"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			got := s.get(tt.path)
			if diff := cmp.Diff(answer{http.StatusOK, nil, tt.want}, answer{got.status, nil, got.body}, cmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			want := map[string]string{
				"Content-Type": tt.contentType, "Metadata-Flavor": "Google", "Server": "Metadata Server for VM",
				"X-Xss-Protection": "0", "X-Frame-Options": "SAMEORIGIN",
			}
			if diff := cmp.Diff(want, headersOf(got, want)); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if etag := got.header.Get("ETag"); len(etag) != 16 || strings.Trim(etag, "0123456789abcdef") != "" {
				t.Errorf("ETag %q, want hexadecimal digits", etag)
			}
		})
	}
}

// headersOf picks the headers that a test names.
func headersOf(a answer, want map[string]string) map[string]string {
	got := map[string]string{}
	for name := range want {
		got[name] = a.header.Get(name)
	}
	return got
}

func TestMetadataRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	flavor := []string{"Metadata-Flavor", "Google"}
	const name = "/computeMetadata/v1/instance/name"
	permission := "Your client does not have permission to get URL <code>" + name + "</code> from this server. "
	missing := func(path string) string {
		return errorPage("404", "Not Found", "The requested URL <code>"+path+"</code> was not found on this server. ")
	}
	tests := []struct {
		name, method, path string
		headers            []string
		status             int
		want               string
	}{
		{"no flavor", "GET", name, nil, 403, errorPage("403", "Forbidden", permission+"Missing Metadata-Flavor:Google header. ")},
		{"another flavor", "GET", name, []string{"Metadata-Flavor", "Amazon"}, 404, missing(name)},
		{"the flavor's case", "GET", name, []string{"Metadata-Flavor", "google"}, 404, missing(name)},
		{"forwarded", "GET", name, append([]string{"X-Forwarded-For", "192.0.2.1"}, flavor...), 403, errorPage("403", "Forbidden", permission)},
		{"no audience", "GET", identity, flavor, 400, "non-empty audience parameter required\n"},
		{"empty audience", "GET", identity + "?audience=&format=full", flavor, 400, "non-empty audience parameter required\n"},
		{"unknown path", "GET", "/computeMetadata/v1/instance/nothing", flavor, 404, missing("/computeMetadata/v1/instance/nothing")},
		{"unknown version", "GET", "/computeMetadata/v2/", flavor, 404, missing("/computeMetadata/v2/")},
		{"old name of the universe", "GET", "/computeMetadata/v1/universe/universe_domain", flavor, 404, missing("/computeMetadata/v1/universe/universe_domain")},
		{"a value is no directory", "GET", name + "/", flavor, 404, missing(name + "/")},
		{"two slashes", "GET", "/computeMetadata//v1/", flavor, 404, missing("/computeMetadata//v1/")},
		{"unknown account", "GET", "/computeMetadata/v1/instance/service-accounts/other@contoso-prod.iam.gserviceaccount.com/identity?audience=a", flavor, 404,
			missing("/computeMetadata/v1/instance/service-accounts/other@contoso-prod.iam.gserviceaccount.com/identity")},
		{"markup", "GET", "/%3Cscript%3E", flavor, 404, missing("/%3Cscript%3E")},
		{"method", "POST", name, flavor, 405, errorPage("405", "Method Not Allowed",
			"The request method <code>POST</code> is inappropriate for the URL <code>"+name+"</code>.")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.do(tt.method, tt.path, "", tt.headers...)
			if diff := cmp.Diff(answer{tt.status, nil, tt.want}, answer{got.status, nil, got.body}, cmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			want := map[string]string{"Content-Type": "text/html; charset=UTF-8", "Metadata-Flavor": "Google"}
			if diff := cmp.Diff(want, headersOf(got, want)); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPing needs no header: Python and Java ping so.
func TestPing(t *testing.T) {
	t.Parallel()
	got := serve(t, nil).do(http.MethodGet, "/", "")
	if got.status != http.StatusOK || got.body != "computeMetadata/\n" || got.header.Get("Metadata-Flavor") != "Google" {
		t.Errorf("%+v, want the list of the root", got)
	}
}

// TestRedirect follows what Node's client pings.
func TestRedirect(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	got := s.get("/computeMetadata/v1/instance?recursive=true&alt=json")
	if want := s.base + "/computeMetadata/v1/instance/?recursive=true&alt=json"; got.status != http.StatusMovedPermanently || got.header.Get("Location") != want {
		t.Errorf("status %d to %q, want %d to %q", got.status, got.header.Get("Location"), http.StatusMovedPermanently, want)
	}
	if got.header.Get("Metadata-Flavor") != "Google" {
		t.Error("no Metadata-Flavor, which Node's client wants")
	}
}

func TestGKE(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) served{
		"workload's preset": func(t *testing.T) served { return serve(t, func(w *issuer.Workload) { w.Preset = "gke" }) },
		"issuer's preset":   func(t *testing.T) served { return serve(t, nil, issuer.WithPreset("gke")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			got := s.do(http.MethodGet, identity+"?audience=a", "")
			if want := "Missing required header \"Metadata-Flavor\": \"Google\"\n"; got.status != http.StatusForbidden || got.body != want {
				t.Errorf("status %d with %q, want %q", got.status, got.body, want)
			}
			got = s.get("/computeMetadata/v1/instance/attributes/?recursive=true")
			if want := `{"cluster-location":"us-central1-c","cluster-name":"cluster-1"}`; got.body != want || got.header.Get("Server") != "GKE Metadata Server" {
				t.Errorf("%q from %q, want %q", got.body, got.header.Get("Server"), want)
			}
			if got := s.get("/computeMetadata/v1/instance/service-accounts/default/email").body; got != "web@contoso-prod.iam.gserviceaccount.com" {
				t.Errorf("email %q", got)
			}
			if got := s.payload("?audience=a&format=full"); got["google"] != nil || got["email"] != "web@contoso-prod.iam.gserviceaccount.com" {
				t.Errorf("claims %v, want the account and no instance", got)
			}
		})
	}
}

func TestAccessToken(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	read := func(query string) (string, int) {
		t.Helper()
		got := s.get(token + query)
		var access struct {
			AccessToken string `json:"access_token"`
			ExpiresIn   int    `json:"expires_in"`
			TokenType   string `json:"token_type"`
		}
		if err := json.Unmarshal([]byte(got.body), &access); err != nil {
			t.Fatal(err)
		}
		if got.header.Get("Content-Type") != "application/json" || access.TokenType != "Bearer" || !strings.HasPrefix(access.AccessToken, "ya29.c.") {
			t.Errorf("%s with Content-Type %q", access.TokenType, got.header.Get("Content-Type"))
		}
		return access.AccessToken, access.ExpiresIn
	}
	first, life := read("")
	if life < 3590 || life > 3599 {
		t.Errorf("expires_in is %d, want 3599", life)
	}
	if again, _ := read("?scopes=" + cloud); again != first {
		t.Error("another token within the minute")
	}
	if other, _ := read("?scopes=" + cloud + ",email"); other == first {
		t.Error("the same token for other scopes")
	}
	s.ahead.Add(int64(30 * time.Minute))
	if later, life := read(""); later != first || life > 1800 {
		t.Errorf("half an hour later a token with %d seconds left, want the same one", life)
	}
	s.ahead.Add(int64(26 * time.Minute))
	if later, _ := read(""); later == first {
		t.Error("the same token although it is about to expire")
	}
}

// TestWait asks for changes that never come, on a clock of its own.
func TestWait(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ending chan struct{}, leave func()){
		"timeout": func(chan struct{}, func()) {}, // the clock goes on while everybody waits
		"end":     func(ending chan struct{}, _ func()) { close(ending) },
		"leave":   func(_ chan struct{}, leave func()) { leave() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				iss := newIssuer(t)
				ending := make(chan struct{})
				api, err := gcp.Platform.Native.New(issuer.Workload{Issuer: iss, Now: time.Now, Rand: rand.Reader, Ending: ending})
				if err != nil {
					t.Fatal(err)
				}
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/computeMetadata/v1/project/project-id?wait_for_change=true&timeout_sec=60", nil)
				r.Header.Set("Metadata-Flavor", "Google")
				w := httptest.NewRecorder()
				done := make(chan struct{})
				begin := time.Now()
				go func() { defer close(done); api.Handler.ServeHTTP(w, r) }()
				synctest.Wait()
				select {
				case <-done:
					t.Fatal("an answer although nothing has changed")
				default:
				}
				end(ending, leave)
				<-done
				if waited := time.Since(begin); (waited == time.Minute) != (name == "timeout") {
					t.Errorf("waited for %s", waited)
				}
				if w.Code != http.StatusOK || w.Body.String() != "contoso-prod" {
					t.Errorf("status %d with %q, want the value", w.Code, w.Body)
				}
			})
		})
	}
}

// TestPollsAreBounded has as many requests wait as there may be: the next one is refused, and one that has gone makes
// room.
func TestPollsAreBounded(t *testing.T) {
	t.Parallel()
	const most = 100
	synctest.Test(t, func(t *testing.T) {
		api, err := gcp.Platform.Native.New(issuer.Workload{Issuer: newIssuer(t), Now: time.Now, Rand: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		poll := func(seconds string) int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/computeMetadata/v1/project/project-id?wait_for_change=true&timeout_sec="+seconds, nil)
			r.Header.Set("Metadata-Flavor", "Google")
			w := httptest.NewRecorder()
			api.Handler.ServeHTTP(w, r)
			return w.Code
		}
		var waiting sync.WaitGroup
		for range most {
			waiting.Go(func() {
				if code := poll("86400"); code != http.StatusOK {
					t.Errorf("a request that waited for a day: status %d, want 200", code)
				}
			})
		}
		synctest.Wait()
		if code := poll("0"); code != http.StatusServiceUnavailable {
			t.Errorf("beside %d that wait: status %d, want 503", most, code)
		}
		waiting.Wait()
		if code := poll("0"); code != http.StatusOK {
			t.Errorf("after them: status %d, want 200", code)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	handler := fuzzed(f)
	f.Add("/computeMetadata/v1/instance", "recursive=true", "Google")
	f.Add(identity, "audience=a&format=full&licenses=TRUE", "Google")
	f.Add(token, "scopes=a,b", "")
	f.Add("/computeMetadata/v1/project/project-id", "wait_for_change=true&timeout_sec=5", "Google")
	f.Add("/tokeninfo", "id_token=a.b.c&access_token=ya29.c.", "")
	f.Fuzz(func(t *testing.T, path, query, flavor string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header.Set("Metadata-Flavor", flavor)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("status %d for %q?%q", w.Code, path, query)
		}
	})
}
