package azuredevops

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

const connection = "service-connection" // the preset

func start(t testing.TB, preset string, claims issuer.Claims) issuertest.Workload {
	t.Helper()
	return issuertest.Start(t, Platform, preset, claims, "")
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	issuertest.Delivery(t, Platform, map[string]issuertest.Delivered{
		connection: {Variables: []string{serviceConnection, accessToken, oidcRequestURI}, Audience: ci.EntraAudience},
		pipeline:   {Variables: []string{accessToken, oidcRequestURI}, Audience: ci.EntraAudience},
	})
}

// TestWorkloadClaims looks for the workload's own claims in the token.
func TestWorkloadClaims(t *testing.T) {
	t.Parallel()
	if got := start(t, connection, issuer.Claims{"sub": "x"}).Fetch(t, "")["sub"]; got != "x" {
		t.Errorf("sub is %q, want %q", got, "x")
	}
}

// TestPipelineSubject asks for the token of the pipeline in a job that has a service connection too.
func TestPipelineSubject(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ preset, sub, want string }{
		{connection, "", "p://contoso/app/build"},
		{connection, "sc://fabrikam/web/prod", "p://fabrikam/web/build"},
		{connection, "/eid1/c/pub/t/x/a/y/sc/z/w", "p://contoso/app/build"},
		{connection, "sc://odd", "p://contoso/app/build"},
		{pipeline, "p://fabrikam/web/ci", "p://fabrikam/web/ci"},
	} {
		claims := issuer.Claims{}
		if tt.sub != "" {
			claims["sub"] = tt.sub
		}
		s := start(t, tt.preset, claims)
		delete(s.Found.Env, serviceConnection)
		if got := s.Fetch(t, "")["sub"]; got != tt.want {
			t.Errorf("%s with sub %q: %q, want %q", tt.preset, tt.sub, got, tt.want)
		}
	}
}

func TestEachRequestMintsAnew(t *testing.T) {
	t.Parallel()
	s := start(t, connection, nil)
	env, err := s.API.Env("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Found.Env, env); diff != "" {
		t.Errorf("a second environment of the same job differs (-first +second):\n%s", diff)
	}
	env[accessToken] = "spoilt"
	s.Fetch(t, "")
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	const version = "?api-version=7.1"
	good := map[string]string{"Authorization": "Bearer {secret}"}
	for _, tt := range []struct {
		name string
		issuertest.Call
		status int
		header [2]string
		want   string
	}{
		{
			name: "GET", Call: issuertest.Call{Method: "GET", Query: version + "&serviceConnectionId=" + connectionID, Header: good}, status: 405, header: [2]string{"Allow", "POST"},
			want: `{"count":1,"value":{"Message":"The requested resource does not support http method 'GET'."}}`,
		},
		{
			name: "PUT", Call: issuertest.Call{Method: "PUT", Query: version, Header: good}, status: 405,
			want: `{"count":1,"value":{"Message":"The requested resource does not support http method 'PUT'."}}`,
		},
		{
			name: "unknown connection", Call: issuertest.Call{Method: "POST", Query: version + "&serviceConnectionId=00000000-0000-0000-0000-000000000000", Header: good}, status: 404,
			want: `{"count":82,"value":"No service connection found with identifier \"00000000-0000-0000-0000-000000000000\""}`,
		},
		{
			name: "no version", Call: issuertest.Call{Method: "POST", Query: "", Header: good}, status: 400, header: [2]string{"Content-Type", "application/json; charset=utf-8; api-version=7.1"},
			want: `{"$id":"1","innerException":null,"message":"No api-version was supplied for the \"POST\" request. The version must be supplied either ` +
				`as part of the Accept header (e.g. \"application/json; api-version=1.0\") or as a query parameter (e.g. \"?api-version=1.0\").",` +
				`"typeName":"Microsoft.VisualStudio.Services.WebApi.VssVersionNotSpecifiedException, Microsoft.VisualStudio.Services.WebApi",` +
				`"typeKey":"VssVersionNotSpecifiedException","errorCode":0,"eventId":3000}`,
		},
		{name: "no credential, suppressed", Call: issuertest.Call{Method: "POST", Query: version, Header: map[string]string{"X-TFS-FedAuthRedirect": "Suppress"}}, status: 401},
		{
			name: "wrong credential, suppressed",
			Call: issuertest.Call{Method: "POST", Query: version, Header: map[string]string{"Authorization": "Bearer x", "X-TFS-FedAuthRedirect": "suppress"}}, status: 401,
		},
		{
			name: "credential of another scheme", status: 401,
			Call: issuertest.Call{Method: "POST", Query: version, Header: map[string]string{"Authorization": "Basic {secret}", "X-TFS-FedAuthRedirect": "Suppress"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, connection, nil)
			resp, body := s.Send(t, s.Found.Env[oidcRequestURI], s.Found.Env[accessToken], tt.Call)
			if resp.StatusCode != tt.status || body != tt.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, tt.status, tt.want)
			}
			if name := tt.header[0]; name != "" && resp.Header.Get(name) != tt.header[1] {
				t.Errorf("%s is %q, want %q", name, resp.Header.Get(name), tt.header[1])
			}
			s.Fetch(t, "") // the API is well
		})
	}
}

