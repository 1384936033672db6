package farm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/generic"
)

const acme = `
platform: acme
url: https://ci.acme.dev
jwks: https://keys.acme.dev/jwks
presets:
  - name: job
    claims: {project: web, ref: main}
    derived: {sub: "project:{project}:ref:{ref}"}
    variable: ACME_TOKEN
`

// files are issuer files.
func files(t *testing.T, sources ...string) []*generic.File {
	t.Helper()
	var out []*generic.File
	for _, src := range sources {
		file, err := generic.Parse("file", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, file)
	}
	return out
}

// TestPlatformsOfFiles has a farm with a platform of a file, which is like those that come with issuerd: canonically
// and by path, in the default world and in others, for relying parties and at Entra. Its hosts, one of which has the
// keys, are below no name that a farm answers for anyway.
func TestPlatformsOfFiles(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Issuers: files(t, acme), Addr: map[plane.Plane]string{plane.Workload: free}})
	other := newWorld(t, s, control.WorldSpec{})
	addIssuer(t, other, control.IssuerSpec{Platform: "acme"})
	for _, w := range []*farm.World{s.DefaultWorld(), other} {
		client := canonical(s, w.Describe().ID)
		token := mint(t, w, "https://ci.acme.dev", "project:web:ref:main")
		ctx := gooidc.ClientContext(t.Context(), client)
		provider, err := gooidc.NewProvider(ctx, "https://ci.acme.dev")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.Verifier(&gooidc.Config{ClientID: exchangeAudience}).Verify(ctx, token.Token); err != nil {
			t.Error(err)
		}
		app := addApp(t, w, "https://ci.acme.dev", "project:web:ref:main")
		if got := exchange(t.Context(), t, client, app.Tenant, app.ClientID, token.Token); got.code() != 0 {
			t.Errorf("sign-in: %+v", got)
		}
	}
	byPath, err := s.IssuerURL("acme", "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(byPath, "/acme") {
		t.Errorf("by path at %s", byPath)
	}
	if _, document := get(t, canonical(s, control.DefaultWorld), byPath+"/.well-known/openid-configuration", ""); !strings.Contains(document, `"jwks_uri":"`+byPath+"/jwks") {
		t.Errorf("by path: %s", document)
	}
	job, err := other.StartWorkload(control.WorkloadSpec{Issuer: "https://ci.acme.dev"})
	if err != nil || job.Env["ACME_TOKEN"] == "" {
		t.Errorf("a workload: %v, error %v", job.ID, err)
	}
	without := start(t, farm.Options{})
	if _, err := without.DefaultWorld().AddIssuer(control.IssuerSpec{Platform: "acme"}); err == nil || !strings.Contains(err.Error(), `no platform "acme"`) {
		t.Errorf("another farm has the platform: %v", err)
	}
}

// jsonOf is an issuer file as JSON.
func jsonOf(t *testing.T, src string) json.RawMessage {
	t.Helper()
	definition, err := files(t, src)[0].Definition()
	if err != nil {
		t.Fatal(err)
	}
	return definition
}

const dev = "platform: dev\nurl: https://ci.dev.example\npresets:\n  - {name: job, claims: {sub: one}}\n  - {name: other, claims: {sub: two}}\n"

