package github

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// prefix is what a farm has before a workload's API, which does not see it.
const prefix = "/w/7f3a"

// runner is a job on its runner: what it finds, and how it speaks.
type runner struct {
	t      *testing.T
	client *http.Client
	found  issuer.Found
}

// newRunner starts the API of a job.
func newRunner(t *testing.T, preset string, claims issuer.Claims, opts ...issuer.Option) *runner {
	t.Helper()
	iss, err := issuer.New(Platform, append([]issuer.Option{issuer.WithPreset(preset), issuer.WithKeys(issuer.GenerateTestKey)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	base := "http://" + server.Listener.Addr().String() + prefix
	api, err := Platform.Native.New(issuer.Workload{
		Issuer: iss, Claims: claims, Base: base, Now: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix(prefix, api.Handler) // no ServeMux, which would clean the double slash away
	server.Start()
	env, err := api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	return &runner{t: t, client: server.Client(), found: issuer.Found{Base: base, Env: env}}
}

// claims are those of a fetched token.
func (r *runner) claims(audience string) map[string]any {
	r.t.Helper()
	token, err := Platform.Native.Fetch(r.t.Context(), r.client, r.found, audience)
	if err != nil {
		r.t.Fatal(err)
	}
	_, claims := issuertest.Decode(r.t, token)
	return claims
}

// do sends a request and returns the answer's status, headers and body.
func (r *runner) do(method, address, authorization, body string) (int, http.Header, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	response, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, response.Header, strings.TrimSpace(string(text))
}

// rest asks the REST API with the job's token.
func (r *runner) rest(method, path, body string) (int, string) {
	r.t.Helper()
	status, _, answer := r.do(method, r.found.Env["GITHUB_API_URL"]+path, "Bearer "+r.found.Env["GITHUB_TOKEN"], body)
	return status, answer
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "", nil)
	const id = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
	base := regexp.QuoteMeta(r.found.Base)
	want := map[string]string{
		"ACTIONS_ID_TOKEN_REQUEST_URL":   base + `/222//idtoken/` + id + `/` + id + `\?api-version=2\.0`,
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": `[0-9a-f]{64}`,
		"GITHUB_API_URL":                 base,
		"GITHUB_TOKEN":                   `ghs_[0-9a-f]{36}`,
	}
	for name, pattern := range want {
		if got := r.found.Env[name]; !regexp.MustCompile(`^` + pattern + `$`).MatchString(got) {
			t.Errorf("%s is %q, want %s", name, got, pattern)
		}
	}
	if len(r.found.Env) != len(want) {
		t.Errorf("%d variables, want %d", len(r.found.Env), len(want))
	}
	if other := newRunner(t, "", nil); other.found.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] == r.found.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
		t.Error("two jobs have the same credential")
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "environment", issuer.Claims{"repository": "contoso/app"})
	claims := r.claims("api://AzureADTokenExchange")
	want := map[string]any{
		"iss": "https://token.actions.githubusercontent.com", "sub": "repo:contoso/app:environment:prod", "aud": "api://AzureADTokenExchange",
	}
	got := map[string]any{"iss": claims["iss"], "sub": claims["sub"], "aud": claims["aud"]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again := r.claims("")
	if again["aud"] != "https://github.com/contoso" {
		t.Errorf("without an audience: aud is %q, want the owner's page", again["aud"])
	}
	if again["jti"] == claims["jti"] {
		t.Errorf("two requests got the same jti %q", claims["jti"])
	}
}

// TestRequest varies what clients send.
func TestRequest(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "", nil)
	now, credential := r.found.Env["ACTIONS_ID_TOKEN_REQUEST_URL"], r.found.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
	ids := strings.Split(strings.TrimSuffix(strings.TrimPrefix(now, r.found.Base+"/222//idtoken/"), "?api-version=2.0"), "/")
	const jobOf = "%s/_apis/distributedtask/hubs/%s/plans/%s/jobs/%s/idtoken?api-version=2.0"
	pipelines := func(base, hub string) string { return fmt.Sprintf(jobOf, base, hub, ids[0], ids[1]) }
	collection := r.found.Base + "/" + strings.Repeat("aB3", 17)[:50] + "/00000000-0000-0000-0000-000000000000"
	const standard = "https://github.com/octo-org"
	for _, tt := range []struct {
		name, method, address, authorization string
		status                               int
		aud                                  string
	}{
		{"today's address", "GET", now, "Bearer " + credential, 200, standard},
		{"the pipelines service", "GET", pipelines(r.found.Base, "Actions"), "Bearer " + credential, 200, standard},
		{"its other hub", "GET", pipelines(r.found.Base, "build"), "Bearer " + credential, 200, standard},
		{"its collection", "GET", pipelines(collection, "Actions"), "Bearer " + credential, 200, standard},
		{"audience", "GET", now + "&audience=a%20b%2Fc", "Bearer " + credential, 200, "a b/c"},
		{"audience as cosign sends it", "GET", now + "&audience=api://AzureADTokenExchange", "bearer " + credential, 200, "api://AzureADTokenExchange"},
		{"audience before the version", "GET", strings.Replace(now, "?", "?audience=x&", 1), "BEARER " + credential, 200, "x"},
		{"empty audience", "GET", now + "&audience=", "Bearer " + credential, 200, standard},
		{"two audiences", "GET", now + "&audience=a&audience=b", "Bearer " + credential, 200, "a"},
		{"a query that is none", "GET", now + "&audience=%zz", "Bearer " + credential, 400, ""},
		{"no credential", "GET", now, "", 401, ""},
		{"an empty credential", "GET", now, "Bearer ", 401, ""},
		{"another credential", "GET", now, "Bearer " + credential[1:] + "0", 401, ""},
		{"the REST API's credential", "GET", now, "Bearer " + r.found.Env["GITHUB_TOKEN"], 401, ""},
		{"another scheme", "GET", now, "Basic " + credential, 401, ""},
		{"no scheme", "GET", now, credential, 401, ""},
		{"another job", "GET", strings.Replace(now, ids[1], ids[0], 1), "Bearer " + credential, 404, ""},
		{"another hub", "GET", pipelines(r.found.Base, "Gates"), "Bearer " + credential, 404, ""},
		{"audience in the path", "GET", strings.Replace(now, "?", "&audience=a?", 1), "Bearer " + credential, 404, ""},
		{"POST", "POST", now, "Bearer " + credential, 404, ""},
		{"the root", "GET", r.found.Base + "/", "Bearer " + credential, 404, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &runner{t: t, client: r.client, found: r.found}
			status, header, body := r.do(tt.method, tt.address, tt.authorization, "")
			if status != tt.status {
				t.Fatalf("status %d, want %d: %s", status, tt.status, body)
			}
			switch status {
			case http.StatusOK:
				var got struct {
					Count int
					Value string
				}
				if err := json.Unmarshal([]byte(body), &got); err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprintf(`{"count":%d,"value":"%s"}`, len(got.Value), got.Value); body != want {
					t.Errorf("answer %s, want %s", body, want)
				}
				if _, claims := issuertest.Decode(t, got.Value); claims["aud"] != tt.aud {
					t.Errorf("aud is %q, want %q", claims["aud"], tt.aud)
				}
				if got, want := header.Get("Content-Type"), "application/json; charset=utf-8"; got != want {
					t.Errorf("content type %q, want %q", got, want)
				}
			case http.StatusUnauthorized:
				if got := header.Get("WWW-Authenticate"); body != "" || got != "Bearer" {
					t.Errorf("answer %q with WWW-Authenticate %q, want an empty one with Bearer", body, got)
				}
			}
		})
	}
}

func TestFetchRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"nothing", 401, ``, "Failed request: (401)"},
		{"an object", 403, `{"message":"Can't issue ID_TOKEN for job in 'Pending' state."}`, "Can't issue ID_TOKEN for job in 'Pending' state."},
		{"text", 503, "Service Unavailable\n", "Service Unavailable"},
		{"no token", 200, `{"count":0}`, "Response json body do not have ID Token field"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			_, err := fetch(t.Context(), server.Client(), issuer.Found{Env: map[string]string{
				requestURLVariable: server.URL + "/?a=b", requestTokenVariable: "secret",
			}}, "x")
			var refused *issuer.Refused
			if !errors.As(err, &refused) || refused.Status != tt.status || refused.Message != tt.want {
				t.Errorf("error %#v, want %d %q", err, tt.status, tt.want)
			}
		})
	}
	t.Run("no permission", func(t *testing.T) {
		t.Parallel()
		_, err := fetch(t.Context(), http.DefaultClient, issuer.Found{}, "")
		if want := "Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	})
	t.Run("not JSON", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }))
		defer server.Close()
		_, err := fetch(t.Context(), server.Client(), issuer.Found{Env: map[string]string{
			requestURLVariable: server.URL, requestTokenVariable: "secret",
		}}, "")
		if err == nil || !strings.HasPrefix(err.Error(), "github: token response: ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v, want one of github's without the credential", err)
		}
	})
}

