package plane_test

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/farm/ca"
	"github.com/issuerd/issuerd/harness/plane"
)

// TestDefaultAddresses says that no plane is beyond loopback unless told otherwise, and that no two share a listener.
func TestDefaultAddresses(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range plane.All {
		addr := p.DefaultAddr()
		host, _, err := net.SplitHostPort(addr)
		if err != nil || !plane.IsLoopback(host) || seen[addr] {
			t.Errorf("%s: %q, error %v, want an address on loopback of its own", p, addr, err)
		}
		seen[addr] = true
	}
	if got := plane.Issuer.Flag(); got != "--issuer-addr" {
		t.Errorf("flag %q", got)
	}
}

func TestOfHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]plane.Plane{
		"login.microsoftonline.com":           plane.Entra,
		"LOGIN.microsoftonline.us":            plane.Entra,
		"westus.login.microsoft.com":          plane.Entra,
		"graph.microsoft.com":                 plane.Entra,
		"management.chinacloudapi.cn":         plane.Entra,
		"token.actions.githubusercontent.com": plane.Issuer,
		"notlogin.microsoftonline.com":        plane.Issuer,
		"login.microsoft.com.example":         plane.Issuer,
		"":                                    plane.Issuer,
	} {
		if got := plane.OfHost(host); got != want {
			t.Errorf("%q: %s plane, want %s", host, got, want)
		}
	}
}

func TestRealNames(t *testing.T) {
	t.Parallel()
	names := plane.RealNames()
	for _, want := range []string{"token.actions.githubusercontent.com", "login.microsoftonline.com", "graph.microsoft.com", "management.azure.com", "test"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, name := range names {
		if !ca.IsDomain(name) {
			t.Errorf("%q is no domain, so that no authority signs for it", name)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		host, key, bare string
		loopback        bool
	}{
		{"Issuer.Contoso.com", "issuer.contoso.com", "Issuer.Contoso.com", false},
		{"issuer.contoso.com:443", "issuer.contoso.com", "issuer.contoso.com", false},
		{"issuer.contoso.com:8443", "issuer.contoso.com:8443", "issuer.contoso.com", false},
		{"127.0.0.2:443", "127.0.0.2", "127.0.0.2", true},
		{"localhost:1", "localhost:1", "localhost", true},
		{"[::1]:443", "[::1]", "::1", true},
		{"[::1]", "[::1]", "::1", true},
		{"0.0.0.0:1", "0.0.0.0:1", "0.0.0.0", false},
		{"localhost.contoso.com", "localhost.contoso.com", "localhost.contoso.com", false},
	} {
		key, bare := plane.HostKey(tt.host), plane.BareHost(tt.host)
		if key != tt.key || bare != tt.bare || plane.IsLoopback(bare) != tt.loopback {
			t.Errorf("%s: key %q, bare %q, loopback %v; want %q, %q, %v", tt.host, key, bare, !tt.loopback, tt.key, tt.bare, tt.loopback)
		}
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ addr, host, want string }{
		{"0.0.0.0:8443", "farm.contoso.com", "farm.contoso.com:8443"},
		{"[::]:8443", "127.0.0.1", "127.0.0.1:8443"},
		{"[::]:8443", "::1", "[::1]:8443"},
		{"10.1.2.3:8443", "127.0.0.1", "10.1.2.3:8443"},
		{"localhost:8443", "10.1.2.3", "localhost:8443"},
		{"", "127.0.0.1", ""},
	} {
		if got := plane.Reachable(tt.addr, tt.host); got != tt.want {
			t.Errorf("%q at %s: %q, want %q", tt.addr, tt.host, got, tt.want)
		}
	}
}

// TestResolverWithoutPlanes has nowhere to go; what resolvers do with a farm is tested there.
func TestResolverWithoutPlanes(t *testing.T) {
	t.Parallel()
	if _, err := plane.NewResolver(nil, []byte("no certificate"), nil); err == nil || !strings.Contains(err.Error(), "not PEM") {
		t.Errorf("a root that is none: error %v", err)
	}
	resolver, err := plane.NewResolver(nil, root(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resolver.Close()
	client := &http.Client{Transport: resolver.Transport("default")}
	for address, want := range map[string]string{
		"https://login.microsoftonline.com/":           "the entra plane listens nowhere",
		"https://token.actions.githubusercontent.com/": "the issuer plane listens nowhere",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says that %s", address, err, want)
		}
	}
}

// TestResolverNamesTheWorld reads the header that picks a world, of which the caller's request stays without.
func TestResolverNamesTheWorld(t *testing.T) {
	t.Parallel()
	resolver, err := plane.NewResolver(nil, root(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resolver.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	worlds := make(chan string, 1)
	srv := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { worlds <- r.Header.Get(plane.WorldHeader) })}
	go func() { _ = srv.Serve(l) }() // it ends with ErrServerClosed
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := resolver.Transport("mine").RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := <-worlds; got != "mine" || len(req.Header) != 0 {
		t.Errorf("world %q, and the caller's header is %v", got, req.Header)
	}
}

// root is a farm's root certificate.
func root(t *testing.T) []byte {
	t.Helper()
	authority, err := ca.New(nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return authority.RootPEM()
}
