package issuer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// stillClock is a clock that stands still until reached is closed.
func stillClock(reached chan struct{}, asked *time.Time) (now func() time.Time, alarm func(time.Time) (<-chan struct{}, func())) {
	return func() time.Time { return noon }, func(at time.Time) (<-chan struct{}, func()) {
		*asked = at
		return reached, func() {}
	}
}

// TestPause holds an answer back until the clock is there, the client has gone, or the farm ends.
func TestPause(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		end    func(reached, ending chan struct{}, gone context.CancelFunc)
		wanted bool
	}{
		{"the clock", func(reached, _ chan struct{}, _ context.CancelFunc) { close(reached) }, true},
		{"the farm", func(_, ending chan struct{}, _ context.CancelFunc) { close(ending) }, false},
		{"the client", func(_, _ chan struct{}, gone context.CancelFunc) { gone() }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reached, ending, never := make(chan struct{}), make(chan struct{}), make(chan struct{})
			var at time.Time
			visit := &issuer.Visit{Ending: []<-chan struct{}{never, ending}}
			visit.Now, visit.Alarm = stillClock(reached, &at)
			ctx, gone := context.WithCancel(t.Context())
			defer gone()
			r := visit.Begin(httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
			wanted := make(chan bool)
			go func() { wanted <- issuer.Pause(httptest.NewRecorder(), r, time.Minute) }()
			tt.end(reached, ending, gone)
			if got := <-wanted; got != tt.wanted {
				t.Errorf("the answer is wanted: %v, want %v", got, tt.wanted)
			}
			if want := noon.Add(time.Minute); !at.Equal(want) {
				t.Errorf("it waited until %s, want %s", at, want)
			}
		})
	}
}

// TestPauseForGood ends when whoever waits has gone, also where there is no farm.
func TestPauseForGood(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*http.Request) *http.Request{
		"at a farm": new(issuer.Visit).Begin,
		"nowhere":   func(r *http.Request) *http.Request { return r },
	} {
		ctx, gone := context.WithCancel(t.Context())
		wanted := make(chan bool)
		go func() {
			wanted <- issuer.Pause(httptest.NewRecorder(), begin(httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)), -1)
		}()
		gone()
		if <-wanted {
			t.Errorf("%s: the answer is wanted", name)
		}
	}
}

// TestMeets asks a fault whom it meets, and tells the visit what it has changed.
func TestMeets(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	var asked []issuer.Asked
	meets := func(a issuer.Asked) bool {
		asked = append(asked, a)
		return a.ClientID != "spared" && a.Workload != "spared"
	}
	iss.SetTampers(
		issuer.Tamper{Name: "document", Meets: meets, Covers: func(document string) bool { return document == "jwks" },
			Document: func(_ string, body []byte) ([]byte, error) { return append(body, ' '), nil }},
		issuer.Tamper{Name: "token", Meets: meets, Token: func(signed issuer.Signed) (string, error) { return signed.Compact + "A", nil }},
		issuer.Tamper{Name: "native", Meets: meets, Native: func(http.ResponseWriter, *http.Request) bool { return false }}, // held back
	)
	for _, tt := range []struct {
		visit *issuer.Visit
		h     http.Handler
		path  string
		want  string
		asked int
	}{
		{new(issuer.Visit), iss, "/keys", "document", 1},
		{&issuer.Visit{ClientID: "spared"}, iss, "/keys", "", 1},
		{new(issuer.Visit), iss, "/.well-known/openid-configuration", "", 0},
		{&issuer.Visit{Workload: "w1"}, iss.Native(http.NotFoundHandler()), "/", "native", 1},
		{&issuer.Visit{Workload: "spared"}, iss.Native(http.NotFoundHandler()), "/", "", 1},
	} {
		asked = nil
		tt.h.ServeHTTP(httptest.NewRecorder(), tt.visit.Begin(httptest.NewRequest(http.MethodGet, "https://token.acme.example"+tt.path, nil)))
		got := ""
		if injected := tt.visit.Injected(); len(injected) > 0 {
			got = injected[0]
		}
		if got != tt.want || len(asked) != tt.asked {
			t.Errorf("%s of %+v: injected %q, want %q; asked %d times, want %d", tt.path, tt.visit, got, tt.want, len(asked), tt.asked)
		}
	}
	visit := new(issuer.Visit)
	r := visit.Begin(httptest.NewRequest(http.MethodGet, "/", nil))
	mint(t, iss, issuer.Request{For: r})
	mint(t, iss, issuer.Request{Workload: "spared", For: r})
	if sample, err := iss.Sample(issuer.Request{}); err != nil || sample.Raw != "" || sample.Claims["iss"] != iss.URL() || sample.Header["alg"] == nil {
		t.Errorf("a sample: %+v, error %v", sample, err)
	}
	if injected := visit.Injected(); len(injected) != 1 || injected[0] != "token" {
		t.Errorf("a token was injected by %q", injected)
	}
	want := map[string]int{"document": 1, "token": 1, "native": 1}
	for name, n := range hits(iss) {
		if n != want[name] {
			t.Errorf("%s has hit %d times, want %d", name, n, want[name])
		}
	}
}
