package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// mintFlags say what token an issuer is asked for.
type mintFlags struct {
	preset                                 string
	claims, audience                       []string
	lifetime                               time.Duration
	expired                                bool
	header, tamperedHeader, tamperedClaims []string
}

func (f *mintFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.preset, "preset", "", "the context to mint in; the platform's first unless given")
	flags.StringArrayVar(&f.claims, "claim", nil, "name=text, or name:=JSON for other types; name:=null removes the claim (repeatable)")
	flags.StringArrayVar(&f.audience, "audience", nil, "the audience to ask for (repeatable)")
	flags.DurationVar(&f.lifetime, "lifetime", 0, "exp - iat; the platform's unless given; a negative one has ended before it began")
	flags.BoolVar(&f.expired, "expired", false, "a token that has been expired for an hour")
	flags.StringArrayVar(&f.header, "header", nil, "as --claim: a member of the JOSE header, before it is signed (repeatable)")
	flags.StringArrayVar(&f.tamperedHeader, "tampered-header", nil, "as --claim: a member of the JOSE header that somebody changes who can't sign it again (repeatable)")
	flags.StringArrayVar(&f.tamperedClaims, "tampered-claim", nil, "as --claim: a claim that somebody changes who can't sign it again (repeatable)")
}

// mintFlagNames are the names of the flags, for commands that are given what nobody need mint.
var mintFlagNames = []string{"preset", "claim", "audience", "lifetime", "expired", "header", "tampered-header", "tampered-claim"}

// spec is what an issuer is asked for.
func (f *mintFlags) spec() (spec control.MintSpec, err error) {
	spec = control.MintSpec{Audience: f.audience, Lifetime: control.Duration(f.lifetime), Expired: f.expired}
	if spec.Claims, err = parseMembers("--claim", f.claims); err != nil {
		return spec, err
	}
	if spec.Header, err = parseMembers("--header", f.header); err != nil {
		return spec, err
	}
	if len(f.tamperedHeader)+len(f.tamperedClaims) > 0 {
		spec.Tampered = new(control.Tampering)
		if spec.Tampered.Header, err = parseMembers("--tampered-header", f.tamperedHeader); err != nil {
			return spec, err
		}
		if spec.Tampered.Claims, err = parseMembers("--tampered-claim", f.tamperedClaims); err != nil {
			return spec, err
		}
	}
	if f.lifetime%time.Second != 0 {
		return spec, fmt.Errorf("--lifetime %s: want whole seconds, which is what iat and exp count", f.lifetime)
	}
	for _, audience := range f.audience {
		if !utf8.ValidString(audience) {
			return spec, fmt.Errorf("--audience %q: want UTF-8", audience)
		}
	}
	return spec, nil
}

// parseMembers reads name=text and name:=JSON. Without any it is nil.
func parseMembers(option string, list []string) (map[string]any, error) {
	var members map[string]any
	for _, item := range list {
		name, value, ok := strings.Cut(item, "=")
		if !ok || strings.TrimSuffix(name, ":") == "" {
			return nil, fmt.Errorf("%s %q: want name=text or name:=JSON", option, item)
		}
		if !utf8.ValidString(item) {
			return nil, fmt.Errorf("%s %q: want UTF-8, which is all that JSON can hold", option, item)
		}
		if members == nil {
			members = map[string]any{}
		}
		name, isJSON := strings.CutSuffix(name, ":")
		if !isJSON {
			members[name] = value
			continue
		}
		decoded, err := issuer.DecodeJSON([]byte(value))
		if err != nil {
			return nil, fmt.Errorf("%s %q: after := want JSON, such as 1, true, null, [\"a\"] or {\"a\":1}: %w", option, item, err)
		}
		members[name] = decoded
	}
	return members, nil
}

// issuerOf is how the API names an issuer that the command line names by its URL, its ref or its platform. A platform
// may have several issuers, of which the preset picks one. What this program does not know, the farm may.
func issuerOf(arg, preset string) (ref, presetName string, err error) {
	if strings.Contains(arg, "://") {
		return arg, preset, nil
	}
	platform, found, err := issuers.Find(arg, preset)
	if err != nil {
		if _, unknown := issuers.ByName(arg); unknown != nil {
			return arg, preset, nil
		}
		return "", "", err
	}
	if preset == "" {
		return platform.Name, "", nil
	}
	service, err := platform.Service(found.Service)
	if err != nil {
		return "", "", err
	}
	if usual, err := platform.Service(platform.Presets[0].Service); err == nil && usual.Issuer == service.Issuer {
		return platform.Name, found.Name, nil
	}
	return service.Issuer, found.Name, nil
}
