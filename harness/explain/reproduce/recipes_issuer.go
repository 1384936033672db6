package reproduce

import "fmt"

// issuerRecipes are about the issuer's documents, its keys and the signature.
var issuerRecipes = map[int]recipe{
	501661: undiscovered(501661),
	90061:  undiscovered(90061),
	50166:  undiscovered(50166),
	900612: func(d *draft) error {
		d.good()
		d.assume("the text does not say what is wrong with the key set; here its key has a modulus that is no base64url")
		d.fault("jwks", of("body", `{"keys":[{"use":"sig","kty":"RSA","kid":"1","alg":"RS256","n":"not base64url!","e":"AQAB"}]}`))
		return nil
	},
	7000272: func(d *draft) error {
		iss := d.take("issuer", d.claim("iss"), "")
		known, _ := d.header["kid"].(string)
		kid := d.take("kid", known, "my-signing-key")
		p := d.signIn(presented{iss: iss})
		if iss == "" {
			delete(d.printed, "issuer")
		}
		if iss != "" && d.from.url != iss && d.from.canonical() != iss {
			return fmt.Errorf("the issuer %q can't be served here, so that its keys can't be looked for", iss)
		}
		d.trust(d.accepting(p))
		if kid == "" {
			d.fault("header", of("set", of("kid", nil)))
		} else {
			d.fault("header", of("set", of("kid", kid)))
		}
		return nil
	},
	7000274: func(d *draft) error {
		d.good()
		d.assume("the text does not say how the signature broke; here the header is changed after it was signed")
		d.fault("tampered", of("set", of("nonce", "x")))
		return nil
	},
	5002730: func(d *draft) error {
		d.good()
		d.assume("the text does not say which key it is; here the header says RS256 and the key with its kid is an elliptic curve key")
		d.fault("header", of("set", of("kid", "signing-key")))
		d.fault("jwks", of("body", `{"keys":[{"kty":"EC","crv":"P-256","kid":"signing-key","use":"sig","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`))
		return nil
	},
}

// undiscovered has the issuer out of reach. Entra has three codes with one text for it; the option chooses.
func undiscovered(code int) recipe {
	return func(d *draft) error {
		d.good()
		d.fault("unreachable", of())
		if code != 501661 {
			d.entra.get("options").set("discoveryFailureCode", code)
			d.assume("Entra answers AADSTS501661, AADSTS90061 and AADSTS50166 for the same cause; option discoveryFailureCode has it answer this one")
		}
		return nil
	}
}
