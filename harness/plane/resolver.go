package plane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// WorldHeader is the request header that picks a world on the issuer, workload and Entra planes. Requests without it
// reach the default world.
const WorldHeader = "Issuerd-World"

// ClientHeader is the request header in which the emulator says for whose sign-in it asks for a document, by a client
// id. Faults read it; Entra sends nothing like it.
const ClientHeader = "Issuerd-Client"

// WorldProtocol begins the ALPN protocol by which a client names its world in a TLS handshake, where there is no header
// yet; the world's id follows, or nothing for a connection that carries requests to any world. It matters only where a
// fault is about TLS. A client without this protocol shakes hands with the default world.
const WorldProtocol = "issuerd-world="

// Resolver is how a client reaches the names that a farm impersonates: every name and address goes to the farm's
// listeners, to that of the plane that [OfHost] names; only loopback addresses go where they point. It is safe for
// concurrent use.
type Resolver struct {
	transport *http.Transport
}

// NewResolver makes a resolver for planes at the given host:port addresses that trusts the farm's root. Names of a
// plane that has none are unreachable. Certificates are verified by the time that now tells; nil: by the real one.
func NewResolver(planes map[Plane]string, rootPEM []byte, now func() time.Time) (*Resolver, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(rootPEM) {
		return nil, errors.New("plane: the farm's root certificate is not PEM")
	}
	var dialer net.Dialer
	return &Resolver{transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, Time: now, NextProtos: protocols("")},
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     30 * time.Second,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			if !IsLoopback(host) {
				plane := OfHost(host)
				if addr = planes[plane]; addr == "" {
					return nil, fmt.Errorf("plane: %s: the %s plane listens nowhere", host, plane)
				}
			}
			return dialer.DialContext(ctx, network, addr)
		},
	}}, nil
}

// Transport reaches the world with that id.
func (r *Resolver) Transport(world string) http.RoundTripper {
	return worldTransport{r.transport, world}
}

// ShakeHands sends a request to the world with that id on a connection of its own, whose handshake names the world.
func (r *Resolver) ShakeHands(world string, req *http.Request) (*http.Response, error) {
	fresh := r.transport.Clone()
	fresh.DisableKeepAlives = true
	fresh.TLSClientConfig.NextProtos = protocols(world)
	return worldTransport{fresh, world}.RoundTrip(req)
}

// protocols are those that a handshake offers, for a world.
func protocols(world string) []string { return []string{"http/1.1", WorldProtocol + world} }

// Close drops the idle connections.
func (r *Resolver) Close() { r.transport.CloseIdleConnections() }

// worldTransport sends requests to a world.
type worldTransport struct {
	next  http.RoundTripper
	world string
}

func (t worldTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(WorldHeader, t.world)
	return t.next.RoundTrip(req)
}
