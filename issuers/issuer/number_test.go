package issuer_test

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want any
	}{
		{`9007199254740993`, int64(9007199254740993)}, // 2^53 + 1, the first whole number that a float64 changes
		{`-9223372036854775808`, int64(math.MinInt64)},
		{`9223372036854775808`, uint64(1 << 63)},
		{`18446744073709551615`, uint64(math.MaxUint64)},
		{`18446744073709551616`, float64(1 << 64)},
		{`1.5`, 1.5},
		{`1e3`, 1000.0},
		{`"1"`, "1"},
		{`null`, nil},
		{`{"a":[1,{"b":9007199254740993}]}`, map[string]any{"a": []any{int64(1), map[string]any{"b": int64(9007199254740993)}}}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := issuer.DecodeJSON([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
	for _, text := range []string{``, `{`, `1 2`, `1e999`, `{"a":[1e999]}`, `nul`} {
		if got, err := issuer.DecodeJSON([]byte(text)); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func TestExactLeavesItsArgument(t *testing.T) {
	t.Parallel()
	given := issuer.Claims{"list": []any{json.Number("1")}}
	if _, err := issuer.ExactMembers(given); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(issuer.Claims{"list": []any{json.Number("1")}}, given); diff != "" {
		t.Errorf("argument (-want +got):\n%s", diff)
	}
	if got, err := issuer.ExactMembers(nil); got != nil || err != nil {
		t.Errorf("no members: %v, %v", got, err)
	}
}

// TestNumbersOfClaims gives an issuer claims as a JSON document has them.
func TestNumbersOfClaims(t *testing.T) {
	t.Parallel()
	const number = "9007199254740993"
	iss := newIssuer(t, issuer.WithClaims(issuer.Claims{"of_the_issuer": json.Number(number)}))
	token, err := iss.Mint(issuer.Request{Audience: []string{"a"}, Claims: issuer.Claims{"of_the_request": map[string]any{"n": json.Number(number)}}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Raw, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"of_the_issuer":` + number, `"of_the_request":{"n":` + number + `}`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the payload has no %s: %s", want, body)
		}
	}
	if got := token.Claims["of_the_issuer"]; got != int64(9007199254740993) {
		t.Errorf("the claim is a %T, %v; want a plain number", got, got)
	}
	if _, err := iss.Mint(issuer.Request{Claims: issuer.Claims{"x": json.Number("1e999")}}); err == nil || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("1e999: error %v, want one that names the claim", err)
	}
	if _, err := issuer.New(iss.Platform(), issuer.WithClaims(issuer.Claims{"x": json.Number("1e999")})); err == nil {
		t.Error("an issuer with the claim 1e999, want an error")
	}
}
