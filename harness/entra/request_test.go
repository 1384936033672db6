package entra_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestLargeBodyIsAnswered sends 10 MB over HTTP/1.1 and reads only then, as many clients do. The answer must still be there.
func TestLargeBodyIsAnswered(t *testing.T) {
	t.Parallel()
	const size = 10_000_000
	const head = "POST /contoso.onmicrosoft.com/oauth2/v2.0/token HTTP/1.1\r\nHost: login.microsoftonline.com\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	body := strings.Repeat("x", size)
	tests := []struct{ name, request string }{
		{"length", fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, size, body)},
		{"chunked", fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, size, body)},
		// It waits to be told to go on, and sends nothing when it is not.
		{"expects to go on", fmt.Sprintf("%sContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", head, size)},
	}
	server := httptest.NewServer(newRig(t).server)
	t.Cleanup(server.Close)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, tt.request); err != nil {
				t.Fatalf("write: %v", err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(answer), "AADSTS9002313") {
				t.Errorf("status %d: %s", resp.StatusCode, answer)
			}
		})
	}
}
