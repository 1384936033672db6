package issuers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// knownCORS are the services of which it is known what they send to browsers; true: any origin may read.
var knownCORS = map[string]bool{
	"spiffe/": false, "spiffe/rsa": false, "spiffe/2022": false, "kubernetes/kubeadm": false, "gitlab/": true,
}

// TestCORS asks every service for both documents as a browser does and as other clients do, without and with the option
// for services of which nothing is known.
func TestCORS(t *testing.T) {
	t.Parallel()
	for _, p := range All() {
		for _, service := range p.Services {
			i := slices.IndexFunc(p.Presets, func(preset issuer.Preset) bool { return preset.Service == service.Name })
			if i < 0 {
				continue // nothing mints there
			}
			for _, option := range []bool{false, true} {
				opts := []issuer.Option{issuer.WithPreset(p.Presets[i].Name), issuer.WithKeys(issuer.GenerateTestKey)}
				if option {
					opts = append(opts, issuer.WithCORS())
				}
				iss, err := issuer.New(p, opts...)
				if err != nil {
					t.Fatal(err)
				}
				where := p.Name + "/" + service.Name
				allowed, known := knownCORS[where]
				if !known {
					allowed = option
				}
				wantCORS(t, where, iss, allowed)
			}
		}
	}
}

// wantCORS wants the answers of an issuer that lets every origin read, or of one that lets none.
func wantCORS(t *testing.T, where string, iss *issuer.Issuer, allowed bool) {
	t.Helper()
	const page = "https://page.example"
	allow, refused, status := "", "", http.StatusMethodNotAllowed
	if allowed {
		allow, status = "*", http.StatusOK
	}
	for _, address := range []string{iss.DiscoveryURL(), iss.JWKSURL()} {
		for _, tt := range []struct {
			method string
			header []string
			status int
			allow  string
		}{
			{http.MethodGet, nil, http.StatusOK, ""},
			{http.MethodGet, []string{"Origin", page}, http.StatusOK, allow},
			{http.MethodHead, []string{"Origin", page}, http.StatusOK, allow},
			{http.MethodOptions, nil, http.StatusMethodNotAllowed, ""},
			{http.MethodOptions, []string{"Origin", page, "Access-Control-Request-Method", "GET"}, status, allow},
			{http.MethodOptions, []string{"Origin", page, "Access-Control-Request-Method", "PUT"}, status, refused},
			{http.MethodOptions, []string{"Origin", page, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "x-a"}, status, refused},
		} {
			r := httptest.NewRequest(tt.method, "/", nil)
			at, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			r.URL = at
			for n := 0; n < len(tt.header); n += 2 {
				r.Header.Set(tt.header[n], tt.header[n+1])
			}
			w := httptest.NewRecorder()
			iss.ServeHTTP(w, r)
			if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code != tt.status || got != tt.allow {
				t.Errorf("%s: %s %s with %q: status %d and Access-Control-Allow-Origin %q, want %d and %q",
					where, tt.method, address, tt.header, w.Code, got, tt.status, tt.allow)
			}
		}
	}
}
