package issuer

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/issuerd/issuerd/wording"
)

// keyring holds the keys of an issuer in the order of their making.
type keyring struct {
	issuer *Issuer
	mu     sync.Mutex
	keys   []*issuerKey
	signer []*issuerKey // by spot: the key of each KeySpec that signs now
	jwks   []byte       // rendered once per change
	since  time.Time    // when jwks was rendered: it is out of date if the clock goes back before that
	until  time.Time    // when jwks is out of date by itself; zero: never

	changed chan struct{} // closed by the next change of the keys; nil: nobody has asked
}

// load returns the keys, made at the first call; the caller holds mu.
func (r *keyring) load() error {
	if r.keys != nil {
		return nil
	}
	if found, err := r.restore(); found || err != nil {
		return err
	}
	i := r.issuer
	specs := i.service.Keys
	keys, errs := make([]*issuerKey, len(specs)), make([]error, len(specs))
	var wg sync.WaitGroup
	for n := range specs {
		var given *SigningKey
		if n < len(i.given) {
			given = i.given[n]
		}
		wg.Go(func() { keys[n], errs[n] = newKey(specs[n], n, 0, i.now(), i.newKey, given) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, k := range keys {
		k.published = true
	}
	return r.set(keys, slices.Clone(keys))
}

func (r *keyring) signingKey(spot int) (*issuerKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return nil, err
	}
	return r.signer[spot], nil
}

// rotate has a new key sign, under the kid of the one before it if it is to be the same.
func (r *keyring) rotate(spot int, publish, sameKID bool) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return "", err
	}
	return r.replace(spot, publish, sameKID, nil)
}

// replace has a new key sign in the place of another: one that was given unless that is nil. The caller holds mu, and
// the keys are loaded.
func (r *keyring) replace(spot int, publish, sameKID bool, given *SigningKey) (string, error) {
	number := 0
	for _, k := range r.keys {
		if k.spot == spot {
			number++
		}
	}
	now := r.issuer.now()
	keys, signer := r.copies()
	k, err := newKey(signer[spot].spec, spot, number, now, r.issuer.newKey, given)
	if err != nil {
		return "", err
	}
	signer[spot].retired = now
	if sameKID {
		k.ID = signer[spot].ID
		signer[spot].published, signer[spot].withdrawn = signer[spot].published && !publish, signer[spot].withdrawn || publish
	}
	keys, signer[spot] = append(keys, k), k
	if publish {
		for _, k := range keys {
			k.published = !k.withdrawn
		}
	}
	if err := r.set(keys, signer); err != nil {
		return "", err
	}
	r.change()
	return k.ID, nil
}

// copies are the keys and those that sign, to be changed and then set. The caller holds mu.
func (r *keyring) copies() (keys, signer []*issuerKey) {
	keys, signer = make([]*issuerKey, len(r.keys)), slices.Clone(r.signer)
	for n, k := range r.keys {
		copied := *k
		keys[n] = &copied
		if spot := slices.Index(r.signer, k); spot >= 0 {
			signer[spot] = &copied
		}
	}
	return keys, signer
}

// change makes the JWKS out of date; the caller holds mu.
func (r *keyring) change() {
	r.jwks = nil
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

func (r *keyring) nextChange() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.changed
}

// publish puts the keys with an id into the JWKS or takes them out; the empty id is that of all retired ones. Of several
// with one id, which ReplaceKey makes, it puts the last one in alone.
func (r *keyring) publish(kid string, published bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return err
	}
	found := false
	keys, signer := r.copies()
	for _, k := range keys { // none is ever forgotten, since keys are numbered by how many there were
		if k.ID == kid || kid == "" && !k.retired.IsZero() {
			found = true
			k.published, k.withdrawn, k.kept = published, !published, published
		}
	}
	if published && kid != "" {
		last := true
		for _, k := range slices.Backward(keys) {
			if k.ID == kid && !last {
				k.published, k.withdrawn, k.kept = false, true, false
			}
			last = last && k.ID != kid
		}
	}
	if !found && kid != "" {
		return fmt.Errorf("issuer: %q: %w %q (%s)", r.issuer.url, ErrNoKey, kid, wording.Have(kid, names(r.keys, func(k *issuerKey) string { return k.ID })))
	}
	if err := r.set(keys, signer); err != nil {
		return err
	}
	r.change()
	return nil
}

// listed returns the keys of the JWKS and when that list next changes by itself; the zero time means never. The caller
// holds mu.
func (r *keyring) listed(now time.Time) (keys []*issuerKey, until time.Time) {
	overlap := r.issuer.service.Overlap
	for _, k := range r.keys {
		if !k.published {
			continue
		}
		if overlap > 0 && !k.retired.IsZero() && !k.kept {
			end := k.retired.Add(overlap)
			if !now.Before(end) {
				continue
			}
			if until.IsZero() || end.Before(until) {
				until = end
			}
		}
		keys = append(keys, k)
	}
	return keys, until
}
