package ca

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oidNameConstraints is id-ce-nameConstraints of RFC 5280.
const oidNameConstraints = "2.5.29.30"

func testAuthority(t *testing.T, hosts ...string) *Authority {
	t.Helper()
	a, err := New(hosts, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestIntermediateIsConstrained(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "login.microsoftonline.com", "10.1.2.3")
	critical := false
	for _, extension := range a.intermediate.Extensions {
		if extension.Id.String() == oidNameConstraints {
			critical = extension.Critical
		}
	}
	if !critical {
		t.Error("the intermediate has no critical name constraints")
	}
	if diff := cmp.Diff([]string{"localhost", "login.microsoftonline.com"}, a.intermediate.PermittedDNSDomains); diff != "" {
		t.Errorf("permitted domains (-want +got):\n%s", diff)
	}
	var ranges []string
	for _, r := range a.intermediate.PermittedIPRanges {
		ranges = append(ranges, r.String())
	}
	if diff := cmp.Diff([]string{"127.0.0.0/8", "::1/128", "10.1.2.3/32"}, ranges); diff != "" {
		t.Errorf("permitted addresses (-want +got):\n%s", diff)
	}
	if !a.intermediate.MaxPathLenZero || a.intermediate.MaxPathLen != 0 {
		t.Error("the intermediate may sign further authorities")
	}
}

// TestRootKeyIsGone says that no key that the authority holds is the root's.
func TestRootKeyIsGone(t *testing.T) {
	t.Parallel()
	a := testAuthority(t)
	root, ok := a.root.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		t.Fatalf("the root's key is a %T", a.root.PublicKey)
	}
	for name, key := range map[string]*ecdsa.PrivateKey{"intermediate": a.key, "leaves": a.leafKey} {
		if key.PublicKey.Equal(root) {
			t.Errorf("the key of the %s is the root's", name)
		}
	}
}

func TestLeaves(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "accounts.google.com", "10.1.2.3")
	tests := []struct {
		name      string
		dns       []string
		addresses []string
	}{
		{name: "accounts.google.com", dns: []string{"accounts.google.com"}},
		{name: "below.accounts.google.com", dns: []string{"below.accounts.google.com"}},
		{name: "localhost", dns: []string{"localhost"}},
		{name: "127.0.0.1", addresses: []string{"127.0.0.1", "10.1.2.3"}},
		{name: "::1", addresses: []string{"::1", "10.1.2.3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			leaf, err := a.leaf(tt.name)
			if err != nil {
				t.Fatal(err)
			}
			if got := leaf.Leaf.Subject.String(); got != "" {
				t.Errorf("subject %q, want none: OpenSSL compares a CN that is an address with the constraints on names", got)
			}
			if diff := cmp.Diff(tt.dns, leaf.Leaf.DNSNames); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			var addresses []string
			for _, ip := range leaf.Leaf.IPAddresses {
				addresses = append(addresses, ip.String())
			}
			if diff := cmp.Diff(tt.addresses, addresses); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
			if err := verify(a, leaf.Leaf, tt.name); err != nil {
				t.Error(err)
			}
			again, err := a.leaf(tt.name)
			if err != nil || again != leaf {
				t.Errorf("the second leaf is another one, error %v", err)
			}
		})
	}
}

// verify is what a client that trusts the root does.
func verify(a *Authority, leaf *x509.Certificate, host string) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(a.root)
	intermediates.AddCert(a.intermediate)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: host})
	return err
}

// TestForeignHost says that the constraint is in the certificates and not only in this program: even the holder of the
// intermediate's key can't sign for a host outside it.
func TestForeignHost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		host    string
		foreign bool
	}{
		{"login.microsoftonline.com", false},
		{"www.example.net", true},
		{"notlogin.microsoftonline.com", true},
		{"microsoftonline.com", true},
		{"8.8.8.8", true},
		{"127.0.0.1", false},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			t.Parallel()
			a := testAuthority(t, "login.microsoftonline.com")
			_, err := a.leaf(tt.host)
			if refused := err != nil; refused != tt.foreign {
				t.Errorf("leaf: error %v, want one: %v", err, tt.foreign)
			}
			a.names = permitted{domains: []string{tt.host}, ranges: []*net.IPNet{{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}}}
			leaf, err := a.leaf(tt.host)
			if err != nil {
				t.Fatal(err)
			}
			if err := verify(a, leaf.Leaf, tt.host); (err != nil) != tt.foreign {
				t.Errorf("verify: error %v, want one: %v", err, tt.foreign)
			}
		})
	}
}

