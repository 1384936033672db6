package clients

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestMain keeps the clients to this machine. What they do not send through a farm's transport they send where the
// environment says, and that is a proxy that refuses everything: had it anything to refuse, the run fails.
func TestMain(m *testing.M) {
	if os.Getenv(workloadVariable) != "" {
		os.Exit(workload())
	}
	if err := forgetEnvironment(); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
	outside := new(refusingProxy)
	server := httptest.NewServer(outside)
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY"} {
		if err := os.Setenv(name, server.URL); err != nil {
			fmt.Fprintln(os.Stderr, "clients:", err)
			os.Exit(1)
		}
	}
	code := m.Run()
	server.Close()
	if hosts := outside.refused(); len(hosts) > 0 {
		fmt.Fprintln(os.Stderr, "clients: a client tried to reach", strings.Join(hosts, ", "))
		code = 1
	}
	if code == 0 {
		if err := compareConformance(&seen.table, everyTest()); err != nil {
			fmt.Fprintln(os.Stderr, "clients:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// forgetEnvironment removes what the clients and Go's HTTP transport would read of the environment that the test was
// started in.
func forgetEnvironment() error {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		prefix, rest, _ := strings.Cut(strings.ToUpper(name), "_")
		if slices.Contains([]string{"AZURE", "MSAL", "ARM"}, prefix) || strings.HasSuffix(rest, "PROXY") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// refusingProxy is an HTTP proxy that refuses every request and remembers the hosts.
type refusingProxy struct {
	mu    sync.Mutex
	hosts []string
}

func (p *refusingProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	p.mu.Lock()
	p.hosts = append(p.hosts, host)
	p.mu.Unlock()
	http.Error(w, "clients: nothing outside this machine", http.StatusForbidden)
}

func (p *refusingProxy) refused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	hosts := slices.Clone(p.hosts)
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// TestRefusingProxy makes sure that the proxy of TestMain would notice.
func TestRefusingProxy(t *testing.T) {
	t.Parallel()
	outside := new(refusingProxy)
	server := httptest.NewServer(outside)
	defer server.Close()
	response, err := clientBehind(t, server.URL).Get("http://www.microsoft.com/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("http: status %d, want %d", response.StatusCode, http.StatusForbidden)
	}
	if _, err := clientBehind(t, server.URL).Get("https://login.microsoftonline.com/"); err == nil {
		t.Error("https: the proxy let a request through")
	}
	if got, want := strings.Join(outside.refused(), " "), "login.microsoftonline.com www.microsoft.com"; got != want {
		t.Errorf("refused %q, want %q", got, want)
	}
}

// clientBehind is an HTTP client that uses a proxy.
func clientBehind(t *testing.T, proxy string) *http.Client {
	t.Helper()
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(u)}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// leaveOut says why a test does not run without a client of this machine. ISSUERD_REQUIRE_CLIENTS, a list of clients or
// 1 for all of them, makes that a failure.
func leaveOut(t *testing.T, client, why string) {
	t.Helper()
	required := os.Getenv("ISSUERD_REQUIRE_CLIENTS")
	if required == "1" || slices.Contains(strings.Split(required, ","), client) {
		t.Fatal("clients: left out: " + why)
	}
	leftOut.Store(true)
	t.Skip("clients: left out: " + why)
}
