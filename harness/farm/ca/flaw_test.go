package ca

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
)

// shakeHands is what a client that trusts the root, with a session to resume, makes of a server.
func shakeHands(t *testing.T, a *Authority, config *tls.Config, host string, sessions tls.ClientSessionCache) error {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(a.root)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		server := tls.Server(conn, config)
		if server.Handshake() == nil {
			_, _ = server.Write([]byte("x"))
		}
	}()
	conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: host, ClientSessionCache: sessions})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Read(make([]byte, 1)) // so that it has the session
	return err
}

// TestFlaws has a client meet every flaw, and the same server without it.
func TestFlaws(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "issuer.test")
	for flaw, says := range map[Flaw]string{
		Expired: "expired", NotYetValid: "not yet valid", WrongName: "not issuer.test", UnknownAuthority: "unknown authority",
		SelfSigned: "unknown authority", IncompleteChain: "unknown authority", OldVersion: "protocol version",
	} {
		sessions := tls.NewLRUClientSessionCache(1)
		if err := shakeHands(t, a, a.TLSConfig(), "issuer.test", sessions); err != nil {
			t.Fatalf("before %s: %v", flaw, err)
		}
		config, err := a.FlawedConfig(flaw, "issuer.test")
		if err != nil {
			t.Fatal(err)
		}
		if err := shakeHands(t, a, config, "issuer.test", sessions); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want one that says %q", flaw, err, says)
		}
	}
	for _, flaw := range Flaws {
		if _, err := a.FlawedConfig(flaw, "127.0.0.1"); err != nil {
			t.Errorf("%s of an address: %v", flaw, err)
		}
	}
	if config, err := a.FlawedConfig(WrongName, "localhost"); err != nil || shakeHands(t, a, config, "localhost", nil) == nil {
		t.Errorf("another name than localhost: error %v, and a client takes it", err)
	}
	if _, err := a.FlawedConfig("rusty", "issuer.test"); err == nil || !strings.Contains(err.Error(), `no flaw "rusty"`) {
		t.Errorf("an unknown flaw: error %v", err)
	}
}