// TestTooLong is without a network: a client that still sends when the answer comes may see that its connection has
// ended.
func TestTooLong(t *testing.T) {
	t.Parallel()
	s := start(t, connection, nil)
	w := s.Serve(t, http.MethodPost, s.Found.Env[oidcRequestURI], "api-version=7.1",
		http.Header{"Authorization": {"Bearer " + s.Found.Env[accessToken]}}, bytes.NewReader(make([]byte, 10<<20)))
	want := `{"count":1,"value":{"Message":"Maximum request length exceeded."}}`
	if w.Code != http.StatusRequestEntityTooLarge || w.Body.String() != want {
		t.Errorf("%d %s\nwant 413 %s", w.Code, w.Body, want)
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	s := start(t, connection, nil)
	for _, tt := range []struct {
		name, query string
		header      map[string]string
		body        string
		sub         string
	}{
		{"as azidentity", "?api-version=7.1&serviceConnectionId=" + connectionID, nil, "", "sc://contoso/app/azure"},
		{"upper case", "?api-version=7.1&serviceConnectionId=" + strings.ToUpper(connectionID), nil, "", "sc://contoso/app/azure"},
		{"preview", "?api-version=7.1-preview.1", nil, "{}", "p://contoso/app/build"},
		{"version in Accept", "", map[string]string{"Accept": "application/json; api-version=7.1"}, "", "p://contoso/app/build"},
		{"audience", "?api-version=7.1&audience=other", nil, "", "p://contoso/app/build"},
	} {
		header := map[string]string{"Authorization": "bearer {secret}"}
		for name, value := range tt.header {
			header[name] = value
		}
		resp, body := s.Send(t, s.Found.Env[oidcRequestURI], s.Found.Env[accessToken], issuertest.Call{Method: "POST", Query: tt.query, Header: header, Body: strings.NewReader(tt.body)})
		var reply map[string]string
		if err := json.Unmarshal([]byte(body), &reply); err != nil || resp.StatusCode != http.StatusOK || len(reply) != 1 {
			t.Errorf("%s: %d, %d members, error %v", tt.name, resp.StatusCode, len(reply), err)
			continue
		}
		_, claims := issuertest.Decode(t, reply["oidcToken"])
		if claims["sub"] != tt.sub || claims["aud"] != ci.EntraAudience {
			t.Errorf("%s: sub %q for %q, want %q for %q", tt.name, claims["sub"], claims["aud"], tt.sub, ci.EntraAudience)
		}
	}
}

// TestRedirects follows a client that does not suppress the redirect to HTML.
func TestRedirects(t *testing.T) {
	t.Parallel()
	s := start(t, connection, nil)
	r := issuertest.Call{Method: "POST", Query: "?api-version=7.1", Header: map[string]string{"Authorization": "Bearer wrong"}}
	resp, body := s.Send(t, s.Found.Env[oidcRequestURI], s.Found.Env[accessToken], r)
	location := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusFound || !strings.HasPrefix(location, "/w/1/_signin?realm=dev.azure.com&reply_to=http") {
		t.Errorf("%d to %q, want 302 to the page to sign in", resp.StatusCode, location)
	}
	if want := "<h2>Object moved to <a href=\"/w/1/_signin?realm=dev.azure.com&amp;reply_to="; !strings.Contains(body, want) {
		t.Errorf("body %q lacks %q", body, want)
	}
	resp, body = s.Send(t, s.URL+"/w/1/_signin", "", issuertest.Call{Method: "GET"})
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(body, "<!DOCTYPE html>") {
		t.Errorf("the page to sign in: %d %q, want 200 and HTML", resp.StatusCode, body)
	}
}

// TestFetchRefused looks at what a scenario gets to read.
func TestFetchRefused(t *testing.T) {
	t.Parallel()
	const text = " response from the OIDC endpoint. Check service connection ID and Pipeline configuration."
	issuertest.Refused(t, Platform, connection, map[string]string{accessToken: "x"}, issuer.Refused{Status: 401, Message: "401 Unauthorized" + text})
	issuertest.Refused(t, Platform, connection, map[string]string{serviceConnection: "x"}, issuer.Refused{
		Status:  404,
		Message: "404 Not Found" + text + "\n" + `{"count":47,"value":"No service connection found with identifier \"x\""}`,
	})
	issuertest.Refused(t, Platform, pipeline, map[string]string{serviceConnection: connectionID}, issuer.Refused{
		Status:  404,
		Message: "404 Not Found" + text + "\n" + `{"count":82,"value":"No service connection found with identifier \"` + connectionID + `\""}`,
	})
}

// TestFetchOddAnswers meets servers that answer 200 with something else.
func TestFetchOddAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "{}", `{"oidcToken":7}`, "null"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		_, err := fetch(t.Context(), srv.Client(), issuer.Found{Env: map[string]string{oidcRequestURI: srv.URL + "?x=1"}}, "a")
		var got *issuer.Refused
		if want := "unexpected response from OIDC endpoint"; !errors.As(err, &got) || got.Message != want {
			t.Errorf("%q: error %v, want %q", body, err, want)
		}
		srv.Close()
	}
}

