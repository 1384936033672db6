package generic

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// started is a workload with its API on a server, as a farm has it.
type started struct {
	*httptest.Server
	api   *issuer.API
	found issuer.Found
}

// start makes a workload of a preset; the API is below a prefix.
func start(t testing.TB, preset string, claims issuer.Claims, audience string) started {
	t.Helper()
	iss, err := issuer.New(Platform, issuer.WithPreset(preset), issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s := started{Server: httptest.NewServer(mux)}
	t.Cleanup(s.Close)
	base := s.URL + "/w/1"
	s.api, err = Platform.Native.New(issuer.Workload{Issuer: iss, Claims: claims, Base: base, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if s.api.Handler != nil {
		mux.Handle("/w/1/", http.StripPrefix("/w/1", s.api.Handler))
	}
	env, err := s.api.Env(audience)
	if err != nil {
		t.Fatal(err)
	}
	s.found = issuer.Found{Base: base, Env: env}
	return s
}

func (s started) fetch(t testing.TB, audience string) map[string]any {
	t.Helper()
	token, err := Platform.Native.Fetch(t.Context(), s.Client(), s.found, audience)
	if err != nil {
		t.Fatal(err)
	}
	_, claims := issuertest.Decode(t, token)
	return claims
}

func names(env map[string]string) []string {
	var all []string
	for _, name := range []string{
		"ID_TOKEN", "CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2", "BITBUCKET_STEP_OIDC_TOKEN", oidcRequestURI, accessToken,
		serviceConnection, idTokenRequestURL, idTokenRequestToken, agentEndpoint, agentAccessToken, buildkiteJob,
	} {
		if env[name] != "" {
			all = append(all, name)
		}
	}
	if len(all) != len(env) {
		all = append(all, "and others")
	}
	return all
}

// TestDelivery fetches a token in every preset.
func TestDelivery(t *testing.T) {
	t.Parallel()
	oidc, id := []string{oidcRequestURI, accessToken}, []string{idTokenRequestURL, idTokenRequestToken}
	asks := map[string]struct {
		env []string
		aud any // asked for "a"
	}{
		"plain":                 {[]string{"ID_TOKEN"}, "a"},
		"gitlab":                {[]string{"ID_TOKEN"}, "a"},
		"gitlab-tag":            {[]string{"ID_TOKEN"}, "a"},
		"gitlab-project-id":     {[]string{"ID_TOKEN"}, "a"},
		"circleci":              {[]string{"CIRCLE_OIDC_TOKEN"}, "a"},
		"circleci-v2":           {[]string{"CIRCLE_OIDC_TOKEN_V2"}, "a"},
		"buildkite":             {[]string{agentEndpoint, agentAccessToken, buildkiteJob}, "a"},
		"bitbucket":             {[]string{"BITBUCKET_STEP_OIDC_TOKEN"}, []any{"a"}},
		"azure-devops":          {append(oidc, serviceConnection), entraAudience},
		"azure-devops-pipeline": {oidc, entraAudience},
		"forgejo":               {id, "a"},
		"forgejo-tag":           {id, "a"},
		"forgejo-pull-request":  {id, "a"},
	}
	for _, name := range Platform.PresetNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := asks[name]
			s := start(t, name, nil, "a")
			if diff := cmp.Diff(want.env, names(s.found.Env)); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
			claims := s.fetch(t, "a")
			if diff := cmp.Diff(want.aud, claims["aud"]); diff != "" {
				t.Errorf("aud (-want +got):\n%s", diff)
			}
			direct := mint(t, name, issuer.Request{})
			if claims["sub"] != direct["sub"] || claims["iss"] != direct["iss"] {
				t.Errorf("sub %q of %q, want %q of %q", claims["sub"], claims["iss"], direct["sub"], direct["iss"])
			}
			if got := start(t, name, nil, "").fetch(t, "")["aud"]; !cmp.Equal(got, direct["aud"]) {
				t.Errorf("without an audience, aud is %v, want %v", got, direct["aud"])
			}
		})
	}
}

