package farm

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/issuerd/issuerd/harness/farm/ca"
)

// newHTTPServer makes a server with bounds on what a client can hold. The timeout is Options.Timeout.
func newHTTPServer(handler http.Handler, timeout time.Duration, logger *slog.Logger) *http.Server {
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: min(time.Minute, timeout),
		ReadTimeout:       timeout,
		WriteTimeout:      timeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(serverErrors{logger}, "", 0),
	}
	closeUnused(srv)
	return srv
}

// serverErrors takes what an HTTP server says of itself: a handler that panicked, or a connection that could not be
// accepted, is an error that somebody must see; what clients do to their connections is not.
type serverErrors struct{ log *slog.Logger }

func (e serverErrors) Write(line []byte) (int, error) {
	text, level := strings.TrimSpace(string(line)), slog.LevelDebug
	for _, grave := range []string{"http: panic serving", "http2: panic serving", "http: Accept error", ca.Ended} {
		if strings.Contains(text, grave) {
			level = slog.LevelError
		}
	}
	e.log.Log(context.Background(), level, text)
	return len(line), nil
}

// closeUnused makes a server's Shutdown close the connections on which nothing was asked yet, such as browsers open in
// advance. By itself it waits five seconds for their first request.
func closeUnused(srv *http.Server) {
	var unused sync.Map
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			unused.Store(c, nil)
			return
		}
		unused.Delete(c)
	}
	srv.RegisterOnShutdown(func() {
		unused.Range(func(c, _ any) bool {
			_ = c.(net.Conn).Close() // it may have gone by itself
			return true
		})
	})
}

// shutdown stops servers side by side, so that a slow client of one leaves the others all the time there is.
func shutdown(ctx context.Context, servers []*http.Server) error {
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, srv := range servers {
		wg.Go(func() {
			if err := srv.Shutdown(ctx); err != nil {
				errs[i] = errors.Join(err, srv.Close())
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// statusWriter remembers the status for the journal: 0 when the connection was dropped without an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
