package farm

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// Mint has an issuer sign a token. What is tampered with comes last: the token then says what it was changed to, with
// the signature of what it was.
func (w *World) Mint(spec control.MintSpec) (control.Minted, error) {
	iss, err := w.issuerFor(spec.Issuer, spec.Preset)
	if err != nil {
		return control.Minted{}, err
	}
	preset := issuers.PresetOf(iss.Platform().Name, spec.Preset)
	if _, err := iss.Preset(preset); err != nil {
		return control.Minted{}, about("preset", err)
	}
	token, err := iss.Mint(issuer.Request{
		Preset: preset, Audience: spec.Audience, Lifetime: time.Duration(spec.Lifetime), Expired: spec.Expired, Claims: spec.Claims, Header: spec.Header,
	})
	if err != nil {
		return control.Minted{}, w.orEnded(err)
	}
	minted := control.Minted{Token: token.Raw, Header: token.Header, Claims: token.Claims}
	if t := spec.Tampered; t != nil {
		if minted.Token, err = faults.Tamper(token.Raw, t.Header, t.Claims); err == nil {
			minted.Header, minted.Claims, err = control.DecodeToken(minted.Token)
		}
		if err != nil {
			return control.Minted{}, &control.Error{Status: http.StatusBadRequest, Member: "tampered", Message: "farm: tampered: " + err.Error()}
		}
	}
	return minted, nil
}

// Rotate gives an issuer a new signing key.
func (w *World) Rotate(spec control.RotateSpec) (control.Rotated, error) {
	iss, err := w.issuer(spec.Issuer)
	if err != nil {
		return control.Rotated{}, err
	}
	rotate := iss.Rotate
	if spec.SameKID {
		rotate = iss.ReplaceKey
	}
	kid, err := rotate(spec.Publish == nil || *spec.Publish)
	return control.Rotated{KID: kid}, w.orEnded(err)
}

// Keys lists the keys of an issuer, the oldest first, or those of all, by URL. An issuer that has none yet makes them.
// Issuers that share their keys list the same ones.
func (w *World) Keys(ref string) ([]control.Key, error) {
	all, err := w.issuersOf(ref)
	if err != nil {
		return nil, err
	}
	list := []control.Key{}
	for _, iss := range all {
		keys, err := w.keysOf(iss)
		if err != nil {
			return nil, err
		}
		list = append(list, keys...)
	}
	return list, nil
}

// Publish puts a key into its issuer's JWKS or takes it out, at once; Entra sees that when its cache is over. It returns
// the issuer's keys as they are then.
func (w *World) Publish(spec control.PublishSpec) ([]control.Key, error) {
	iss, err := w.issuer(spec.Issuer)
	if err != nil {
		return nil, err
	}
	kids := []string{spec.KID}
	if spec.KID == "" && spec.Published {
		keys, err := w.keysOf(iss)
		if err != nil {
			return nil, err
		}
		kids = nil
		for _, key := range keys {
			if key.Signs {
				kids = append(kids, key.KID)
			}
		}
	}
	for _, kid := range kids {
		if err := iss.Publish(kid, spec.Published); err != nil {
			if errors.Is(err, issuer.ErrNoKey) {
				return nil, &control.Error{Status: http.StatusNotFound, Member: "kid", Message: "farm: " + err.Error()}
			}
			return nil, err
		}
	}
	return w.keysOf(iss)
}

// keysOf lists the keys of the issuer at a URL. One that signs for any of those that have joined it signs.
func (w *World) keysOf(iss *issuer.Issuer) ([]control.Key, error) {
	w.mu.RLock()
	joined := append([]*issuer.Issuer{iss}, w.references[iss.URL()]...)
	w.mu.RUnlock()
	var list []control.Key
	for n, one := range joined {
		keys, err := one.Keys()
		if err != nil {
			return nil, fmt.Errorf("farm: keys of issuer %q: %w", one.URL(), err)
		}
		for k, key := range keys {
			switch {
			case n == 0:
				list = append(list, control.Key{
					Issuer: iss.URL(), KID: key.ID, Alg: string(key.Alg), Created: key.Created.UTC(), Retired: key.Retired.UTC(), Signs: key.Signs, Published: key.Published,
				})
			case k < len(list): // a rotation in between adds one at the end
				list[k].Signs = list[k].Signs || key.Signs
			}
		}
	}
	return list, nil
}
