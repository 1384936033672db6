package faults

import (
	"errors"

	"github.com/issuerd/issuerd/harness/farm/ca"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// TLS has the hosts of the issuer's documents show a bad certificate, or speak an old version of TLS only. Issuers that
// share a host share that. Of a world's Entra and its clients in process, those of its own issuers count; a client from
// outside, whose handshake names no world, meets those of the default world.
type TLS struct {
	Certificate string `json:"certificate" about:"expired, not-yet-valid, wrong-name, unknown-authority, self-signed or incomplete-chain" values:"expired not-yet-valid wrong-name unknown-authority self-signed incomplete-chain"`
	Version     string `json:"version" about:"in place of certificate: 1.1, the newest version of TLS that is spoken" values:"1.1"`

	When
}

// Name is the fault's in scenarios.
func (TLS) Name() string { return "tls" }

// tamper implements the fault.
func (f TLS) tamper() (issuer.Tamper, error) {
	if (f.Certificate == "") == (f.Version == "") {
		return issuer.Tamper{}, errors.New("want certificate or version, such as {certificate: expired} or {version: \"1.1\"}")
	}
	flaw := f.Certificate
	if f.Version != "" {
		flaw = string(ca.OldVersion)
	}
	return issuer.Tamper{Handshake: func() string { return flaw }}, nil
}
