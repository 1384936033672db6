package gcp_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/gcp"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, gcp.Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, gcp.Platform) }

// instance is the recorded token of a Compute Engine VM; its key id is a placeholder that names the style.
var instance = issuertest.Recorded{
	File: "testdata/gcp-2023-gce-full.json", Preset: "confidential-vm",
	HeaderStyle: "the recorded key id is the placeholder <40 lower-case hex>",
}

var person = issuertest.Recorded{
	File: "testdata/google-pypi-fixture.json", Preset: "user",
	PayloadOrder: "a person's token comes from another endpoint, whose order is not impersonated",
}

func TestRecordedTokens(t *testing.T) {
	t.Parallel()
	for _, r := range []issuertest.Recorded{instance, person} {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, gcp.Platform, r)
		})
	}
}

func TestDerivedTokens(t *testing.T) {
	t.Parallel()
	t.Run(instance.File, func(t *testing.T) {
		t.Parallel()
		issuertest.Derive(t, gcp.Platform, instance, issuer.Request{
			Audience: []string{"https://foo.bar"},
			Claims: issuer.Claims{
				"sub": "112179062720391305885",
				"google": map[string]any{"compute_engine": map[string]any{
					"instance_name": "gke-cluster-1-default-pool-7c317a84-nfc1", "project_id": "mineral-minutia-820",
				}},
			},
		})
	})
	t.Run(person.File, func(t *testing.T) {
		t.Parallel()
		issuertest.Derive(t, gcp.Platform, person, issuer.Request{
			Audience: []string{"pypi"},
			Claims:   issuer.Claims{"hd": "google.com", "email": "user@example.com"},
		})
	})
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, gcp.Platform, "", "testdata/gcp-discovery.json")

	iss := newIssuer(t)
	if want := "https://www.googleapis.com/oauth2/v3/certs"; iss.JWKSURL() != want {
		t.Errorf("jwks_uri is %q, want %q", iss.JWKSURL(), want)
	}
	keys, err := iss.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	members := []string{"keys"}
	for _, key := range []string{"keys.0.", "keys.1."} { // the six that Google's Go validator reads
		for _, name := range []string{"alg", "e", "kid", "kty", "n", "use"} {
			members = append(members, key+name)
		}
	}
	if diff := cmp.Diff(members, issuertest.Members(t, keys)); diff != "" {
		t.Errorf("jwks (-want +got):\n%s", diff)
	}
	var set struct{ Keys []struct{ KID string } }
	if err := json.Unmarshal(keys, &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		if style := issuertest.Style(key.KID); style != "40 lower-case hex digits" {
			t.Errorf("kid %q is not 40 lower-case hex digits", key.KID)
		}
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	token, err := newIssuer(t).Mint(issuer.Request{})
	if err != nil {
		t.Fatal(err)
	}
	header, _ := issuertest.Parts(t, token.Raw)
	if diff := cmp.Diff([]string{"alg", "kid", "typ"}, issuertest.Members(t, header)); diff != "" {
		t.Errorf("members of the header (-want +got):\n%s", diff)
	}
	values := issuertest.Object(t, header)
	values["kid"] = issuertest.Style(values["kid"].(string))
	if diff := cmp.Diff(map[string]any{"alg": "RS256", "kid": "40 lower-case hex digits", "typ": "JWT"}, values); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

// TestContexts checks which claims each kind of token has.
func TestContexts(t *testing.T) {
	t.Parallel()
	plain := []string{"aud", "azp", "exp", "iat", "iss", "sub"}
	mail := []string{"aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub"}
	vm := []string{
		"aud", "azp", "email", "email_verified", "exp", "google", "google.compute_engine",
		"google.compute_engine.instance_creation_timestamp", "google.compute_engine.instance_id", "google.compute_engine.instance_name",
		"google.compute_engine.project_id", "google.compute_engine.project_number", "google.compute_engine.zone", "iat", "iss", "sub",
	}
	tests := []struct {
		preset string
		want   []string
	}{
		{"compute-engine", vm},
		{"compute-engine-standard", plain},
		{"service-account", mail},
		{"gke", mail},
		{"user", []string{"at_hash", "aud", "azp", "email", "email_verified", "exp", "hd", "iat", "iss", "sub"}},
	}
	for _, tt := range tests {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			token, err := newIssuer(t, issuer.WithPreset(tt.preset)).Mint(issuer.Request{})
			if err != nil {
				t.Fatal(err)
			}
			_, payload := issuertest.Parts(t, token.Raw)
			if diff := cmp.Diff(tt.want, issuertest.Members(t, payload)); diff != "" {
				t.Errorf("members of the payload (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDerivedClaims(t *testing.T) {
	t.Parallel()
	project := func(number any) issuer.Claims {
		return issuer.Claims{"google": map[string]any{"compute_engine": map[string]any{"project_number": number}}}
	}
	tests := []struct {
		name, preset string
		claims, want issuer.Claims
	}{
		{"sub makes azp", "compute-engine", issuer.Claims{"sub": "1"}, issuer.Claims{"azp": "1"}},
		{"azp makes sub", "service-account", issuer.Claims{"azp": "1"}, issuer.Claims{"sub": "1"}},
		{"a person's azp is a client", "user", issuer.Claims{"sub": "1"}, issuer.Claims{"azp": "32555350559.apps.googleusercontent.com"}},
		{"both given", "gke", issuer.Claims{"sub": "1", "azp": "2"}, issuer.Claims{"sub": "1", "azp": "2"}},
		{"project number makes email", "compute-engine", project(42), issuer.Claims{"email": "42-compute@developer.gserviceaccount.com"}},
		{"a number from JSON", "compute-engine", project(1071284184437.0), issuer.Claims{"email": "1071284184437-compute@developer.gserviceaccount.com"}},
		{"a number as text", "compute-engine", project("42"), issuer.Claims{"email": "42-compute@developer.gserviceaccount.com"}},
		{"email makes project number", "compute-engine", issuer.Claims{"email": "42-compute@developer.gserviceaccount.com"},
			issuer.Claims{"google": map[string]any{"compute_engine": map[string]any{
				"instance_creation_timestamp": 1686491081, "instance_id": "4570452845155348778", "instance_name": "web-1",
				"project_id": "contoso-prod", "project_number": int64(42), "zone": "us-central1-c",
			}}}},
		{"an odd number that nothing needs", "compute-engine", issuer.Claims{"email": "a@b.example",
			"google": map[string]any{"compute_engine": map[string]any{"project_number": true}}}, issuer.Claims{"email": "a@b.example"}},
		{"an odd sub", "compute-engine", issuer.Claims{"sub": []any{1}}, issuer.Claims{"sub": []any{1}, "azp": []any{1}}},
		{"an odd object", "compute-engine", issuer.Claims{"google": "x"}, issuer.Claims{"google": "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token, err := newIssuer(t, issuer.WithPreset(tt.preset)).Mint(issuer.Request{Claims: tt.claims})
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if diff := cmp.Diff(want, token.Claims[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		req  issuer.Request
		want string
	}{
		{"two audiences", issuer.Request{Audience: []string{"a", "b"}}, "gcp: want one audience, got 2"},
		{"email needs a number", issuer.Request{Claims: issuer.Claims{"google": map[string]any{"compute_engine": map[string]any{"project_number": true}}}},
			`gcp: claim "google.compute_engine.project_number": want a number, got bool "true"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newIssuer(t).Mint(tt.req)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func newIssuer(t *testing.T, opts ...issuer.Option) *issuer.Issuer {
	t.Helper()
	iss, err := issuer.New(gcp.Platform, append([]issuer.Option{issuer.WithKeys(issuer.GenerateTestKey)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return iss
}
