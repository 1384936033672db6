package control_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
)

// TestNothingSecretIsPrinted prints and logs what carries a credential in every way.
func TestNothingSecretIsPrinted(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
	minted := control.Minted{Token: secret, Claims: map[string]any{"iss": "https://issuer.test"}}
	workload := control.Workload{Base: "https://127.0.0.1", Env: map[string]string{"TOKEN": secret}}
	world := control.World{ID: "an id", IdentityHeader: secret}
	client := &control.Client{URL: "http://127.0.0.1", Token: secret}
	for name, v := range map[string]any{
		"https://issuer.test": minted, "issuer.test": &minted, "TOKEN": workload, "workload": &workload, "an id": world, "world": &world,
		"http://127.0.0.1": client, "client": *client, "wrapped": struct{ A []control.Minted }{[]control.Minted{minted}},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, v)
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%T with %s: %s", v, verb, text)
			}
			if name != "wrapped" && !strings.Contains(text, name) {
				t.Errorf("%T with %s: %s, want %q in it", v, verb, text, name)
			}
		}
		if name == "wrapped" {
			continue // slog's JSON is what encoding/json makes of it
		}
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).Info("what there is", "value", v)
		}
		if strings.Contains(log.String(), secret) {
			t.Errorf("%T is logged as %s", v, &log)
		}
	}
}
