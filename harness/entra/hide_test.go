package entra_test

import (
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
)

func TestHideTokens(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"
	for text, want := range map[string]string{
		"":                                "",
		"repo:contoso/web":                "repo:contoso/web",
		token:                             "[token]",
		"/" + token + "/oauth2":           "/[token]/oauth2",
		token + "," + token:               "[token],[token]",
		"eyJhbGciOiJub25lIn0.e30.":        "[token]",
		"cut eyJhbGciOiJSUzI1NiJ9.eyJpc3": "cut [token]",
		"keyJob.x":                        "k[token]", // hiding too much does no harm
	} {
		if got := entra.HideTokens(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
