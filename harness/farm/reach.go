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
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/farm/ca"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// reach is what the emulator may fetch from beside the farm's own issuers: real hosts, over the network. The zero value
// reaches nothing.
type reach struct {
	hosts     map[string]bool // as plane.HostKey has them
	transport *http.Transport
}

// newReach makes it of Options.Reach and Options.ReachCA.
func newReach(hosts []string, caPEM []byte, now func() time.Time) (reach, error) {
	r := reach{hosts: map[string]bool{}}
	for _, given := range hosts {
		host, port, err := net.SplitHostPort(given)
		if err != nil { // it names no port
			host, port = strings.Trim(given, "[]"), "443"
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 || net.ParseIP(host) == nil && !ca.IsDomain(host) {
			return reach{}, fmt.Errorf("farm: reach %q: want HOST or HOST:PORT of an issuer, such as issuer.contoso.com or 127.0.0.1:9443", given)
		}
		r.hosts[plane.HostKey(net.JoinHostPort(host, port))] = true
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Time: now} // without roots: the system's
	if caPEM != nil {
		if len(hosts) == 0 {
			return reach{}, errors.New("farm: certificates to reach issuers with, and no issuer to reach")
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(caPEM) {
			return reach{}, errors.New("farm: the certificates to reach issuers with: want PEM with at least one certificate")
		}
	}
	// No proxy: one named in the environment would be reached too.
	r.transport = &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, IdleConnTimeout: 30 * time.Second}
	return r, nil
}

// fetchTransport is how the emulator of a world reaches issuers: like a plane.Resolver, but only https, only names that
// the world serves, and only those that the internet would resolve, since that is where Entra fetches from. Of loopback
// addresses it reaches the farm's own issuer plane alone: an issuer's URL must not have the farm ask other programs of
// the machine. Options.Reach adds hosts of the network.
type fetchTransport struct {
	world *World
	next  http.RoundTripper // Server.Transport's
}

func (t fetchTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	s, host := t.world.server, plane.HostKey(req.URL.Host)
	if s.reach.hosts[host] && req.URL.Scheme == "https" && !t.world.serves(host) {
		return s.reach.transport.RoundTrip(req)
	}
	switch bare := plane.BareHost(host); {
	case req.URL.Scheme != "https":
		return nil, fmt.Errorf("farm: %s://%s: Entra fetches over https only", req.URL.Scheme, host)
	case !t.world.serves(host) || private(bare):
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	case plane.IsLoopback(bare) && !s.ownIssuerPlane(host):
		return nil, fmt.Errorf("farm: %s is not this farm's issuer plane, and it may reach no other program of the machine; serve --reach allows it", host)
	}
	req = req.Clone(req.Context())
	if id := entra.ClientOf(req.Context()); id != "" {
		req.Header.Set(plane.ClientHeader, id)
	}
	if deadline, ok := req.Context().Deadline(); ok {
		req.Header.Set(issuer.PatienceHeader, time.Until(deadline).String()) // timeouts go by the real time
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if held := resp.Header.Get(issuer.HeldHeader); held != "" {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("farm: no answer in time: a fault holds it back %s: %w", held, context.DeadlineExceeded)
	}
	return resp, nil
}

// ownIssuerPlane tells whether a host with its port is an address of the farm's own issuer plane.
func (s *Server) ownIssuerPlane(host string) bool {
	return slices.ContainsFunc(s.listeners, func(l *listener) bool {
		return slices.Contains(l.planes, plane.Issuer) && slices.ContainsFunc(s.namesOf(l), func(name string) bool { return plane.HostKey(name) == host })
	})
}

// private tells a name or address that the public internet does not resolve or route. Loopback addresses are let
// through, because by path the farm itself is there.
func private(host string) bool {
	if plane.IsLoopback(host) {
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
