package harness

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
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
		asked := control.IssuerSpec{
			Platform: spec.Platform, Preset: spec.Preset, URL: spec.URL, ByPath: spec.ByPath, Alg: spec.Alg, Claims: spec.Claims,
		}
		keys, err := f.keys(spec)
		if err != nil {
			return nil, err
		}
		if asked.Define, err = definition(spec.Define); err != nil {
			return nil, err
		}
		if asked.Faults, err = named(spec.Faults...); err != nil {
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

// Issuers are the farm's issuers, by URL.
func (f *Farm) Issuers() []*Issuer {
	var all []*Issuer
	for _, one := range f.world.Issuers() {
		all = append(all, &Issuer{URL: one.URL, JWKS: one.JWKS, ref: one.Ref, farm: f})
	}
	return all
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
