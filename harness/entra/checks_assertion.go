package entra

import (
	"slices"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func checkFormat(x *exchange, c *Check) *Error {
	if x.form.assertion == "" {
		c.Note = "no assertion"
		return nil
	}
	a, err := parseAssertion(x.form.assertion)
	if err != nil {
		c.Note = err.Error()
		return refuse(50027)
	}
	x.assertion = a
	x.signIn.Issuer, x.signIn.Subject, x.signIn.Audience, x.signIn.KeyID = a.issuer, a.subject, a.audiences, a.kid
	return nil
}

func checkType(x *exchange, c *Check) *Error {
	a := x.assertion
	if a == nil {
		return nil
	}
	typ, has := a.header.typ()
	if !has {
		return nil
	}
	c.Want, c.Got = "JWT", typ
	switch typ {
	case "JWT", "http://openid.net/specs/jwt/1.0":
	case "JWS":
		// Recorded for Cognito's identity pools, whose tokens Entra is reported to take (2021 to 2025): inferred to be
		// allowed, although the error's text does not list it.
		c.Note = "not in the list that Entra's error prints; Cognito's tokens have it and are reported to work"
	default:
		return refuse(5002727)
	}
	return nil
}

func checkHeader(x *exchange, c *Check) *Error {
	if x.assertion == nil {
		return nil
	}
	c.Want = supportedHeaderList
	if c.Got = x.assertion.header.unsupported(); c.Got != "" {
		return refuse(5002726)
	}
	return nil
}

func checkAlgorithm(x *exchange, c *Check) *Error {
	a := x.assertion
	if a == nil {
		return nil
	}
	list := assertionAlgorithmList
	if x.view.Options.RefusePSS {
		list = assertionAlgorithmListRSA
	}
	c.Want, c.Got = list, a.alg
	if !slices.Contains(assertionAlgorithms, jose.SignatureAlgorithm(a.alg)) || x.view.Options.RefusePSS && strings.HasPrefix(a.alg, "PS") {
		return refuse(5002738, "alg", a.alg, "list", list)
	}
	if a.alg != string(jose.RS256) {
		c.Note = "only RS256 is documented to work"
	}
	return nil
}

func checkClaims(x *exchange, c *Check) *Error {
	a := x.assertion
	if a == nil {
		return nil
	}
	for _, claim := range []struct {
		name    string
		missing bool
	}{{"iss", a.issuer == ""}, {"aud", len(a.audiences) == 0}, {"sub", a.subject == ""}, {"exp", !a.expires.set}} {
		if claim.missing {
			c.Want = claim.name
			return refuse(90014, "name", claim.name)
		}
	}
	x.isCertificate = a.isClients()
	return nil
}

// isClients tells whether it is a client's own assertion: the issuer is an application and not a URL.
func (a *assertion) isClients() bool { return a.issuer == a.subject && directory.IsGUID(a.issuer) }
