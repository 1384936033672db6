package control

import (
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

// String names the variables of the workload, not their values.
func (w Workload) String() string {
	return fmt.Sprintf("workload %s with %s", w.Base, strings.Join(slices.Sorted(maps.Keys(w.Env)), " "))
}

// Format is as Minted's.
func (w Workload) Format(to fmt.State, _ rune) { write(to, w) }

// LogValue is as Minted's.
func (w Workload) LogValue() slog.Value { return slog.StringValue(w.String()) }

// String leaves out the secret of the managed identity endpoint.
func (f World) String() string {
	return fmt.Sprintf("world %s tenant %s at %s", f.ID, f.Tenant, f.Now)
}

// Format is as Minted's.
func (f World) Format(to fmt.State, _ rune) { write(to, f) }

// LogValue is as Minted's.
func (f World) LogValue() slog.Value { return slog.StringValue(f.String()) }

// String leaves out the bearer token.
func (c Client) String() string { return "client of " + c.URL }

// Format is as Minted's.
func (c Client) Format(to fmt.State, _ rune) { write(to, c) }

// LogValue is as Minted's.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

func write(to io.Writer, from fmt.Stringer) { _, _ = io.WriteString(to, from.String()) } // what fmt writes to does not fail
