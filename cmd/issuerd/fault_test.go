package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want control.FaultSpec
	}{
		{"github:unreachable", control.FaultSpec{Issuer: "github", Name: "unreachable"}},
		{"github unreachable", control.FaultSpec{Issuer: "github", Name: "unreachable"}},
		{"https://127.0.0.1:8443/github:unreachable document=jwks", control.FaultSpec{Issuer: "https://127.0.0.1:8443/github", Name: "unreachable", Parameters: map[string]any{"document": "jwks"}}},
		{"https://127.0.0.1:8443/github unreachable", control.FaultSpec{Issuer: "https://127.0.0.1:8443/github", Name: "unreachable"}},
		{"github:status code=503 body=two words", control.FaultSpec{Issuer: "github", Name: "status", Parameters: map[string]any{"code": int64(503), "body": "two words"}}},
		{`github jwks body={"keys": []}`, control.FaultSpec{Issuer: "github", Name: "jwks", Parameters: map[string]any{"body": `{"keys": []}`}}},
		{"github:header set.typ=JWT set.kid:=null set.n:=1", control.FaultSpec{Issuer: "github", Name: "header", Parameters: map[string]any{"set": map[string]any{"typ": "JWT", "kid": nil, "n": int64(1)}}}},
		{`github:header set={"typ":"JWT"} set.kid=a.b`, control.FaultSpec{Issuer: "github", Name: "header", Parameters: map[string]any{"set": map[string]any{"typ": "JWT", "kid": "a.b"}}}},
		{`github:jwks body:="a=b c"`, control.FaultSpec{Issuer: "github", Name: "jwks", Parameters: map[string]any{"body": "a=b c"}}},
	} {
		got, err := parseFault(tt.text)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", tt.text, err, diff)
		}
	}
}

// TestParseFaults has faults of one name for one issuer, of which only one would be in force.
func TestParseFaults(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "two.yaml")
	if err := os.WriteFile(file, []byte("faults: [{of: github, status: {document: jwks}}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{{"github:status", "gcp:status", "github status document=jwks"}, {"github:status", file}, {file, file}} {
		_, err := parseFaults(flags)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("status of github is already in --fault %q", flags[0])) {
			t.Errorf("%q: error %v", flags, err)
		}
	}
	if got, err := parseFaults([]string{"github:unreachable", file, "gcp:status"}); err != nil || len(got) != 3 || got[1].Name != "status" {
		t.Errorf("%v, error %v", got, err)
	}
}

func TestParseFaultRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "want the words of issuerd fault set",
		"github":                    "want the words of issuerd fault set",
		"github:nosuch":             `no fault "nosuch"`,
		"github:nosuch code=1":      `no fault "nosuch"`,
		"https://x:8443/a":          "want the words of issuerd fault set",
		"https://x:8443":            "want the words of issuerd fault set",
		"github nosuch":             `no fault "nosuch"`,
		"github:status jwks":        `"jwks": want a parameter=value`,
		"github:status code=many":   `"code=many": want a whole number, got many`,
		"github:status code=1.5":    "want a whole number, got 1.5",
		"github:status code=1000":   "code 1000: want an HTTP status from 200 to 599",
		"github:status colour=blue": "colour",
		"github:header set=typ":     `want a JSON object, such as {"typ":"JWT"}, got typ`,
		"github:header":             "set is empty",
		"github:status document:=x": "want JSON",
		"github:status document=jwks document.x=1": "document has a value already that is no map",
		"github:jwks body=\xff":                    "want UTF-8",
	} {
		if _, err := parseFault(text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--fault") {
			t.Errorf("%q: got %v, want --fault and %q", text, err, want)
		}
	}
}
