package issuertest

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// good is a platform that passes.
func good() *issuer.Platform {
	return &issuer.Platform{
		Name: "acme",
		Services: []issuer.Service{{
			Issuer: "https://token.acme.example", JWKS: "/keys",
			Document: issuer.Document{DiscoveryConfiguration: oidc.DiscoveryConfiguration{IDTokenSigningAlgValuesSupported: []string{"ES256"}}},
			Keys:     []issuer.KeySpec{{Alg: jose.ES256, KID: issuer.ThumbprintKID}, {Alg: jose.ES256, KID: issuer.HexKID}},
			Lifetime: time.Minute, ID: true, Overlap: time.Hour,
		}},
		Presets: []issuer.Preset{{Name: "job", About: "a job"}},
		Claims: func(issuer.Request) (issuer.Claims, error) {
			return issuer.Claims{"sub": "job", "aud": "a", "object": map[string]any{"a": "1"}}, nil
		},
	}
}

// TestTestsCanFail breaks a platform in one way at a time and wants the tests to notice that are there to notice it.
func TestTestsCanFail(t *testing.T) {
	t.Parallel()
	claims := func(change func(req issuer.Request, c issuer.Claims) error) func(*issuer.Platform) {
		return func(p *issuer.Platform) {
			usual := p.Claims
			p.Claims = func(req issuer.Request) (issuer.Claims, error) {
				c, _ := usual(req)
				return c, change(req, c)
			}
		}
	}
	set := func(name string, value any) func(*issuer.Platform) {
		return claims(func(_ issuer.Request, c issuer.Claims) error { c[name] = value; return nil })
	}
	number := 0
	for _, tt := range []struct {
		name  string
		spoil func(*issuer.Platform)
		want  []string // the tests that fail
	}{
		{"nothing", func(*issuer.Platform) {}, nil},
		{"no description", func(p *issuer.Platform) { p.Presets[0].About = "" }, []string{"described"}},
		{"another iss", set("iss", "https://token.acme.example/"), []string{"discovery", "moved", "go-oidc verifies", "zitadel verifies"}},
		{"no iss", set("iss", nil), []string{"discovery", "moved", "go-oidc verifies", "zitadel verifies"}},
		{"exp in milliseconds", set("exp", start.UnixMilli()), []string{"times", "expired", "go-oidc verifies"}},
		{"an nbf", set("nbf", start.Unix()), []string{"times"}},
		{"one token id", set("jti", "1"), []string{"token id"}},
		{"no token id", set("jti", nil), []string{"token id"}},
		{"another algorithm announced", func(p *issuer.Platform) {
			p.Services[0].Document.IDTokenSigningAlgValuesSupported = []string{"RS256"}
		}, []string{"go-oidc verifies", "zitadel verifies"}},
		{"one key id", func(p *issuer.Platform) {
			p.Services[0].Keys[0].KID = func(issuer.KeyInfo) string { return "1" }
			p.Services[0].Keys[1].KID = p.Services[0].Keys[0].KID
		}, []string{"jwks", "rotation", "overlap"}},
		{"empty key ids", func(p *issuer.Platform) {
			p.Services[0].Keys[0].KID = func(issuer.KeyInfo) string { return "" }
		}, []string{"jwks", "zitadel verifies", "rotation", "overlap"}},
		{"a claim that cannot be changed", claims(func(req issuer.Request, _ issuer.Claims) error {
			if req.Claims["sub"] != nil {
				return errors.New("no")
			}
			return nil
		}), []string{"overrides", "every claim"}},
		{"claims that differ every time", claims(func(_ issuer.Request, c issuer.Claims) error {
			number++
			c["object"] = map[string]any{"a": fmt.Sprint(number), "b": "2"}
			return nil
		}), []string{"overrides"}},
	} {
		p := good()
		tt.spoil(p)
		var got []string
		for _, c := range tests {
			if c.name != "concurrency" && fails(t, p, c.run) { // the changed claims above are not made for that one
				got = append(got, c.name)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: tests that fail (-want +got):\n%s", tt.name, diff)
		}
	}
}

// fails runs a test and reports whether it failed.
func fails(t *testing.T, p *issuer.Platform, test func(*bench)) bool {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(&bench{TB: r, platform: p, preset: &p.Presets[0], service: &p.Services[0], now: start})
	}()
	<-done
	return r.failed
}

// recorder keeps a failure to itself.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Fatal(...any)          { r.failed = true; runtime.Goexit() }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; runtime.Goexit() }

func TestMembers(t *testing.T) {
	t.Parallel()
	got := Members(t, []byte(`{"b": [1, {"d": 2, "c": {}}], "a": "x", "n": {"z": null, "y": [[{"q": 1}]]}}`))
	want := []string{"b", "b.1.d", "b.1.c", "a", "n", "n.z", "n.y", "n.y.0.0.q"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStyle(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"38826b17-6a30-5f9b-b169-8beb8202f723":        "UUID",
		"1F2AB83404C08EC9EA0BB99DAED02186B091DBF4":    "40 upper-case hex digits",
		"1f2ab83404c08ec9ea0bb99daed02186b091dbf4":    "40 lower-case hex digits",
		"j-fFp9evPJAzV5I2_58HY5UvdCK6Q4LLB1rnPOUfQAk": "43 base64url characters",
		"ykNaY4qM_ta4k2TgZOCEYLkcYlA":                 "27 base64url characters",
		"example-key-id":                              "example-key-id",
	} {
		if got := Style(value); got != want {
			t.Errorf("Style(%q) is %q, want %q", value, got, want)
		}
	}
}
