package issuertest

import (
	"io"
	"net"
	"net/url"
	"testing"
	"time"
)

// HangUp sends the beginning of a POST with a body to an http address, ends there, and waits until the server has given
// up too. The test fails if the server answers.
func HangUp(t *testing.T, address, contentType string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	dialled, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	conn := dialled.(*net.TCPConn)
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	request := "POST " + u.RequestURI() + " HTTP/1.1\r\nHost: " + u.Host + "\r\nContent-Type: " + contentType + "\r\nContent-Length: 100\r\n\r\n{"
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || len(answer) > 0 {
		t.Errorf("a client that hung up is answered with %q, error %v", answer, err)
	}
}
