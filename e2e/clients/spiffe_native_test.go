package clients

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
	"github.com/spiffe/go-spiffe/v2/federation"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"

	"github.com/issuerd/issuerd/harness"
)

const spiffeWorker = "spiffe://prod.contoso.example/ns/billing/sa/worker"

var spiffeDomain = spiffeid.RequireTrustDomainFromString("prod.contoso.example")

// spiffeWorkload is a workload beside a SPIRE agent, whose SPIRE is set up for Entra.
type spiffeWorkload struct {
	farm   *harness.Farm
	issuer *harness.Issuer
	base   string
	socket string
}

func startSPIFFE(t *testing.T) spiffeWorkload {
	t.Helper()
	need := acceptedBy["spiffe"]
	farm := harness.New(t)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "spiffe", Preset: need.preset})
	w := issuer.MustStartWorkload(harness.WorkloadSpec{})
	return spiffeWorkload{farm, issuer, w.Base, w.Env["SPIFFE_ENDPOINT_SOCKET"]}
}

// at is how a client that does not read the environment is told where the agent is.
func (w spiffeWorkload) at() workloadapi.ClientOption { return workloadapi.WithAddr(w.socket) }

// until ends what waits for the agent in vain.
func until(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // only what hangs takes longer, also on a busy machine
	t.Cleanup(cancel)
	return ctx
}

func closeAtEnd(t *testing.T, closer interface{ Close() error }) {
	t.Cleanup(func() {
		if err := closer.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestSPIFFEJWTSource is the flow of a user: go-spiffe finds the agent by the environment, its token passes go-spiffe's
// own validation and the agent's, and azidentity signs in with it.
func TestSPIFFEJWTSource(t *testing.T) {
	w := startSPIFFE(t)
	conforms(t, w.farm, "github.com/spiffe/go-spiffe/v2", azureIdentity)
	t.Setenv("SPIFFE_ENDPOINT_SOCKET", w.socket)
	ctx := until(t)
	source, err := workloadapi.NewJWTSource(ctx)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, source)
	svid, err := source.FetchJWTSVID(ctx, jwtsvid.Params{Audience: exchangeAudience})
	if err != nil {
		t.Fatal(err)
	}
	if svid.ID.String() != spiffeWorker || !cmp.Equal(svid.Audience, []string{exchangeAudience}) || time.Until(svid.Expiry) > 5*time.Minute {
		t.Errorf("JWT-SVID of %s for %v until %s", svid.ID, svid.Audience, svid.Expiry)
	}
	if _, err := jwtsvid.ParseAndValidate(svid.Marshal(), source, []string{exchangeAudience}); err != nil {
		t.Errorf("go-spiffe: %v", err)
	}
	if _, err := workloadapi.ValidateJWTSVID(ctx, svid.Marshal(), exchangeAudience); err != nil {
		t.Errorf("the agent: %v", err)
	}
	all, err := workloadapi.FetchJWTSVIDs(ctx, jwtsvid.Params{Audience: "a", ExtraAudiences: []string{"b"}, Subject: svid.ID})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || !cmp.Equal(all[0].Audience, []string{"a", "b"}) {
		t.Errorf("JWT-SVIDs %v, want one for two audiences", all)
	}

	iss, _ := svid.Claims["iss"].(string)
	app := w.farm.MustAddApp("spiffe", harness.Credential{Name: "workload", Issuer: iss, Subject: svid.ID.String(), Audiences: svid.Audience})
	assertion := func(ctx context.Context) (string, error) {
		svid, err := source.FetchJWTSVID(ctx, jwtsvid.Params{Audience: exchangeAudience})
		if err != nil {
			return "", err
		}
		return svid.Marshal(), nil
	}
	credential, err := azidentity.NewClientAssertionCredential(w.farm.Tenant, app.ClientID, assertion, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions: policy.ClientOptions{Transport: w.farm.Client()},
	})
	if err != nil {
		t.Fatal(err)
	}
	access, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{graphScope}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"aud": "https://graph.microsoft.com", "appid": app.ClientID, "tid": w.farm.Tenant, "idtyp": "app"}
	if diff := cmp.Diff(want, pick(claimsOf(t, access.Token), "aud", "appid", "tid", "idtyp")); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// TestSPIFFEX509Source has two peers authenticate each other with X.509-SVIDs.
func TestSPIFFEX509Source(t *testing.T) {
	t.Parallel()
	w := startSPIFFE(t)
	conforms(t, w.farm, "github.com/spiffe/go-spiffe/v2")
	source, err := workloadapi.NewX509Source(until(t), workloadapi.WithClientOptions(w.at()))
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, source)
	worker := spiffeid.RequireFromString(spiffeWorker)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", tlsconfig.MTLSServerConfig(source, source, tlsconfig.AuthorizeID(worker)))
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, listener)
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, err = conn.Write([]byte("hello"))
			err = firstError(err, conn.Close())
		}
		served <- err
	}()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", listener.Addr().String(),
		tlsconfig.MTLSClientConfig(source, source, tlsconfig.AuthorizeID(worker)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text := make([]byte, 5)
	if _, err := conn.Read(text); err != nil || string(text) != "hello" {
		t.Errorf("read %q and %v", text, err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestSPIFFERotation has go-spiffe's sources, which keep a stream open each, learn of a rotation.
func TestSPIFFERotation(t *testing.T) {
	t.Parallel()
	w := startSPIFFE(t)
	conforms(t, w.farm, "github.com/spiffe/go-spiffe/v2")
	ctx := until(t)
	tokens, err := workloadapi.NewJWTSource(ctx, workloadapi.WithClientOptions(w.at()))
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, tokens)
	certificates, err := workloadapi.NewX509Source(ctx, workloadapi.WithClientOptions(w.at()))
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, certificates)
	bundles, err := workloadapi.NewBundleSource(ctx, workloadapi.WithClientOptions(w.at()))
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, bundles)
	old, err := tokens.FetchJWTSVID(ctx, jwtsvid.Params{Audience: "a"})
	if err != nil {
		t.Fatal(err)
	}
	oldX509, err := certificates.GetX509SVID()
	if err != nil {
		t.Fatal(err)
	}
	kid := w.issuer.MustRotate(true)

	await := func(name string, updated <-chan struct{}, done func() bool) {
		t.Helper()
		for !done() {
			select {
			case <-updated:
			case <-ctx.Done():
				t.Fatalf("%s has not learnt of the rotation", name)
			}
		}
	}
	await("JWTSource", tokens.Updated(), func() bool {
		bundle, err := tokens.GetJWTBundleForTrustDomain(spiffeDomain)
		return err == nil && bundle.HasJWTAuthority(kid) && len(bundle.JWTAuthorities()) == 2
	})
	await("X509Source", certificates.Updated(), func() bool {
		svid, err := certificates.GetX509SVID()
		return err == nil && !svid.Certificates[0].Equal(oldX509.Certificates[0])
	})
	await("BundleSource", bundles.Updated(), func() bool {
		bundle, err := bundles.GetBundleForTrustDomain(spiffeDomain)
		return err == nil && bundle.HasJWTAuthority(kid) && len(bundle.X509Authorities()) == 2
	})
	fresh, err := tokens.FetchJWTSVID(ctx, jwtsvid.Params{Audience: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"old": old.Marshal(), "new": fresh.Marshal()} {
		if _, err := jwtsvid.ParseAndValidate(token, tokens, []string{"a"}); err != nil {
			t.Errorf("%s token: %v", name, err)
		}
	}
}

// TestSPIFFERefused looks at what a user of go-spiffe gets to read.
func TestSPIFFERefused(t *testing.T) {
	t.Parallel()
	w := startSPIFFE(t)
	conforms(t, w.farm, "github.com/spiffe/go-spiffe/v2")
	ctx := until(t)
	client, err := workloadapi.New(ctx, w.at())
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, client)
	fetch := func(params jwtsvid.Params) func() error {
		return func() error { _, err := client.FetchJWTSVID(ctx, params); return err }
	}
	good, err := client.FetchJWTSVID(ctx, jwtsvid.Params{Audience: "a"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		call func() error
		want string
	}{
		{"another identity", fetch(jwtsvid.Params{Audience: "a", Subject: spiffeid.RequireFromPath(spiffeDomain, "/other")}),
			"rpc error: code = PermissionDenied desc = no identity issued"},
		{"no audience", fetch(jwtsvid.Params{}), "rpc error: code = Unavailable desc = could not fetch JWT-SVID: failed to fetch JWT SVID: " +
			"rpc error: code = Internal desc = failed to sign JWT-SVID: invalid JWT-SVID audience: cannot be empty"},
		{"validate for another audience", func() error { _, err := client.ValidateJWTSVID(ctx, good.Marshal(), "b"); return err },
			`rpc error: code = InvalidArgument desc = expected audience in ["b"] (audience=["a"])`},
		{"validate without audience", func() error { _, err := client.ValidateJWTSVID(ctx, good.Marshal(), ""); return err },
			"rpc error: code = InvalidArgument desc = audience must be specified"},
		{"WIT-SVID", func() error { _, err := client.FetchWITSVID(ctx, ""); return err },
			"rpc error: code = Unimplemented desc = fetching WIT-SVIDs is not implemented"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, tt.call(), tt.want)
		})
	}
}

