package spiffe

import "github.com/issuerd/issuerd/issuers/issuer"

// claims are those of a JWT-SVID: whose it is, for whom, and with the setting jti an id.
func claims(req issuer.Request) (issuer.Claims, error) {
	own := issuer.Claims{"aud": audience(req.Audience), "sub": req.Setting["id"]}
	if req.Setting["jti"] == true {
		own["jti"] = req.NewID()
	}
	return own, nil
}

// audience is always an array.
func audience(asked []string) []any {
	if len(asked) == 0 {
		return []any{"api://AzureADTokenExchange"}
	}
	out := make([]any, len(asked))
	for i, a := range asked {
		out[i] = a
	}
	return out
}
