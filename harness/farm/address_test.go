package farm_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// services are the platforms' services that some preset mints at, with the path below a base.
func services() (all []struct {
	path    string
	service issuer.Service
}) {
	for _, p := range issuers.All() {
		for _, service := range p.Services {
			if !slices.ContainsFunc(p.Presets, func(preset issuer.Preset) bool { return preset.Service == service.Name }) {
				continue
			}
			path := "/" + p.Name
			if service.Name != "" {
				path += "/" + service.Name
			}
			if strings.HasSuffix(service.Issuer, "/") {
				path += "/"
			}
			all = append(all, struct {
				path    string
				service issuer.Service
			}{path, service})
		}
	}
	return all
}

func TestCanonicalAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	client := canonical(s, control.DefaultWorld)
	all := services()
	if len(all) < 2*len(issuers.All())-len(issuers.All())/2 {
		t.Fatalf("only %d services of %d platforms", len(all), len(issuers.All()))
	}
	for _, tt := range all {
		t.Run(strings.Trim(tt.path, "/"), func(t *testing.T) {
			t.Parallel()
			doc := document(t, client, strings.TrimSuffix(tt.service.Issuer, "/")+discoveryPath)
			if doc["issuer"] != tt.service.Issuer {
				t.Errorf("issuer %q, want %q", doc["issuer"], tt.service.Issuer)
			}
			want := tt.service.JWKS
			if strings.HasPrefix(want, "/") {
				want = strings.TrimSuffix(tt.service.Issuer, "/") + want
			}
			if doc["jwks_uri"] != want {
				t.Errorf("jwks_uri %q, want %q", doc["jwks_uri"], want)
			}
			if keys, _ := document(t, client, want)["keys"].([]any); len(keys) != len(tt.service.Keys) {
				t.Errorf("%d keys, want %d", len(keys), len(tt.service.Keys))
			}
		})
	}
}

func TestByPathAddresses(t *testing.T) {
	t.Parallel()
	const public = "https://farm.contoso.com/some/where/"
	s := start(t, farm.Options{PublicURL: public})
	_, port, _ := strings.Cut(s.Addr(plane.Issuer), ":")
	bases := map[string]*http.Client{
		"https://127.0.0.1:" + port:     trusting(s),
		"https://localhost:" + port:     trusting(s),
		strings.TrimSuffix(public, "/"): canonical(s, control.DefaultWorld), // in the place of a tunnel, which keeps the Host header
	}
	for base, client := range bases {
		for _, tt := range services() {
			t.Run(base+tt.path, func(t *testing.T) {
				t.Parallel()
				at := base + tt.path
				doc := document(t, client, strings.TrimSuffix(at, "/")+discoveryPath)
				if doc["issuer"] != at {
					t.Errorf("issuer %q, want %q", doc["issuer"], at)
				}
				jwks, _ := doc["jwks_uri"].(string)
				if !strings.HasPrefix(jwks, strings.TrimSuffix(at, "/")+"/") {
					t.Fatalf("jwks_uri %q is not below %q", jwks, at)
				}
				if keys, _ := document(t, client, jwks)["keys"].([]any); len(keys) == 0 {
					t.Error("no keys")
				}
				// Only the endpoints at which people sign in, which the farm has not, name the real service.
				for name, value := range doc {
					text, _ := value.(string)
					if strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, at) && !strings.HasSuffix(name, "_endpoint") {
						t.Errorf("%s %q is not below %q", name, text, at)
					}
				}
			})
		}
	}
}

