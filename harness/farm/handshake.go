package farm

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm/ca"
	"github.com/issuerd/issuerd/harness/plane"
)

// tlsConfig is that of a listener. Where issuers are, the faults of the one whose host the client shakes hands with say
// what is wrong with it. Issuers that share a host share its certificate, as anywhere.
func (s *Server) tlsConfig(l *listener) *tls.Config {
	config := s.authority.TLSConfig()
	if !slices.Contains(l.planes, plane.Issuer) {
		return config
	}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		host := s.authority.ServerName(hello)
		w := s.world(worldOf(hello))
		if w == nil {
			return nil, nil
		}
		for _, iss := range w.issuersAt(strings.ToLower(host)) {
			if flaw := iss.Handshake(); flaw != "" {
				return s.authority.FlawedConfig(ca.Flaw(flaw), host)
			}
		}
		return nil, nil
	}
	return config
}

// worldOf is the world that a client names in a handshake, among its ALPN protocols, where there is no header yet; empty:
// it is about none of them. A client that knows nothing of worlds, as everybody outside the farm, is in the default one.
func worldOf(hello *tls.ClientHelloInfo) string {
	for _, protocol := range hello.SupportedProtos {
		if id, ok := strings.CutPrefix(protocol, plane.WorldProtocol); ok {
			return id
		}
	}
	return control.DefaultWorld
}

// transport reaches a world under the canonical names. While a fault is about the TLS of a host, it opens a connection
// for each request there, whose handshake names the world: the connections that it keeps have that behind them, and are
// for all worlds.
type transport struct {
	server *Server
	world  string
}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if w := t.server.world(t.world); w != nil {
		for _, iss := range w.issuersAt(plane.BareHost(plane.HostKey(req.URL.Host))) {
			if iss.ShakesHands() {
				return t.server.resolver.ShakeHands(t.world, req)
			}
		}
	}
	return t.server.resolver.Transport(t.world).RoundTrip(req)
}
