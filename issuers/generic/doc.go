// Package generic impersonates any issuer that no other platform is like, without peculiarities: its URL, algorithm and
// claims are data.
//
//	iss, err := issuer.New(generic.Platform, issuer.WithURL("https://issuer.example"), issuer.WithAlg("ES256"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"sub": "worker", "groups": []any{"build"}},
//	})
//
// A workload finds its token in ID_TOKEN.
//
// Not faithful: it is like no service in particular. It has one RS256 key unless told otherwise, the smallest discovery
// document that relying parties read, tokens of an hour with nbf and jti, and Entra's audience where none is asked for.
package generic
