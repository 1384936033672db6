package issuertest

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Derive mints with the given claims only, at the recorded token's iat and under its iss, and compares the payload with
// the recorded one. The claims in unknown are only compared for being there: no given claim determines their values.
func Derive(t *testing.T, p *issuer.Platform, r Recorded, req issuer.Request, unknown ...string) {
	t.Helper()
	var file struct{ Payload json.RawMessage }
	if err := json.Unmarshal(readFile(t, r.File), &file); err != nil {
		t.Fatalf("%s: %v", r.File, err)
	}
	want := Object(t, file.Payload)
	at, err := want["iat"].(json.Number).Int64()
	if err != nil {
		t.Fatalf("%s: iat: %v", r.File, err)
	}
	iss, err := issuer.New(p, issuer.WithPreset(r.Preset), issuer.WithURL(want["iss"].(string)),
		issuer.WithNow(func() time.Time { return time.Unix(at, 0) }), issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	token, err := iss.Mint(req)
	if err != nil {
		t.Fatal(err)
	}
	_, got := Decode(t, token.Raw)
	for _, name := range unknown {
		if (want[name] == nil) != (got[name] == nil) {
			t.Errorf("%s: claim %q: recorded %v, derived %v", r.File, name, want[name], got[name])
		}
		delete(want, name)
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: derived payload (-want +got):\n%s", r.File, diff)
	}
}

// Document compares the discovery document of a preset's service with a recorded one, put at the recorded issuer:
// names, order and values. White space is not compared. Replacements, in pairs, are made in the recorded text first.
func Document(t *testing.T, p *issuer.Platform, preset, file string, replacements ...string) {
	t.Helper()
	want := []byte(strings.NewReplacer(replacements...).Replace(string(readFile(t, file))))
	at, _ := Object(t, want)["issuer"].(string)
	iss, err := issuer.New(p, issuer.WithPreset(preset), issuer.WithURL(at))
	if err != nil {
		t.Fatal(err)
	}
	got, err := iss.Discovery()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(compact(t, want), compact(t, got)); diff != "" {
		t.Errorf("%s: discovery document (-want +got):\n%s", file, diff)
	}
}

// Keys compares a JWKS with a recorded one: the number of keys, the members of each in order, the style of the key ids,
// and the values that do not depend on the key material. Replacements, in pairs, are made in the recorded text first; a
// placeholder for a key id may become the name of a [Style].
func Keys(t *testing.T, got []byte, file string, replacements ...string) {
	t.Helper()
	want := []byte(strings.NewReplacer(replacements...).Replace(string(readFile(t, file))))
	if diff := cmp.Diff(keyShapes(t, want), keyShapes(t, got)); diff != "" {
		t.Errorf("%s: keys (-want +got):\n%s", file, diff)
	}
}

type keyShape struct {
	Members []string
	Values  map[string]any
}

func keyShapes(t *testing.T, text []byte) []keyShape {
	t.Helper()
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatalf("jwks: %v", err)
	}
	shapes := make([]keyShape, len(set.Keys))
	for i, key := range set.Keys {
		values := Object(t, key)
		for name, value := range values {
			switch name {
			case "kid":
				values[name] = Style(value.(string))
			case "n", "x", "y", "x5c", "x5t":
				values[name] = "key material"
			}
		}
		shapes[i] = keyShape{Members: Members(t, key), Values: values}
	}
	return shapes
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func compact(t *testing.T, text []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
