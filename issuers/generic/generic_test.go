package generic_test

import (
	"testing"

	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, generic.Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, generic.Platform) }

func TestDerivations(t *testing.T) {
	t.Parallel()
	issuertest.Derivations(t, generic.Platform, []issuertest.Derivation{
		{Name: "plain", Req: issuer.Request{}, Want: issuer.Claims{"sub": "workload", "aud": "api://AzureADTokenExchange", "iss": "https://issuer.contoso.example"}},
		{Name: "audiences", Req: issuer.Request{Audience: []string{"a", "b"}}, Want: issuer.Claims{"aud": []any{"a", "b"}}},
	})
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	issuertest.Delivery(t, generic.Platform, map[string]issuertest.Delivered{"plain": {Variables: []string{"ID_TOKEN"}, Audience: "a"}})
}
