package ci_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/ci"
)

// TestShapes checks the shapes of all platforms that have some: every preset has one, and its forms name functions and
// claims that exist.
func TestShapes(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range issuers.All() {
		if _, shaped := p.Presets[0].Settings["shape"].(ci.Shape); !shaped {
			continue
		}
		for _, preset := range p.Presets {
			checked++
			if err := ci.Validate(preset); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
		}
	}
	if checked < 13 {
		t.Errorf("%d presets have a shape, want at least 13", checked)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		preset issuer.Preset
		want   string
	}{
		{issuer.Preset{Name: "p"}, `ci: preset "p" has no shape`},
		{issuer.Preset{Name: "p", Settings: ci.Shape{Audience: "{host iss}"}.Settings()}, ""},
		{issuer.Preset{Name: "p", Settings: ci.Shape{Audience: "{hots iss}"}.Settings()}, `ci: preset "p": claim "aud": the placeholder {hots iss} is not known`},
		{
			issuer.Preset{Name: "p", Settings: ci.Shape{Rules: []ci.Rule{{Claim: "sub", Form: "{ref}"}}}.Settings()},
			`ci: preset "p": claim "sub": the placeholder {ref} is not known`,
		},
	} {
		got := ""
		if err := ci.Validate(tt.preset); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("error %q, want %q", got, tt.want)
		}
	}
}

// shaped makes the claims of a shape.
func shaped(s ci.Shape, asked []string, values issuer.Claims) (issuer.Claims, error) {
	return ci.Claims("example")(issuer.Request{Issuer: "https://ci.example/x", Audience: asked, Claims: values, Settings: s.Settings()})
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		shape  ci.Shape
		asked  []string
		values issuer.Claims
		want   issuer.Claims
	}{
		{"zero", ci.Shape{}, nil, nil, issuer.Claims{"aud": ""}},
		{"functions", ci.Shape{Audience: "{bare id} {dir path} {dir name} {host iss} {unknown}{n}"}, nil,
			issuer.Claims{"id": "{7}", "path": "a/b/c", "name": "d", "n": 3}, issuer.Claims{"aud": "7 a/b d ci.example 3"}},
		{"the first that applies", ci.Shape{Rules: []ci.Rule{
			{Claim: "kind", Form: "tag", On: "ref", Is: "refs/tags/*"}, {Claim: "kind", Form: "none", On: "ref"}, {Claim: "kind", Form: "branch"}, {Claim: "sub", Form: "{kind}"},
		}}, []string{"a"}, issuer.Claims{"ref": "refs/tags/v1"}, issuer.Claims{"kind": "tag", "sub": "tag", "aud": "a"}},
		{"given", ci.Shape{Rules: []ci.Rule{{Claim: "sub", Form: "x"}}}, []string{"a"}, issuer.Claims{"sub": "y"}, issuer.Claims{"aud": "a"}},
		{"an array of one", ci.Shape{Asked: ci.Array}, []string{"a"}, nil, issuer.Claims{"aud": []any{"a"}}},
		{"several", ci.Shape{Asked: ci.StringOrArray}, []string{"a", "b"}, nil, issuer.Claims{"aud": []any{"a", "b"}}},
	} {
		got, err := shaped(tt.shape, tt.asked, tt.values)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestClaimsRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		shape ci.Shape
		asked []string
		value any
		want  string
	}{
		{ci.Shape{}, []string{"a", "b"}, "x", "example: want one audience, got 2"},
		{ci.Shape{Audience: "{host iss}", Asked: ci.Refused}, []string{"a"}, "x", `example: the audience is "ci.example" always: a job cannot ask for another`},
		{ci.Shape{Audience: "{ref}"}, nil, []any{}, `example: claim "ref": want a string, got []interface {}`},
	} {
		if _, err := shaped(tt.shape, tt.asked, issuer.Claims{"ref": tt.value}); err == nil || err.Error() != tt.want {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
}

// TestVariables has an environment without a token, and a workload whose token cannot be minted. Each platform's own
// test fetches.
func TestVariables(t *testing.T) {
	t.Parallel()
	presets := []issuer.Preset{{Name: "job", Settings: ci.Shape{Audience: "{ref}", Variable: "TOKEN"}.Settings()}}
	native := ci.Variables("example", presets)
	p := &issuer.Platform{
		Name: "example", Services: []issuer.Service{{Issuer: "https://ci.example", JWKS: "/jwks", Keys: ci.OneKey}},
		Presets: presets, Claims: ci.Claims("example"), Native: native,
	}
	_, err := native.Fetch(t.Context(), nil, issuer.Found{Env: map[string]string{"ANOTHER": "x", "": "y"}}, "")
	var refused *issuer.Refused
	if want := "example: the environment has no token"; !errors.As(err, &refused) || refused.Message != want {
		t.Errorf("error %v, want %q", err, want)
	}
	iss, err := issuer.New(p, issuer.WithClaims(issuer.Claims{"ref": []any{}}))
	if err != nil {
		t.Fatal(err)
	}
	api, err := native.New(issuer.Workload{Issuer: iss})
	if err != nil {
		t.Fatal(err)
	}
	if env, err := api.Env(""); err == nil || env != nil {
		t.Errorf("a claim that cannot be used: %v and error %v, want an error alone", env, err)
	}
	if _, err := native.New(issuer.Workload{Issuer: iss, Preset: "step"}); err == nil {
		t.Error("a preset that there is not: no error")
	}
}

// TestClaimsOfClaimsAreBounded has forms each of which repeats the claim of the one before.
func TestClaimsOfClaimsAreBounded(t *testing.T) {
	t.Parallel()
	rules := []ci.Rule{{Claim: "c1", Form: strings.Repeat("{c0}", 16)}, {Claim: "c2", Form: strings.Repeat("{c1}", 16)}}
	got, err := shaped(ci.Shape{Rules: rules}, nil, issuer.Claims{"c0": strings.Repeat("x", 256)})
	if err != nil || len(got["c2"].(string)) != 64<<10 {
		t.Errorf("64 KiB: %v, want them made", err)
	}
	_, err = shaped(ci.Shape{Rules: rules}, nil, issuer.Claims{"c0": strings.Repeat("x", 257)})
	const want = `the claim "c2" would have 65792 bytes, want at most 65536: shorten its form, or the claims that it is made from`
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}
