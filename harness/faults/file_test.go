package faults_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/issuerd/issuerd/harness/faults"
)

func TestParseFile(t *testing.T) {
	t.Parallel()
	got, err := faults.Parse("faults.yaml", []byte("faults:\n  - of: github\n    status: {document: jwks, times: 2}\n  - {stall: , of: entra}\n"))
	want := []faults.Set{
		{Of: "github", Name: "status", Parameters: map[string]any{"document": "jwks", "times": 2}},
		{Of: "entra", Name: "stall"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(faults.Set{}, "Position")); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if len(got) == 2 && got[1].Position.Line != 4 {
		t.Errorf("the second is at %v", got[1].Position)
	}
	for src, want := range map[string]string{
		"":                               "the file is empty",
		"faults: []":                     "the list is empty",
		"faults: {}":                     "want a list",
		"faults: [{of: entra}]":          "want one fault beside of, got 0",
		"faults: [{of: '', stall: {}}]":  "want an issuer's URL or platform, or entra",
		"fault: [{of: a, stall: {}}]":    "fault",
		"faults: [{of: a, tampered: {}}": "faults.yaml:1:",
		"faults: [{of: a, status: {times: 99999999999999999999}}]":                                                          `parameter "times": want an integer, got one of more than 64 bits`,
		"faults: [{of: a, status: {times: '2'}}]":                                                                           `parameter "times": want an integer, got string`,
		"faults:\n  - {of: a, status: {document: discovery}}\n  - {of: b, status: }\n  - {of: a, status: {document: jwks}}": "faults.yaml:4:5: status of a is already at faults.yaml:2:5",
	} {
		if _, err := faults.Parse("faults.yaml", []byte(src)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", src, err, want)
		}
	}
}

func TestIsFaultFile(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		"faults:\n  - {of: entra, stall: {}}\n":       true,
		"\ufefffaults: []":                            true,
		"# a comment\n\"faults\": oops":               true,
		`{"faults": [{"of": "entra", "stall": {}}]}`:  true,
		"name: a\nfaults: []\nsteps: []\n":            false,
		"platform: acme\nfaults: []":                  false,
		"issuer:\n  platform: github\n  faults: []\n": false,
		`{"faults": `: false,
		"":            false,
	} {
		if got := faults.IsFile([]byte(src)); got != want {
			t.Errorf("%q: %v, want %v", src, got, want)
		}
	}
}
