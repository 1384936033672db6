package issuer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestMint(t *testing.T) {
	t.Parallel()
	iat := start.Unix()
	for _, tt := range []struct {
		name string
		opts []issuer.Option
		req  issuer.Request
		want issuer.Claims // without jti
	}{
		{"default", nil, issuer.Request{}, issuer.Claims{
			"iss": "https://token.acme.example", "iat": iat, "nbf": iat - 10, "exp": iat + 60, "sub": "job:build", "aud": "a", "service": "s",
			"object": map[string]any{"a": "1", "b": "2"},
		}},
		{"lifetime asked for", nil, issuer.Request{Preset: "long", Lifetime: 2 * time.Second}, issuer.Claims{
			"iss": "https://token.acme.example", "iat": iat, "nbf": iat, "exp": iat + 2, "sub": "job:buildlong", "aud": "a", "service": "s", "gone": "here",
		}},
		{"preset of the same service", nil, issuer.Request{Preset: "long"}, issuer.Claims{
			"iss": "https://token.acme.example", "iat": iat, "nbf": iat, "exp": iat + 3600, "sub": "job:buildlong", "aud": "a", "service": "s", "gone": "here",
		}},
		{"preset of another service", []issuer.Option{issuer.WithPreset("other")}, issuer.Request{}, issuer.Claims{
			"iss": "https://other.acme.example/deep/er/", "iat": iat, "exp": iat + 3600, "sub": "job:build", "aud": "a", "service": "sother", "gone": "here",
		}},
		{"claims of the issuer", []issuer.Option{issuer.WithClaims(issuer.Claims{"job": 7, "aud": nil, "gone": "back"})}, issuer.Request{}, issuer.Claims{
			"iss": "https://token.acme.example", "iat": iat, "nbf": iat - 10, "exp": iat + 60, "sub": "job:7", "job": 7, "service": "s", "gone": "back",
			"object": map[string]any{"a": "1", "b": "2"},
		}},
		{
			"claims of the request over those of the issuer",
			[]issuer.Option{issuer.WithClaims(issuer.Claims{"job": "one", "object": map[string]any{"a": "9", "c": "3"}})},
			issuer.Request{Claims: issuer.Claims{"job": "two", "object": map[string]any{"b": nil}, "nbf": nil, "exp": "never"}}, issuer.Claims{
				"iss": "https://token.acme.example", "iat": iat, "exp": "never", "sub": "job:two", "job": "two", "aud": "a", "service": "s",
				"object": map[string]any{"a": "9", "c": "3"},
			},
		},
		{"an object replaced", nil, issuer.Request{Claims: issuer.Claims{"object": "text"}}, issuer.Claims{
			"iss": "https://token.acme.example", "iat": iat, "nbf": iat - 10, "exp": iat + 60, "sub": "job:build", "aud": "a", "service": "s", "object": "text",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token := mint(t, newIssuer(t, tt.opts...), tt.req)
			delete(token.Claims, "jti")
			if diff := cmp.Diff(tt.want, token.Claims); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestMintDoesNotChangeItsInput mints twice from the same claims and compares with what they were.
func TestMintDoesNotChangeItsInput(t *testing.T) {
	t.Parallel()
	given := issuer.Claims{"object": map[string]any{"b": nil, "c": map[string]any{"d": "1"}}, "sub": nil}
	iss := newIssuer(t)
	token := mint(t, iss, issuer.Request{Claims: given})
	token.Claims["object"].(map[string]any)["c"].(map[string]any)["d"] = "changed"
	want := issuer.Claims{"object": map[string]any{"b": nil, "c": map[string]any{"d": "1"}}, "sub": nil}
	if diff := cmp.Diff(want, given); diff != "" {
		t.Errorf("given claims (-want +got):\n%s", diff)
	}
	preset := issuer.Claims{"object": map[string]any{"a": "1", "b": "2"}, "gone": nil}
	if diff := cmp.Diff(preset, platform.Presets[0].Claims); diff != "" {
		t.Errorf("the preset's claims (-want +got):\n%s", diff)
	}
}

func TestMintBytes(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t, issuer.WithRand(strings.NewReader(strings.Repeat("\xab", 16))))
	header, payload := issuertest.Parts(t, mint(t, iss, issuer.Request{Claims: issuer.Claims{"object": "<&>\u2028"}}).Raw)
	want := fmt.Sprintf(`{"sub":"job:build","iss":"https://token.acme.example","aud":"a","exp":%d,"iat":%d,"jti":"abababab-abab-4bab-abab-abababababab","nbf":%d,"object":"<&>\u2028","service":"s"}`,
		start.Unix()+60, start.Unix(), start.Unix()-10)
	if diff := cmp.Diff(want, string(payload)); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"typ", "alg", "x5t", "kid"}, issuertest.Members(t, header)); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	_, payload = issuertest.Parts(t, mint(t, newIssuer(t, issuer.WithPreset("other")), issuer.Request{}).Raw)
	if diff := cmp.Diff([]string{"aud", "exp", "gone", "iat", "iss", "service", "sub"}, issuertest.Members(t, payload)); diff != "" {
		t.Errorf("payload without an order (-want +got):\n%s", diff)
	}
}

func TestMintRefuses(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	for _, tt := range []struct {
		req  issuer.Request
		want string
	}{
		{issuer.Request{Preset: "x"}, `acme: no preset "x" (have job, long, elliptic, other, no-iss)`},
		{issuer.Request{Preset: "other"}, `acme: preset "other" belongs to another issuer than "https://token.acme.example"`},
		{issuer.Request{Claims: issuer.Claims{"job": []any{}}}, `acme: claim "job": want a string, got []interface {}`},
		{issuer.Request{Claims: issuer.Claims{"f": func() {}}}, `issuer: payload: json: unsupported type: func()`},
	} {
		if _, err := iss.Mint(tt.req); err == nil || err.Error() != tt.want {
			t.Errorf("error is %v, want %q", err, tt.want)
		}
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	reader := issuer.ClaimReader{Platform: "acme", Claims: issuer.Claims{
		"text": "a", "empty": "", "true": true, "int": 7, "int64": int64(1) << 40, "uint64": uint64(1) << 63, "float": 1331377210.0, "half": 0.5,
	}}
	got := map[string]string{"none": reader.Text("none", "fallback")}
	for name := range reader.Claims {
		got[name] = reader.Text(name, "fallback")
	}
	want := map[string]string{
		"none": "fallback", "text": "a", "empty": "", "true": "true", "int": "7", "int64": "1099511627776", "uint64": "9223372036854775808",
		"float": "1331377210", "half": "0.5",
	}
	if diff := cmp.Diff(want, got); diff != "" || reader.Err != nil {
		t.Errorf("error %v (-want +got):\n%s", reader.Err, diff)
	}
	reader.Claims = issuer.Claims{"a": []any{}, "b": map[string]any{}}
	if text := reader.Text("a", "fallback") + reader.Text("b", ""); text != "fallback" {
		t.Errorf("texts of a list and an object: %q", text)
	}
	if want := `acme: claim "a": want a string, got []interface {}`; reader.Err == nil || reader.Err.Error() != want {
		t.Errorf("error is %v, want %q", reader.Err, want)
	}
}

// TestTokenIsNotPrinted checks that a token in a log or a message is not the credential.
func TestTokenIsNotPrinted(t *testing.T) {
	t.Parallel()
	token := mint(t, newIssuer(t), issuer.Request{})
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("minted", "token", token)
	for _, text := range []string{log.String(), token.String(), fmt.Sprint(token), fmt.Sprintf("%v %+v %s", token, token, token), fmt.Sprintf("%#v %q %d", token, &token, token)} {
		if strings.Contains(text, token.Raw[:40]) || strings.Contains(text, token.Raw[len(token.Raw)-40:]) {
			t.Errorf("the token is in %q", text)
		}
		if !strings.Contains(text, "sub=job:build") {
			t.Errorf("the subject is not in %q", text)
		}
	}
}

// FuzzClaims mints whatever object it is given and wants it back.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":{"b":[{"c":null}]}}`, `{"":"\u0000"}`, `{"sub":null,"aud":[1,"2",true]}`, `{"n":1e400}`} {
		f.Add(seed)
	}
	iss := newIssuer(f)
	f.Fuzz(func(t *testing.T, text string) {
		var claims issuer.Claims
		if json.Unmarshal([]byte(text), &claims) != nil {
			return
		}
		token, err := iss.Mint(issuer.Request{Claims: claims})
		if err != nil {
			if !strings.HasPrefix(err.Error(), `acme: claim "job"`) {
				t.Fatal(err)
			}
			return
		}
		_, payload := issuertest.Parts(t, token.Raw)
		var got issuer.Claims
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatalf("%v in %s", err, payload)
		}
		for name, value := range claims {
			if _, object := value.(map[string]any); object {
				continue // merged with what is there
			}
			if diff := cmp.Diff(value, got[name]); diff != "" {
				t.Errorf("%q (-want +got):\n%s", name, diff)
			}
		}
	})
}
