package generic_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// TestConformance checks every platform that comes as a file.
func TestConformance(t *testing.T) {
	for _, name := range shipped(t) {
		t.Run(name, func(t *testing.T) { issuertest.Run(t, generic.Shipped(name)) })
	}
}

// shipped are the names of the files.
func shipped(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("files/*.yaml")
	if err != nil || len(paths) < 4 {
		t.Fatalf("%d files, want 4 or more (%v)", len(paths), err)
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = strings.TrimSuffix(filepath.Base(path), ".yaml")
	}
	return names
}

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, generic.Shipped("generic")) }

func TestGenericDerivations(t *testing.T) {
	t.Parallel()
	issuertest.Derivations(t, generic.Shipped("generic"), []issuertest.Derivation{
		{Name: "plain", Req: issuer.Request{}, Want: issuer.Claims{"sub": "workload", "aud": "api://AzureADTokenExchange", "iss": "https://issuer.contoso.example"}},
		{Name: "audiences", Req: issuer.Request{Audience: []string{"a", "b"}}, Want: issuer.Claims{"aud": []any{"a", "b"}}},
	})
}

func TestGenericDelivery(t *testing.T) {
	t.Parallel()
	issuertest.Delivery(t, generic.Shipped("generic"), map[string]issuertest.Delivered{"plain": {Variables: []string{"ID_TOKEN"}, Audience: "a"}})
}
