package farm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Resolver is how a client outside the farm reaches the names that the farm impersonates: every name and address goes to the farm's
// listeners, login hosts, Microsoft Graph's and Azure Resource Manager's to the Entra plane and
// the rest to the issuer plane; only loopback addresses go where they point. It is safe
// for concurrent use.
type Resolver struct {
	transport *http.Transport
}

// NewResolver makes a resolver for planes at the given host:port addresses ("issuer", "entra") that trusts the farm's root.
func NewResolver(planes map[string]string, rootPEM []byte) (*Resolver, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(rootPEM) {
		return nil, errors.New("farm: the farm's root certificate is not PEM")
	}
	var dialer net.Dialer
	return &Resolver{transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     30 * time.Second,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			if !isLoopback(host) {
				plane := Issuer
				if ofEntra(host) {
					plane = Entra
				}
				if addr = planes[string(plane)]; addr == "" {
					return nil, fmt.Errorf("farm: %s: the %s plane listens nowhere", host, plane)
				}
			}
			return dialer.DialContext(ctx, network, addr)
		},
	}}, nil
}

// Transport reaches the world with that id.
func (r *Resolver) Transport(world string) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Set(control.WorldHeader, world)
		return r.transport.RoundTrip(req)
	})
}

// Close drops the idle connections.
func (r *Resolver) Close() { r.transport.CloseIdleConnections() }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// issuerTransport is how the emulator of a world reaches issuers: like a Resolver, but only https, only names that the
// world serves, and only those that the internet would resolve, since that is where Entra fetches from. Of loopback
// addresses it reaches the farm's own issuer plane alone: an issuer's URL must not have the farm ask other programs of
// the machine. Options.Reach adds hosts of the network.
func (s *Server) issuerTransport(w *World) http.RoundTripper {
	next := s.resolver.Transport(w.id)
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		host := hostKey(req.URL.Host)
		if s.reach.hosts[host] && req.URL.Scheme == "https" && !w.serves(host) {
			return s.reach.transport.RoundTrip(req)
		}
		switch {
		case req.URL.Scheme != "https":
			return nil, fmt.Errorf("farm: %s://%s: Entra fetches over https only", req.URL.Scheme, host)
		case !w.serves(host) || private(bareHost(host)):
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		case isLoopback(bareHost(host)) && !s.ownIssuerPlane(host):
			return nil, fmt.Errorf("farm: %s is not this farm's issuer plane, and it may reach no other program of the machine; serve --reach allows it", host)
		}
		return next.RoundTrip(req)
	})
}

// ownIssuerPlane tells whether a host with its port is an address of the farm's own issuer plane.
func (s *Server) ownIssuerPlane(host string) bool {
	return slices.ContainsFunc(s.listeners, func(l *listener) bool {
		return slices.Contains(l.planes, Issuer) && slices.ContainsFunc(s.namesOf(l), func(name string) bool { return hostKey(name) == host })
	})
}

// private tells a name or address that the public internet does not resolve or route. Loopback addresses are let through, because by
// path the farm itself is there.
func private(host string) bool {
	if isLoopback(host) {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate() || !ip.IsGlobalUnicast() || sharedSpace.Contains(ip)
	}
	if !strings.Contains(host, ".") {
		return true
	}
	for _, zone := range []string{".local", ".svc", ".internal"} {
		if strings.HasSuffix(host, zone) {
			return true
		}
	}
	return false
}

// sharedSpace is what carriers give their customers behind a NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// The hosts that the Entra plane answers for.
var (
	logins     = directory.LoginHosts()
	graphs     = directory.GraphHosts()
	management = directory.ManagementHosts()
)

// ofEntra tells a host that belongs to the Entra plane.
func ofEntra(host string) bool {
	return isLogin(host) || slices.Contains(graphs, strings.ToLower(host)) || slices.Contains(management, strings.ToLower(host))
}

// isLogin tells a login host, regional ones such as westus.login.microsoft.com included.
func isLogin(host string) bool {
	host = strings.ToLower(host)
	return slices.Contains(logins, host) || strings.HasSuffix(host, ".login.microsoft.com")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
