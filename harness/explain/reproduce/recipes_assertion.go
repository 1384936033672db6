package reproduce

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers/issuer"
)

var quoted = regexp.MustCompile(`'([^']*)'`)

// theirs is the list that a refusal of an algorithm prints.
const (
	allAlgorithms = "RS256,RS384,RS512,PS256,PS384,PS512"
	rsaAlgorithms = "RS256,RS384,RS512"
)

// listed are the members of a header that Entra takes.
var listed = []string{"alg", "typ", "x5t", "x5t#S256", "x5c", "kid", "use", "enc", "ctx", "nonce", "rh", "kdf_ver"}

// assertionRecipes are about the token's form and times.
var assertionRecipes = map[int]recipe{
	50027: func(d *draft) error {
		d.good()
		d.assume("the text does not say what is wrong with the token; here its signature is left out")
		d.exchange.set("assertion", computed("${{ join(split(steps.job.token, '.')[:2], '.') }}"))
		return nil
	},
	5002727: func(d *draft) error {
		d.good()
		typ, _ := d.header["typ"].(string)
		if typ == "" || typ == "JWT" {
			typ = "at+jwt"
			d.assume("the text does not say the type; here it is %q", typ)
		}
		d.fault("header", of("set", of("typ", typ)))
		return nil
	},
	5002726: func(d *draft) error {
		d.good()
		set := of()
		for name, value := range d.header {
			if !slices.Contains(listed, name) {
				set.set(name, value)
			}
		}
		if len(set.members) == 0 {
			d.assume("the text does not say which member of the header is not supported; here it is cty")
			set.set("cty", "JWT")
		}
		d.fault("header", of("set", set))
		return nil
	},
	5002738: func(d *draft) error {
		d.good()
		known, _ := d.header["alg"].(string)
		alg := d.take("alg", known, "ES256")
		list := allAlgorithms
		if strings.HasPrefix(alg, "PS") || spaceless(d.whole("list")) == rsaAlgorithms {
			list = rsaAlgorithms
			d.entra.get("options").set("refusePSS", true)
		}
		if printed := d.whole("list"); printed == list {
			d.compare("list")
		} else if printed != "" {
			d.assume("list: Entra has changed it over time; the emulator prints that of 2025, '%s', and not '%s'", list, printed)
		}
		d.printed["list"] = list
		if slices.ContainsFunc(issuer.Algorithms, func(a jose.SignatureAlgorithm) bool { return string(a) == alg }) {
			d.issuer.set("key", of("alg", alg))
		} else {
			d.fault("tampered", of("set", of("alg", alg)))
		}
		return nil
	},
	90014: func(d *draft) error {
		name := d.take("name", "", "sub")
		if !slices.Contains([]string{"iss", "sub", "aud", "exp"}, name) {
			return fmt.Errorf("the emulator asks for iss, aud, sub and exp, never for %q", name)
		}
		d.good()
		d.mint.get("claims").set(name, nil)
		return nil
	},

	70023: func(d *draft) error {
		d.good()
		iat, err := strconv.ParseInt(d.take("iat", numberOf(d.claims["iat"]), "0"), 10, 64)
		if err != nil {
			return fmt.Errorf("the time of issue %q is no number of seconds", d.printed["iat"])
		}
		exp, err := strconv.ParseInt(d.take("exp", numberOf(d.claims["exp"]), strconv.FormatInt(iat+26*3600, 10)), 10, 64)
		if err != nil {
			return fmt.Errorf("the time of expiry %q is no number of seconds", d.printed["exp"])
		}
		if exp-iat <= 25*3600 {
			return fmt.Errorf("from %d to %d are no more than 25 hours", iat, exp)
		}
		d.times(iat, exp)
		return nil
	},
	700024: expired,
}

// times puts the times into the token; one that is 0 is missing.
func (d *draft) times(iat, exp int64) {
	claims := d.mint.get("claims")
	if iat == 0 {
		claims.set("iat", nil)
	} else {
		claims.set("iat", iat)
	}
	claims.set("nbf", nil)
	claims.set("exp", exp)
}

func numberOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func spaceless(s string) string { return strings.ReplaceAll(s, " ", "") }

// assertionTime is how the refusal prints times.
const assertionTime = "2006-01-02T15:04:05.0000000Z"

// expired has the token used when the message says. The times are whole seconds, except for the time of the refusal,
// from where the emulator's clock runs on.
func expired(d *draft) error {
	var failed error
	at := func(name string, known any, madeUp time.Time) time.Time {
		text := ""
		if seconds, err := strconv.ParseInt(numberOf(known), 10, 64); err == nil {
			text = time.Unix(seconds, 0).UTC().Format(assertionTime)
		}
		written := d.take(name, text, madeUp.Format(assertionTime))
		t, err := time.Parse(time.RFC3339Nano, written)
		if err != nil {
			failed = fmt.Errorf("%s: %q is no time", name, written)
		}
		if name != "now" {
			t = t.Truncate(time.Second)
			d.printed[name] = t.UTC().Format(assertionTime)
		}
		return t.UTC()
	}
	now := d.message.Time
	if now.IsZero() {
		now = time.Date(2026, 1, 15, 10, 15, 0, 0, time.UTC)
	}
	now = at("now", nil, now)
	if failed == nil {
		iat := at("iat", d.claims["iat"], now.Add(-15*time.Minute))
		exp := at("exp", d.claims["exp"], now.Add(-10*time.Minute))
		if failed == nil {
			delete(d.printed, "now")
			d.compared = without(d.compared, "now")
			d.assume("now: the emulator's clock starts at %s and runs on, so that the text has a moment later", now.Format(time.RFC3339))
			return d.untimely(now, iat, exp)
		}
	}
	return failed
}

