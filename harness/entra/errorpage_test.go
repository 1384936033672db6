package entra_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
)

// TestErrorPage follows the error_uri of every code that sends one, and asks for the others too.
func TestErrorPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range entra.Codes {
		for _, accept := range []string{"text/html,application/xhtml+xml", "*/*", ""} {
			req := httptest.NewRequest(http.MethodGet, "https://login.microsoftonline.com/error?code="+strconv.Itoa(c.Number), nil)
			req.Header.Set("Accept", accept)
			got := r.do(req)
			kind, isHTML := got.header.Get("Content-Type"), strings.HasPrefix(accept, "text/html")
			if got.status != http.StatusOK || strings.HasPrefix(kind, "text/html") != isHTML {
				t.Fatalf("%s, Accept %q: status %d, content type %q", c.Name(), accept, got.status, kind)
			}
			wants := []string{c.Name()}
			if !isHTML { // which escapes quotes
				wants = append(wants, c.Message, c.Cause, c.Fix, c.Source)
			}
			for _, want := range wants {
				if !strings.Contains(got.raw, want) {
					t.Errorf("%s, Accept %q: the page lacks %q", c.Name(), accept, want)
				}
			}
		}
	}
}

func TestErrorPageRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, tt := range []struct {
		query  string
		status int
		want   string
	}{
		{"?code=AADSTS700213", 200, "AADSTS700213: No matching"},
		{"?code=aadb2c99027", 200, "AADB2C99027: "},
		{"?code=1", 404, `"1" is no error code`},
		{"?code=%3Cscript%3E", 404, `"<script>" is no error code`},
		{"?code=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", 404, `"[token]" is no error code`},
		{"", 404, "The parameter code is missing"},
	} {
		if got := r.get("https://login.microsoftonline.com/error" + tt.query); got.status != tt.status || !strings.Contains(got.raw, tt.want) {
			t.Errorf("%s: status %d, want %d; %s", tt.query, got.status, tt.status, got.raw)
		}
	}
	req := httptest.NewRequest(http.MethodGet, "https://login.microsoftonline.com/error?code=%3Cscript%3E", nil)
	req.Header.Set("Accept", "text/html")
	if got := r.do(req); strings.Contains(got.raw, "<script>") {
		t.Errorf("the page has the parameter as it was sent: %s", got.raw)
	}
}
