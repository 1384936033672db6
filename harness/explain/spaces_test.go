package explain_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/input"
)

// TestSpaces: white space that nobody sees is shown and said, and goes into no command without a word.
func TestSpaces(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ value, shown, doubt string }{
		{mainBranch + "\u200b", `"` + mainBranch + `\u200b"`, "it has a zero-width space (U+200B) at its end"},
		{mainBranch + " ", `"` + mainBranch + ` "`, "it has a space at its end"},
		{" " + mainBranch, `" ` + mainBranch + `"`, "it has a space at its beginning"},
		{"system:serviceaccount:my\u00a0ns:sa", `"system:serviceaccount:my\u00a0ns:sa"`, "it has a no-break space (U+00A0) in it"},
		{"organization:o:project:Default Project:workspace:w:run_phase:plan", "organization:o:project:Default Project:workspace:w:run_phase:plan", ""},
		{mainBranch, mainBranch, ""},
	} {
		for name, in := range map[string]input.Found{"an error": failure(700213, now, map[string]string{"sub": tt.value}), "a token": token(t, map[string]any{"sub": tt.value})} {
			r := explained(t, in)
			s := only(t, r)
			if text := r.Text(false); !strings.Contains(text, " "+tt.shown+"\n") {
				t.Errorf("%s: %q is not in\n%s", name, tt.shown, text)
			}
			if doubts := strings.Join(s.Presented.Doubts, "; "); tt.doubt == "" && doubts != "" || !strings.Contains(doubts, tt.doubt) {
				t.Errorf("%s, %q: doubts %q", name, tt.value, doubts)
			}
			commands := 0
			for _, fix := range s.Fixes {
				for _, c := range fix.Commands {
					if !strings.Contains(c.Text, "subject") {
						continue
					}
					if commands++; strings.Contains(c.Text, "in doubt: subject: "+tt.doubt) != (tt.doubt != "") {
						t.Errorf("%s, %q: %s", name, tt.value, c.Text)
					}
				}
			}
			if commands == 0 {
				t.Errorf("%s, %q: no command", name, tt.value)
			}
		}
	}
	r := explained(t, failure(700212, now, map[string]string{"aud": audience + " "}))
	if text := r.Text(false); !strings.Contains(text, `"`+audience+` "`) || !strings.Contains(text, "audience: it has a space at its end") {
		t.Errorf("an audience:\n%s", text)
	}
}
