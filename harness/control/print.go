package control

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// What carries a credential prints without it, whatever the verb, and is logged as it prints.

// String names the token by its key, issuer and subject.
func (m Minted) String() string {
	return fmt.Sprintf("token kid=%v iss=%v sub=%v", m.Header["kid"], m.Claims["iss"], m.Claims["sub"])
}

// Format keeps the credential out of every verb of fmt.
func (m Minted) Format(to fmt.State, _ rune) { write(to, m) }

// LogValue keeps the credential out of logs.
func (m Minted) LogValue() slog.Value { return slog.StringValue(m.String()) }

// String names what was asked for and what came of it.
func (s SignedIn) String() string {
	return fmt.Sprintf("sign-in of %s: status %d code %d", s.SignIn.ClientID, s.Status, s.Code)
}

// Format is as Minted's.
func (s SignedIn) Format(to fmt.State, _ rune) { write(to, s) }

// LogValue is as Minted's.
func (s SignedIn) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String leaves the token out.
func (s SignInSpec) String() string { return "sign-in of " + s.Application }

// Format is as Minted's.
func (s SignInSpec) Format(to fmt.State, _ rune) { write(to, s) }

// LogValue is as Minted's.
func (s SignInSpec) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String leaves the token out.
func (s DecodeSpec) String() string { return "a token to decode" }

// Format is as Minted's.
func (s DecodeSpec) Format(to fmt.State, _ rune) { write(to, s) }

// LogValue is as Minted's.
func (s DecodeSpec) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String says whether there are any.
func (k Keys) String() string {
	if len(k) == 0 {
		return "no keys"
	}
	return "private keys"
}

// Format is as Minted's.
func (k Keys) Format(to fmt.State, _ rune) { write(to, k) }

// LogValue is as Minted's.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON is the keys as they are, for the request that carries them.
func (k Keys) MarshalJSON() ([]byte, error) { return json.RawMessage(k).MarshalJSON() }

// UnmarshalJSON keeps the text.
func (k *Keys) UnmarshalJSON(raw []byte) error { return (*json.RawMessage)(k).UnmarshalJSON(raw) }

// String names the variables of the workload, not their values.
func (w Workload) String() string {
	return fmt.Sprintf("workload %s with %s", w.Base, strings.Join(slices.Sorted(maps.Keys(w.Env)), " "))
}

// Format is as Minted's.
func (w Workload) Format(to fmt.State, _ rune) { write(to, w) }

// LogValue is as Minted's.
func (w Workload) LogValue() slog.Value { return slog.StringValue(w.String()) }

// String leaves out the secret of the managed identity endpoint.
func (w World) String() string {
	return fmt.Sprintf("world %s tenant %s at %s", w.ID, w.Tenant, w.Now)
}

// Format is as Minted's.
func (w World) Format(to fmt.State, _ rune) { write(to, w) }

// LogValue is as Minted's.
func (w World) LogValue() slog.Value { return slog.StringValue(w.String()) }

// String leaves out the bearer token.
func (c Client) String() string { return "client of " + c.URL }

// Format is as Minted's.
func (c Client) Format(to fmt.State, _ rune) { write(to, c) }

// LogValue is as Minted's.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

func write(to io.Writer, from fmt.Stringer) { _, _ = io.WriteString(to, from.String()) } // what fmt writes to does not fail
