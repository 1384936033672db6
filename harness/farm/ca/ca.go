package ca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Authority is a farm's certificate authority: a root whose key is thrown away once it has signed one intermediate, and
// that intermediate, which carries X.509 name constraints. It is safe for concurrent use.
type Authority struct {
	rootPEM      []byte
	root         *x509.Certificate
	intermediate *x509.Certificate
	key          *ecdsa.PrivateKey // of the intermediate
	leafKey      *ecdsa.PrivateKey // of every leaf
	hosts        []string          // of New
	names        permitted
	now          func() time.Time

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

const (
	caLife   = 365 * 24 * time.Hour // of the root and the intermediate: longer than a test's clock is moved
	leafLife = 7 * 24 * time.Hour
	caAge    = time.Hour // how long before its making a certificate begins, for clients with a slow clock
	maxLeafs = 1000      // leaves kept; more names than that are signed again
)

// nobody is a name that nobody has (RFC 6761): a kind of names of which only this one is permitted is forbidden.
const nobody = "invalid"

// permitted are the names an authority may sign.
type permitted struct {
	domains   []string     // a domain permits itself and the names below it
	ranges    []*net.IPNet // addresses
	addresses []net.IP     // those of ranges that are one host's
}

// loopback are the addresses every farm may sign.
var loopback = []string{"127.0.0.0/8", "::1/128"}

// newPermitted makes the list of a farm. It refuses what is neither a domain nor an address: an empty name, for one,
// would permit every name there is.
func newPermitted(hosts []string) (permitted, error) {
	p := permitted{domains: []string{"localhost"}}
	for _, cidr := range loopback {
		_, network, err := net.ParseCIDR(cidr)
		if err == nil { // they are constants
			p.ranges = append(p.ranges, network)
		}
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			bits := 8 * len(ip)
			if v4 := ip.To4(); v4 != nil {
				ip, bits = v4, 32
			}
			p.ranges = append(p.ranges, &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)})
			p.addresses = append(p.addresses, ip)
			continue
		}
		if !IsDomain(host) {
			return permitted{}, fmt.Errorf("ca: host %q: want a domain such as issuer.contoso.com, which covers the names below it, or an IP address", host)
		}
		p.domains = append(p.domains, strings.ToLower(host))
	}
	return p, nil
}

// IsDomain tells a host name that an authority can sign for, with the names below it, from what is none.
func IsDomain(host string) bool { return domain.MatchString(host) }

// domain is a host name. Underscores occur in the names of container networks.
var domain = regexp.MustCompile(`^(?i:[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)(\.(?i:[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?))*$`)

func (p permitted) has(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		for _, r := range p.ranges {
			if r.Contains(ip) {
				return true
			}
		}
		return false
	}
	host = strings.ToLower(host)
	for _, d := range p.domains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// New makes an authority for servers at loopback addresses, at localhost, and at the hosts: a domain stands for the
// names below it too, an IP address for itself. The time of the certificates is now's.
func New(hosts []string, now func() time.Time) (*Authority, error) {
	names, err := newPermitted(hosts)
	if err != nil {
		return nil, err
	}
	a := &Authority{hosts: slices.Clone(hosts), names: names, now: now, leaves: map[string]*tls.Certificate{}}
	var keys [3]*ecdsa.PrivateKey
	for i := range keys {
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
	}
	rootKey := keys[0]
	a.key, a.leafKey = keys[1], keys[2]
	begin := now().Add(-caAge)

	root := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "issuerd farm root (not for production)"},
		NotBefore: begin, NotAfter: begin.Add(caLife), IsCA: true, BasicConstraintsValid: true, MaxPathLen: 1,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if a.root, err = signed(root, root, &rootKey.PublicKey, rootKey); err != nil {
		return nil, err
	}
	intermediate := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "issuerd farm (not for production)"},
		NotBefore: begin, NotAfter: begin.Add(caLife), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: names.domains, PermittedIPRanges: names.ranges,
		PermittedURIDomains: []string{nobody}, PermittedEmailAddresses: []string{nobody},
	}
	if a.intermediate, err = signed(intermediate, a.root, &a.key.PublicKey, rootKey); err != nil {
		return nil, err
	}
	a.encodeRoot()
	return a, nil
}

func (a *Authority) encodeRoot() {
	a.rootPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

// RootPEM is the root certificate in PEM; the bytes are the caller's.
func (a *Authority) RootPEM() []byte { return bytes.Clone(a.rootPEM) }

// MaySign tells whether a server of that name can have a certificate.
func (a *Authority) MaySign(host string) bool { return a.names.has(host) }

// signed makes a certificate with a random serial number: browsers refuse a number that they have seen with another
// key.
func signed(template, parent *x509.Certificate, public *ecdsa.PublicKey, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("ca: certificate %q: %w", template.Subject.CommonName, err)
	}
	return x509.ParseCertificate(raw)
}

// TLSConfig is for listeners. It answers each handshake with a leaf for the name that the client asks for. A client
// that was given an address asks for none, so that the leaf is for the address that it reached and those that the farm
// impersonates.
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.leaf(a.ServerName(hello))
		},
	}
}

// Ended begins the error of every handshake after the authority's end.
const Ended = "ca: the certificate authority of this farm ended at"

func (a *Authority) leaf(name string) (*tls.Certificate, error) {
	if !a.names.has(name) {
		return nil, fmt.Errorf("ca: the certificate authority of this farm may not sign for %q", name)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if leaf := a.leaves[name]; leaf != nil && now.Before(leaf.Leaf.NotAfter.Add(-caAge)) {
		return leaf, nil
	}
	if end := a.intermediate.NotAfter; !now.Before(end) {
		return nil, fmt.Errorf("%s %s, a year after its making: start the farm again", Ended, end.UTC().Format(time.RFC3339))
	}
	template := a.template(name, now)
	if end := a.intermediate.NotAfter; template.NotAfter.After(end) {
		template.NotAfter = end
	}
	cert, err := signed(template, a.intermediate, &a.leafKey.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	if len(a.leaves) >= maxLeafs {
		clear(a.leaves)
	}
	leaf := &tls.Certificate{Certificate: [][]byte{cert.Raw, a.intermediate.Raw}, PrivateKey: a.leafKey, Leaf: cert}
	a.leaves[name] = leaf
	return leaf, nil
}
