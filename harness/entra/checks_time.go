package entra

import (
	"strconv"
	"time"
)

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

// checkValidTime compares nbf and exp with the clock. Entra prints iat where its error says "valid from" (seen for
// GitHub's tokens, whose nbf is another time); a missing one is 0, of a client's own assertion too. That nbf decides
// all the same is inferred.
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
