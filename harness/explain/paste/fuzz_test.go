package paste_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/explain/paste"
)

// FuzzRead reads anything: it must not panic, must say something of every text, and must keep tokens to itself.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := paste.Read(text)
		if (len(r.Messages) == 0) == (r.None == "") {
			t.Errorf("%d messages, and none: %q", len(r.Messages), r.None)
		}
		for _, m := range r.Messages {
			if m.Code == 0 || m.Basis == "" || m.Text == "" || !utf8.ValidString(m.Text) {
				t.Errorf("a message that says nothing: %+v", m)
			}
			for _, token := range r.Tokens {
				if strings.Contains(m.Text+strings.Join(m.Notes, " "), token) {
					t.Errorf("a token is in %+v", m)
				}
			}
		}
	})
}