// TestSPIFFEBundleEndpoint fetches the bundle as a federated trust domain does, with the profile https_web, and
// validates with it.
func TestSPIFFEBundleEndpoint(t *testing.T) {
	t.Parallel()
	w := startSPIFFE(t)
	conforms(t, w.farm, "github.com/spiffe/go-spiffe/v2")
	ctx := until(t)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(w.farm.CA()) {
		t.Fatal("no root certificate of the farm")
	}
	bundle, err := federation.FetchBundle(ctx, spiffeDomain, w.base+"/", federation.WithWebPKIRoots(roots))
	if err != nil {
		t.Fatal(err)
	}
	sequence, hasSequence := bundle.SequenceNumber()
	hint, hasHint := bundle.RefreshHint()
	if !hasSequence || sequence != 1 || !hasHint || hint != 5*time.Minute {
		t.Errorf("sequence %d and refresh hint %s, want 1 and 5m0s", sequence, hint)
	}
	client, err := workloadapi.New(ctx, w.at())
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, client)
	token, err := client.FetchJWTSVID(ctx, jwtsvid.Params{Audience: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jwtsvid.ParseAndValidate(token.Marshal(), bundle, []string{"a"}); err != nil {
		t.Error(err)
	}
	ours, err := client.FetchX509Bundles(ctx)
	if err != nil {
		t.Fatal(err)
	}
	local, err := ours.GetX509BundleForTrustDomain(spiffeDomain)
	if err != nil || !local.Equal(bundle.X509Bundle()) {
		t.Errorf("the agent's roots differ from the server's (%v)", err)
	}
}
