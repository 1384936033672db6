package clients

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// TestAWSSigner has AWS's own signer sign requests of all kinds. They are taken as they come over the wire, and not
// with another secret.
func TestAWSSigner(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	scope := sigv4.Scope{Region: "us-east-1", Service: "sts"}
	for _, tt := range []struct {
		name, method, url, body string
		header                  http.Header
		session                 string
	}{
		{name: "nothing", method: http.MethodGet, url: "https://example.amazonaws.com"},
		{name: "port", method: http.MethodGet, url: "https://127.0.0.1:8444/"},
		{name: "path", method: http.MethodPost, url: "https://example.amazonaws.com/w/1/", body: "Action=GetCallerIdentity"},
		{name: "spaces and UTF-8 in the path", method: http.MethodGet, url: "https://example.amazonaws.com/a%20b/%E1%88%B4"},
		{name: "unreserved", method: http.MethodGet, url: "https://example.amazonaws.com/-._~0123456789abcXYZ?-._~=-._~"},
		{name: "query", method: http.MethodGet, url: "https://example.amazonaws.com/?b=2&a=1"},
		{name: "names that begin alike", method: http.MethodGet, url: "https://example.amazonaws.com/?Param-3=c&Param=b&%E1%88%B4=a"},
		{name: "a name twice", method: http.MethodGet, url: "https://example.amazonaws.com/?k=a-b&k=a%2Fb"},
		{name: "no value", method: http.MethodPost, url: "https://example.amazonaws.com/?k="},
		{name: "letter case", method: http.MethodGet, url: "https://example.amazonaws.com/?Name=1&name=2"},
		{name: "session token", method: http.MethodGet, url: "https://example.amazonaws.com/", session: "session+token/=="},
		{name: "header twice", method: http.MethodGet, url: "https://example.amazonaws.com/", header: http.Header{"X-Amz-Meta": {"b", "a"}}},
		{name: "white space in a header", method: http.MethodGet, url: "https://example.amazonaws.com/", header: http.Header{"X-Amz-Meta": {"  a   b "}}},
		{name: "target", method: http.MethodPost, url: "https://example.amazonaws.com/", body: "{}", header: http.Header{
			"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AWSCognitoIdentityService.GetId"},
		}},
		{name: "form", method: http.MethodPost, url: "https://example.amazonaws.com/", body: "a=1&b=2", header: http.Header{
			"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := sigv4.Key{ID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Session: tt.session}
			sent, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range tt.header {
				sent.Header[name] = values
			}
			digest := sha256.Sum256([]byte(tt.body))
			credentials := aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Session}
			if err := v4.NewSigner().SignHTTP(t.Context(), credentials, sent, hex.EncodeToString(digest[:]), scope.Service, scope.Region, now); err != nil {
				t.Fatal(err)
			}
			var wire bytes.Buffer
			if err := sent.Write(&wire); err != nil {
				t.Fatal(err)
			}
			received, err := http.ReadRequest(bufio.NewReader(&wire))
			if err != nil {
				t.Fatal(err)
			}
			if refused := key.Verify(received, []byte(tt.body), now, scope); refused != nil {
				t.Errorf("refused: %s: %s", refused.Code, refused.Message)
			}
			key.Secret = "another"
			if refused := key.Verify(received, []byte(tt.body), now, scope); refused == nil || refused.Code != "SignatureDoesNotMatch" {
				t.Errorf("with another secret: %v, want SignatureDoesNotMatch", refused)
			}
		})
	}
}
