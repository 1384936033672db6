package spiffe_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/issuerd/issuerd/issuers/spiffe"
)

// TestX509SVID looks at the certificates; the values are those of SPIRE's defaults.
func TestX509SVID(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	client, err := workloadapi.New(t.Context(), workloadapi.WithAddr(a.found.Env["SPIFFE_ENDPOINT_SOCKET"]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	before, err := client.FetchX509Context(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leaf := before.DefaultSVID().Certificates[0]
	roots, err := before.Bundles.GetX509BundleForTrustDomain(spiffeid.RequireTrustDomainFromString(domain))
	if err != nil {
		t.Fatal(err)
	}
	root := roots.X509Authorities()[0]
	got := []any{
		len(before.SVIDs), before.DefaultSVID().ID.String(), len(before.DefaultSVID().Certificates), leaf.Subject.String(), leaf.PublicKeyAlgorithm.String(),
		leaf.NotAfter.Sub(leaf.NotBefore), leaf.KeyUsage, leaf.ExtKeyUsage, leaf.URIs[0].String(), len(leaf.DNSNames), leaf.BasicConstraintsValid,
		root.IsCA, root.URIs[0].String(), root.NotAfter.Sub(root.NotBefore), root.Subject.Organization, root.Subject.SerialNumber, root.KeyUsage,
	}
	want := []any{
		1, workerID, 1, "O=SPIRE,C=US", "ECDSA",
		time.Hour + 10*time.Second, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
		[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, workerID, 0, true,
		true, "spiffe://" + domain, 24*time.Hour + 10*time.Second, []string{"SPIFFE"}, root.SerialNumber.String(), x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("X.509-SVID and root (-want +got):\n%s", diff)
	}
	if _, _, err := x509svid.Verify(before.DefaultSVID().Certificates, before.Bundles); err != nil {
		t.Error(err)
	}

	steps := []struct {
		name         string
		after        time.Duration
		renewed      bool
		roots, first int // how many, and the index of the first among all seen
	}{
		{"before half of its life", 30*time.Minute - time.Second, false, 1, 0},
		{"after half of its life", 30 * time.Minute, true, 1, 0},
		{"before the root is replaced", 20*time.Hour - time.Minute, true, 1, 0},
		{"the root is replaced", 20 * time.Hour, true, 2, 0},
		{"the old root is at its end", 24 * time.Hour, true, 2, 0},
		{"the old root has gone when the next change comes", 41 * time.Hour, true, 2, 1},
	}
	seen := [][]byte{root.Raw}
	last := leaf
	for _, step := range steps {
		a.clock.offset.Store(int64(step.after))
		now, err := client.FetchX509Context(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leaf := now.DefaultSVID().Certificates[0]
		if renewed := !leaf.Equal(last); renewed != step.renewed {
			t.Errorf("%s: renewed is %t, want %t", step.name, renewed, step.renewed)
		}
		roots, err := now.Bundles.GetX509BundleForTrustDomain(spiffeid.RequireTrustDomainFromString(domain))
		if err != nil {
			t.Fatal(err)
		}
		authorities := roots.X509Authorities()
		if newest := authorities[len(authorities)-1].Raw; !bytes.Equal(newest, seen[len(seen)-1]) {
			seen = append(seen, newest)
		}
		if len(authorities) != step.roots || !bytes.Equal(authorities[0].Raw, seen[step.first]) {
			t.Errorf("%s: %d roots, want %d from number %d", step.name, len(authorities), step.roots, step.first)
		}
		if _, _, err := x509svid.Verify(now.DefaultSVID().Certificates, now.Bundles, x509svid.WithTime(a.clock.now())); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		last = leaf
	}
}

// TestStreams reads every stream over rotations.
func TestStreams(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	client := a.dial(t)
	ctx := withHeader(t.Context())
	jwt, err := client.FetchJWTBundles(ctx, &workload.JWTBundlesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	svids, err := client.FetchX509SVID(ctx, &workload.X509SVIDRequest{})
	if err != nil {
		t.Fatal(err)
	}
	roots, err := client.FetchX509Bundles(ctx, &workload.X509BundlesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	const key = "spiffe://" + domain
	var lastSVID []byte
	read := func(wantKeys, wantRoots int) {
		t.Helper()
		keys, err := jwt.Recv()
		if err != nil {
			t.Fatal(err)
		}
		text := string(keys.Bundles[key])
		if n := strings.Count(text, `"kid"`); n != wantKeys || len(keys.Bundles) != 1 || strings.Contains(text, `"use"`) || strings.Contains(text, `"alg"`) ||
			!strings.HasPrefix(text, "{\n    \"keys\": [\n        {\n            \"kty\"") {
			t.Errorf("%d keys, want %d without use and alg:\n%s", n, wantKeys, text)
		}
		svid, err := svids.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if len(svid.Svids) != 1 || bytes.Equal(svid.Svids[0].X509Svid, lastSVID) || svid.Svids[0].SpiffeId != workerID {
			t.Errorf("X.509-SVIDs %v, want a new one of the workload", svid)
		}
		lastSVID = svid.Svids[0].X509Svid
		bundles, err := roots.Recv()
		if err != nil {
			t.Fatal(err)
		}
		certificates, err := x509.ParseCertificates(bundles.Bundles[key])
		if err != nil || len(certificates) != wantRoots {
			t.Errorf("%d roots and error %v, want %d", len(certificates), err, wantRoots)
		}
		if !bytes.Equal(bundles.Bundles[key], svid.Svids[0].Bundle) {
			t.Error("the two streams have different roots")
		}
	}
	read(1, 1)
	if _, err := a.issuer.Rotate(true); err != nil {
		t.Fatal(err)
	}
	read(2, 2)
	if _, err := a.issuer.Rotate(true); err != nil {
		t.Fatal(err)
	}
	read(3, 3)
}

// TestUnpublishedRotation sends no bundle that has not changed.
func TestUnpublishedRotation(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	stream, err := a.dial(t).FetchJWTBundles(withHeader(t.Context()), &workload.JWTBundlesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 3} { // not 1 again, which would come before
		response, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(response.Bundles["spiffe://"+domain]), `"kid"`); n != want {
			t.Fatalf("%d keys, want %d", n, want)
		}
		for _, publish := range []bool{false, true} {
			if _, err := a.issuer.Rotate(publish); err != nil {
				t.Fatal(err)
			}
			if !publish { // gives the stream time to send what it should not; nothing else depends on it
				if _, err := spiffe.Platform.Native.Fetch(t.Context(), nil, a.found, "a"); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestCloseEndsStreams ends what is open when the workload ends.
func TestCloseEndsStreams(t *testing.T) {
	t.Parallel()
	a := newAgent(t, nil)
	stream, err := a.dial(t).FetchX509SVID(withHeader(t.Context()), &workload.X509SVIDRequest{})
	if err := first(stream, err); err != nil {
		t.Fatal(err)
	}
	if err := a.api.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("error %v, want Unavailable, after which go-spiffe tries again", err)
	}
}

// TestManyStreams opens 500 streams in 25 connections and drops them, half by cancelling and half by hanging up. It
// runs alone, because it counts the goroutines of this package's handlers.
func TestManyStreams(t *testing.T) {
	a := newAgent(t, nil)
	var conns []*grpc.ClientConn
	ctx, cancel := context.WithCancel(withHeader(t.Context()))
	defer cancel()
	hanging := withHeader(t.Context())
	for n := range 25 {
		conn, err := grpc.NewClient(a.found.Env["SPIFFE_ENDPOINT_SOCKET"], grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		client, use := workload.NewSpiffeWorkloadAPIClient(conn), ctx
		if n%2 == 0 {
			use = hanging
		}
		for range 10 {
			svids, err := client.FetchX509SVID(use, &workload.X509SVIDRequest{})
			if err := first(svids, err); err != nil {
				t.Fatal(err)
			}
			bundles, err := client.FetchJWTBundles(use, &workload.JWTBundlesRequest{})
			if err := first(bundles, err); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := handlers(t); n != 500 {
		t.Fatalf("%d streams are open, want 500", n)
	}
	if _, err := spiffe.Platform.Native.Fetch(t.Context(), nil, a.found, "a"); err != nil {
		t.Errorf("beside 500 streams: %v", err)
	}
	if _, err := a.issuer.Rotate(true); err != nil {
		t.Errorf("beside 500 streams: %v", err)
	}
	cancel()
	for _, conn := range conns {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	deadline, stop := context.WithTimeoutCause(t.Context(), 5*time.Minute, errors.New("too late")) // of a busy machine
	defer stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for handlers(t) > 0 {
		select {
		case <-tick.C:
		case <-deadline.Done():
			t.Fatalf("%d streams are left after their clients went", handlers(t))
		}
	}
	if _, err := spiffe.Platform.Native.Fetch(t.Context(), nil, a.found, "a"); err != nil {
		t.Errorf("after 500 streams: %v", err)
	}
}

// handlers counts the goroutines that serve a stream.
func handlers(t *testing.T) int {
	t.Helper()
	var stacks bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil {
		t.Fatal(err)
	}
	return strings.Count(stacks.String(), "\ngithub.com/issuerd/issuerd/issuers/spiffe.follow[")
}
