package farm_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

const discoveryPath = "/.well-known/openid-configuration"

func TestPlanesApart(t *testing.T) {
	t.Parallel()
	var log logged
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}, Log: log.logger()})
	client := trusting(s)
	const login = "/common/v2.0/.well-known/openid-configuration"
	tests := []struct {
		name, path, host string
		plane            plane.Plane
		status           int
		warned           bool
	}{
		{"issuer by path", "/github" + discoveryPath, "", plane.Issuer, http.StatusOK, false},
		{"issuer by name", discoveryPath, "accounts.google.com", plane.Issuer, http.StatusOK, false},
		{"login on the issuer plane", login, "login.microsoftonline.com", plane.Issuer, http.StatusNotFound, true},
		{"regional login on the issuer plane", login, "westus.login.microsoft.com", plane.Issuer, http.StatusNotFound, true},
		{"login by address on the issuer plane", login, "", plane.Issuer, http.StatusNotFound, false},
		{"management on the issuer plane", "/v1/info", "", plane.Issuer, http.StatusNotFound, false},
		{"certificate on the issuer plane", "/ca.pem", "", plane.Issuer, http.StatusNotFound, false},
		{"issuer on the Entra plane", discoveryPath, "accounts.google.com", plane.Entra, http.StatusNotFound, true},
		{"issuer by path on the Entra plane", "/github" + discoveryPath, "", plane.Entra, http.StatusBadRequest, false}, // a tenant there
		{"management on the Entra plane", "/v1/info", "", plane.Entra, http.StatusNotFound, false},
		{"issuer on the workload plane", discoveryPath, "accounts.google.com", plane.Workload, http.StatusNotFound, true},
		{"login on the workload plane", login, "login.microsoftonline.com", plane.Workload, http.StatusNotFound, true},
	}
	for _, tt := range tests { // one after the other: the log tells which
		before := len(log.String())
		status, body := get(t, client, "https://"+s.Addr(tt.plane)+tt.path, tt.host)
		if status != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.name, status, tt.status, body)
		}
		line := log.String()[before:]
		if warned := strings.Contains(line, "level=WARN") && strings.Contains(line, "another plane"); warned != tt.warned {
			t.Errorf("%s: warned %v, want %v: %q", tt.name, warned, tt.warned, line)
		}
	}

	for _, path := range []string{discoveryPath, "/github" + discoveryPath, login} {
		if status, _ := get(t, http.DefaultClient, s.ControlURL()+path, "accounts.google.com"); status != http.StatusUnauthorized {
			t.Errorf("control plane, %s: status %d, want %d", path, status, http.StatusUnauthorized)
		}
	}
}

func TestSharedListener(t *testing.T) {
	t.Parallel()
	addr := freePort(t)
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Issuer: addr, plane.Entra: addr}})
	if s.Addr(plane.Issuer) != addr || s.Addr(plane.Entra) != addr || s.Addr(plane.Workload) != "" {
		t.Errorf("planes at %q, %q and %q, want the first two at %q", s.Addr(plane.Issuer), s.Addr(plane.Entra), s.Addr(plane.Workload), addr)
	}
	client := trusting(s)
	if got := document(t, client, "https://"+addr+"/github"+discoveryPath)["issuer"]; got != "https://"+addr+"/github" {
		t.Errorf("issuer %q, want the one below https://%s", got, addr)
	}
	if got, _ := document(t, client, "https://"+addr+"/contoso.onmicrosoft.com/v2.0"+discoveryPath)["token_endpoint"].(string); !strings.HasPrefix(got, "https://"+addr+"/") {
		t.Errorf("token endpoint %q, want it below https://%s", got, addr)
	}
	if status, _ := get(t, client, "https://"+addr+"/v1/info", ""); status != http.StatusNotFound {
		t.Errorf("management on a shared listener: status %d, want %d", status, http.StatusNotFound)
	}
}

// TestIssuerAtLoginHost has an issuer below a login host, as Azure DevOps' service connections do: its documents are on
// the Entra plane, and the rest of the host is the login service.
func TestIssuerAtLoginHost(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	const issuer = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0"
	addIssuer(t, w, control.IssuerSpec{Platform: "generic", URL: issuer})
	app := addApp(t, w, issuer, "/eid1/c/pub/t/x/a/y")
	client := canonical(s, w.Describe().ID)
	if got := document(t, client, issuer+discoveryPath)["issuer"]; got != issuer {
		t.Errorf("issuer %q, want %q", got, issuer)
	}
	got := exchange(t.Context(), t, client, "contoso.onmicrosoft.com", app.ClientID, mint(t, w, issuer, "/eid1/c/pub/t/x/a/y").Token)
	if got.code() != 0 {
		t.Errorf("code %d, want a token: %v", got.code(), got)
	}
}

