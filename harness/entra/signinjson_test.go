package entra_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
)

// TestSignInInJSON writes a record and reads it back. Its duration is no number of nanoseconds.
func TestSignInInJSON(t *testing.T) {
	t.Parallel()
	want := entra.SignIn{Time: start, Duration: 1500 * time.Millisecond, ClientID: "x", Checks: []entra.Check{{Name: "tenant", OK: true}}, Status: 200}
	raw, err := json.Marshal(struct{ SignIn *entra.SignIn }{&want})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), `"duration":"1.5s"`) || strings.Count(string(raw), `"duration"`) != 1 {
		t.Errorf("the duration is not its text: %s", raw)
	}
	var got struct{ SignIn *entra.SignIn }
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got.SignIn); diff != "" {
		t.Errorf("sign-in (-want +got):\n%s", diff)
	}
}
