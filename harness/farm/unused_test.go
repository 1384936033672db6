package farm

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestUnusedConnectionsAreClosed has a server shut down beside a connection on which nothing was asked. It is closed at
// once, and not when net/http takes it for idle: the context has ended before, so that nothing else closes it.
func TestUnusedConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	srv := newHTTPServer(http.NotFoundHandler(), time.Minute, slog.New(slog.DiscardHandler))
	known, state := make(chan struct{}), srv.ConnState
	srv.ConnState = func(c net.Conn, s http.ConnState) {
		state(c, s)
		if s == http.StateNew {
			close(known)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }() // it ends with ErrServerClosed
	t.Cleanup(func() { _ = srv.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	<-known
	ended, end := context.WithCancel(t.Context())
	end()
	if err := srv.Shutdown(ended); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Minute)); err != nil { // of a busy machine
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !isReset(err) {
		t.Errorf("reading from it ends with %v, want that it is closed", err)
	}
}

func isReset(err error) bool {
	var closed *net.OpError
	return errors.As(err, &closed) && !closed.Timeout()
}
