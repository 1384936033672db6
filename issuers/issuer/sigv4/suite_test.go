package sigv4

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSuite verifies the signed requests of AWS's own test suite, and refuses each with another signature.
func TestSuite(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/aws-sig-v4-test-suite/*.sreq")
	if err != nil || len(files) != 28 {
		t.Fatalf("%d requests, error %v", len(files), err)
	}
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	scope := Scope{Region: "us-east-1", Service: "service"}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sreq"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r, body, err := parseSigned(string(raw))
			if err != nil {
				t.Fatal(err)
			}
			key := Key{ID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Session: r.Header.Get("X-Amz-Security-Token")}
			if refused := key.Verify(r, body, now, scope); refused != nil {
				t.Errorf("refused: %v", refused)
			}
			key.Secret += "x"
			if refused := key.Verify(r, body, now, scope); refused == nil || refused.Code != mismatch {
				t.Errorf("with another secret: %v", refused)
			}
		})
	}
}

// parseSigned reads a request of the suite, whose header lines net/http would not take from a client: there is no line
// end behind the last.
func parseSigned(text string) (*http.Request, []byte, error) {
	head, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	line, rest, _ := strings.Cut(head, "\n")
	words := strings.Fields(line)
	if len(words) != 3 {
		return nil, nil, fmt.Errorf("request line %q", line)
	}
	r := &http.Request{Method: words[0], RequestURI: words[1], Header: http.Header{}}
	for line := range strings.SplitSeq(rest, "\n") {
		name, value, found := strings.Cut(line, ":")
		if !found {
			return nil, nil, fmt.Errorf("header line %q", line)
		}
		r.Header.Add(name, strings.TrimSpace(value)) // as servers do
	}
	r.Host = r.Header.Get("Host")
	return r, []byte(body), nil
}
