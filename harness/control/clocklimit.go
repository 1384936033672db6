package control

import (
	"net/http"
	"time"
)

// MaxClockOffset is how far a clock may be from the real one, in either direction: a hundred years of 365 days.
const MaxClockOffset = 100 * 365 * 24 * time.Hour

// TooFar is the refusal of a request that would move a clock too far, by one of its members, and what that says.
func TooFar(member, what string) *Error {
	return &Error{Status: http.StatusBadRequest, Member: member, Message: "farm: " + what + ": a clock can't be more than 100 years off"}
}
