package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Flaw is what is wrong with a server's side of TLS, for a client that trusts the authority's root. Apart from that the
// server is as it should be.
type Flaw string

// The flaws of certificates, and then the one of the protocol.
const (
	Expired          Flaw = "expired"           // for an hour
	NotYetValid      Flaw = "not-yet-valid"     // in an hour
	WrongName        Flaw = "wrong-name"        // for another host
	UnknownAuthority Flaw = "unknown-authority" // signed by an authority that nobody knows, whose names are the same
	SelfSigned       Flaw = "self-signed"       // signed by itself
	IncompleteChain  Flaw = "incomplete-chain"  // without the intermediate certificate
	OldVersion       Flaw = "old-version"       // TLS 1.1 at most
)

// Flaws are those of certificates.
var Flaws = []Flaw{Expired, NotYetValid, WrongName, UnknownAuthority, SelfSigned, IncompleteChain}

// FlawedConfig is for a handshake about a host that has a flaw. Nothing of it is kept, and no client resumes an earlier
// session in it.
func (a *Authority) FlawedConfig(flaw Flaw, host string) (*tls.Config, error) {
	config := a.TLSConfig()
	config.SessionTicketsDisabled = true
	if flaw == OldVersion {
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		return config, nil
	}
	certificate, err := a.flawed(flaw, host)
	if err != nil {
		return nil, err
	}
	config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate, nil }
	return config, nil
}

// flawed makes a certificate for a host that has a flaw.
func (a *Authority) flawed(flaw Flaw, host string) (*tls.Certificate, error) {
	now := a.now()
	template := a.template(host, now)
	parent, public, key := a.intermediate, &a.leafKey.PublicKey, a.key
	chain := [][]byte{a.intermediate.Raw}
	switch flaw {
	case Expired:
		template.NotBefore, template.NotAfter = now.Add(-leafLife), now.Add(-caAge)
	case NotYetValid:
		template.NotBefore = now.Add(caAge)
	case WrongName:
		template = a.template("localhost", now)
		if host == "localhost" {
			template = a.template("other.localhost", now)
		}
	case IncompleteChain:
		chain = nil
	case SelfSigned:
		parent, key, chain = template, a.leafKey, nil
	case UnknownAuthority:
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		parent = &x509.Certificate{
			Subject:   pkix.Name{CommonName: "issuerd unknown authority (not for production)"},
			NotBefore: now.Add(-caAge), NotAfter: now.Add(leafLife), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		if parent, err = signed(parent, parent, &key.PublicKey, key); err != nil {
			return nil, err
		}
		chain = [][]byte{parent.Raw}
	default:
		return nil, fmt.Errorf("ca: no flaw %q", flaw)
	}
	certificate, err := signed(template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: slices.Concat([][]byte{certificate.Raw}, chain), PrivateKey: a.leafKey, Leaf: certificate}, nil
}

// ServerName is the host that a client shakes hands with: the one that it names, or where it names none, as for an
// address, the one that it has reached.
func (a *Authority) ServerName(hello *tls.ClientHelloInfo) string {
	if name := strings.TrimSuffix(hello.ServerName, "."); name != "" {
		return name
	}
	if addr, err := netip.ParseAddrPort(hello.Conn.LocalAddr().String()); err == nil {
		if name := addr.Addr().Unmap().WithZone("").String(); a.names.has(name) {
			return name
		}
	}
	return "127.0.0.1" // in a container: the client went to a published port, most likely of its own loopback address
}

// template is a server's certificate for a host, before it is signed. It has no CN: one that is an address breaks
// OpenSSL's name check.
func (a *Authority) template(host string, now time.Time) *x509.Certificate {
	template := &x509.Certificate{
		NotBefore: now.Add(-caAge), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = append([]net.IP{ip}, a.names.addresses...)
	} else {
		template.DNSNames = []string{host}
	}
	return template
}
