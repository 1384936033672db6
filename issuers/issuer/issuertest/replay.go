package issuertest

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Recorded is a token of the real service, in a file {"header": object or null, "payload": object}.
type Recorded struct {
	File   string
	Preset string
	Lacks  []string      // claims that the preset adds and that this token did not have
	Inside issuer.Claims // the same inside objects: nil for each member that the preset adds
	Why    string        // why it lacks them; wanted when Lacks or Inside is not empty

	PayloadOrder string // why the order of the payload is not today's, or says nothing; empty: it must be equal
	HeaderStyle  string // why the header is not today's; empty: it must be equal in order and style
}

// Replay mints a recorded token again, all its claims given, and compares names, types, values and order of the
// payload, and members, order and style of the header.
func Replay(t *testing.T, p *issuer.Platform, r Recorded) {
	t.Helper()
	text, err := os.ReadFile(r.File)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Header, Payload json.RawMessage }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatalf("%s: %v", r.File, err)
	}
	want := Object(t, file.Payload)
	claims := Object(t, file.Payload) // a copy: the issuer gets numbers as a caller would write them
	if len(r.Lacks)+len(r.Inside) > 0 && r.Why == "" {
		t.Errorf("%s: no reason given for the missing %v %v", r.File, r.Lacks, r.Inside)
	}
	for _, name := range r.Lacks {
		if _, has := claims[name]; has {
			t.Errorf("%s: said to lack %q, but has it", r.File, name)
		}
		claims[name] = nil
	}

	iss, err := issuer.New(p, issuer.WithPreset(r.Preset), issuer.WithClaims(r.Inside), issuer.WithNow(func() time.Time { return start }),
		issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	token, err := iss.Mint(issuer.Request{Claims: plainNumbers(claims).(map[string]any)})
	if err != nil {
		t.Fatal(err)
	}
	header, payload := Parts(t, token.Raw)
	if diff := cmp.Diff(want, Object(t, payload)); diff != "" {
		t.Errorf("%s: payload (-want +got):\n%s", r.File, diff)
	}
	if diff := cmp.Diff(Members(t, file.Payload), Members(t, payload)); diff != "" && r.PayloadOrder == "" {
		t.Errorf("%s: payload order (-want +got):\n%s", r.File, diff)
	} else if diff == "" && r.PayloadOrder != "" {
		t.Errorf("%s: the payload order is excused (%s) but equal", r.File, r.PayloadOrder)
	}
	if string(file.Header) != "null" {
		compareHeader(t, r, file.Header, header)
	}
}

func compareHeader(t *testing.T, r Recorded, want, got []byte) {
	t.Helper()
	order := cmp.Diff(Members(t, want), Members(t, got))
	style := cmp.Diff(styles(t, want), styles(t, got))
	switch {
	case r.HeaderStyle != "" && order == "" && style == "":
		t.Errorf("%s: the header is excused (%s) but equal", r.File, r.HeaderStyle)
	case r.HeaderStyle == "" && order+style != "":
		t.Errorf("%s: header (-want +got):\n%s%s", r.File, order, style)
	}
}

// styles replaces the values of a header that are made from a key by what they look like.
func styles(t *testing.T, header []byte) map[string]any {
	t.Helper()
	object := Object(t, header)
	for _, name := range []string{"kid", "x5t"} {
		if value, ok := object[name].(string); ok {
			object[name] = Style(value)
		}
	}
	return object
}

// Style names what a key id or a thumbprint looks like: a UUID, 40 hex digits, 43 base64url characters, …; what is like
// none of the known styles is its own.
func Style(value string) string {
	for _, s := range idStyles {
		if s.pattern.MatchString(value) {
			return s.name
		}
	}
	return value
}

var idStyles = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"UUID", regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)},
	{"40 lower-case hex digits", regexp.MustCompile(`^[0-9a-f]{40}$`)},
	{"40 upper-case hex digits", regexp.MustCompile(`^[0-9A-F]{40}$`)},
	{"32 letters and digits", regexp.MustCompile(`^[0-9A-Za-z]{32}$`)},
	{"27 base64url characters", regexp.MustCompile(`^[0-9A-Za-z_-]{27}$`)},
	{"43 base64url characters", regexp.MustCompile(`^[0-9A-Za-z_-]{43}$`)},
	{"44 base64 characters", regexp.MustCompile(`^[0-9A-Za-z+/]{43}=$`)},
}

// plainNumbers turns json.Number into int64 or float64, which is what files and command lines give an issuer.
func plainNumbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = plainNumbers(value[name])
		}
		return value
	case []any:
		for n := range value {
			value[n] = plainNumbers(value[n])
		}
		return value
	case json.Number:
		if strings.ContainsAny(string(value), ".eE") {
			f, _ := value.Float64()
			return f
		}
		n, _ := value.Int64()
		return n
	}
	return value
}
