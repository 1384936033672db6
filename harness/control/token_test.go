package control_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
)

func TestDecodeToken(t *testing.T) {
	t.Parallel()
	part := base64.RawURLEncoding.EncodeToString
	const secret = "c2VjcmV0"
	header, claims, err := control.DecodeToken(part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(`{"id":9007199254740993,"list":[1.5]}`)) + ".c2ln")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"alg": "RS256"}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"id": int64(9007199254740993), "list": []any{1.5}}, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	tests := []struct{ name, compact, says string }{
		{"empty", "", "it has 1 part"},
		{"encrypted", "a.b.c.d.e", "it has 5 parts"},
		{"not base64url", part([]byte(`{}`)) + ".%" + secret + ".c", "not base64url"},
		{"not JSON", part([]byte(secret)) + "." + part([]byte(`{}`)) + ".c", "not a JSON object"},
		{"no object", part([]byte(`{}`)) + "." + part([]byte(`["`+secret+`"]`)) + ".c", "not a JSON object"},
		{"null", part([]byte(`null`)) + "." + part([]byte(`{}`)) + ".c", "not a JSON object"},
		{"more than one", part([]byte(`{} {}`)) + "." + part([]byte(`{}`)) + ".c", "not a JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := control.DecodeToken(tt.compact)
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), secret) {
				t.Errorf("error %v, want one that says %q and does not repeat the token", err, tt.says)
			}
		})
	}
}
