package entra

import (
	"crypto/rsa"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

func checkMetadata(x *exchange, c *Check) *Error {
	if x.byEntra {
		c.Note = "issued by this server: nothing is fetched"
		keys, err := x.ownKeys()
		if err != nil {
			c.Note = err.Error()
			return fetchDiscovery.refusal(x.view.Options)
		}
		x.keys, x.freshKeys = keys, true
		return nil
	}
	found, err := x.server.cache.get(x.fetching(), x.assertion.issuer, x.view.Options)
	x.signIn.Fetched = found.fetched
	x.keys, x.freshKeys, x.issuerSince = found.keys, found.fresh, found.since
	switch {
	case err != nil && found.keys != nil:
		c.Note = err.reason + "; option staleKeys uses those fetched at " + found.keys.fetchedAt.UTC().Format(time.RFC3339)
	case err != nil:
		c.Note = err.reason
		return err.stage.refusal(x.view.Options)
	case !found.fresh:
		c.Note = "keys fetched at " + found.keys.fetchedAt.UTC().Format(time.RFC3339)
	}
	return nil
}

// refusal is that after a fetch that failed at a stage.
func (at fetchStage) refusal(o directory.Options) *Error {
	switch at {
	case fetchKeys:
		return refuse(90061)
	case readingKeys:
		return refuse(900612)
	}
	return refuse(o.DiscoveryFailureCode)
}

// minKeyBits is the least size of an RSA key that signs (RFC 7518, sections 3.3 and 3.5).
const minKeyBits = 2048

// checkKey finds the key that the header names. An unknown one makes the server look again, once the keys are as old as
// option refetchInterval says.
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
		again, err := x.server.cache.lookAgain(x.fetching(), x.assertion.issuer, x.view.Options)
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
