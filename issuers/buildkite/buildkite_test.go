package buildkite

import (
	"encoding/json"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, Platform) }

var recorded = issuertest.Recorded{File: "testdata/token-docs.json", Preset: "step"}

func TestRecorded(t *testing.T) {
	t.Parallel()
	issuertest.Replay(t, Platform, recorded)
}

// TestDerived gives only what a caller knows, and gets the recorded sub, times and so on.
func TestDerived(t *testing.T) {
	t.Parallel()
	issuertest.Derive(t, Platform, recorded, issuer.Request{Claims: issuer.Claims{"build_tag": "v1.0.0"}})
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	issuertest.Subjects(t, Platform, "testdata/subjects.json", map[string]issuertest.Subject{
		"organization:acme-inc:pipeline:super-duper-app:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build": {Preset: "step"},
	})
}

func TestDerivations(t *testing.T) {
	t.Parallel()
	issuertest.Derivations(t, Platform, []issuertest.Derivation{
		{Name: "step", Req: issuer.Request{Claims: issuer.Claims{"organization_slug": "o", "build_branch": "b"}}, Want: issuer.Claims{
			"aud": "https://buildkite.com/o", "build_number": json.Number("1"),
			"sub": "organization:o:pipeline:super-duper-app:ref:refs/heads/b:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build",
		}},
	})
}

func TestRefusesSeveralAudiences(t *testing.T) {
	t.Parallel()
	iss, err := issuer.New(Platform)
	if err != nil {
		t.Fatal(err)
	}
	const want = "buildkite: want one audience, got 2"
	if _, err := iss.Mint(issuer.Request{Audience: []string{"a", "b"}}); err == nil || err.Error() != want {
		t.Errorf("error is %v, want %q", err, want)
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	issuertest.Delivery(t, Platform, map[string]issuertest.Delivered{
		"step": {Variables: []string{tokenVariable, endpointVariable, jobVariable}, Audience: "a"},
	})
}
