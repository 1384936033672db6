package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
)

// decode reads what a compact token says, without verifying it. It never returns the signature.
func decode(compact string, now time.Time) (*Token, error) {
	parts := strings.Split(compact, ".")
	if len(parts) < 2 {
		return nil, fmt.Errorf("a token has three parts, this text has %d", len(parts))
	}
	t := new(Token)
	for i, into := range []*map[string]any{&t.Header, &t.Claims} {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[i], "="))
		if err != nil {
			return nil, fmt.Errorf("part %d of the token is not base64url", i+1)
		}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil {
			return nil, fmt.Errorf("part %d of the token is not a JSON object", i+1)
		}
	}
	t.Header, _ = hidden(t.Header).(map[string]any)
	t.Claims, _ = hidden(t.Claims).(map[string]any)
	t.Issued, t.Expires = dateOf(t.Claims["iat"]), dateOf(t.Claims["exp"])
	if t.Times = noDates(t.Claims); t.Times == "" {
		t.Times = timesInWords(t.Issued, t.Expires, dateOf(t.Claims["nbf"]), now)
	}
	t.Issuer = platformOf(textOf(t.Claims["iss"]), textOf(t.Claims["sub"]), t.Claims)
	if t.Issuer != nil {
		t.Means = claimMeanings(t.Issuer.Name, t.Claims)
	}
	return t, nil
}

// hidden is a value of JSON without the tokens that are in it.
func hidden(value any) any {
	switch value := value.(type) {
	case string:
		return entra.HideTokens(value)
	case []any:
		for i := range value {
			value[i] = hidden(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = hidden(value[name])
		}
	}
	return value
}

// presentedBy is what a sign-in presented, without tokens in it.
func presentedBy(in entra.SignIn) Presented {
	p := Presented{Issuer: entra.HideTokens(in.Issuer), Subject: entra.HideTokens(in.Subject), KeyID: entra.HideTokens(in.KeyID)}
	for _, audience := range in.Audience {
		p.Audience = append(p.Audience, entra.HideTokens(audience))
	}
	return p
}

// textOf is a claim as text: a string as it is, anything else as JSON.
func textOf(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	raw, err := json.Marshal(value)
	if err != nil { // it was decoded from JSON
		return ""
	}
	return string(raw)
}

// dateOf is a claim that is a time in seconds, or nil.
func dateOf(value any) *time.Time {
	number, isNumber := value.(json.Number)
	if !isNumber {
		return nil
	}
	seconds, err := number.Int64()
	const lastYear = 253402300799 // of which a date can be printed
	if err != nil || seconds < -lastYear || seconds > lastYear {
		return nil
	}
	t := time.Unix(seconds, 0).UTC()
	return &t
}

// noDates says which claims of time are none that Entra reads as one; "": each is, or is missing.
func noDates(claims map[string]any) string {
	var parts []string
	for _, name := range []string{"iat", "nbf", "exp"} {
		value, has := claims[name]
		if !has || dateOf(value) != nil {
			continue
		}
		shown, why := textOf(value), "not a whole number of seconds"
		switch value := value.(type) {
		case nil:
			shown = "null"
		case string:
			shown = "the string " + strconv.Quote(value)
		case json.Number:
			if strings.ContainsAny(shown, ".eE") {
				break
			}
			why = "out of range"
			if seconds, err := value.Float64(); err == nil && seconds < 1e14 {
				why += ": it looks like milliseconds, and seconds are wanted"
			}
		}
		parts = append(parts, fmt.Sprintf("%s is %s, %s", name, shortened(shown), why))
	}
	return strings.Join(parts, "; ")
}

// shortened is a text of which no more than a line can be shown.
func shortened(text string) string {
	if letters := []rune(text); len(letters) > 60 {
		return string(letters[:60]) + "…"
	}
	return text
}

// timesInWords says when a token was issued and for how long it is valid.
func timesInWords(issued, expires, notBefore *time.Time, now time.Time) string {
	var parts []string
	switch {
	case issued == nil:
		parts = append(parts, "it does not say when it was issued (no iat), which Entra takes for 1970")
	default:
		parts = append(parts, "issued "+clock(*issued, now)+", "+away(*issued, now))
	}
	switch {
	case expires == nil:
		parts = append(parts, "it never expires (no exp), which Entra refuses")
	case issued != nil:
		parts = append(parts, "valid for "+inWords(expires.Sub(*issued)))
	}
	if expires != nil {
		verb := "expires"
		if !now.Before(*expires) {
			verb = "expired"
		}
		parts = append(parts, verb+" "+clock(*expires, now)+", "+away(*expires, now))
	}
	if notBefore != nil && issued != nil && notBefore.After(*issued) {
		parts = append(parts, "not valid before "+clock(*notBefore, now))
	}
	return strings.Join(parts, "; ")
}

// clock is a time of day, with the day if that is not today.
func clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04:05") + " UTC"
	}
	return t.Format("2006-01-02 15:04:05") + " UTC"
}

// away says how far away a time is.
func away(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d >= time.Second:
		return inWords(d) + " ago"
	case d <= -time.Second:
		return "in " + inWords(-d)
	}
	return "now"
}

// inWords is a duration in its largest unit, or its two largest.
func inWords(d time.Duration) string {
	count := func(n int64, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	seconds := int64(d / time.Second)
	units := []struct {
		name string
		size int64
	}{{"year", 365 * 86400}, {"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}}
	if seconds < 0 {
		return "less than nothing"
	}
	for i, unit := range units {
		if seconds < unit.size {
			continue
		}
		text := count(seconds/unit.size, unit.name)
		if rest := seconds % unit.size; i+1 < len(units) && rest >= units[i+1].size && unit.name != "year" {
			text += " " + count(rest/units[i+1].size, units[i+1].name)
		}
		return text
	}
	return "0 seconds"
}
