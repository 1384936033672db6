package entra_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	want := http.Header{
		"Cache-Control":             {"no-store, no-cache"},
		"Pragma":                    {"no-cache"},
		"Content-Type":              {"application/json; charset=utf-8"},
		"Expires":                   {"-1"},
		"Strict-Transport-Security": {"max-age=31536000; includeSubDomains"},
		"X-Content-Type-Options":    {"nosniff"},
		"P3p":                       {`CP="DSP CUR OTPi IND OTRi ONL FIN"`},
		"X-Ms-Ests-Server":          {"2.1.14357.7 - EUS ProdSlices"},
		"X-Xss-Protection":          {"0"},
	}
	for name, claims := range map[string]map[string]any{"success": nil, "refusal": {"sub": "x"}} {
		got := r.exchange(claims)
		if got.header.Get("x-ms-request-id") != got.signIn.TraceID {
			t.Errorf("%s: x-ms-request-id %q, trace id %q", name, got.header.Get("x-ms-request-id"), got.signIn.TraceID)
		}
		cookies := got.header["Set-Cookie"]
		if len(cookies) != 3 || !strings.HasPrefix(cookies[0], "fpc=") || cookies[1] != "x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly" {
			t.Errorf("%s: cookies %q", name, cookies)
		}
		for _, changing := range []string{"X-Ms-Request-Id", "Set-Cookie", "Content-Length"} {
			got.header.Del(changing)
		}
		if diff := cmp.Diff(want, got.header); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", name, diff)
		}
	}
}

func TestCorrelationID(t *testing.T) {
	t.Parallel()
	const given = "a876ada9-c13f-4ccd-b830-c2b0795ed03d"
	for _, tt := range []struct {
		name, header, body, query, returns string
		wantBody, wantEcho                 string // wantBody "": some other GUID
	}{
		{name: "nothing"},
		{name: "header", header: given, wantBody: given},
		{name: "body", body: given, wantBody: given},
		{name: "query", query: given, wantBody: given},
		{name: "no GUID", header: "hello", returns: "true"},
		{name: "echo", header: given, returns: "true", wantBody: given, wantEcho: given},
		{name: "no echo", header: given, returns: "false", wantBody: given},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			req := formRequest(tokenURL+"?client-request-id="+tt.query, r.params("x", map[string]string{"client-request-id": tt.body}).Encode())
			req.Header.Set("client-request-id", tt.header)
			req.Header.Set("return-client-request-id", tt.returns)
			got := r.do(req)
			id := got.body["correlation_id"].(string)
			if tt.wantBody != "" && id != tt.wantBody || tt.wantBody == "" && (id == given || len(id) != 36) || got.signIn.CorrelationID != id {
				t.Errorf("correlation_id %q (sign-in %q), want %q", id, got.signIn.CorrelationID, tt.wantBody)
			}
			if echo := got.header.Get("client-request-id"); echo != tt.wantEcho {
				t.Errorf("client-request-id %q, want %q", echo, tt.wantEcho)
			}
		})
	}
}
