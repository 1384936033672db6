package harness_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness"
)

const acme = `
platform: acme
url: https://ci.acme.example
presets:
  - name: job
    claims: {project: web, ref: main}
    derived: {sub: "project:{project}:ref:{ref}"}
  - {name: nightly, claims: {sub: nightly}}
`

// TestDefine adds an issuer that an issuer file describes, at its own URL and by path, and signs in with its tokens.
func TestDefine(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	iss := farm.MustAddIssuer(harness.IssuerSpec{Define: []byte(acme)})
	if iss.URL != "https://ci.acme.example" {
		t.Errorf("at %s", iss.URL)
	}
	token := iss.MustMint(harness.MintSpec{Claims: map[string]any{"ref": "release"}})
	if token.Claims["sub"] != "project:web:ref:release" {
		t.Errorf("sub is %v", token.Claims["sub"])
	}
	nightly := farm.MustAddIssuer(harness.IssuerSpec{Define: []byte(acme), Preset: "nightly"})
	if sub := nightly.MustMint(harness.MintSpec{}).Claims["sub"]; sub != "nightly" || nightly.URL != iss.URL {
		t.Errorf("the other preset: sub %v at %s", sub, nightly.URL)
	}
	named := farm.MustAddIssuer(harness.IssuerSpec{Platform: "acme", ByPath: true})
	if !strings.HasSuffix(named.URL, "/acme") || named.MustMint(harness.MintSpec{}).Header["kid"] != token.Header["kid"] {
		t.Errorf("by path: %s, which has other keys or another path", named.URL)
	}
	for src, want := range map[string]string{
		"platform: acme\nurl: ci\n": `IssuerSpec.Define:2:6: "ci" is no address of an issuer`,
		"":                          "IssuerSpec.Define:1:1: the file is empty",
		strings.Replace(acme, "acme", "github", 1): `IssuerSpec.Define:2:11: the platform "github" comes with issuerd`,
		acme + "jti: true\n":                       `farm: the platform "acme" is there already, and defined otherwise`,
	} {
		if _, err := farm.AddIssuer(harness.IssuerSpec{Define: []byte(src)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", src, err, want)
		}
	}
}
