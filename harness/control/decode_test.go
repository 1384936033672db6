package control_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
)

// compact is an unsigned token with claims.
func compact(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + ".c2ln"
}

func TestDecode(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	got, err := control.Decode(compact(`{
		"exp":1788264000, "iat":1788264000.5, "nbf":"1788264000", "auth_time":1788264000000, "updated_at":-1, "run_id":1788264000,
		"kubernetes.io":{"warnafter":1788264000}, "list":[1788264000], "id":18446744073709551615
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]time.Time{"exp": at, "iat": at.Add(time.Second / 2), "kubernetes.io.warnafter": at}
	if diff := cmp.Diff(want, got.Times); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	if got.Header["alg"] != "RS256" || got.Claims["id"] != uint64(1<<64-1) {
		t.Errorf("it says %v %v", got.Header, got.Claims)
	}
	if got, err := control.Decode(compact(`{}`)); err != nil || got.Times == nil {
		t.Errorf("without claims: times %v, error %v", got.Times, err)
	}
	const secret = "c2VjcmV0"
	for name, token := range map[string]string{
		"empty": "", "no JWT": secret, "encrypted": secret + "....", "bad base64": secret + "=." + secret + ".c", "too long": compact(`"` + strings.Repeat("a", 64<<10) + `"`),
	} {
		_, err := control.Decode(token)
		var refused *control.Error
		if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest || refused.Member != "token" || strings.Contains(err.Error()+refused.Hint, secret) {
			t.Errorf("%s: error %v, want one about the member token that does not repeat it", name, err)
		}
	}
}
