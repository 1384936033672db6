package entra

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Error is a refusal: a row of [Codes] and the values of its placeholders.
// It never carries a token or a secret.
type Error struct {
	Code int
	Args map[string]string // nil: the message has no placeholders
}

// refuse makes an Error of a code and pairs of placeholder and value.
func refuse(code int, pairs ...string) *Error {
	e := &Error{Code: code}
	if len(pairs) > 0 {
		e.Args = make(map[string]string, len(pairs)/2)
		for i := 0; i+1 < len(pairs); i += 2 {
			e.Args[pairs[i]] = pairs[i+1]
		}
	}
	return e
}

// Error returns the text as Entra words it, without trace id and time.
func (e *Error) Error() string { return "entra: " + e.Message() }

// Message returns "AADSTS<code>: <text>" with the placeholders filled in. A
// placeholder without a value stays as it is.
func (e *Error) Message() string {
	row, known := Lookup(e.Code)
	if !known {
		return "AADSTS" + strconv.Itoa(e.Code) + ": not a code of this emulator"
	}
	return row.Name() + ": " + fill(row.Message, e.Args)
}

// fill replaces {name} in one pass, so that a value is never itself expanded.
func fill(template string, args map[string]string) string {
	if len(args) == 0 {
		return template
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := args[name]
		if !closed || !known {
			b.WriteByte('{')
			template = rest
			continue
		}
		b.WriteString(value)
		template = after
	}
}

// errorTime is how Entra writes times in error bodies.
const errorTime = "2006-01-02 15:04:05Z"

// errorBody has its members in Entra's order.
type errorBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         [1]int `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri,omitempty"`
}

// oauth is the error member of a refusal at the token endpoint, or of any other
// endpoint's, where an unknown tenant is invalid_tenant (seen for 90002,
// inferred for 900021 and 900023).
func (e *Error) oauth(atToken bool) string {
	if !atToken && (e.Code == 90002 || e.Code == 900021 || e.Code == 900023) {
		return "invalid_tenant"
	}
	return codeIndex[e.Code].OAuth
}

// render returns the body. base is the scheme and host that was called:
// error_uri points there.
func (e *Error) render(oauth, base string, now time.Time, traceID, correlationID string) []byte {
	stamp := now.UTC().Format(errorTime)
	if codeIndex[e.Code].Prefix != "" { // of B2C, seen in MicrosoftDocs/azure-docs#94274 and #104014
		return marshal(struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}{oauth, e.Message() + "\r\nCorrelation ID: " + correlationID + "\r\nTimestamp: " + stamp + "\r\n"})
	}
	body := errorBody{
		Error:         oauth,
		Description:   e.Message() + " Trace ID: " + traceID + " Correlation ID: " + correlationID + " Timestamp: " + stamp,
		Codes:         [1]int{e.Code},
		Timestamp:     stamp,
		TraceID:       traceID,
		CorrelationID: correlationID,
	}
	if codeIndex[e.Code].ErrorURI {
		body.URI = base + "/error?code=" + strconv.Itoa(e.Code)
	}
	return marshal(body)
}

// marshal encodes without escaping <, > and &, and without a final newline.
// The values are structs of strings and numbers, which always encode.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte(`{}`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
