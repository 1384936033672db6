package spiffe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// SPIRE's defaults: ca_ttl, default_x509_svid_ttl, and how far before the moment of signing a certificate begins.
const (
	rootLife = 24 * time.Hour
	svidLife = time.Hour
	cushion  = 10 * time.Second
)

// authority is the X.509 side of a trust domain: a root that signs the X.509-SVID of one workload. Both are replaced
// when the issuer's keys are rotated, the root also in the last sixth of its life and the SVID after half of its own,
// as in SPIRE. It is safe for concurrent use.
type authority struct {
	issuer *issuer.Issuer
	id     spiffeid.ID
	now    func() time.Time
	rand   io.Reader // for serial numbers

	mu      sync.Mutex
	rotated <-chan struct{}   // closed: the issuer has rotated since trust was made; nil: nothing is made yet
	signer  *ecdsa.PrivateKey // the key of the last root
	trust   trust
}

// trust is what a trust domain says of itself at one moment. It is not changed once made.
type trust struct {
	sequence uint64              // of the bundle; grows with every change
	roots    []*x509.Certificate // the last one signs
	svid     []byte              // the workload's certificate, DER
	key      []byte              // its key, PKCS #8
	renew    time.Time           // when the SVID is replaced by itself
}

// rootsDER are the roots one after another, as the Workload API has them.
func (t trust) rootsDER() []byte {
	var der []byte
	for _, root := range t.roots {
		der = append(der, root.Raw...)
	}
	return der
}

// current brings the trust domain up to date and returns it.
func (a *authority) current() (trust, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	rotated := a.rotated
	renewRoot := rotated == nil
	select {
	case <-rotated: // never, while it is nil
		renewRoot = true
	default:
	}
	if renewRoot {
		rotated = a.issuer.Changed() // before the new state is made: a rotation after this is the next one
	} else {
		last := a.trust.roots[len(a.trust.roots)-1]
		renewRoot = !now.Before(last.NotAfter.Add(-rootLife / 6))
	}
	next, signer := a.trust, a.signer
	if renewRoot {
		root, key, err := a.newRoot(now)
		if err != nil {
			return trust{}, err
		}
		signer = key
		next.sequence++
		next.roots = append(slices.DeleteFunc(slices.Clone(next.roots), func(c *x509.Certificate) bool { return now.After(c.NotAfter) }), root)
	}
	if renewRoot || !now.Before(next.renew) {
		if err := a.sign(&next, signer, now); err != nil {
			return trust{}, err
		}
	}
	a.rotated, a.signer, a.trust = rotated, signer, next
	return next, nil
}

// newRoot makes a self-signed certificate of the trust domain.
func (a *authority) newRoot(now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("spiffe: key of the trust domain: %w", err)
	}
	serial, err := a.serial()
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Country: []string{"US"}, Organization: []string{"SPIFFE"}, SerialNumber: serial.String()},
		URIs:                  []*url.URL{a.id.TrustDomain().ID().URL()},
		NotBefore:             now.Add(-cushion),
		NotAfter:              now.Add(rootLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("spiffe: certificate of the trust domain: %w", err)
	}
	root, err := x509.ParseCertificate(der)
	return root, key, err
}

// sign gives the workload a new key and certificate, signed by the last root.
func (a *authority) sign(t *trust, signer *ecdsa.PrivateKey, now time.Time) error {
	root := t.roots[len(t.roots)-1]
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("spiffe: key of the X.509-SVID: %w", err)
	}
	serial, err := a.serial()
	if err != nil {
		return err
	}
	end := now.Add(svidLife)
	if end.After(root.NotAfter) {
		end = root.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Country: []string{"US"}, Organization: []string{"SPIRE"}},
		URIs:                  []*url.URL{a.id.URL()},
		NotBefore:             now.Add(-cushion),
		NotAfter:              end,
		KeyUsage:              x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement | x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	if t.svid, err = x509.CreateCertificate(rand.Reader, template, root, key.Public(), signer); err != nil {
		return fmt.Errorf("spiffe: certificate of the X.509-SVID: %w", err)
	}
	if t.key, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return fmt.Errorf("spiffe: key of the X.509-SVID: %w", err)
	}
	t.renew = now.Add(end.Sub(now) / 2)
	return nil
}

// serial is a random serial number of 128 bits, never zero.
func (a *authority) serial() (*big.Int, error) {
	var b [16]byte
	if _, err := io.ReadFull(a.rand, b[:]); err != nil {
		return nil, fmt.Errorf("spiffe: serial number: %w", err)
	}
	b[15] |= 1
	return new(big.Int).SetBytes(b[:]), nil
}