// TestNewRefuses looks at the workloads that cannot be.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	iss, err := issuer.New(Platform, issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		w    issuer.Workload
		want string
	}{
		{"claim", issuer.Workload{Issuer: iss, Rand: rand.Reader, Claims: issuer.Claims{"ref": []any{}}}, `github: claim "ref": want a string, got []interface {}`},
		{"preset", issuer.Workload{Issuer: iss, Rand: rand.Reader, Preset: "brunch"}, `github: no preset "brunch"`},
		{"randomness", issuer.Workload{Issuer: iss, Rand: iotest.ErrReader(io.ErrUnexpectedEOF)}, "github: credentials of a job: unexpected EOF"},
	} {
		if _, err := Platform.Native.New(tt.w); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestFaulty lets a fault of the issuer stop the minting after the workload was made.
func TestFaulty(t *testing.T) {
	t.Parallel()
	iss, err := issuer.New(Platform, issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	api, err := Platform.Native.New(issuer.Workload{Issuer: iss, Base: "https://farm.example", Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	env, err := api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	iss.SetTampers(issuer.Tamper{Token: func(issuer.Signed) (string, error) { return "", errors.New("fault") }})
	req := httptest.NewRequest(http.MethodGet, env[requestURLVariable], nil)
	req.Header.Set("Authorization", "Bearer "+env[requestTokenVariable])
	answer := httptest.NewRecorder()
	api.Handler.ServeHTTP(answer, req)
	if answer.Code != http.StatusServiceUnavailable || answer.Body.Len() != 0 {
		t.Errorf("status %d with body %q, want 503 and nothing", answer.Code, answer.Body)
	}
}

// TestHangUp lets clients go away in the middle of what they send.
func TestHangUp(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "", nil)
	ctx, cancel := context.WithCancel(t.Context())
	body, send := io.Pipe()
	go func() {
		_, _ = send.Write([]byte(`{"use_default":`))
		cancel()
		_ = send.CloseWithError(context.Canceled)
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, r.found.Base+"/repos/octo-org/octo-repo/actions/oidc/customization/sub", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+r.found.Env[apiTokenVariable])
	if response, err := r.client.Do(req); err == nil {
		response.Body.Close()
		t.Errorf("status %d for a request that never ended", response.StatusCode)
	}
	if got, want := r.claims("")["sub"], "repo:octo-org/octo-repo:ref:refs/heads/main"; got != want {
		t.Errorf("sub is %q, want %q", got, want)
	}
}

// TestConcurrent customises and mints at the same time, for the race detector and so that no token has half a
// customisation.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "", nil)
	const path = "/repos/octo-org/octo-repo/actions/oidc/customization/sub"
	known := map[any]bool{"repo:octo-org/octo-repo:ref:refs/heads/main": true, "repository_owner:octo-org": true}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			body := `{"use_default":true}`
			if n%2 == 0 {
				body = `{"use_default":false,"include_claim_keys":["repository_owner"]}`
			}
			if status, answer := r.rest(http.MethodPut, path, body); status != http.StatusCreated {
				t.Errorf("status %d: %s", status, answer)
			}
			token, err := fetch(t.Context(), r.client, r.found, "a")
			if err != nil {
				t.Error(err)
				return
			}
			if _, claims := issuertest.Decode(t, token); !known[claims["sub"]] {
				t.Errorf("sub is %q", claims["sub"])
			}
		})
	}
	wg.Wait()
}