// TestWorkloadClaims looks for the workload's own claims in the token.
func TestWorkloadClaims(t *testing.T) {
	t.Parallel()
	for preset, want := range map[string]string{"gitlab": "x", "forgejo": "x", "azure-devops": "x"} {
		if got := start(t, preset, issuer.Claims{"sub": "x"}, "").fetch(t, "")["sub"]; got != want {
			t.Errorf("%s: sub is %q, want %q", preset, got, want)
		}
	}
}

// TestPipelineSubject asks for the token of the pipeline in a job that has a service connection too.
func TestPipelineSubject(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ preset, sub, want string }{
		{"azure-devops", "", "p://contoso/app/build"},
		{"azure-devops", "sc://fabrikam/web/prod", "p://fabrikam/web/build"},
		{"azure-devops", "/eid1/c/pub/t/x/a/y/sc/z/w", "p://contoso/app/build"},
		{"azure-devops", "sc://odd", "p://contoso/app/build"},
		{"azure-devops-pipeline", "p://fabrikam/web/ci", "p://fabrikam/web/ci"},
	} {
		claims := issuer.Claims{}
		if tt.sub != "" {
			claims["sub"] = tt.sub
		}
		s := start(t, tt.preset, claims, "")
		delete(s.found.Env, serviceConnection)
		if got := s.fetch(t, "")["sub"]; got != tt.want {
			t.Errorf("%s with sub %q: %q, want %q", tt.preset, tt.sub, got, tt.want)
		}
	}
}

func TestEachRequestMintsAnew(t *testing.T) {
	t.Parallel()
	for _, preset := range []string{"azure-devops", "forgejo"} {
		s := start(t, preset, nil, "")
		env, err := s.api.Env("")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.found.Env, env); diff != "" {
			t.Errorf("%s: a second environment of the same job differs (-first +second):\n%s", preset, diff)
		}
		env[accessToken] = "spoilt"
		s.fetch(t, "")
	}
}

// request is a raw request to the API of a job.
type request struct {
	method, query string
	header        map[string]string // {secret} stands for the credential
	body          io.Reader
}

func (s started) send(t *testing.T, address, secret string, r request) (*http.Response, string) {
	t.Helper()
	address, _, _ = strings.Cut(address, "?")
	req, err := http.NewRequestWithContext(t.Context(), r.method, address+r.query, r.body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.header {
		req.Header.Set(name, strings.ReplaceAll(value, "{secret}", secret))
	}
	client := &http.Client{Transport: s.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" && strings.Contains(string(body), secret) {
		t.Errorf("%s %s: the answer has the credential", r.method, r.query)
	}
	return resp, string(body)
}

func TestAzureDevOpsRefuses(t *testing.T) {
	t.Parallel()
	const version = "?api-version=7.1"
	good := map[string]string{"Authorization": "Bearer {secret}"}
	for _, tt := range []struct {
		name string
		request
		status int
		header [2]string
		want   string
	}{
		{
			name: "GET", request: request{"GET", version + "&serviceConnectionId=" + azureConnectionID, good, nil}, status: 405, header: [2]string{"Allow", "POST"},
			want: `{"count":1,"value":{"Message":"The requested resource does not support http method 'GET'."}}`,
		},
		{
			name: "PUT", request: request{"PUT", version, good, nil}, status: 405,
			want: `{"count":1,"value":{"Message":"The requested resource does not support http method 'PUT'."}}`,
		},
		{
			name: "unknown connection", request: request{"POST", version + "&serviceConnectionId=00000000-0000-0000-0000-000000000000", good, nil}, status: 404,
			want: `{"count":82,"value":"No service connection found with identifier \"00000000-0000-0000-0000-000000000000\""}`,
		},
		{
			name: "no version", request: request{"POST", "", good, nil}, status: 400, header: [2]string{"Content-Type", "application/json; charset=utf-8; api-version=7.1"},
			want: `{"$id":"1","innerException":null,"message":"No api-version was supplied for the \"POST\" request. The version must be supplied either ` +
				`as part of the Accept header (e.g. \"application/json; api-version=1.0\") or as a query parameter (e.g. \"?api-version=1.0\").",` +
				`"typeName":"Microsoft.VisualStudio.Services.WebApi.VssVersionNotSpecifiedException, Microsoft.VisualStudio.Services.WebApi",` +
				`"typeKey":"VssVersionNotSpecifiedException","errorCode":0,"eventId":3000}`,
		},
		{name: "no credential, suppressed", request: request{"POST", version, map[string]string{"X-TFS-FedAuthRedirect": "Suppress"}, nil}, status: 401},
		{
			name:    "wrong credential, suppressed",
			request: request{"POST", version, map[string]string{"Authorization": "Bearer x", "X-TFS-FedAuthRedirect": "suppress"}, nil}, status: 401,
		},
		{
			name: "credential of another scheme", status: 401,
			request: request{"POST", version, map[string]string{"Authorization": "Basic {secret}", "X-TFS-FedAuthRedirect": "Suppress"}, nil},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "azure-devops", nil, "")
			resp, body := s.send(t, s.found.Env[oidcRequestURI], s.found.Env[accessToken], tt.request)
			if resp.StatusCode != tt.status || body != tt.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, tt.status, tt.want)
			}
			if name := tt.header[0]; name != "" && resp.Header.Get(name) != tt.header[1] {
				t.Errorf("%s is %q, want %q", name, resp.Header.Get(name), tt.header[1])
			}
			s.fetch(t, "") // the API is well
		})
	}
}

