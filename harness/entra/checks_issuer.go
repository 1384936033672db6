package entra

import (
	"crypto/rsa"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

func checkMetadata(x *exchange, c *Check) *Error {
	if x.byEntra {
		c.Note = "issued by this server: nothing is fetched"
		keys, err := x.ownKeys()
		if err != nil {
			c.Note = err.Error()
			return refuse(x.view.Options.DiscoveryFailureCode)
		}
		x.keys, x.freshKeys = keys, true
		return nil
	}
	found, err := x.server.cache.get(x.ctx, x.assertion.issuer, x.view.Options)
	x.signIn.Fetched = found.fetched
	x.keys, x.freshKeys, x.issuerSince = found.keys, found.fresh, found.since
	switch {
	case err != nil && found.keys != nil:
		c.Note = err.reason + "; option staleKeys uses those fetched at " + found.keys.fetchedAt.UTC().Format(time.RFC3339)
	case err != nil:
		c.Note = err.reason
		return err.refusal
	case !found.fresh:
		c.Note = "keys fetched at " + found.keys.fetchedAt.UTC().Format(time.RFC3339)
	}
	return nil
}

// minKeyBits is the least size of an RSA key that signs (RFC 7518, sections 3.3 and 3.5).
const minKeyBits = 2048

// checkKey finds the key that the header names. An unknown one makes the server look again, once the keys are as old as option
// refetchInterval says.
func checkKey(x *exchange, c *Check) *Error {
	kid := x.assertion.kid
	c.Got = kid
	unknown := refuse(7000272, "kid", kid, "issuer", x.assertion.issuer)
	if delay := x.view.Options.NewIssuerDelay; delay > 0 && x.now.Sub(x.issuerSince) < delay {
		c.Note = "option newIssuerDelay: the issuer was first asked for at " + x.issuerSince.UTC().Format(time.RFC3339)
		return unknown
	}
	key, known := x.keys.byID[kid]
	if !known && kid != "" && !x.freshKeys {
		again, err := x.server.cache.lookAgain(x.ctx, x.assertion.issuer, x.view.Options)
		x.signIn.Fetched = append(x.signIn.Fetched, again.fetched...)
		switch {
		case err != nil:
			c.Note = err.reason // the keys held are still good
		case !again.fresh:
			c.Note = "option refetchInterval: the issuer's keys were fetched, or asked for, less than " + x.view.Options.RefetchInterval.String() + " ago"
			fallthrough
		default:
			x.keys = again.keys
			key, known = x.keys.byID[kid]
		}
	}
	if !known {
		c.Want = strings.Join(slices.Sorted(maps.Keys(x.keys.byID)), ", ")
		return unknown
	}
	c.Want = kid
	if key == nil || key.Algorithm != "" && key.Algorithm != x.assertion.alg {
		c.Note = "the key is not RSA, or is published for another algorithm than " + x.assertion.alg
		return refuse(5002730)
	}
	if bits := key.Key.(*rsa.PublicKey).N.BitLen(); bits < minKeyBits {
		c.Note = "the key has " + strconv.Itoa(bits) + " bits; RFC 7518 wants " + strconv.Itoa(minKeyBits) + ". That Entra refuses it, and the code, is inferred"
		return refuse(5002730)
	}
	return nil
}

func checkSignature(x *exchange, _ *Check) *Error {
	key := x.keys.byID[x.assertion.kid]
	if _, err := x.assertion.jws.Verify(key.Key); err != nil {
		return refuse(7000274)
	}
	return nil
}

// maxAssertionLifetime is 1.01:00:00, as the error prints it.
const maxAssertionLifetime = 25 * 60 * 60

func checkLifetime(x *exchange, c *Check) *Error {
	issued, expires := x.assertion.issued.seconds, x.assertion.expires.seconds // a missing iat is 0
	c.Want, c.Got = "at most "+strconv.Itoa(maxAssertionLifetime)+" s", strconv.FormatInt(expires-issued, 10)+" s"
	if expires-issued > maxAssertionLifetime {
		return refuse(70023, "iat", strconv.FormatInt(issued, 10), "exp", strconv.FormatInt(expires, 10))
	}
	return nil
}

// assertionTime is how AADSTS700024 prints times, .NET's round-trip format.
const assertionTime = "2006-01-02T15:04:05.0000000Z"

// checkValidTime compares nbf and exp with the clock. Entra prints iat where its error says "valid from" (seen for GitHub's tokens, whose nbf is
// another time); a missing one is 0, of a client's own assertion too. That nbf decides all the same is inferred.
func checkValidTime(x *exchange, c *Check) *Error {
	a := x.assertion
	skew := int64(x.view.Options.ClockSkew / time.Second)
	now := x.now.Unix()
	c.Got = x.now.UTC().Format(time.RFC3339)
	c.Want = time.Unix(a.notBefore.seconds, 0).UTC().Format(time.RFC3339) + " to " + time.Unix(a.expires.seconds, 0).UTC().Format(time.RFC3339)
	c.Note = "clock tolerance " + x.view.Options.ClockSkew.String() + ", unconfirmed"
	early := a.notBefore.seconds > now+skew
	switch {
	case early:
	case a.issued.seconds > now+skew:
		c.Note = "iat lies in the future; that Entra refuses this is not confirmed"
		early = true
	case a.notBefore.seconds > a.expires.seconds || a.issued.seconds > a.expires.seconds:
		c.Note = "exp comes before nbf or iat; that Entra refuses this is inferred: Microsoft's library for .NET does, for nbf"
		early = true
	}
	if early || now >= a.expires.seconds+skew {
		stamp := func(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(assertionTime) }
		return refuse(700024, "now", x.now.UTC().Format(assertionTime), "iat", stamp(a.issued.seconds), "exp", stamp(a.expires.seconds))
	}
	return nil
}
