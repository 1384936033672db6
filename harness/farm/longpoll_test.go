package farm_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// shortTime is what a server gives a request in these tests, in place of a minute. Nothing depends on how long it is.
const shortTime = 50 * time.Millisecond

// outlast returns when a server has given up on requests that are never finished: two, one after the other. What it
// counted its time for from before that is over as well.
func outlast(t *testing.T, addr string) {
	t.Helper()
	for range 2 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "\x16\x03\x01"); err != nil { // the beginning of a TLS handshake, and no request either
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, conn) // until the server hangs up
		_ = conn.Close()
	}
}

// TestLongPoll waits for a change for longer than a server gives a request, on every listener that has a metadata
// server: until the world's clock says that the client's timeout is over, or until the workload ends.
func TestLongPoll(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		plain bool
		proto string
	}{
		{"own listener", true, "HTTP/1.1"},
		{"workload plane", false, "HTTP/1.1"},
		{"workload plane", false, "HTTP/2.0"},
	} {
		t.Run(tt.name+" "+tt.proto, func(t *testing.T) {
			t.Parallel()
			s := start(t, farm.Options{Timeout: shortTime, Addr: map[plane.Plane]string{plane.Workload: free}})
			w := newWorld(t, s, control.WorldSpec{Skew: control.Duration(-time.Hour)})
			addIssuer(t, w, control.IssuerSpec{Platform: "gcp"})
			started, err := w.StartWorkload(control.WorkloadSpec{Issuer: googleIssuer})
			if err != nil {
				t.Fatal(err)
			}
			base, addr := started.Base, s.Addr(plane.Workload)
			if tt.plain {
				addr = started.Env["GCE_METADATA_HOST"]
				base = "http://" + addr
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(s.CA())
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: tt.proto == "HTTP/2.0"}
			t.Cleanup(transport.CloseIdleConnections)
			answered := startPoll(t, w, &http.Client{Transport: transport}, base)
			outlast(t, addr)
			select {
			case got := <-answered:
				t.Fatalf("%s before the client's timeout, although nothing has changed", got)
			default:
			}
			if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(24 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
			if got, want := <-answered, "200 contoso-prod "+tt.proto; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// poll waits a day for a change, and tells what came.
func poll(ctx context.Context, client *http.Client, base string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/computeMetadata/v1/project/project-id?wait_for_change=true&timeout_sec=86400", nil)
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Metadata-Flavor", "Google")
	resp, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return strings.Fields(resp.Status)[0] + " " + string(body) + " " + resp.Proto
}

// startPoll polls, and returns when the poll waits for a time of the world's clock. On a busy machine a server with a
// short time gives up on a request before it has come, so that a poll which ends at once is made again.
func startPoll(t *testing.T, w *farm.World, client *http.Client, base string) (answered chan string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var got string
	for range 100 {
		answered = make(chan string, 1)
		go func() { answered <- poll(t.Context(), client, base) }()
		for ended := false; !ended; {
			if farm.Waiting(w) > 0 {
				return answered
			}
			select {
			case got = <-answered:
				ended = true
			case <-tick.C:
			}
		}
	}
	t.Fatalf("no poll waits; the last ended with %s", got)
	return nil
}

// TestShutdownAnswersPolls stops a farm while a request waits for a change: it is answered and not waited for.
func TestShutdownAnswersPolls(t *testing.T) {
	t.Parallel()
	s, w := workloadFarm(t)
	started, err := w.StartWorkload(control.WorkloadSpec{Issuer: googleIssuer})
	if err != nil {
		t.Fatal(err)
	}
	answered := startPoll(t, w, trusting(s), started.Base)
	if err := s.Shutdown(t.Context()); err != nil { // a day later, without the answer
		t.Error(err)
	}
	if got := <-answered; got != "200 contoso-prod HTTP/1.1" {
		t.Errorf("%s, want the value", got)
	}
}

// TestStreamsFollowTheClock keeps the streams of a Workload API open for longer than a server gives a request, and
// moves the clock: they send what has been renewed.
func TestStreamsFollowTheClock(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Timeout: shortTime, Addr: map[plane.Plane]string{plane.Workload: free}})
	w := newWorld(t, s, control.WorldSpec{Skew: control.Duration(time.Hour)})
	iss := addIssuer(t, w, control.IssuerSpec{Platform: "spiffe"})
	started, err := w.StartWorkload(control.WorkloadSpec{Issuer: iss.URL})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(started.Env["SPIFFE_ENDPOINT_SOCKET"], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client := workload.NewSpiffeWorkloadAPIClient(conn)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "workload.spiffe.io", "true")
	svids, err := client.FetchX509SVID(ctx, &workload.X509SVIDRequest{})
	if err != nil {
		t.Fatal(err)
	}
	bundles, err := client.FetchX509Bundles(ctx, &workload.X509BundlesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func() (svid, roots []byte) {
		t.Helper()
		response, err := svids.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return response.Svids[0].X509Svid, response.Svids[0].Bundle
	}
	first, roots := next()
	before, err := bundles.Recv()
	if err != nil {
		t.Fatal(err)
	}
	outlast(t, s.Addr(plane.Workload))
	advance := func(d time.Duration) {
		t.Helper()
		if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(d)}); err != nil {
			t.Fatal(err)
		}
	}
	advance(31 * time.Minute) // half of an SVID's life
	second, same := next()
	if bytes.Equal(first, second) || !bytes.Equal(roots, same) {
		t.Error("after half of its life: want a new SVID under the same root")
	}
	advance(20 * time.Hour) // the last sixth of the root's
	if third, more := next(); bytes.Equal(third, second) || len(more) <= len(roots) {
		t.Error("in the last sixth of the root's life: want a new SVID and a second root")
	}
	if after, err := bundles.Recv(); err != nil || len(after.Bundles["spiffe://prod.contoso.example"]) <= len(before.Bundles["spiffe://prod.contoso.example"]) {
		t.Errorf("bundles %v, error %v, want a second root", after, err)
	}
}
