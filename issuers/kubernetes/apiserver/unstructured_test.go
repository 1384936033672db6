package apiserver

import (
	"net/http"
	"testing"
)

// TestRefusalText has the texts of client-go for answers that are no Status, as from a proxy in front of the API
// server.
func TestRefusalText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code              int
		contentType, body string
		want              string
	}{
		{403, "application/json", `{"kind":"Status","message":"no"}`, "no"},
		{503, "text/html", "<html>", "the server is currently unable to handle the request (post serviceaccounts web)"},
		{500, "text/plain; charset=utf-8", "out of order\n", `an error on the server ("out of order") has prevented the request from succeeding (post serviceaccounts web)`},
		{502, "application/json", "{}", `an error on the server ("unknown") has prevented the request from succeeding (post serviceaccounts web)`},
		{403, "text/plain", "who are you?", "who are you? (post serviceaccounts web)"},
		{401, "text/plain", "", "the server has asked for the client to provide credentials (post serviceaccounts web)"},
		{406, "text/plain", "", "the server was unable to respond with a content type that the client supports (post serviceaccounts web)"},
		{418, "text/plain", "tea", "the server responded with the status code 418 but did not return more information (post serviceaccounts web)"},
	} {
		answer := &http.Response{StatusCode: tt.code, Header: http.Header{"Content-Type": {tt.contentType}}}
		if got := refusalText(answer, []byte(tt.body), "web"); got != tt.want {
			t.Errorf("%d %q: %q, want %q", tt.code, tt.body, got, tt.want)
		}
	}
}
