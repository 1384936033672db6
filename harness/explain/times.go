package explain

import (
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
)

// validity says where the time at which an assertion was presented lies.
type validity int

const (
	validityUnknown validity = iota
	tooEarly                 // before it is valid
	tooLate                  // after it is valid
	inTime
)

// timeline is when an assertion is valid, and when it was presented. What is zero is not known.
type timeline struct{ at, from, until time.Time }

func (t timeline) validity() validity {
	switch {
	case t.at.IsZero():
	case !t.from.IsZero() && t.at.Before(t.from):
		return tooEarly
	case !t.until.IsZero() && !t.at.Before(t.until):
		return tooLate
	case !t.from.IsZero() && !t.until.IsZero():
		return inTime
	}
	return validityUnknown
}

// lacksIssued tells whether a time that an error prints stands for a missing iat.
func lacksIssued(issued time.Time) bool { return issued.Unix() == 0 }

// timesOfError says in words what an error's times are, from its own time. at may be zero.
func timesOfError(v entra.Values, at time.Time) string {
	beside := func(t time.Time) string {
		if at.IsZero() {
			return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
		}
		return clock(t, at) + ", " + apart(t, at)
	}
	var parts []string
	if !at.IsZero() {
		parts = append(parts, "presented "+at.UTC().Format("2006-01-02 15:04:05")+" UTC")
	}
	if lacksIssued(v.Issued) {
		parts = append(parts, "no iat (1970-01-01 is printed for a missing one)")
	} else {
		parts = append(parts, "issued "+beside(v.Issued), "valid for "+inWords(v.Expires.Sub(v.Issued)))
	}
	verb := "expires "
	if !at.IsZero() && !at.Before(v.Expires) {
		verb = "expired "
	}
	return strings.Join(append(parts, verb+beside(v.Expires)), "; ")
}

// apart says how far a time is from another.
func apart(t, at time.Time) string {
	switch d := t.Sub(at); {
	case d >= time.Second:
		return inWords(d) + " later"
	case d <= -time.Second:
		return inWords(-d) + " before"
	}
	return "at the same time"
}

// validityInWords is the cause of a refusal for the time, and what to do. "": it is not known which of the two it is.
func (t timeline) validityInWords() (cause string, fixes []Fix) {
	switch t.validity() {
	case tooEarly:
		return "the assertion was presented " + inWords(t.from.Sub(t.at)) + " before it is valid: the clock of who issued it is ahead",
			[]Fix{{Words: "set the clock of the machine that issues the tokens (NTP), and look that iat and nbf are in seconds and of now"}}
	case tooLate:
		return "the assertion was presented " + inWords(t.at.Sub(t.until)) + " after it had expired",
			[]Fix{{Words: "ask for a token just before it is presented, each time; look at the clocks too if it was fresh"}}
	}
	return "", nil
}
