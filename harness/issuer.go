package harness

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/keyfile"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// IssuerSpec asks for an issuer.
type IssuerSpec struct {
	Platform string // such as github; issuerd token --help lists them
	// an issuer file in place of Platform, YAML or JSON: a platform of the issuer's own; see docs/issuers.md
	Define []byte
	Preset string // the context that it mints in; empty: the platform's first
	URL    string // empty: the platform's own
	// the URL is one below that of the issuer plane, for clients that can't be led to the real name
	ByPath bool
	Alg    string         // of signatures; empty: the platform's
	Claims map[string]any // over the preset's; nil removes one
	// in force from now on, in place of those of an issuer that is there already; empty: no change
	Faults []Fault

	// Key is what it signs with, RSA of 2048 bits or more or ECDSA on P-256, P-384 or P-521, as Alg or the platform
	// wants; nil: a key that is made. KeyID is its kid; empty: one in the platform's style. A rotation makes another
	// key.
	Key   crypto.Signer
	KeyID string
	// KeyFile is the path of a file with such keys, as PEM or JSON Web Keys, in place of Key: the issuer has the same
	// keys whenever it is made from the same file. A file that others may read is warned of in the log.
	KeyFile string
}

// Issuer is an issuer of a farm. Its methods are for any goroutine, and return errors but for those called Must.
type Issuer struct {
	URL  string // as in iss
	JWKS string // the URL of its key set
	ref  string // control.Issuer.Ref
	farm *Farm
}

// AddIssuer adds an issuer to the farm. Asked for twice, with other presets or claims, it is one issuer with the same
// keys: each result mints what it was asked for with. Another platform, algorithm or key at the URL of one that is
// there is an error.
func (f *Farm) AddIssuer(spec IssuerSpec) (*Issuer, error) {
	return change(f, func() (*Issuer, error) {
		if spec.ByPath && spec.URL != "" {
			return nil, errors.New("IssuerSpec has both URL and ByPath: give one")
		}
		asked := control.IssuerSpec{Platform: spec.Platform, Preset: spec.Preset, URL: spec.URL, ByPath: spec.ByPath, Alg: spec.Alg, Claims: spec.Claims}
		keys, err := f.keys(spec)
		if err != nil {
			return nil, err
		}
		if asked.Define, err = definition(spec.Define); err != nil {
			return nil, err
		}
		if asked.Faults, err = named(spec.Faults); err != nil {
			return nil, err
		}
		added, err := f.world.AddIssuerWithKeys(asked, keys...)
		if err != nil {
			return nil, err
		}
		return &Issuer{URL: added.URL, JWKS: added.JWKS, ref: added.Ref, farm: f}, nil
	})
}

// definition is an issuer file as the farm takes it; nil for none.
func definition(src []byte) (json.RawMessage, error) {
	if src == nil {
		return nil, nil
	}
	file, err := generic.Parse("IssuerSpec.Define", src, issuers.Names()...)
	if err != nil {
		return nil, err
	}
	return file.Definition()
}

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

// named are faults as the farm is asked for them.
func named(faults []Fault) ([]control.Fault, error) {
	list := make([]control.Fault, len(faults))
	for i, fault := range faults {
		if fault == nil {
			return nil, fmt.Errorf("fault %d is nil", i+1)
		}
		raw, err := json.Marshal(fault)
		if err == nil {
			list[i].Name = fault.Name()
			err = json.Unmarshal(raw, &list[i].Parameters)
		}
		if err != nil {
			return nil, fmt.Errorf("fault %T: %w", fault, err)
		}
	}
	return list, nil
}

// SetFaults puts faults of the issuer in force; those not among them end.
func (i *Issuer) SetFaults(faults ...Fault) error {
	_, err := change(i.farm, func() (any, error) {
		list, err := named(faults)
		if err != nil {
			return nil, err
		}
		return nil, i.farm.world.SetFaults(control.FaultsSpec{Issuer: i.URL, Faults: list})
	})
	return err
}

// MintSpec asks an issuer for a token. The zero value is what the platform does by itself.
type MintSpec struct {
	Preset   string         // another preset of the same issuer; empty: the issuer's
	Audience []string       // empty: what the platform does then
	Lifetime time.Duration  // zero: the platform's
	Claims   map[string]any // over the preset's; nil removes one
}

// Mint has the issuer sign a token. Whole numbers in what it says are an int64, or a uint64 if they need one.
func (i *Issuer) Mint(spec MintSpec) (Token, error) {
	return change(i.farm, func() (Token, error) {
		token, err := i.farm.world.Mint(control.MintSpec{
			Issuer: i.ref, Preset: spec.Preset, Audience: spec.Audience, Lifetime: control.Duration(spec.Lifetime), Claims: spec.Claims,
		})
		if err != nil {
			return Token{}, err
		}
		for _, members := range []*map[string]any{&token.Header, &token.Claims} {
			if *members, err = decoded(*members); err != nil {
				return Token{}, err
			}
		}
		return token, nil
	})
}

// decoded is what a reader of the token sees of what the issuer put in it.
func decoded(members map[string]any) (map[string]any, error) {
	raw, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	value, err := issuer.DecodeJSON(raw)
	out, _ := value.(map[string]any)
	return out, err
}

// Rotate gives the issuer a new signing key and returns its id. Unless publish is set, the JWKS does not list it.
func (i *Issuer) Rotate(publish bool) (kid string, err error) {
	rotated, err := change(i.farm, func() (control.Rotated, error) {
		return i.farm.world.Rotate(control.RotateSpec{Issuer: i.ref, Publish: &publish})
	})
	return rotated.KID, err
}

// AwaitFetch waits until one of the issuer's documents, "discovery" or "jwks", was asked for n times since the farm's
// start, by Entra or by anybody else, or until the context ends, which is an error that says how often it was.
func (i *Issuer) AwaitFetch(ctx context.Context, document string, n int) error {
	if document != "discovery" && document != "jwks" {
		return fmt.Errorf("harness: document %q: want discovery or jwks", document)
	}
	_, err := i.farm.await(ctx, n, "requests for "+document+" of "+i.URL, func(e Entry) bool { return e.Issuer == i.URL && e.Route == document })
	return err
}
