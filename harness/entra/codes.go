package entra

import (
	"slices"
	"strconv"
)

// Confidence says how well a row of [Codes] is known.
type Confidence string

// The degrees of confidence, best first.
const (
	Documented Confidence = "documented" // by Microsoft
	Seen       Confidence = "seen"       // in a public log, issue or recorded answer
	Reported   Confidence = "reported"   // by a third party without the raw body
	Inferred   Confidence = "inferred"   // by us
)

// Code is one AADSTS error: how it is answered, and what is known about it.
type Code struct {
	Number     int        `json:"number"`
	Prefix     string     `json:"prefix,omitempty"` // of the number in texts; "": AADSTS
	OAuth      string     `json:"oauth"`            // the "error" member
	Status     int        `json:"status"`           // the HTTP status
	Message    string     `json:"message"`          // the text, with {placeholders}, without "AADSTS…: " and the trailer
	ErrorURI   bool       `json:"errorUri"`         // whether error_uri is sent
	Answered   bool       `json:"answered"`         // false: known, but this emulator never answers it
	Reason     string     `json:"reason,omitempty"` // why it is never answered
	Cause      string     `json:"cause"`            // why it happens, in words
	Fix        string     `json:"fix"`              // what to do about it
	Source     string     `json:"source"`           // where it was seen or documented
	Confidence Confidence `json:"confidence"`       // of the message
	Doubt      string     `json:"doubt,omitempty"`  // what is not confirmed
}

const (
	federationGuide       = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
	errorReference        = "learn.microsoft.com/entra/identity-platform/reference-error-codes"
	statusFromOAuth       = "HTTP status inferred from the error member"
	oauthInvalidClient    = "invalid_client"
	oauthInvalidRequest   = "invalid_request"
	oauthUnauthorized     = "unauthorized_client"
	oauthInvalidScope     = "invalid_scope"
	oauthInvalidGrant     = "invalid_grant"
	oauthAccessDenied     = "access_denied"
	oauthInvalidResource  = "invalid_resource"
	oauthUnsupportedGrant = "unsupported_grant_type"
)

// Codes is the table of errors this emulator knows, about in the order of the checks. Those that a check of checks_X.go
// answers are in codes_X.go, with what else is known about the same thing. It must not be changed.
var Codes = slices.Concat(
	requestCodes, tenantCodes, assertionCodes, clientCodes, certificateCodes, matchingCodes, entraTokenCodes, policyCodes, signatureCodes, timeCodes, resourceCodes,
)

// Name is the code as texts have it, such as AADSTS700213.
func (c Code) Name() string {
	if c.Prefix != "" {
		return c.Prefix + strconv.Itoa(c.Number)
	}
	return "AADSTS" + strconv.Itoa(c.Number)
}

// codeIndex finds a row of Codes by its number.
var codeIndex = func() map[int]*Code {
	index := make(map[int]*Code, len(Codes))
	for i := range Codes {
		index[Codes[i].Number] = &Codes[i]
	}
	return index
}()

// Lookup returns the row of [Codes] with this number, and whether there is one.
func Lookup(code int) (Code, bool) {
	if c := codeIndex[code]; c != nil {
		return *c, true
	}
	return Code{}, false
}
