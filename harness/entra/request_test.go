package entra_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestRequestForms are requests in an unusual form that are good.
func TestRequestForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, url string
		more      string // of the body
	}{
		{"semicolon in a parameter", tokenURL, "&state=a;b"},
		{"semicolon that parts nothing", tokenURL, "&state=a;scope=openid"},
		{"path in another case", "https://login.microsoftonline.com/contoso.onmicrosoft.com/OAuth2/v2.0/Token", ""},
		{"tenant in another case", "https://login.microsoftonline.com/CONTOSO.onmicrosoft.com/oauth2/V2.0/token", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			req := formRequest(tt.url, r.params(r.issuer.mint(r.claims(nil)), nil).Encode()+tt.more)
			if got := r.do(req); got.status != http.StatusOK {
				t.Error(got.raw)
			}
			if route := r.server.Route(req); route != "POST /{tenant}/oauth2/v2.0/token" {
				t.Errorf("route %q", route)
			}
		})
	}
}

// TestContentTypes: the media type decides, whatever follows it.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	for value, code := range map[string]int{
		"application/x-www-form-urlencoded; charset":                     0,
		"application/x-www-form-urlencoded; charset=utf-8; charset=a":    0,
		"application/x-www-form-urlencoded;":                             0,
		"application/x-www-form-urlencoded; =":                           0,
		"Application/X-WWW-Form-URLEncoded ;charset=utf-8":               0,
		"application/x-www-form-urlencodedx":                             900144,
		"text/plain; application/x-www-form-urlencoded":                  900144,
		"application/json, application/x-www-form-urlencoded; charset=x": 900144,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			req := r.present(r.issuer.mint(r.claims(nil)))
			req.Header.Set("Content-Type", value)
			if got := r.do(req); got.code() != code {
				t.Error(got.raw)
			}
		})
	}
}

// TestOtherGrants: a grant that Entra has is answered in a way that is not Entra's, whatever comes with it, and
// AADSTS70003 is left to the others.
func TestOtherGrants(t *testing.T) {
	t.Parallel()
	for _, grant := range []string{
		"authorization_code", "refresh_token", "password", "device_code", "urn:ietf:params:oauth:grant-type:device_code",
		"urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml1_1-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer",
		"user_fic",
	} {
		t.Run(grant, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			for _, form := range []url.Values{
				r.params(r.issuer.mint(r.claims(nil)), map[string]string{"grant_type": grant, "code": "0.x"}),
				{"grant_type": {grant}},
			} {
				got := r.post(tokenURL, form)
				if got.status != http.StatusNotImplemented || got.code() != 0 || got.body["error"] != "grant_not_emulated_by_issuerd" ||
					!strings.HasPrefix(got.body["error_description"].(string), "issuerd does not emulate the grant '"+grant+"', ") || strings.Contains(got.raw, "AADSTS") {
					t.Errorf("status %d, body %s", got.status, got.raw)
				}
				s := got.signIn
				if s.Status != got.status || s.Code != 0 || s.Error != got.body["error"] || len(s.Checks) != 1 || s.Checks[0].OK || s.Checks[0].Got != grant {
					t.Errorf("sign-in %+v", s)
				}
			}
		})
	}
	r := newRig(t)
	if got := r.do(formRequest(tokenURL, "grant_type=password&scope=a&scope=b")); got.code() != 9002313 {
		t.Errorf("a form that can't be read: %s", got.raw)
	}
	if got := r.post("https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/token", url.Values{"grant_type": {"password"}}); got.status != http.StatusNotImplemented {
		t.Errorf("v1.0: %s", got.raw)
	}
}

// TestPreflight asks what a browser asks first.
func TestPreflight(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for path, allowed := range map[string]string{
		"/oauth2/v2.0/token": "", "/v2.0/.well-known/openid-configuration": "GET, OPTIONS", "/discovery/v2.0/keys": "GET, OPTIONS",
		"/discovery/instance": "GET, OPTIONS",
	} {
		got := r.do(httptest.NewRequest(http.MethodOptions, "https://login.microsoftonline.com/common"+path, nil))
		if got.status != http.StatusOK || got.raw != "" || got.header.Get("Access-Control-Allow-Methods") != allowed || got.header.Get("Content-Length") != "0" {
			t.Errorf("%s: status %d, headers %v, body %q", path, got.status, got.header, got.raw)
		}
	}
	if len(r.signIns) != 0 {
		t.Errorf("sign-ins %+v", r.signIns)
	}
}

// TestTokensInWrongPlaces: no sign-in that is recorded holds a token, wherever a client has put one.
func TestTokensInWrongPlaces(t *testing.T) {
	t.Parallel()
	for _, place := range []string{
		"tenant", "agent", "client_id", "grant_type", "scope", "client_assertion_type", "client_secret", "resource", "v1 resource", "client-request-id", "p",
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			token := r.issuer.mint(r.claims(nil))
			target, form := tokenURL, r.params(token, nil)
			switch place {
			case "tenant":
				target = strings.Replace(tokenURL, "contoso.onmicrosoft.com", token, 1)
			case "p":
				target += "?p=" + token
			case "v1 resource":
				target = tokenURLv1
				form.Set("resource", token)
			case "scope":
				form.Set(place, token+"/.default")
			case "agent":
			default:
				form.Set(place, token)
			}
			req := formRequest(target, form.Encode())
			if place == "agent" {
				req.Header.Set("User-Agent", token)
			}
			got := r.do(req)
			if len(r.signIns) != 1 {
				t.Fatalf("%d sign-ins", len(r.signIns))
			}
			signature := token[strings.LastIndex(token, ".")+1:]
			if record := string(mustJSON(got.signIn)); strings.Contains(record, signature) {
				t.Errorf("the sign-in holds the token: %s", record)
			}
		})
	}
}

// TestLargeBodyIsAnswered sends 10 MB over HTTP/1.1 and reads only then, as many clients do. The answer must still be
// there.
func TestLargeBodyIsAnswered(t *testing.T) {
	t.Parallel()
	const size = 10_000_000
	const head = "POST /contoso.onmicrosoft.com/oauth2/v2.0/token HTTP/1.1\r\nHost: login.microsoftonline.com\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	body := strings.Repeat("x", size)
	tests := []struct{ name, request string }{
		{"length", fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, size, body)},
		{"chunked", fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, size, body)},
		// It waits to be told to go on, and sends nothing when it is not.
		{"expects to go on", fmt.Sprintf("%sContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", head, size)},
	}
	server := httptest.NewServer(newRig(t).server)
	t.Cleanup(server.Close)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, tt.request); err != nil {
				t.Fatalf("write: %v", err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(answer), "AADSTS9002313") {
				t.Errorf("status %d: %s", resp.StatusCode, answer)
			}
		})
	}
}