// TestAzureDevOpsTooLong is without a network: a client that still sends when the answer comes may see that its connection has ended.
func TestAzureDevOpsTooLong(t *testing.T) {
	t.Parallel()
	s := start(t, "azure-devops", nil, "")
	address, err := url.Parse(s.found.Env[oidcRequestURI])
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(address.Path, "/w/1")+"?api-version=7.1", bytes.NewReader(make([]byte, 10<<20)))
	r.Header.Set("Authorization", "Bearer "+s.found.Env[accessToken])
	w := httptest.NewRecorder()
	s.api.Handler.ServeHTTP(w, r)
	want := `{"count":1,"value":{"Message":"Maximum request length exceeded."}}`
	if w.Code != http.StatusRequestEntityTooLarge || w.Body.String() != want {
		t.Errorf("%d %s\nwant 413 %s", w.Code, w.Body, want)
	}
}

func TestAzureDevOpsAccepts(t *testing.T) {
	t.Parallel()
	s := start(t, "azure-devops", nil, "")
	for _, tt := range []struct {
		name, query string
		header      map[string]string
		body        string
		sub         string
	}{
		{"as azidentity", "?api-version=7.1&serviceConnectionId=" + azureConnectionID, nil, "", "sc://contoso/app/azure"},
		{"upper case", "?api-version=7.1&serviceConnectionId=" + strings.ToUpper(azureConnectionID), nil, "", "sc://contoso/app/azure"},
		{"preview", "?api-version=7.1-preview.1", nil, "{}", "p://contoso/app/build"},
		{"version in Accept", "", map[string]string{"Accept": "application/json; api-version=7.1"}, "", "p://contoso/app/build"},
		{"audience", "?api-version=7.1&audience=other", nil, "", "p://contoso/app/build"},
	} {
		header := map[string]string{"Authorization": "bearer {secret}"}
		for name, value := range tt.header {
			header[name] = value
		}
		resp, body := s.send(t, s.found.Env[oidcRequestURI], s.found.Env[accessToken], request{"POST", tt.query, header, strings.NewReader(tt.body)})
		var reply map[string]string
		if err := json.Unmarshal([]byte(body), &reply); err != nil || resp.StatusCode != http.StatusOK || len(reply) != 1 {
			t.Errorf("%s: %d, %d members, error %v", tt.name, resp.StatusCode, len(reply), err)
			continue
		}
		_, claims := issuertest.Decode(t, reply["oidcToken"])
		if claims["sub"] != tt.sub || claims["aud"] != entraAudience {
			t.Errorf("%s: sub %q for %q, want %q for %q", tt.name, claims["sub"], claims["aud"], tt.sub, entraAudience)
		}
	}
}

