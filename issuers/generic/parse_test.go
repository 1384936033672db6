package generic_test

import (
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// TestBad reads files with mistakes: beside each is what is reported. With -update it is written.
func TestBad(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d files, want at least 8 (%v)", len(paths), err)
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = generic.Parse(filepath.Base(path), src)
		var problems document.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: error %v, want problems", path, err)
			continue
		}
		golden := strings.TrimSuffix(path, "yaml") + "out"
		if *update {
			if err := os.WriteFile(golden, []byte(problems.Error()+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), problems.Error()+"\n"); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestMistakes counts those of the file with the most.
func TestMistakes(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/bad/mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var problems document.Problems
	if _, err := generic.Parse("f", src); !errors.As(err, &problems) || len(problems) < 10 {
		t.Errorf("%d problems, want ten or more: %v", len(problems), err)
	}
	for _, p := range problems {
		if p.Line < 2 || p.Column < 1 {
			t.Errorf("%v: no place in the file", &p)
		}
	}
}

func parse(t *testing.T, path string) *generic.File {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := generic.Parse(path, src)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestConformanceOfUsersFiles has the platforms of files with the least and with everything pass what the shipped ones
// pass.
func TestConformanceOfUsersFiles(t *testing.T) {
	least := parse(t, "testdata/good/least.yaml")
	least.Presets[0].About = "a job" // which the tests want of those that are shipped
	for _, file := range []*generic.File{least, parse(t, "testdata/good/all.yaml")} {
		t.Run(file.Title, func(t *testing.T) { issuertest.Run(t, file.Build()) })
	}
}

func TestBuilt(t *testing.T) {
	t.Parallel()
	all := parse(t, "testdata/good/all.yaml").Build()
	issuertest.Derivations(t, all, []issuertest.Derivation{
		{Name: "branch", Req: issuer.Request{}, Want: issuer.Claims{"sub": "us:branch:main", "owner": "us", "aud": "https://ci.acme.example/us", "kind": "branch"}},
		{Name: "derived owner", Req: issuer.Request{Preset: "tag"}, Want: issuer.Claims{"sub": "tagged:refs/tags/v1", "kind": "tag", "owner": nil}},
		{Name: "not a tag", Req: issuer.Request{Preset: "tag", Claims: issuer.Claims{"ref": "main", "owner": "o"}}, Want: issuer.Claims{"sub": "o:branch:main", "kind": "branch"}},
		{Name: "an audience", Req: issuer.Request{Audience: []string{"a"}}, Want: issuer.Claims{"aud": []any{"a"}}},
	})
	eu := all.Services[1]
	if eu.Typ != "JWT" || eu.JWKS != "/keys" || len(eu.Keys) != 1 || eu.Signer != 0 || eu.NotYet == nil || *eu.NotYet != -10 || !eu.ID || eu.CORS != issuer.CORSAnyOrigin {
		t.Errorf("the second service has not what it says, and the rest from the first level: %+v", eu)
	}
	if eu.Headers.JWKS != "application/jwk-set+json" {
		t.Errorf("the key set's content type is %q, want the first level's", eu.Headers.JWKS)
	}
	least := parse(t, "testdata/good/least.yaml").Build()
	if least.Native != nil || least.Title != "acme" {
		t.Errorf("without a variable: native %v, title %q", least.Native, least.Title)
	}
	issuertest.Derivations(t, least, []issuertest.Derivation{
		{Name: "least", Req: issuer.Request{Claims: issuer.Claims{"ref": "x"}}, Want: issuer.Claims{
			"sub": "project:web:ref:x", "aud": "api://AzureADTokenExchange", "jti": nil, "nbf": nil, "iss": "https://ci.acme.example",
		}},
	})
}

// TestDecode reads definitions in JSON, whose problems have paths.
func TestDecode(t *testing.T) {
	t.Parallel()
	file, err := generic.Decode([]byte(`{"platform": "acme", "url": "https://ci.acme.example", "presets": [{"name": "job", "claims": {"n": 9007199254740993}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := file.Presets[0].Claims["n"]; got != 9007199254740993 {
		t.Errorf("n is %v", got)
	}
	for src, want := range map[string]string{
		`{"platform": "acme", "urll": 1, "presets": [{"name": "A"}]}`: `generic: the definition of an issuer: missing key "url"; ` +
			`urll: unknown key "urll" (did you mean "url"?); presets[0].name: "A" is no name for a preset (write it with lower-case letters and digits, and dashes between them)`,
		`{`:  "generic: the definition of an issuer: 1:1: ",
		`[]`: "generic: the definition of an issuer: 1:1: want a map at the top of the file, got a list (an issuer starts with \"platform:\")",
	} {
		if _, err := generic.Decode([]byte(src)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error\n%v, want\n%s", src, err, want)
		}
	}
}

// TestTaken has a platform with the name of another.
func TestTaken(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/good/least.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = generic.Parse("f.yaml", src, "github", "acme")
	if want := "f.yaml:1:11: the platform \"acme\" comes with issuerd\n\thint: give yours another name"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestDefinition writes every file as JSON and reads it again: it makes the same platform.
func TestDefinition(t *testing.T) {
	t.Parallel()
	files := []*generic.File{parse(t, "testdata/good/all.yaml"), parse(t, "testdata/good/least.yaml")}
	for _, name := range shipped(t) {
		files = append(files, generic.ShippedFile(name))
	}
	for _, file := range files {
		definition, err := file.Definition()
		if err != nil {
			t.Fatal(err)
		}
		again, err := generic.Decode(definition)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(file, again, cmpopts.IgnoreUnexported(generic.File{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file.Platform, diff)
		}
	}
}

func TestIsFile(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		"platform: acme\n": true, "# x\npresets:\n": true, "\ufeff{\"platform\": 1}": true, "{presets: []}": true, "'presets' : []": true,
		"name: github/x\nissuer:\n  platform: github\n": false, "tenants: []": false, "platform: github\nsteps: []\n": false, "{": false, "": false,
	} {
		if got := generic.IsFile([]byte(src)); got != want {
			t.Errorf("%q: %v, want %v", src, got, want)
		}
	}
}

// FuzzParse reads whatever comes: what has no problems makes a platform whose issuers mint.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yaml", "files/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	var keys sync.Map // by algorithm: they take longer than all the rest
	key := func(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
		made, _ := keys.LoadOrStore(alg, sync.OnceValues(func() (crypto.Signer, error) { return issuer.GenerateTestKey(alg) }))
		return made.(func() (crypto.Signer, error))()
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := generic.Parse("f", src)
		if err != nil {
			return
		}
		p := file.Build()
		for _, preset := range p.Presets {
			iss, err := issuer.New(p, issuer.WithPreset(preset.Name), issuer.WithKeys(key))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := iss.Discovery(); err != nil {
				t.Error(err)
			}
			if _, err := iss.Mint(issuer.Request{}); err != nil {
				t.Log(err) // a claim that cannot be part of another
			}
		}
	})
}
