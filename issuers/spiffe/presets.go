package spiffe

import "github.com/issuerd/issuerd/issuers/issuer"

var presets = []issuer.Preset{
	{Name: "spire", About: "SPIRE with jwt_issuer set and its default keys: ES256, without use",
		Settings: map[string]any{"id": worker}},
	{Name: "spire-rsa", About: "SPIRE set up for Entra: jwt_key_type rsa-2048 and set_key_use", Service: "rsa",
		Settings: map[string]any{"id": worker}},
	{Name: "spire-no-issuer", About: "SPIRE without jwt_issuer: tokens have no iss",
		Settings: map[string]any{"id": worker}, Claims: issuer.Claims{"iss": nil}},
	{Name: "spire-2022", About: "SPIRE before about 2025: keys without alg, no subject types", Service: "2022",
		Settings: map[string]any{"id": "spiffe://example.org/ns/demo-spiffe/sa/demo-sa"}},
	{Name: "spire-jti", About: "A registration entry that asks for a jti",
		Settings: map[string]any{"id": worker, "jti": true}},
}

// worker is the example workload.
const worker = "spiffe://prod.contoso.example/ns/billing/sa/worker"
