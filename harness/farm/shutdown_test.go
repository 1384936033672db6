package farm_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// slowBody is a request's body whose last part comes when the test says so.
type slowBody struct {
	first   io.Reader
	reached chan struct{} // closed when the first part has been read
	last    chan string
	rest    io.Reader
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.first != nil {
		n, err := b.first.Read(p)
		if errors.Is(err, io.EOF) {
			b.first, err = nil, nil
			close(b.reached)
		}
		return n, err
	}
	if b.rest == nil {
		b.rest = strings.NewReader(<-b.last)
	}
	return b.rest.Read(p)
}

// TestShutdown stops a farm while a sign-in is under way: it is answered, with what the emulator fetches from an issuer
// meanwhile.
func TestShutdown(t *testing.T) {
	t.Parallel()
	s, err := farm.Start(farm.Options{Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, s, control.WorldSpec{Name: "shutdown"})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	app := addApp(t, w, githubURL, subject)
	token := mint(t, w, githubURL, subject)

	const form = "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
	body := &slowBody{first: strings.NewReader(form), reached: make(chan struct{}), last: make(chan string, 1)}
	client := &http.Client{Transport: withHeader{trusting(s).Transport, w.Describe().ID}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.Addr(plane.Entra)+"/"+app.Tenant+"/oauth2/v2.0/token", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "login.microsoftonline.com"
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Expect", "100-continue") // the body is asked for when the request has reached its handler
	type outcome struct {
		status int
		body   string
		err    error
	}
	answered := make(chan outcome, 1)
	go func() {
		resp, err := client.Do(req)
		if err != nil {
			answered <- outcome{err: err}
			return
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		answered <- outcome{resp.StatusCode, string(raw), err}
	}()
	<-body.reached

	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(t.Context()) }()
	// The control plane stops first: when it answers nobody, the shutdown is on its way.
	for {
		resp, err := http.Get(s.ControlURL() + "/healthz")
		if err != nil {
			break
		}
		_ = resp.Body.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped, error %v, while a request was under way", err)
	default:
	}
	body.last <- "&client_id=" + app.ClientID + "&client_assertion=" + token.Token
	got := <-answered
	if got.err != nil || got.status != http.StatusOK || !strings.Contains(got.body, "access_token") {
		t.Errorf("answer: error %v, status %d: %s", got.err, got.status, got.body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// TestShutdownThatTakesTooLong closes what is left when its context ends.
func TestShutdownThatTakesTooLong(t *testing.T) {
	t.Parallel()
	s, err := farm.Start(farm.Options{Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}})
	if err != nil {
		t.Fatal(err)
	}
	body := &slowBody{first: strings.NewReader("a=b"), reached: make(chan struct{}), last: make(chan string, 1)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.Addr(plane.Entra)+"/common/oauth2/v2.0/token", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Expect", "100-continue")
	failed := make(chan error, 1)
	go func() {
		resp, err := trusting(s).Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		failed <- err
	}()
	<-body.reached
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: error %v, want %v", err, context.Canceled)
	}
	body.last <- ""
	if err := <-failed; err == nil {
		t.Error("the request was answered after the farm had closed its connection")
	}
	if err := s.Close(); err != nil {
		t.Errorf("close after shutdown: %v", err)
	}
}

// TestShutdownSideBySide has a slow client of the management API, which must not hold up the others. The issuers wait
// for it, and serve meanwhile.
func TestShutdownSideBySide(t *testing.T) {
	t.Parallel()
	s, err := farm.Start(farm.Options{Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}})
	if err != nil {
		t.Fatal(err)
	}
	body := &slowBody{first: strings.NewReader("{"), reached: make(chan struct{}), last: make(chan string, 1)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.ControlURL()+"/v1/worlds", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token())
	req.Header.Set("Expect", "100-continue")
	answered := make(chan error, 1)
	go func() {
		resp, err := trusting(s).Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		answered <- err
	}()
	<-body.reached
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(ctx) }()
	for { // until Entra takes no connections any more
		conn, err := net.Dial("tcp", s.Addr(plane.Entra))
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped, error %v, while a request was under way", err)
	default:
	}
	if status, _ := get(t, trusting(s), "https://"+s.Addr(plane.Issuer)+"/github"+discoveryPath, ""); status != http.StatusOK {
		t.Errorf("the issuer plane answers %d while another plane is stopping", status)
	}
	cancel()
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: error %v, want %v", err, context.Canceled)
	}
	body.last <- "}"
	if err := <-answered; err == nil {
		t.Error("the request was answered after the farm had closed its connection")
	}
}

// TestShutdownWithUnusedConnections does not wait for clients that have connected and ask nothing.
func TestShutdownWithUnusedConnections(t *testing.T) {
	t.Parallel()
	s, err := farm.Start(farm.Options{Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []plane.Plane{plane.Issuer, plane.Entra, plane.Control} {
		conn, err := net.Dial("tcp", s.Addr(p))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		// Connections are taken in their order: when this one's request is answered, the one before is the server's.
		scheme := "https://"
		if p == plane.Control {
			scheme = "http://"
		}
		get(t, trusting(s), scheme+s.Addr(p)+"/healthz", "")
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}