// TestDefine adds issuers whose platform is given with them: again they are the same, under their platform's name too,
// and in no other world. What is wrong is refused.
func TestDefine(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Issuers: files(t, acme)})
	w, other := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{})
	first := addIssuer(t, w, control.IssuerSpec{Define: jsonOf(t, dev)})
	if first.URL != "https://ci.dev.example" || first.Platform != "dev" {
		t.Errorf("added %+v", first)
	}
	app := addApp(t, w, first.URL, "one")
	token := mintAt(t, w, control.MintSpec{Issuer: first.Ref, Audience: []string{exchangeAudience}})
	if got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, token.Token); got.code() != 0 {
		t.Errorf("sign-in: %+v", got)
	}
	again := addIssuer(t, w, control.IssuerSpec{Define: json.RawMessage(" " + string(jsonOf(t, dev))), Platform: "dev", Preset: "other"})
	named := addIssuer(t, w, control.IssuerSpec{Platform: "dev", Preset: "other"})
	if again != named || again.URL != first.URL || again.Ref == first.Ref {
		t.Errorf("first %+v, again %+v, by name %+v", first, again, named)
	}
	if got := mintAt(t, w, control.MintSpec{Issuer: again.Ref}).Header["kid"]; got != token.Header["kid"] {
		t.Errorf("keys %v and %v, want the same", got, token.Header["kid"])
	}
	if byPath := addIssuer(t, w, control.IssuerSpec{Define: jsonOf(t, dev), ByPath: true}); !strings.HasSuffix(byPath.URL, "/dev") {
		t.Errorf("by path: %+v", byPath)
	}
	if same := addIssuer(t, w, control.IssuerSpec{Define: jsonOf(t, acme)}); same.Platform != "acme" { // the farm has it
		t.Errorf("the farm's own: %+v", same)
	}
	for name, tt := range map[string]struct {
		world  *farm.World
		spec   control.IssuerSpec
		status int
		member string
		want   string
	}{
		"another world": {other, control.IssuerSpec{Platform: "dev"}, 400, "platform", `issuers: no platform "dev" (`},
		"otherwise":     {w, control.IssuerSpec{Define: jsonOf(t, dev+"jti: true\n")}, 409, "define", `farm: the platform "dev" is there already, and defined otherwise: give this one another name`},
		"the farm's":    {w, control.IssuerSpec{Define: jsonOf(t, acme+"jti: true\n")}, 409, "define", `farm: the platform "acme" is there already, and defined otherwise`},
		"shipped":       {w, control.IssuerSpec{Define: json.RawMessage(`{"platform": "gitlab", "url": "https://gitlab.contoso.com", "presets": [{"name": "job"}]}`)}, 400, "define", `farm: generic: the definition of an issuer: platform: the platform "gitlab" comes with issuerd (give yours another name)`},
		"mistakes":      {w, control.IssuerSpec{Define: json.RawMessage(`{"platform": "x", "presets": [{"nme": "job"}]}`)}, 400, "define", `farm: generic: the definition of an issuer: missing key "url"; presets[0]`},
		"no JSON":       {w, control.IssuerSpec{Define: json.RawMessage(`[]`)}, 400, "define", `farm: generic: the definition of an issuer: 1:1: want a map`},
		"two platforms": {w, control.IssuerSpec{Platform: "github", Define: jsonOf(t, dev)}, 400, "platform", `farm: the platform "github" is asked for, and "dev" defined: leave the first out`},
		"preset":        {w, control.IssuerSpec{Define: jsonOf(t, dev), Preset: "jbo"}, 400, "preset", `dev: no preset "jbo" (`},
		"host":          {w, control.IssuerSpec{Define: jsonOf(t, strings.ReplaceAll(dev, "dev", "elsewhere")), URL: "https://ci.elsewhere.dev"}, 400, "url", `farm: issuer "https://ci.elsewhere.dev": this farm's certificate authority may not sign for "ci.elsewhere.dev"; start it with --host ci.elsewhere.dev`},
	} {
		_, err := tt.world.AddIssuer(tt.spec)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s", name, err, tt.want)
		}
		var refusal *control.Error
		if errors.As(err, &refusal) != (tt.status != 0) || tt.status != 0 && (refusal.Status != tt.status || refusal.Member != tt.member) {
			t.Errorf("%s: %+v, want status %d about %q", name, refusal, tt.status, tt.member)
		}
	}
	// what failed has left no definition behind
	addIssuer(t, w, control.IssuerSpec{Define: jsonOf(t, strings.ReplaceAll(dev, "dev", "elsewhere")+"jti: true\n")})
}

// TestDefineAtOnce has several callers define the same and other platforms at once.
func TestDefineAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	var wg sync.WaitGroup
	refs := make([]control.Issuer, 20)
	for n := range refs {
		wg.Go(func() {
			src := strings.ReplaceAll(dev, "dev", fmt.Sprintf("dev%d", n%2))
			var err error
			if refs[n], err = w.AddIssuer(control.IssuerSpec{Define: jsonOf(t, src)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for n, ref := range refs {
		if ref != refs[n%2] {
			t.Errorf("%d: %+v, want %+v", n, ref, refs[n%2])
		}
	}
	for n := len(w.Issuers()); n < 100; n++ {
		addIssuer(t, w, control.IssuerSpec{Define: jsonOf(t, strings.ReplaceAll(dev, "dev", fmt.Sprintf("dev%d", n)))})
	}
	_, err := w.AddIssuer(control.IssuerSpec{Define: jsonOf(t, dev)})
	var refusal *control.Error
	if !errors.As(err, &refusal) || refusal.Status != 429 {
		t.Errorf("the platform after the hundredth: %v, want a 429", err)
	}
}

// TestDefinitionsComeBack kills a farm that keeps its worlds, and finds issuers of defined platforms again, with their
// keys, at the next start: those of a world, and those of a file, also when it is not given again.
func TestDefinitionsComeBack(t *testing.T) {
	t.Parallel()
	opts := farm.Options{State: t.TempDir(), Issuers: files(t, acme), Hosts: []string{"acme.dev"}}
	s := start(t, opts)
	w := newWorld(t, s, control.WorldSpec{})
	kids := map[string]any{}
	refs := []control.Issuer{
		addIssuer(t, w, control.IssuerSpec{Define: jsonOf(t, dev)}),
		addIssuer(t, w, control.IssuerSpec{Platform: "dev", Preset: "other"}),
		addIssuer(t, w, control.IssuerSpec{Platform: "acme"}),
	}
	for _, iss := range refs {
		kids[iss.Ref] = mintAt(t, w, control.MintSpec{Issuer: iss.Ref}).Header["kid"]
	}
	opts.State, opts.Issuers = killed(t, opts.State), nil
	again := worldOf(t, start(t, opts), w.Describe().ID)
	for _, iss := range refs {
		if got := mintAt(t, again, control.MintSpec{Issuer: iss.Ref}).Header["kid"]; got != kids[iss.Ref] {
			t.Errorf("%s: key %v, want %v", iss.Ref, got, kids[iss.Ref])
		}
	}
	if iss := addIssuer(t, again, control.IssuerSpec{Platform: "dev"}); iss != refs[0] {
		t.Errorf("by its platform: %+v, want %+v", iss, refs[0])
	}
}
