package issuer_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestHeldBack has a clock that a test moves hold an answer back, and what ends that before its time.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		delay    time.Duration // negative: for good
		end      func(reached, ending chan struct{}, iss *issuer.Issuer)
		answered bool
	}{
		{"the time has come", time.Hour, func(reached, _ chan struct{}, _ *issuer.Issuer) { close(reached) }, true},
		{"the fault ends", time.Hour, func(_, _ chan struct{}, iss *issuer.Issuer) { iss.ClearTamper("held") }, true},
		{"other faults take its place", time.Hour, func(_, _ chan struct{}, iss *issuer.Issuer) { iss.SetTampers() }, true},
		{"whoever listens stops", time.Hour, func(_, ending chan struct{}, _ *issuer.Issuer) { close(ending) }, true},
		{"for good, and the fault ends", -1, func(_, _ chan struct{}, iss *issuer.Issuer) { iss.ClearTamper("held") }, false},
		{"for good, and whoever listens stops", -1, func(_, ending chan struct{}, _ *issuer.Issuer) { close(ending) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reached, ending, met, asked := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan time.Time, 1)
			visit := &issuer.Visit{
				Now: func() time.Time { return start }, Ending: []<-chan struct{}{ending},
				Alarm: func(at time.Time) (<-chan struct{}, func()) { asked <- at; return reached, func() {} },
			}
			iss := newIssuer(t)
			meet := sync.OnceFunc(func() { close(met) })
			iss.SetTampers(issuer.Tamper{Name: "held", Serve: func(_ string, w http.ResponseWriter, r *http.Request) bool {
				meet()
				if issuer.Pause(w, r, tt.delay); tt.delay < 0 {
					panic(http.ErrAbortHandler)
				}
				return false
			}})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { iss.ServeHTTP(w, visit.Begin(r)) }))
			defer server.Close()
			go func() {
				<-met
				if tt.delay > 0 {
					if at := <-asked; !at.Equal(start.Add(tt.delay)) {
						t.Errorf("held until %s, want %s", at, start.Add(tt.delay))
					}
				}
				tt.end(reached, ending, iss)
			}()
			resp, err := server.Client().Get(server.URL + "/keys")
			if answered := err == nil && resp.StatusCode == http.StatusOK; answered != tt.answered {
				t.Errorf("answered %v, error %v, want %v", answered, err, tt.answered)
			}
			if err == nil {
				_ = resp.Body.Close()
			}
		})
	}
}

// TestPatience has a sender who does not wait told at once, by an issuer whose clock never rings.
func TestPatience(t *testing.T) {
	t.Parallel()
	pause := func(d time.Duration) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { issuer.Pause(w, r, d) }
	}
	for _, tt := range []struct {
		name, patience string
		hold           func(http.ResponseWriter, *http.Request)
		status         int
		held           string
	}{
		{"longer", "30s", pause(time.Minute), http.StatusGatewayTimeout, "for 1m0s"},
		{"just as long", "1m", pause(time.Minute), http.StatusGatewayTimeout, "for 1m0s"},
		{"shorter", "1m", pause(time.Nanosecond), http.StatusOK, ""},
		{"for good", "24h", pause(-1), http.StatusGatewayTimeout, "for good"},
		{"for good after the headers", "24h", func(w http.ResponseWriter, r *http.Request) { issuer.Stall(w, r, nil) }, http.StatusGatewayTimeout, "for good"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			iss := newIssuer(t)
			iss.SetTampers(issuer.Tamper{Name: "held", Send: func(_ string, _ []byte, w http.ResponseWriter, r *http.Request) bool {
				tt.hold(w, r)
				return false
			}})
			server := httptest.NewServer(iss)
			defer server.Close()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/keys", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(issuer.PatienceHeader, tt.patience)
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body) // it may break off
			_ = resp.Body.Close()
			if held := resp.Header.Get(issuer.HeldHeader); resp.StatusCode != tt.status || held != tt.held {
				t.Errorf("status %d, held %q, want %d and %q", resp.StatusCode, held, tt.status, tt.held)
			}
		})
	}
}

// TestStall sends half of a document, of which the client gets no more.
func TestStall(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	iss.SetTampers(issuer.Tamper{Name: "stall", Send: func(_ string, body []byte, w http.ResponseWriter, r *http.Request) bool {
		issuer.Stall(w, r, body[:len(body)/2])
		return true
	}})
	server := httptest.NewServer(iss)
	defer server.Close()
	resp, err := server.Client().Get(server.URL + "/keys")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	half := make([]byte, resp.ContentLength/2)
	if _, err := io.ReadFull(resp.Body, half); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, error %v", resp.StatusCode, err)
	}
	iss.ClearTamper("stall")
	if rest, err := io.ReadAll(resp.Body); err == nil || len(rest) > 1 {
		t.Errorf("then came %d bytes, error %v", len(rest), err)
	}
}