func TestOddHosts(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", ".", ".contoso.com", "*.contoso.com", "contoso.com.", "contoso..com", "a b", "contoso.com:8443", "https://contoso.com", "café.test", "-a.com", "10.0.0.0/8"} {
		if _, err := newPermitted([]string{host}); err == nil || !strings.Contains(err.Error(), "ca: host ") {
			t.Errorf("host %q: error %v, want one that names it", host, err)
		}
	}
	p, err := newPermitted([]string{"Issuer.Contoso.com", "my_host", "fd00::1", "::ffff:10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"issuer.contoso.com": true, "a.ISSUER.contoso.com": true, "contoso.com": false, "xissuer.contoso.com": false,
		"my_host": true, "fd00::1": true, "fd00::2": false, "10.0.0.1": true, "10.0.0.2": false, "": false, ".": false, "127.9.9.9": true,
	} {
		if got := p.has(host); got != want {
			t.Errorf("has(%q) = %v, want %v", host, got, want)
		}
	}
}

// TestLeafRenewal says that a leaf is signed again before it runs out, with another serial number.
func TestLeafRenewal(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "issuer.test")
	first, err := a.leaf("issuer.test")
	if err != nil {
		t.Fatal(err)
	}
	a.now = func() time.Time { return first.Leaf.NotAfter.Add(-time.Minute) }
	second, err := a.leaf("issuer.test")
	if err != nil {
		t.Fatal(err)
	}
	if !second.Leaf.NotAfter.After(first.Leaf.NotAfter) {
		t.Errorf("a leaf that ends at %s was not renewed", first.Leaf.NotAfter)
	}
	if first.Leaf.SerialNumber.Cmp(second.Leaf.SerialNumber) == 0 {
		t.Error("two leaves have one serial number, which browsers refuse")
	}
}

// TestServersOnly has the holder of the intermediate's key sign what is no certificate of a server: every verifier
// refuses it.
func TestServersOnly(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "issuer.test")
	uri, err := url.Parse("spiffe://issuer.test/workload")
	if err != nil {
		t.Fatal(err)
	}
	server := x509.Certificate{
		DNSNames: []string{"issuer.test"}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for name, tt := range map[string]struct {
		change func(*x509.Certificate)
		usage  x509.ExtKeyUsage
		ok     bool
	}{
		"server": {func(*x509.Certificate) {}, x509.ExtKeyUsageServerAuth, true},
		"client": {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, x509.ExtKeyUsageClientAuth, false},
		"code":   {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }, x509.ExtKeyUsageCodeSigning, false},
		"any":    {func(c *x509.Certificate) { c.ExtKeyUsage = nil }, x509.ExtKeyUsageEmailProtection, false},
		"mail":   {func(c *x509.Certificate) { c.EmailAddresses = []string{"someone@issuer.test"} }, x509.ExtKeyUsageServerAuth, false},
		"URI":    {func(c *x509.Certificate) { c.URIs = []*url.URL{uri} }, x509.ExtKeyUsageServerAuth, false},
	} {
		template := server
		tt.change(&template)
		leaf, err := signed(&template, a.intermediate, &a.leafKey.PublicKey, a.key)
		if err != nil {
			t.Fatal(err)
		}
		roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(a.root)
		intermediates.AddCert(a.intermediate)
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: "issuer.test", KeyUsages: []x509.ExtKeyUsage{tt.usage}})
		if (err == nil) != tt.ok {
			t.Errorf("%s: error %v, want success: %v", name, err, tt.ok)
		}
	}
}

