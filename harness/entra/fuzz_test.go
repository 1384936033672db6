package entra_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Fuzz these with -fuzzminimizetime 10x: answers hold random ids, which keeps the
// minimizer busy otherwise.

// FuzzAssertion signs in with any assertion. None may pass that the issuer did
// not sign, none may break the server.
func FuzzAssertion(f *testing.F) {
	r := newRig(f)
	good := r.issuer.mint(r.claims(nil))
	f.Add(good)
	f.Add("..")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	for _, payload := range []string{`{}`, `{"iss":1}`, `{"exp":1e999}`, `{"iss":"https://issuer.example","aud":[[]]}`, `null`} {
		f.Add(r.issuer.sign(payload))
	}
	f.Fuzz(func(t *testing.T, assertion string) {
		r.begin(t)
		got := r.post(tokenURL, r.params(assertion, nil))
		if assertion != good && got.status == http.StatusOK && !strings.HasPrefix(good, assertion[:strings.LastIndex(assertion, ".")]) {
			t.Error("a token for an assertion that was not signed")
		}
		if got.status != http.StatusOK && (got.status < 400 || got.status > 499 || got.code() == 0) {
			t.Errorf("status %d, body %s", got.status, got.raw)
		}
	})
}

// FuzzClaims signs any payload with the issuer's key.
func FuzzClaims(f *testing.F) {
	r := newRig(f)
	f.Add(string(mustJSON(r.claims(nil))))
	f.Add(`{"iss":"https://issuer.example","sub":"s","aud":"a","exp":9e99,"iat":-1.5,"nbf":null}`)
	f.Fuzz(func(t *testing.T, payload string) {
		r.begin(t)
		got := r.post(tokenURL, r.params(r.issuer.sign(payload), nil))
		if got.status != http.StatusOK && (got.status < 400 || got.status > 499 || got.code() == 0) {
			t.Errorf("status %d, body %s", got.status, got.raw)
		}
	})
}

// FuzzTokenEndpoint sends any method, tenant, content type and body.
func FuzzTokenEndpoint(f *testing.F) {
	r := newRig(f)
	const form = "application/x-www-form-urlencoded"
	f.Add("POST", r.tenant.ID, form, r.params(r.issuer.mint(r.claims(nil)), nil).Encode())
	f.Add("POST", "common", form, "grant_type=client_credentials")
	f.Add("GET", "contoso.onmicrosoft.com", "", "")
	f.Add("POST", "x", form+"; charset=utf-16", "%zz;a=b&a=b\xff")
	f.Add("POST", r.tenant.ID, "multipart/form-data; boundary=x", "--x\r\n")
	f.Fuzz(func(t *testing.T, method, tenant, contentType, body string) {
		r.begin(t)
		if tenant == "" || strings.Contains(tenant, "/") || !isToken(method) {
			return // another path, or a method that net/http refuses
		}
		req := httptest.NewRequest(http.MethodPost, "https://login.microsoftonline.com/t/oauth2/v2.0/token", strings.NewReader(body))
		req.Method, req.URL.Path = method, "/"+tenant+"/oauth2/v2.0/token"
		req.Header.Set("Content-Type", contentType)
		got := r.do(req)
		if got.status != http.StatusOK && (got.status < 400 || got.status > 499 || got.code() == 0) {
			t.Errorf("status %d, body %s", got.status, got.raw)
		}
	})
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// begin makes the rig report to another test and forget what it recorded.
func (r *rig) begin(t testing.TB) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.t, r.signIns = t, nil
}
