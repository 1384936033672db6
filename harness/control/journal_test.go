package control_test

import (
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/plane"
)

// TestMatches asks for one thing at a time, of entries that differ in it.
func TestMatches(t *testing.T) {
	t.Parallel()
	entries := []control.Entry{
		{Seq: 1, Plane: plane.Issuer, Status: 200, Platform: "github", Issuer: "https://one.test", Route: "jwks"},
		{Seq: 2, Plane: plane.Issuer, Status: 503, Platform: "gitlab", Issuer: "https://two.test", Route: "discovery"},
		{Seq: 3, Plane: plane.Issuer, Status: 0, Platform: "gitlab", Issuer: "https://two.test", Route: "discovery"},
		{Seq: 4, Plane: plane.Entra, Status: 200, Platform: "github", SignIn: &entra.SignIn{Issuer: "https://one.test"}},
		{Seq: 5, Plane: plane.Entra, Status: 401, Platform: "gitlab", SignIn: &entra.SignIn{Issuer: "https://two.test", Code: 700213}},
		{Seq: 6, Plane: plane.Entra, Status: 400, SignIn: &entra.SignIn{Code: 90002, TraceID: "aa00", CorrelationID: "bb00"}},
		{Seq: 7, Plane: plane.Workload, Status: 201, Platform: "github", Route: "GET /token"},
	}
	for _, tt := range []struct {
		name string
		q    control.JournalQuery
		want string
	}{
		{"everything", control.JournalQuery{Limit: 1, Wait: 1}, "1234567"},
		{"after", control.JournalQuery{After: 5}, "67"},
		{"sign-ins", control.JournalQuery{SignIns: true}, "456"},
		{"failed", control.JournalQuery{Failed: true}, "2356"},
		{"code", control.JournalQuery{Code: 700213}, "5"},
		{"trace id", control.JournalQuery{Trace: "AA00"}, "6"},
		{"correlation id", control.JournalQuery{Trace: "bb00"}, "6"},
		{"another trace", control.JournalQuery{Trace: "cc00"}, ""},
		{"plane", control.JournalQuery{Plane: plane.Issuer}, "123"},
		{"platform", control.JournalQuery{Platform: "gitlab"}, "235"},
		{"issuer", control.JournalQuery{Issuer: "https://two.test"}, "235"},
		{"route", control.JournalQuery{Route: "discovery"}, "23"},
		{"all of them", control.JournalQuery{After: 3, SignIns: true, Failed: true, Platform: "gitlab", Issuer: "https://two.test"}, "5"},
		{"none", control.JournalQuery{Failed: true, Route: "jwks"}, ""},
	} {
		got := ""
		for _, e := range entries {
			if tt.q.Matches(e) {
				got += string(rune('0' + e.Seq))
			}
		}
		if got != tt.want {
			t.Errorf("%s: entries %q, want %q", tt.name, got, tt.want)
		}
	}
}
