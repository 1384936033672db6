package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestTokenRefusesWhatJSONCannotHold says that bytes that are not UTF-8 are refused; JSON would hold U+FFFD in their
// place.
func TestTokenRefusesWhatJSONCannotHold(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--claim", "actor=a\xffb"}, {"--claim", "actor:=\"a\xffb\""}, {"--claim", "a\xff=b"}, {"--audience", "\xff"}} {
		var stdout, stderr bytes.Buffer
		code := Main(t.Context(), append([]string{"token", "github", "--farm", ""}, args...), strings.NewReader(""), &stdout, &stderr)
		if code != exitUsage || stdout.Len() > 0 || !strings.Contains(stderr.String(), `\xff`) || !strings.Contains(stderr.String(), "want UTF-8") {
			t.Errorf("%q: exit code %d, %q and %q; want 2 and a refusal that shows the byte", args, code, stdout.String(), stderr.String())
		}
	}
}
