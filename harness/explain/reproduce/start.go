package reproduce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain/paste"
	"github.com/issuerd/issuerd/issuers"
)

// Start writes a scenario to begin with: a sign-in with a token of a platform's preset, and what Entra answers. name is
// platform/slug; the empty preset is the platform's first of which Entra takes tokens. With a code, the sign-in is
// refused with it. The error may be an [*UnableError].
func Start(name, preset string, code int, schema string) (*Scenario, error) {
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("the name %q: want a platform, a slash and a slug of lower case letters, digits and dashes, such as github/my-case", name)
	}
	platform, _, _ := strings.Cut(name, "/")
	p, err := issuers.ByName(platform)
	if err != nil {
		return nil, err
	}
	if preset == "" {
		preset = goodPreset(p, p.Presets[0].Name)
	}
	if _, err := p.Preset(preset); err != nil {
		return nil, err
	}
	o := origin{platform: p, preset: preset}
	e := &evidence{start: &o, message: paste.Message{Code: code}}
	d := newDraft(e, entra.Code{})
	if code == 0 {
		err = d.happy(o)
	} else {
		d, err = draftOf(e)
	}
	if err != nil {
		return nil, err
	}
	if d.from.platform != p {
		return nil, fmt.Errorf("%s is about tokens that the platform %s makes here: call it %s/…", d.row.Name(), d.from.platform.Name, d.from.platform.Name)
	}
	about := "A workload of " + p.Title + " signs in."
	if d.row.Number != 0 {
		about = "A workload of " + p.Title + " is refused: " + d.row.Cause + "."
	}
	return d.scenario(name, about, headOf(schema, d.assumed...))
}

// unread are presets whose issuers' documents Entra cannot read.
var unread = []string{"kubernetes kubeadm-in-cluster", "spiffe spire-2022"}

// happy writes a sign-in that passes. Where Entra refuses the preset's tokens whatever the credential, it expects that.
func (d *draft) happy(o origin) error {
	audience, _ := directory.ExchangeAudience("")
	token, err := o.token(audience)
	d.mint = of("audience", audience)
	if err != nil { // the workload has no say
		d.mint = of()
		if token, err = o.token(); err != nil {
			return err
		}
	}
	d.setIssuer(o)
	d.iss = o.canonical()
	sub, _ := token.Claims["sub"].(string)
	aud, isList := audienceOf(token.Claims), false
	if isList = strings.Contains(aud, ","); isList {
		aud, _, _ = strings.Cut(aud, ",")
	}
	refused := func(code int, pairs ...string) {
		d.row, _ = entra.Lookup(code)
		for i := 0; i+1 < len(pairs); i += 2 {
			d.printed[pairs[i]] = pairs[i+1]
		}
	}
	switch alg, _ := token.Header["alg"].(string); {
	case strings.HasPrefix(alg, "ES"):
		refused(5002738, "alg", alg, "list", allAlgorithms)
	case token.Claims["iss"] == nil:
		refused(90014, "name", "iss")
	case aud == "":
		refused(90014, "name", "aud")
	case slices.Contains(unread, o.platform.Name+" "+o.preset):
		refused(501661)
	case isList:
		refused(700212, "aud", audienceOf(token.Claims))
	}
	if aud == "" {
		aud = audience
	}
	d.trust(d.accepting(presented{d.iss, sub, aud}))
	return nil
}
