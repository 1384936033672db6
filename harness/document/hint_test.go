package document_test

import (
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/document"
)

// TestHints has hints that can be followed as they are: what they say to write is what is meant.
func TestHints(t *testing.T) {
	t.Parallel()
	type target struct {
		Lease time.Duration `json:"lease"`
		Text  string        `json:"text"`
		Count int           `json:"count"`
		Flag  bool          `json:"flag"`
		List  []string      `json:"list"`
	}
	for _, tt := range []struct{ written, hint string }{
		{"lease: 5", "write 5s for seconds"},
		{`lease: "5"`, "write 5s for seconds"},
		{"lease: 1.5", "write 1.5s for seconds"},
		{"lease: 5 min", "write 5m"},
		{"lease: 2 hours", "write 2h"},
		{"lease: 10sec", "write 10s"},
		{"lease: 1d", "write 24h"},
		{"lease: 250 ms", "write 250ms"},
		{"lease: soon", "write a duration, such as 90s, 10m or 1h30m"},
		{"text: 5", "quote it"},
		{"text: [one]", "write one: one value, and no list"},
		{"text: [5]", `write "5": one value, and no list`},
		{"text: [one, two]", ""},
		{`count: "5"`, "write 5, without quotes"},
		{"count: five", ""},
		{"flag: on", "write true"},
		{"flag: Yes", "write true"},
		{"flag: off", "write false"},
		{`flag: "true"`, "write true"},
		{"flag: maybe", ""},
		{"list: one", "write [one]"},
		{"list: api://x", "write [api://x]"},
		{`list: "a, b"`, `write ["a, b"]`},
		{`list: "true"`, `write ["true"]`},
		{"list: {a: b}", "begin each item of the list with a dash"},
		{"list:", ""},
	} {
		t.Run(tt.written, func(t *testing.T) {
			t.Parallel()
			log := &document.Log{File: "f.yaml"}
			read := document.Format{Name: "test"}.Read([]byte(tt.written+"\n"), log)
			if read == nil {
				t.Fatal(log.Problems())
			}
			(&document.Decoder{Log: log}).Decode(read.Root, new(target))
			problems := log.Problems()
			if len(problems) != 1 || problems[0].Hint != tt.hint || problems[0].Source != tt.written {
				t.Fatalf("problems %v with hint %q, want one with %q", problems, problems[0].Hint, tt.hint)
			}
			write, ok := strings.CutPrefix(tt.hint, "write ")
			if !ok || strings.HasPrefix(write, "a duration") {
				return
			}
			key, _, _ := strings.Cut(tt.written, ":")
			write, _, _ = strings.Cut(strings.TrimSuffix(write, " for seconds"), ",")
			if key != "list" {
				write, _, _ = strings.Cut(write, ": ")
			} else {
				write = strings.TrimPrefix(tt.hint, "write ")
			}
			again := &document.Log{File: "f.yaml"}
			read = document.Format{Name: "test"}.Read([]byte(key+": "+write+"\n"), again)
			if (&document.Decoder{Log: again}).Decode(read.Root, new(target)); again.Len() > 0 {
				t.Errorf("the hint leads to %v", again.Problems())
			}
		})
	}
}