// freePort is an address that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", free)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", free)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	busy := taken.Addr().String()
	tests := []struct {
		name  string
		addr  map[plane.Plane]string
		wants []string
	}{
		{"issuer", map[plane.Plane]string{plane.Issuer: busy}, []string{"issuer plane", busy, "in use", "--issuer-addr"}},
		{"workload", map[plane.Plane]string{plane.Workload: busy}, []string{"workload plane", busy, "in use", "--workload-addr"}},
		{"Entra", map[plane.Plane]string{plane.Entra: busy}, []string{"entra plane", busy, "in use", "--entra-addr"}},
		{"control", map[plane.Plane]string{plane.Control: busy}, []string{"control plane", busy, "in use", "--control-addr"}},
		{"no port", map[plane.Plane]string{plane.Entra: "127.0.0.1"}, []string{"entra plane", "missing port", "--entra-addr"}},
		{"no such port", map[plane.Plane]string{plane.Entra: "127.0.0.1:99999"}, []string{"entra plane", "invalid port", "--entra-addr"}},
		{"control shares", map[plane.Plane]string{plane.Issuer: "127.0.0.1:39871", plane.Control: "127.0.0.1:39871"}, []string{"control plane", "listener of its own", "--control-addr"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := map[plane.Plane]string{plane.Issuer: free, plane.Workload: free, plane.Entra: free, plane.Control: free}
			for p, a := range tt.addr {
				addr[p] = a
			}
			s, err := farm.Start(farm.Options{Addr: addr})
			if err == nil {
				_ = s.Close()
				t.Fatal("it started")
			}
			for _, want := range tt.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

// TestListenFailureLeavesNothing starts a farm whose last plane finds its port taken, and then another where the first
// ones were.
func TestListenFailureLeavesNothing(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", free)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	issuerAddr := freePort(t)
	_, err = farm.Start(farm.Options{Addr: map[plane.Plane]string{
		plane.Issuer: issuerAddr, plane.Workload: "", plane.Entra: "", plane.Control: taken.Addr().String(),
	}})
	if err == nil {
		t.Fatal("it started")
	}
	l, err := net.Listen("tcp", issuerAddr)
	if err != nil {
		t.Fatalf("the issuer plane's port is not free after the failure: %v", err)
	}
	_ = l.Close()
}

// TestIssuerPlaneAlone is what a public farm has besides loopback: documents, and nothing else.
func TestIssuerPlaneAlone(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Issuer: "0.0.0.0:0", plane.Entra: "", plane.Control: ""}})
	if s.ControlURL() != "" || s.Addr(plane.Entra) != "" {
		t.Errorf("control at %q, Entra at %q, want neither", s.ControlURL(), s.Addr(plane.Entra))
	}
	_, port, err := net.SplitHostPort(s.Addr(plane.Issuer))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		base := "https://" + net.JoinHostPort(host, port)
		if got := document(t, trusting(s), base+"/terraform"+discoveryPath)["issuer"]; got != base+"/terraform" {
			t.Errorf("issuer %q, want %s/terraform", got, base)
		}
	}
	_, err = canonical(s, "default").Get("https://login.microsoftonline.com/common/v2.0" + discoveryPath)
	if err == nil || !strings.Contains(err.Error(), "the entra plane listens nowhere") {
		t.Errorf("error %v, want one that says that the Entra plane listens nowhere", err)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts farm.Options
		want string
	}{
		{"public URL over http", farm.Options{PublicURL: "http://issuer.contoso.com"}, "want https://host"},
		{"public URL without a host", farm.Options{PublicURL: "https://:8443"}, "want https://host"},
		{"public URL with a password", farm.Options{PublicURL: "https://user:password@issuer.contoso.com"}, "want https://host"},
		{"public URL with a query", farm.Options{PublicURL: "https://issuer.contoso.com/?a=b"}, "query"},
		{"empty host, which would permit every name", farm.Options{Hosts: []string{""}}, `host ""`},
		{"wildcard host", farm.Options{Hosts: []string{"*.contoso.com"}}, `host "*.contoso.com"`},
	} {
		tt.opts.Addr = map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: "", plane.Control: ""}
		s, err := farm.Start(tt.opts)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one that says %q", tt.name, err, tt.want)
		}
	}
}
