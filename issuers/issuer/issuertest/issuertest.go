package issuertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Run checks every preset of a platform.
func Run(t *testing.T, p *issuer.Platform) {
	t.Helper()
	for n := range p.Presets {
		preset := &p.Presets[n]
		service, err := p.Service(preset.Service)
		if err != nil {
			t.Fatal(err)
		}
		first := slices.IndexFunc(p.Presets, func(other issuer.Preset) bool { return other.Service == preset.Service }) == n
		for _, c := range tests {
			if c.perService && !first {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", preset.Name, c.name), func(t *testing.T) {
				t.Parallel()
				c.run(&bench{TB: t, platform: p, preset: preset, service: service, now: start})
			})
		}
	}
}

// tests is what a platform must pass.
var tests = []struct {
	name       string
	perService bool // it says nothing new about a second preset of the same service
	run        func(*bench)
}{
	{"described", false, testDescribed},
	{"discovery", false, testDiscovery},
	{"discovery needs no key", true, testDiscoveryNeedsNoKey},
	{"jwks", true, testJWKS},
	{"moved", true, testMoved},
	{"times", false, testTimes},
	{"expired", false, testExpired},
	{"token id", false, testTokenID},
	{"go-oidc verifies", false, testGoOIDC},
	{"zitadel verifies", false, testZitadel},
	{"overrides", false, testOverrides},
	{"every claim", true, testEveryClaim},
	{"rotation", true, testRotation},
	{"overlap", true, testOverlap},
	{"concurrency", true, testConcurrency},
}

// start is when the clock of a test begins.
var start = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// bench is one preset under one test.
type bench struct {
	testing.TB
	platform *issuer.Platform
	preset   *issuer.Preset
	service  *issuer.Service
	now      time.Time // changed only between calls
}

// issuer makes the preset's issuer on the bench's clock.
func (b *bench) issuer(opts ...issuer.Option) *issuer.Issuer {
	b.Helper()
	all := []issuer.Option{
		issuer.WithPreset(b.preset.Name),
		issuer.WithNow(func() time.Time { return b.now }),
		issuer.WithKeys(issuer.GenerateTestKey),
	}
	iss, err := issuer.New(b.platform, append(all, opts...)...)
	if err != nil {
		b.Fatal(err)
	}
	return iss
}

// mint mints with claims over the preset's.
func (b *bench) mint(iss *issuer.Issuer, claims issuer.Claims) issuer.Token {
	b.Helper()
	token, err := iss.Mint(issuer.Request{Claims: claims})
	if err != nil {
		b.Fatal(err)
	}
	return token
}

// removes reports whether the preset takes a claim away.
func (b *bench) removes(claim string) bool {
	value, said := b.preset.Claims[claim]
	return said && value == nil
}
