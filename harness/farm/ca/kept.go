package ca

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kept is an authority as it can be kept beyond the process: what [Restore] makes it of again. It holds private keys.
type Kept struct {
	Root         []byte   `json:"root"`         // DER
	Intermediate []byte   `json:"intermediate"` // DER
	Key          []byte   `json:"key"`          // of the intermediate, PKCS #8
	LeafKey      []byte   `json:"leafKey"`      // PKCS #8
	Hosts        []string `json:"hosts"`        // those of New
}

// Keep returns what makes the authority again.
func (a *Authority) Keep() (Kept, error) {
	k := Kept{Root: a.root.Raw, Intermediate: a.intermediate.Raw, Hosts: slices.Clone(a.hosts)}
	var errs [2]error
	k.Key, errs[0] = x509.MarshalPKCS8PrivateKey(a.key)
	k.LeafKey, errs[1] = x509.MarshalPKCS8PrivateKey(a.leafKey)
	if err := errors.Join(errs[:]...); err != nil {
		return Kept{}, fmt.Errorf("ca: keep: %w", err)
	}
	return k, nil
}

// Restore makes an authority that was kept: with the same certificates, for the same hosts, and with the same end.
func Restore(k Kept, now func() time.Time) (*Authority, error) {
	a, err := restore(k, now)
	if err != nil {
		return nil, fmt.Errorf("ca: restore: %w", err)
	}
	return a, nil
}

func restore(k Kept, now func() time.Time) (a *Authority, err error) {
	a = &Authority{hosts: slices.Clone(k.Hosts), now: now, leaves: map[string]*tls.Certificate{}}
	if a.names, err = newPermitted(k.Hosts); err != nil {
		return nil, err
	}
	if a.root, err = x509.ParseCertificate(k.Root); err != nil {
		return nil, err
	}
	if a.intermediate, err = x509.ParseCertificate(k.Intermediate); err != nil {
		return nil, err
	}
	if err := a.intermediate.CheckSignatureFrom(a.root); err != nil {
		return nil, err
	}
	if a.key, err = privateKey(k.Key); err != nil {
		return nil, err
	}
	if a.leafKey, err = privateKey(k.LeafKey); err != nil {
		return nil, err
	}
	if !a.key.PublicKey.Equal(a.intermediate.PublicKey) {
		return nil, errors.New("the key is not that of the certificate")
	}
	a.encodeRoot()
	return a, nil
}

func privateKey(der []byte) (*ecdsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a key is a %T, want one of ECDSA", key)
	}
	return private, nil
}

// Hosts are those that the authority was made for. The caller owns them.
func (a *Authority) Hosts() []string { return slices.Clone(a.hosts) }

// End is when no certificate of the authority is good any more.
func (a *Authority) End() time.Time { return a.intermediate.NotAfter }
