package clients

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// farmProxy is an HTTP proxy in the place of DNS, for clients in processes of their own that know Microsoft's host
// names and nothing else: it takes the hosts of Entra, Microsoft Graph and Resource Manager, and those of this machine,
// to a farm's Entra plane, and refuses every other. What runs inside a CONNECT is TLS with the farm's certificate. It
// serves HTTP/1.0 too, which Python's http.client speaks to a proxy.
type farmProxy struct {
	entra string // host:port of the plane
	hosts []string

	mu      sync.Mutex
	refused []string
	tunnels sync.WaitGroup
}

// startFarmProxy returns a proxy and its URL.
func startFarmProxy(t *testing.T, entraPlane string) (*farmProxy, string) {
	t.Helper()
	p := &farmProxy{
		entra: entraPlane,
		hosts: slices.Concat(directory.LoginHosts(), directory.GraphHosts(), directory.ManagementHosts(), []string{"127.0.0.1"}),
	}
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.Close()
		p.tunnels.Wait() // they end with the clients, which have exited
	})
	return p, server.URL
}

func (p *farmProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || err != nil || !slices.Contains(p.hosts, strings.ToLower(host)) {
		p.mu.Lock()
		p.refused = append(p.refused, r.Host)
		p.mu.Unlock()
		http.Error(w, "clients: the farm does not impersonate "+r.Host, http.StatusForbidden)
		return
	}
	farm, err := net.Dial("tcp", p.entra)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = farm.Close()
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(client, r.Proto+" 200 Connection established\r\n\r\n")
	p.tunnels.Go(func() {
		defer client.Close()
		_, _ = io.Copy(client, farm)
	})
	p.tunnels.Go(func() {
		defer farm.Close()
		_, _ = io.Copy(farm, buffered)
	})
}

// refusedHosts are the hosts that somebody wanted and that are none of the farm's.
func (p *farmProxy) refusedHosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	hosts := slices.Clone(p.refused)
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// TestFarmProxy makes sure that the proxy tells hosts apart, and that it speaks HTTP/1.0.
func TestFarmProxy(t *testing.T) {
	t.Parallel()
	plane := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "for "+r.Host) }))
	defer plane.Close()
	proxy, url := startFarmProxy(t, strings.TrimPrefix(plane.URL, "http://"))
	response, err := clientBehind(t, url).Get("http://login.microsoftonline.com/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("without TLS: status %d, want %d", response.StatusCode, http.StatusForbidden)
	}
	const get = " HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\nHost: graph.microsoft.com\r\n\r\n"
	for host, want := range map[string]string{
		"graph.microsoft.com:443": "for graph.microsoft.com", "www.microsoft.com:443": "the farm does not impersonate www.microsoft.com:443",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "CONNECT "+host+get); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%s: %q, %v, want %q", host, answer, err, want)
		}
	}
	if got, want := strings.Join(proxy.refusedHosts(), " "), "login.microsoftonline.com www.microsoft.com:443"; got != want {
		t.Errorf("refused %q, want %q", got, want)
	}
}