// TestAzureDevOpsRedirects follows a client that does not suppress the redirect to HTML.
func TestAzureDevOpsRedirects(t *testing.T) {
	t.Parallel()
	s := start(t, "azure-devops", nil, "")
	r := request{"POST", "?api-version=7.1", map[string]string{"Authorization": "Bearer wrong"}, nil}
	resp, body := s.send(t, s.found.Env[oidcRequestURI], s.found.Env[accessToken], r)
	location := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusFound || !strings.HasPrefix(location, "/w/1/_signin?realm=dev.azure.com&reply_to=http") {
		t.Errorf("%d to %q, want 302 to the page to sign in", resp.StatusCode, location)
	}
	if want := "<h2>Object moved to <a href=\"/w/1/_signin?realm=dev.azure.com&amp;reply_to="; !strings.Contains(body, want) {
		t.Errorf("body %q lacks %q", body, want)
	}
	resp, body = s.send(t, s.URL+"/w/1/_signin", "", request{method: "GET"})
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(body, "<!DOCTYPE html>") {
		t.Errorf("the page to sign in: %d %q, want 200 and HTML", resp.StatusCode, body)
	}
}

func TestForgejoRefuses(t *testing.T) {
	t.Parallel()
	s := start(t, "forgejo", nil, "")
	for _, tt := range []struct {
		name string
		request
		status int
		want   string
	}{
		{"no credential", request{method: "GET"}, 401, "Unauthorized\n"},
		{"wrong credential", request{"GET", "?audience=a", map[string]string{"Authorization": "Bearer {secret}x"}, nil}, 401, "Unauthorized\n"},
		{"POST", request{"POST", "", map[string]string{"Authorization": "Bearer {secret}"}, nil}, 405, ""},
	} {
		resp, body := s.send(t, s.found.Env[idTokenRequestURL], s.found.Env[idTokenRequestToken], tt.request)
		if resp.StatusCode != tt.status || body != tt.want {
			t.Errorf("%s: %d %q, want %d %q", tt.name, resp.StatusCode, body, tt.status, tt.want)
		}
	}
	resp, _ := s.send(t, s.URL+"/w/1/elsewhere", "", request{method: "GET"})
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("another path: %d, want 404", resp.StatusCode)
	}
}

// TestFetchRefused looks at what a scenario gets to read.
func TestFetchRefused(t *testing.T) {
	t.Parallel()
	const azureText = " response from the OIDC endpoint. Check service connection ID and Pipeline configuration."
	for _, tt := range []struct {
		name, preset string
		change       map[string]string
		want         issuer.Refused
	}{
		{"azure credential", "azure-devops", map[string]string{accessToken: "x"}, issuer.Refused{Status: 401, Message: "401 Unauthorized" + azureText}},
		{"azure connection", "azure-devops", map[string]string{serviceConnection: "x"}, issuer.Refused{
			Status:  404,
			Message: "404 Not Found" + azureText + "\n" + `{"count":47,"value":"No service connection found with identifier \"x\""}`,
		}},
		{"no connection", "azure-devops-pipeline", map[string]string{serviceConnection: azureConnectionID}, issuer.Refused{
			Status:  404,
			Message: "404 Not Found" + azureText + "\n" + `{"count":82,"value":"No service connection found with identifier \"` + azureConnectionID + `\""}`,
		}},
		{"forgejo credential", "forgejo", map[string]string{idTokenRequestToken: "x"}, issuer.Refused{Status: 401, Message: "Unauthorized"}},
		{"no token", "gitlab", map[string]string{"ID_TOKEN": ""}, issuer.Refused{Message: "generic: the environment has neither a token nor an address to ask for one"}},
	} {
		s := start(t, tt.preset, nil, "")
		for name, value := range tt.change {
			s.found.Env[name] = value
		}
		_, err := Platform.Native.Fetch(t.Context(), s.Client(), s.found, "")
		var got *issuer.Refused
		if !errors.As(err, &got) {
			t.Errorf("%s: error %v, want a *Refused", tt.name, err)
			continue
		}
		if diff := cmp.Diff(&tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestFetchOddAnswers meets servers that answer 200 with something else.
func TestFetchOddAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "{}", `{"value":7,"oidcToken":7}`, "null"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		for name, want := range map[string]string{
			oidcRequestURI: "unexpected response from OIDC endpoint", idTokenRequestURL: "Response json body do not have ID Token field",
		} {
			_, err := Platform.Native.Fetch(t.Context(), srv.Client(), issuer.Found{Env: map[string]string{name: srv.URL + "?x=1"}}, "a")
			var got *issuer.Refused
			if !errors.As(err, &got) || got.Message != want {
				t.Errorf("%s with %q: error %v, want %q", name, body, err, want)
			}
		}
		srv.Close()
	}
}

// TestFetchFails needs an error that is no refusal where nobody answers.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{oidcRequestURI, idTokenRequestURL} {
		for _, address := range []string{"http://127.0.0.1:1/", "http://%zz"} {
			_, err := Platform.Native.Fetch(ctx, http.DefaultClient, issuer.Found{Env: map[string]string{name: address}}, "")
			var refused *issuer.Refused
			if err == nil || errors.As(err, &refused) || !strings.HasPrefix(err.Error(), "generic: ") {
				t.Errorf("%s=%s: error %v, want one that is no refusal", name, address, err)
			}
		}
	}
}

func TestNewAPIFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		w    issuer.Workload
		want string
	}{
		{"preset of another issuer", issuer.Workload{Preset: "gitlab", Rand: rand.Reader}, `generic: preset "gitlab" belongs to another issuer than`},
		{"randomness", issuer.Workload{Rand: strings.NewReader("short")}, "generic: make a credential: "},
		{"base", issuer.Workload{Rand: rand.Reader, Base: "http://%zz"}, "generic: base: "},
	} {
		iss, err := issuer.New(Platform, issuer.WithPreset("azure-devops"))
		if err != nil {
			t.Fatal(err)
		}
		tt.w.Issuer = iss
		if _, err := Platform.Native.New(tt.w); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
	iss, err := issuer.New(Platform, issuer.WithPreset("gitlab"), issuer.WithClaims(issuer.Claims{"ref": []any{}}))
	if err != nil {
		t.Fatal(err)
	}
	api, err := Platform.Native.New(issuer.Workload{Issuer: iss})
	if err != nil {
		t.Fatal(err)
	}
	if env, err := api.Env(""); err == nil || env != nil {
		t.Errorf("a claim that cannot be used: %v and error %v, want an error alone", env, err)
	}
}

// FuzzOIDCToken throws requests with the right credential at both APIs: none crashes them or makes them fail.
func FuzzOIDCToken(f *testing.F) {
	for _, seed := range []string{
		"api-version=7.1&serviceConnectionId=" + azureConnectionID, "api-version=7.1", "audience=a&audience=b", "%zz;=&", "audience=\xff", "serviceConnectionId=%F0%9F%98%80&api-version=1",
	} {
		f.Add("POST", seed, "application/json")
		f.Add("GET", seed, "")
	}
	azure, forgejo := start(f, "azure-devops", nil, ""), start(f, "forgejo", nil, "")
	f.Fuzz(func(t *testing.T, method, query, accept string) {
		for _, s := range []struct {
			started
			address, secret string
		}{{azure, oidcRequestURI, accessToken}, {forgejo, idTokenRequestURL, idTokenRequestToken}} {
			address, err := url.Parse(s.found.Env[s.address])
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(address.Path, "/w/1"), http.NoBody)
			r.Method, r.URL.RawQuery = method, query
			r.Header.Set("Accept", accept)
			r.Header.Set("Authorization", "Bearer "+s.found.Env[s.secret])
			w := httptest.NewRecorder()
			s.api.Handler.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%s ?%s: %d", method, query, w.Code)
			}
			if strings.Contains(w.Body.String(), s.found.Env[s.secret]) {
				t.Errorf("%s ?%s: the answer has the credential", method, query)
			}
		}
	})
}
