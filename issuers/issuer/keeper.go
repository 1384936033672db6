package issuer

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// Keeper keeps the keys of issuers beyond the process. It is safe for concurrent use. The records are for the issuer
// that has the same URL later, and nobody else: they hold its private keys.
type Keeper interface {
	// Kept are the records of an issuer by name, as Keep got them last; none: nothing was kept.
	Kept(issuerURL string) (map[string][]byte, error)
	// Keep keeps records in place of those of the same names. The error stops the change that they are of.
	Keep(issuerURL string, records map[string][]byte) error
}

// WithKeeper has the issuer take up the keys that were kept of it, and keep its own. Those that it is given beside
// (WithSigningKeys) take over as in a rotation, unless they are among them. Keys that were kept of an issuer with other
// algorithms, as before its description changed, are no keys of it: it makes new ones in their place.
func WithKeeper(k Keeper) Option {
	return func(i *Issuer) error { i.keeper = k; return nil }
}

// ringRecord is the name of the record of what changes in the keys of an issuer. Each key has a record that stays.
const ringRecord = "ring"

func keyRecord(n int) string { return fmt.Sprintf("keys/%06d", n) }

// keptRing is what changes in the keys of an issuer.
type keptRing struct {
	Keys    []keptState `json:"keys"`
	Signers []int       `json:"signers"` // by spot: which of the keys signs
}

type keptState struct {
	Retired   time.Time `json:"retired,omitzero"`
	Published bool      `json:"published,omitempty"`
	Withdrawn bool      `json:"withdrawn,omitempty"`
	Kept      bool      `json:"kept,omitempty"`
}

// keptIssuerKey is what stays the same of a key.
type keptIssuerKey struct {
	Private     json.RawMessage         `json:"private"` // of MarshalPrivateKey
	ID          string                  `json:"kid"`
	Alg         jose.SignatureAlgorithm `json:"alg"`
	Spot        int                     `json:"spot"`
	Created     time.Time               `json:"created"`
	Certificate []byte                  `json:"certificate,omitempty"` // DER
}

// set puts a list of keys in force, after it has been kept: those that are new, and what has changed in the others. The
// caller holds mu.
func (r *keyring) set(keys, signer []*issuerKey) error {
	if r.issuer.keeper != nil {
		records, err := recordsOf(keys, signer, len(r.keys))
		if err == nil {
			err = r.issuer.keeper.Keep(r.issuer.url, records)
		}
		if err != nil {
			return fmt.Errorf("issuer: keep the keys of %q: %w", r.issuer.url, err)
		}
	}
	r.keys, r.signer = keys, signer
	return nil
}

// recordsOf are the records of keys, of which those from index first on are new.
func recordsOf(keys, signer []*issuerKey, first int) (map[string][]byte, error) {
	records := map[string][]byte{}
	var ring keptRing
	for n, k := range keys {
		ring.Keys = append(ring.Keys, keptState{Retired: k.retired, Published: k.published, Withdrawn: k.withdrawn, Kept: k.kept})
		if n < first {
			continue
		}
		private, err := MarshalPrivateKey(k.private)
		if err != nil {
			return nil, err
		}
		kept := keptIssuerKey{Private: private, ID: k.ID, Alg: k.Alg, Spot: k.spot, Created: k.created}
		if k.cert != nil {
			kept.Certificate = k.cert.Raw
		}
		if records[keyRecord(n)], err = json.Marshal(kept); err != nil {
			return nil, err
		}
	}
	for _, k := range signer {
		ring.Signers = append(ring.Signers, slices.Index(keys, k))
	}
	var err error
	records[ringRecord], err = json.Marshal(ring)
	return records, err
}

// restore takes up the keys that were kept, and tells whether there were any. The caller holds mu.
func (r *keyring) restore() (found bool, err error) {
	if r.issuer.keeper == nil {
		return false, nil
	}
	records, err := r.issuer.keeper.Kept(r.issuer.url)
	if err != nil || records[ringRecord] == nil {
		return false, err
	}
	keys, signer, err := restoreKeys(records, r.issuer.service.Keys)
	if errors.Is(err, errOtherKeys) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("issuer: the keys that were kept of %q: %w", r.issuer.url, err)
	}
	r.keys, r.signer = keys, signer
	for spot, given := range r.issuer.given {
		if given == nil || slices.ContainsFunc(keys, func(k *issuerKey) bool { return k.spot == spot && k.is(given) }) {
			continue
		}
		if _, err := r.replace(spot, true, false, given); err != nil {
			r.keys = nil // the next call tries again
			return false, err
		}
	}
	return true, nil
}

// is tells whether a key is the one that was given.
func (k *issuerKey) is(given *SigningKey) bool {
	public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(given.public()) && (given.ID == "" || given.ID == k.ID)
}

// errOtherKeys is for keys that were kept of an issuer with other algorithms.
var errOtherKeys = errors.New("the algorithms are others")

func restoreKeys(records map[string][]byte, specs []KeySpec) (keys, signer []*issuerKey, err error) {
	var ring keptRing
	if err := json.Unmarshal(records[ringRecord], &ring); err != nil {
		return nil, nil, err
	}
	for n, state := range ring.Keys {
		k, err := restoreKey(records[keyRecord(n)], specs)
		if err != nil {
			return nil, nil, fmt.Errorf("key %d: %w", n, err)
		}
		k.retired, k.published, k.withdrawn, k.kept = state.Retired, state.Published, state.Withdrawn, state.Kept
		keys = append(keys, k)
	}
	if len(ring.Signers) != len(specs) {
		return nil, nil, errOtherKeys
	}
	for spot, n := range ring.Signers {
		if n < 0 || n >= len(keys) || keys[n].spot != spot {
			return nil, nil, errors.New("it is not known which of them sign")
		}
		signer = append(signer, keys[n])
	}
	return keys, signer, nil
}

func restoreKey(record []byte, specs []KeySpec) (*issuerKey, error) {
	var kept keptIssuerKey
	if err := json.Unmarshal(record, &kept); err != nil {
		return nil, errors.New("it is not readable") // JSON's error may quote it
	}
	if kept.Spot < 0 || kept.Spot >= len(specs) || specs[kept.Spot].Alg != kept.Alg {
		return nil, errOtherKeys
	}
	private, err := ParsePrivateKey(kept.Private)
	if err != nil {
		return nil, err
	}
	k := &issuerKey{
		ID: kept.ID, Alg: kept.Alg, spec: specs[kept.Spot], spot: kept.Spot, created: kept.Created, private: private,
		signer: cryptosigner.Opaque(jwaSigner{private}), public: private.Public(),
	}
	if kept.Certificate != nil {
		if k.cert, err = x509.ParseCertificate(kept.Certificate); err != nil {
			return nil, err
		}
	}
	return k, nil
}