// TestAuthorityLivesAYear moves the clock on: after months there are leaves, none outlives the authority, and after its
// end the error says so.
func TestAuthorityLivesAYear(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "issuer.test")
	begin, end := a.intermediate.NotBefore, a.intermediate.NotAfter
	if a.root.NotAfter.Before(end) || end.Sub(begin) < 360*24*time.Hour {
		t.Errorf("the intermediate lives %s and the root to %s, want a year for both", end.Sub(begin), a.root.NotAfter)
	}
	for _, at := range []time.Time{begin.Add(31 * 24 * time.Hour), end.Add(-time.Hour)} {
		a.now = func() time.Time { return at }
		leaf, err := a.leaf("issuer.test")
		if err != nil || leaf.Leaf.NotAfter.After(end) || leaf.Leaf.NotAfter.Before(at) {
			t.Errorf("at %s: error %v, want a leaf that ends by %s", at, err, end)
		}
	}
	a.now = func() time.Time { return end }
	if _, err := a.leaf("issuer.test"); err == nil || !strings.HasPrefix(err.Error(), Ended) {
		t.Errorf("after its end: error %v, want one that says so", err)
	}
}

// TestLeafCacheIsBounded asks for more names than the cache holds.
func TestLeafCacheIsBounded(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "test")
	for i := range maxLeafs {
		a.leaves[strings.Repeat("a", i%60+1)+"."+strings.Repeat("b", i/60+1)+".test"] = nil
	}
	if _, err := a.leaf("one-more.test"); err != nil {
		t.Fatal(err)
	}
	if n := len(a.leaves); n != 1 {
		t.Errorf("%d leaves kept, want 1: the cache starts again when it is full", n)
	}
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	a := testAuthority(t, "issuer.test")
	tests := []struct {
		name       string
		serverName string // sent as SNI unless it is an address
		verify     string
		ok         bool
	}{
		{"name", "issuer.test", "issuer.test", true},
		{"upper case", "ISSUER.test", "issuer.test", true},
		{"address, so no SNI", "127.0.0.1", "127.0.0.1", true},
		{"foreign name", "www.example.net", "www.example.net", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := tls.Listen("tcp", "127.0.0.1:0", a.TLSConfig())
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			done := make(chan struct{})
			go func() {
				defer close(done)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_ = conn.(*tls.Conn).Handshake() // the client reports it
				_ = conn.Close()
			}()
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(a.rootPEM)
			conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: roots, ServerName: tt.serverName})
			if (err == nil) != tt.ok {
				t.Fatalf("handshake: error %v, want success: %v", err, tt.ok)
			}
			if err == nil {
				chain := conn.ConnectionState().PeerCertificates
				if len(chain) != 2 || chain[0].VerifyHostname(tt.verify) != nil {
					t.Errorf("%d certificates, the first for %v %v, want 2 and %q", len(chain), chain[0].DNSNames, chain[0].IPAddresses, tt.verify)
				}
				_ = conn.Close()
			}
			<-done
		})
	}
}

// TestOpenSSL has the command judge the chain too, where there is one.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	command, err := exec.LookPath("openssl")
	if err != nil {
		t.Log("no openssl command here: crypto/x509 alone judges the chain")
		return
	}
	a := testAuthority(t, "issuer.test", "10.1.2.3")
	dir := t.TempDir()
	write := func(name string, certs ...[]byte) string {
		var text []byte
		for _, raw := range certs {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})...)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	root, intermediate := write("root.pem", a.root.Raw), write("intermediate.pem", a.intermediate.Raw)
	for _, tt := range []struct {
		host string
		ok   bool
	}{{"issuer.test", true}, {"127.0.0.1", true}, {"10.1.2.3", true}, {"www.example.net", false}} {
		widened := testAuthority(t) // its own cache of leaves
		widened.intermediate, widened.key, widened.names = a.intermediate, a.key, a.names
		widened.names.domains = append(slices.Clone(a.names.domains), "www.example.net")
		leaf, err := widened.leaf(tt.host)
		if err != nil {
			t.Fatal(err)
		}
		flag := "-verify_hostname"
		if net.ParseIP(tt.host) != nil {
			flag = "-verify_ip"
		}
		out, err := exec.CommandContext(t.Context(), command, "verify", "-x509_strict", "-CAfile", root, "-untrusted", intermediate, flag, tt.host,
			write(tt.host+".pem", leaf.Leaf.Raw)).CombinedOutput()
		if (err == nil) != tt.ok {
			t.Errorf("openssl verify %s: error %v, want success: %v\n%s", tt.host, err, tt.ok, out)
		}
	}
}