// TestFetchFails needs an error that is no refusal where nobody answers.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, address := range []string{"http://127.0.0.1:1/", "http://%zz"} {
		_, err := fetch(ctx, http.DefaultClient, issuer.Found{Env: map[string]string{oidcRequestURI: address}}, "")
		var refused *issuer.Refused
		if err == nil || errors.As(err, &refused) || !strings.HasPrefix(err.Error(), "azure-devops: ") {
			t.Errorf("%s: error %v, want one that is no refusal", address, err)
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
		{"preset", issuer.Workload{Preset: "branch", Rand: rand.Reader}, `azure-devops: no preset "branch" (have service-connection, pipeline)`},
		{"randomness", issuer.Workload{Rand: strings.NewReader("short")}, "azure-devops: make a credential: "},
		{"base", issuer.Workload{Rand: rand.Reader, Base: "http://%zz"}, "azure-devops: base: "},
	} {
		iss, err := issuer.New(Platform)
		if err != nil {
			t.Fatal(err)
		}
		tt.w.Issuer = iss
		if _, err := newAPI(tt.w); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// FuzzOIDCToken throws requests with the right credential at the API: none crashes it or makes it fail.
func FuzzOIDCToken(f *testing.F) {
	for _, seed := range []string{
		"api-version=7.1&serviceConnectionId=" + connectionID, "api-version=7.1", "%zz;=&", "serviceConnectionId=%F0%9F%98%80&api-version=1",
	} {
		f.Add("POST", seed, "application/json")
		f.Add("GET", seed, "")
	}
	s := start(f, connection, nil)
	f.Fuzz(func(t *testing.T, method, query, accept string) {
		issuertest.Robust(t, s, method, s.Found.Env[oidcRequestURI], query, accept, s.Found.Env[accessToken])
	})
}