// FuzzNative sends any request to the API with the right credentials.
func FuzzNative(f *testing.F) {
	iss, err := issuer.New(Platform, issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		f.Fatal(err)
	}
	api, err := Platform.Native.New(issuer.Workload{Issuer: iss, Base: "https://farm.example", Rand: rand.Reader})
	if err != nil {
		f.Fatal(err)
	}
	env, err := api.Env("")
	if err != nil {
		f.Fatal(err)
	}
	const repository, organization = "/repos/octo-org/octo-repo/actions/oidc/customization/sub", "/orgs/octo-org/actions/oidc/customization/sub"
	f.Add("PUT", repository, "", []byte(`{"use_default":false,"include_claim_keys":["repo","context"]}`))
	f.Add("PUT", repository, "", []byte(`{"use_default":null,"include_claim_keys":[1,{"a":"b"},"a b"],"use_immutable_subject":"x"}`))
	f.Add("PUT", organization, "", []byte(`[`))
	f.Add("GET", organization, "", []byte(nil))
	f.Add("GET", "", "&audience=a&audience=%zz;", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path, query string, body []byte) {
		address, err := url.Parse(env[requestURLVariable])
		if err != nil {
			t.Fatal(err)
		}
		address.RawQuery += query
		credential := env[requestTokenVariable]
		if path != "" {
			address.Path, credential = path, env[apiTokenVariable]
		}
		req := (&http.Request{
			Method: method, URL: address, Host: address.Host, Body: io.NopCloser(bytes.NewReader(body)), RequestURI: address.RequestURI(),
			Header: http.Header{"Authorization": {"Bearer " + credential}},
		}).WithContext(t.Context())
		answer := httptest.NewRecorder()
		api.Handler.ServeHTTP(answer, req)
		if answer.Code >= http.StatusInternalServerError || answer.Code < http.StatusOK {
			t.Errorf("status %d: %s", answer.Code, answer.Body)
		}
		for _, secret := range []string{env[requestTokenVariable], env[apiTokenVariable]} {
			if strings.Contains(answer.Body.String(), secret) {
				t.Errorf("the answer holds a credential: %s", answer.Body)
			}
		}
	})
}
