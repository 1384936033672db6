package issuer

import (
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Key is a key of an issuer as it is at one time, without what is secret.
type Key struct {
	ID        string
	Alg       jose.SignatureAlgorithm
	Created   time.Time // when the issuer made it, or first used the one that it was given
	Retired   time.Time // when another took its place; zero: none has
	Signs     bool      // tokens of the issuer's service are signed with it
	Published bool      // the JWKS lists it
}

// ErrNoKey is wrapped by the error about a key that an issuer does not have.
var ErrNoKey = errors.New("no key")

// Rotate makes a new signing key. With publish, the JWKS lists every key made so far, the new one and those held back
// before, but for those that Publish has taken out; without, it stays as it was. It returns the new key's id.
func (i *Issuer) Rotate(publish bool) (kid string, err error) {
	return i.keys.rotate(i.spot(i.preset), publish, false)
}

// ReplaceKey makes a new signing key under the kid of the one before it, as nobody should: who knows the old one by that
// kid does not look for another. With publish, the JWKS lists the new one in place of the old; without, it stays as it
// was. It returns the kid.
func (i *Issuer) ReplaceKey(publish bool) (kid string, err error) {
	return i.keys.rotate(i.spot(i.preset), publish, true)
}

// Publish puts the key with an id into the JWKS, where it stays until it is taken out, or takes it out, whether tokens
// are signed with it or not; the empty id is that of all keys that others have taken the place of. No Rotate brings
// back what was taken out. The error wraps ErrNoKey if there is no such key.
func (i *Issuer) Publish(kid string, published bool) error { return i.keys.publish(kid, published) }

// Keys lists the keys, the oldest first. The first call makes them.
func (i *Issuer) Keys() ([]Key, error) {
	r := i.keys
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return nil, err
	}
	return i.describe(i.now()), nil
}

// describe is what the keys are at a time. The caller holds the keyring's mutex, and the keys are loaded.
func (i *Issuer) describe(now time.Time) []Key {
	signs := map[int]bool{} // by spot
	for n := range i.platform.Presets {
		if preset := &i.platform.Presets[n]; preset.Service == i.preset.Service {
			signs[i.spot(preset)] = true
		}
	}
	r := i.keys
	listed, _ := r.listed(now)
	published := map[*issuerKey]bool{}
	for _, k := range listed {
		published[k] = true
	}
	all := make([]Key, len(r.keys))
	for n, k := range r.keys {
		all[n] = Key{
			ID: k.ID, Alg: k.Alg, Created: k.created, Retired: k.retired,
			Signs: signs[k.spot] && r.signer[k.spot] == k, Published: published[k],
		}
	}
	return all
}

// Changed returns a channel that the next rotation closes, and the next Publish, for token APIs that tell their
// clients. Whoever waits for the one after that asks again, and before looking at the keys: so that none is missed.
func (i *Issuer) Changed() <-chan struct{} { return i.keys.nextChange() }
