package harness

import (
	"errors"
	"io/fs"
	"os"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/keyfile"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// keys are those that an issuer is given.
func (f *Farm) keys(spec IssuerSpec) ([]issuer.SigningKey, error) {
	switch {
	case spec.Key != nil && spec.KeyFile != "":
		return nil, errors.New("IssuerSpec has both Key and KeyFile: give one")
	case spec.Key == nil && spec.KeyID != "":
		return nil, errors.New("IssuerSpec has a KeyID without Key: in a file, a JSON Web Key has its own kid")
	case spec.Key != nil:
		return []issuer.SigningKey{{Key: spec.Key, ID: spec.KeyID}}, nil
	case spec.KeyFile == "":
		return nil, nil
	}
	keys, warning, err := keyfile.Read(disk{}, spec.KeyFile)
	if warning != "" {
		f.log.Warn(warning)
	}
	return keys, err
}

// disk is the files of this machine, by the names that users give them, which need not be below any folder.
type disk struct{}

func (disk) Open(name string) (fs.File, error)     { return os.Open(name) }
func (disk) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// Rotate gives the issuer a new signing key and returns its id. Unless publish is set, the JWKS does not list it.
func (i *Issuer) Rotate(publish bool) (kid string, err error) {
	return i.rotate(control.RotateSpec{Issuer: i.ref, Publish: &publish})
}

// ReplaceKey makes a new signing key under the kid of the one before it, as nobody should; with publish, the JWKS lists
// it in the place of that one. It returns the kid.
func (i *Issuer) ReplaceKey(publish bool) (kid string, err error) {
	return i.rotate(control.RotateSpec{Issuer: i.ref, Publish: &publish, SameKID: true})
}

func (i *Issuer) rotate(spec control.RotateSpec) (kid string, err error) {
	rotated, err := change(i.farm, func() (control.Rotated, error) { return i.farm.world.Rotate(spec) })
	return rotated.KID, err
}

// Keys are the keys of the issuer, the oldest first.
func (i *Issuer) Keys() ([]Key, error) { return ask(i, i.farm.world.Keys) }

// Publish puts the key with an id into the issuer's JWKS, or takes it out, at once, whether tokens are signed with it or
// not. The empty id puts the keys in that sign, or takes those out that others have taken the place of. What was taken
// out stays out until it is put back. Entra sees a change when its cache is over.
func (i *Issuer) Publish(kid string, published bool) error {
	_, err := change(i.farm, func() ([]Key, error) {
		return i.farm.world.Publish(control.PublishSpec{Issuer: i.ref, KID: kid, Published: published})
	})
	return err
}