func TestHostHeader(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	client := trusting(s)
	issuerAddr, entraAddr := s.Addr(plane.Issuer), s.Addr(plane.Entra)
	_, port, _ := strings.Cut(issuerAddr, ":")
	const tenant = "/contoso.onmicrosoft.com/v2.0" + discoveryPath
	tests := []struct {
		name, addr, path, host string
		status                 int
		issuer                 string // how a URL in the document begins; empty: there is no document
	}{
		{"canonical", issuerAddr, discoveryPath, "accounts.google.com", http.StatusOK, "https://accounts.google.com"},
		{"https' port", issuerAddr, discoveryPath, "accounts.google.com:443", http.StatusOK, "https://accounts.google.com"},
		{"the listener's port", issuerAddr, discoveryPath, "accounts.google.com:" + port, http.StatusOK, "https://accounts.google.com"},
		{"another port", issuerAddr, discoveryPath, "accounts.google.com:1234", http.StatusNotFound, ""},
		{"upper case", issuerAddr, discoveryPath, "Accounts.GOOGLE.com", http.StatusOK, "https://accounts.google.com"},
		{"upper case and port", issuerAddr, discoveryPath, "LOCALHOST:" + port, http.StatusNotFound, ""},
		{"upper case and path", issuerAddr, "/gcp" + discoveryPath, "LOCALHOST:" + port, http.StatusOK, "https://localhost:" + port + "/gcp"},
		// A name with a dot at its end is the same to DNS; what the real hosts answer is not known, so the farm does
		// not know it.
		{"dot at the end", issuerAddr, discoveryPath, "accounts.google.com.", http.StatusNotFound, ""},
		{"unknown", issuerAddr, discoveryPath, "www.example.net", http.StatusNotFound, ""},
		{"ends like a known one", issuerAddr, discoveryPath, "xaccounts.google.com", http.StatusNotFound, ""},
		{"below a known one", issuerAddr, discoveryPath, "x.accounts.google.com", http.StatusNotFound, ""},
		{"another issuer's path", issuerAddr, "/gcp" + discoveryPath, "accounts.google.com", http.StatusNotFound, ""},
		{"path in another case", issuerAddr, "/GCP" + discoveryPath, "", http.StatusNotFound, ""},
		{"escaped path", issuerAddr, "/gc%70" + discoveryPath, "", http.StatusNotFound, ""},
		{"double slash", issuerAddr, "//gcp" + discoveryPath, "", http.StatusNotFound, ""},
		{"dots", issuerAddr, "/github/../gcp" + discoveryPath, "", http.StatusNotFound, ""},
		{"root", issuerAddr, "/", "", http.StatusNotFound, ""},
		{"login", entraAddr, tenant, "login.microsoftonline.com", http.StatusOK, "https://login.microsoftonline.com/"},
		{"login with https' port", entraAddr, tenant, "login.microsoftonline.com:443", http.StatusOK, "https://login.microsoftonline.com/"},
		{"login in upper case", entraAddr, tenant, "LOGIN.microsoftonline.com", http.StatusOK, "https://login.microsoftonline.com/"},
		{"alias", entraAddr, tenant, "login.windows.net", http.StatusOK, "https://login.microsoftonline.com/"},
		{"region", entraAddr, tenant, "westus.login.microsoft.com", http.StatusOK, "https://login.microsoftonline.com/"},
		{"login by address", entraAddr, tenant, "", http.StatusOK, "https://" + entraAddr + "/"},
		{"login through a mapped port", entraAddr, tenant, "127.0.0.1:54321", http.StatusOK, "https://127.0.0.1:54321/"},
		{"login at an unknown host", entraAddr, tenant, "www.example.net", http.StatusNotFound, ""},
		{"login with a dot at the end", entraAddr, tenant, "login.microsoftonline.com.", http.StatusNotFound, ""},
		{"below a login host", entraAddr, tenant, "x.login.microsoftonline.com", http.StatusNotFound, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, body := get(t, client, "https://"+tt.addr+tt.path, tt.host)
			if status != tt.status {
				t.Fatalf("status %d, want %d: %s", status, tt.status, body)
			}
			if tt.issuer != "" && !strings.Contains(body, `"`+tt.issuer) {
				t.Errorf("the document does not name %q: %s", tt.issuer, body)
			}
		})
	}
}

// TestHostsOfEveryAddress reaches a farm as its neighbours do, by the address and the names that it was told of: only a
// listener on every address answers to them, since no other can be reached by them.
func TestHostsOfEveryAddress(t *testing.T) {
	t.Parallel()
	hosts := []string{"10.1.2.3", "Farm.Contoso.com", "fd00::7", "localhost"}
	const tenant = "/contoso.onmicrosoft.com/v2.0"
	for _, tt := range []struct {
		addr   string
		status int
	}{{"0.0.0.0:0", http.StatusOK}, {free, http.StatusNotFound}} {
		s := start(t, farm.Options{Hosts: hosts, Addr: map[plane.Plane]string{plane.Issuer: tt.addr, plane.Entra: tt.addr}})
		for _, host := range hosts[:3] {
			for _, p := range []plane.Plane{plane.Issuer, plane.Entra} {
				t.Run(tt.addr+" "+host+" "+string(p), func(t *testing.T) {
					t.Parallel()
					_, port, err := net.SplitHostPort(s.Addr(p))
					if err != nil {
						t.Fatal(err)
					}
					client := trusting(s)
					client.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
						return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+port) // in the place of the network
					}
					base := "https://" + net.JoinHostPort(strings.ToLower(host), port)
					path, issuer := "/github", base+"/github"
					if p == plane.Entra {
						path, issuer = tenant, base+"/"
					}
					status, body := get(t, client, base+path+discoveryPath, "")
					if status != tt.status {
						t.Fatalf("status %d, want %d: %s", status, tt.status, body)
					}
					if status == http.StatusOK && !strings.Contains(body, `"issuer":"`+issuer) {
						t.Errorf("the document is not that of %q: %s", issuer, body)
					}
				})
			}
		}
	}
}

// TestResolver says where a client's names lead: nowhere outside the farm.
func TestResolver(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Hosts: []string{"10.1.2.3"}})
	client := canonical(s, control.DefaultWorld)
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if _, err := manager.AddIssuer(t.Context(), control.DefaultWorld, control.IssuerSpec{Platform: "github", URL: "https://10.1.2.3/here"}); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{
		"https://TOKEN.actions.githubusercontent.com" + discoveryPath,
		"https://LOGIN.microsoftonline.com/contoso.onmicrosoft.com/v2.0" + discoveryPath,
		"https://westus.login.microsoft.com/contoso.onmicrosoft.com/v2.0" + discoveryPath,
		"https://" + s.Addr(plane.Issuer) + "/github" + discoveryPath,
		"https://10.1.2.3/here" + discoveryPath,
	} {
		if document(t, client, address)["jwks_uri"] == nil {
			t.Errorf("GET %s: no jwks_uri", address)
		}
	}
	for _, address := range []string{"https://www.example.net/", "https://8.8.8.8/"} {
		resp, err := client.Get(address)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("GET %s: status %d, want a failed handshake: the authority may not sign for that", address, resp.StatusCode)
		}
	}
	if status, _ := get(t, client, "http://token.actions.githubusercontent.com"+discoveryPath, ""); status != http.StatusBadRequest {
		t.Errorf("http: status %d, want %d", status, http.StatusBadRequest)
	}
	if _, err := plane.NewResolver(nil, []byte("no certificate"), nil); err == nil {
		t.Error("a resolver without a certificate")
	}
}
