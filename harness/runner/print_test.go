package runner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/runner"
)

// TestNoTokenIsPrinted prints what a client is given and gives.
func TestNoTokenIsPrinted(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
	for _, v := range []any{
		runner.Request{ClientID: "known", Assertion: secret}, &runner.Request{ClientID: "known", Assertion: secret},
		runner.Answer{Status: 200, Body: map[string]any{"access_token": secret}}, runner.Answer{Status: 200, Text: secret},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, secret) || !strings.Contains(text, "known") && !strings.Contains(text, "200") {
				t.Errorf("%T with %s: %s", v, verb, text)
			}
		}
	}
}
