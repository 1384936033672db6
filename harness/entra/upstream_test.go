package entra_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestUpstreamFailures reads an issuer over real connections that fail.
func TestUpstreamFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		serve   http.HandlerFunc // nil: dial says what there is instead
		dial    func(ctx context.Context, network, address string) (net.Conn, error)
		trusted bool
		code    int
		note    string // a part of the check's note
	}{
		// No port of this machine is dialled: another test's server might have it by then.
		{name: "refused", dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}, code: 501661, note: "refused"},
		{name: "no such name", dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "issuer.example", IsNotFound: true}
		}, code: 501661, note: "no such host"},
		{name: "certificate of nobody we trust", serve: func(http.ResponseWriter, *http.Request) {}, code: 501661, note: "certificate"},
		{name: "web page", trusted: true, serve: text("<!doctype html><title>Sign in</title>"), code: 501661, note: "not a JSON object"},
		{name: "empty", trusted: true, serve: text(""), code: 501661, note: "not a JSON object"},
		{name: "500", trusted: true, serve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, code: 501661, note: "HTTP status 500"},
		{name: "cut off", trusted: true, serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"issuer":`))
			panic(http.ErrAbortHandler)
		}, code: 501661, note: "EOF"},
		{name: "huge", trusted: true, serve: func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, code: 501661, note: "more than 1048576 bytes"},
		{name: "slow", trusted: true, serve: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, code: 501661, note: "deadline"},
		{name: "keys cut off", trusted: true, serve: func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/keys") {
				_, _ = w.Write([]byte(`{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys"}`))
				return
			}
			_, _ = w.Write([]byte(`{"keys":[{"kty":"RSA"`))
		}, code: 900612, note: "not a JSON object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			transport := &http.Transport{TLSClientConfig: &tls.Config{}, DisableKeepAlives: true}
			address := ""
			if tt.serve != nil {
				srv := httptest.NewUnstartedServer(tt.serve)
				srv.Config.ErrorLog = discardLog
				srv.StartTLS()
				t.Cleanup(srv.Close)
				address = srv.Listener.Addr().String()
				if tt.trusted { // httptest's certificate is for example.com
					transport.TLSClientConfig.RootCAs = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
					transport.TLSClientConfig.ServerName = "example.com"
				}
			}
			transport.DialContext = tt.dial
			if tt.dial == nil {
				transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, address)
				}
			}
			r.options(func(o *directory.Options) {
				if tt.name == "slow" {
					o.FetchTimeout = 50 * time.Millisecond
				}
			})
			r.serveWith(&http.Client{Transport: transport})
			got := r.exchange(nil)
			last := got.signIn.Checks[len(got.signIn.Checks)-1]
			if got.code() != tt.code || last.Name != "issuer metadata" || !strings.Contains(last.Note, tt.note) {
				t.Errorf("code %d, want %d; check %+v", got.code(), tt.code, last)
			}
			if tt.code == 501661 && (len(got.signIn.Fetched) != 1 || got.signIn.Fetched[0].Error == "" && tt.name != "web page" && tt.name != "empty") {
				t.Errorf("fetched %+v", got.signIn.Fetched)
			}
		})
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// TestRedirectBounds: redirects that are followed end at plain http and after five.
func TestRedirectBounds(t *testing.T) {
	t.Parallel()
	for name, location := range map[string]string{"plain http": "http://issuer.example/elsewhere", "round": "https://issuer.example/.well-known/openid-configuration"} {
		r := newRig(t)
		r.options(func(o *directory.Options) { o.FollowRedirects = true })
		asked := 0
		r.serveWith(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			asked++
			w := httptest.NewRecorder()
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
			resp := w.Result()
			resp.Request = req
			return resp, nil
		})})
		if got := r.exchange(nil); got.code() != 501661 || asked > 6 {
			t.Errorf("%s: code %d, asked %d times", name, got.code(), asked)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestCallerGoesAway while another's fetch is under way.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asked, release := make(chan struct{}), make(chan struct{})
	r.serveWith(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		close(asked)
		<-release
		return nil, errors.New("too late")
	})})
	form := r.params(r.issuer.mint(r.claims(nil)), nil)
	done := make(chan int, 1)
	go func() { done <- r.post(tokenURL, form).code() }()
	select {
	case <-asked:
	case code := <-done:
		t.Fatalf("the first caller: code %d without a fetch", code)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := r.do(formRequest(tokenURL, form.Encode()).WithContext(ctx))
	if got.code() != 501661 || !strings.Contains(got.signIn.Checks[len(got.signIn.Checks)-1].Note, "went away") {
		t.Errorf("body %s", got.raw)
	}
	close(release)
	if code := <-done; code != 501661 {
		t.Errorf("the first caller: code %d", code)
	}
}