// untimely makes a token of these times, and an option that has the emulator refuse it at this one.
func (d *draft) untimely(now, iat, exp time.Time) error {
	const tolerance = 5 * time.Minute
	issued := iat.Unix()
	if exp.Sub(iat) > 25*time.Hour || issued == 0 {
		// Of an outside issuer it would be AADSTS70023.
		d.assume("exp is more than 25 hours after iat, which only an assertion that the application signs with a certificate may have; here it is one")
		d.good()
		d.entra.drop("credentials")
		d.entra.set("certificate", true)
		d.mint = of("certificate", true)
	} else {
		d.good()
	}
	d.clock = now.Format(time.RFC3339Nano)
	d.times(issued, exp.Unix())
	d.mint.get("claims").set("nbf", issued)
	strict := false
	switch {
	case !now.Before(exp.Add(tolerance)), iat.After(now.Add(tolerance)), iat.After(exp):
	case !now.Before(exp), iat.After(now):
		strict = true
	default:
		d.mint.get("claims").set("nbf", now.Add(2*tolerance).Unix())
		d.assume("nbf: the token is within the times that the text prints, so its nbf must lie in the future; here it is ten minutes later")
	}
	if strict {
		d.entra.get("options").set("clockSkew", "0s")
		d.assume("the token is off by less than the five minutes that the emulator tolerates; option clockSkew has it tolerate none")
	}
	return nil
}

// certificateRecipes are about assertions that an application signs itself.
var certificateRecipes = map[int]recipe{
	5002723: func(d *draft) error {
		d.ownAssertion()
		d.mint.set("header", of("x5t#S256", nil))
		return nil
	},
	700021: func(d *draft) error {
		d.ownAssertion()
		d.mint.set("claims", of("iss", someGUID, "sub", someGUID))
		return nil
	},
	700023: func(d *draft) error {
		d.ownAssertion()
		d.mint.set("audience", "https://login.microsoftonline.com/common/oauth2/v2.0/token")
		return nil
	},
	700027: func(d *draft) error {
		d.ownAssertion()
		d.application()
		problem := d.take("problem", "", "The certificate with identifier used to sign the client assertion is not registered on application.")
		problem = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(problem), "["))
		reason := d.take("reason", "", "The key was not found")
		if key := strings.TrimSpace(d.message.Values["key"].Text); key == "," {
			d.take("key", "", "")
		}
		switch {
		case strings.Contains(reason, "not found"):
			d.mint.set("header", of("x5t#S256", nil, "kid", "my-signing-key"))
			if thumbprint := d.thumbprint(); thumbprint != "" {
				d.mint.set("header", of("x5t#S256", nil, "x5t", thumbprint))
			}
			d.expectText(problem, "The certificate with identifier used to sign the client assertion is not registered on application.")
		case strings.Contains(problem, "expired") || strings.Contains(reason, "expired"):
			d.assume("the certificate of a scenario is valid from the year 2000 on; here the time is before")
			d.clock = "1999-12-31T12:00:00Z"
			d.expectText(problem, "The certificate with identifier used to sign the client assertion is expired on application.")
		default:
			d.exchange.set("assertion", computed("${{ join(split(steps.job.token, '.')[:2], '.') + '.AAAA' }}"))
			d.expectText(problem, "Client assertion contains an invalid signature.")
		}
		return nil
	},
}

var thumbprint = regexp.MustCompile(`Thumbprint of key used by client: '([0-9A-Fa-f]+)'`)

// thumbprint is that of the message as a header has it; empty: the message has none.
func (d *draft) thumbprint() string {
	m := thumbprint.FindStringSubmatch(d.message.Values["key"].Text + d.message.Text)
	if m == nil {
		return ""
	}
	raw, err := hex.DecodeString(m[1])
	if err != nil {
		return ""
	}
	d.compare("key")
	d.printed["key"] = ", Thumbprint of key used by client: '" + strings.ToUpper(m[1]) + "',"
	return base64.RawURLEncoding.EncodeToString(raw)
}

// expectText says so where the emulator words a part of the text in its own way.
func (d *draft) expectText(printed, emulator string) {
	if d.printed["problem"] = emulator; printed != emulator {
		d.assume("problem: the emulator says %q in the place of %q", emulator, printed)
	}
	switch emulator {
	case "Client assertion contains an invalid signature.":
		d.printed["reason"] = "Key was found, but use of the key to verify the signature failed"
	case "The certificate with identifier used to sign the client assertion is expired on application.":
		d.printed["reason"] = "The key used is expired"
	default:
		d.printed["reason"] = "The key was not found"
	}
	if printed != emulator {
		d.compared = without(d.compared, "problem")
	}
	if d.whole("reason") != d.printed["reason"] {
		d.compared = without(d.compared, "reason")
	}
}

// ownAssertion has the application sign an assertion with its certificate.
func (d *draft) ownAssertion() {
	d.signIn(presented{})
	d.entra.set("certificate", true)
	d.mint = of("certificate", true)
}
