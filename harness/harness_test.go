package harness_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/issuerd/issuerd/harness"
)

const (
	audience = "api://AzureADTokenExchange"
	subject  = "repo:octo-org/octo-repo:environment:prod"
)

// TestDocumentation is the example of the package's documentation.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Preset: "environment"})
	app := farm.MustAddApp("deployer", harness.Credential{
		Name: "production", Issuer: github.URL, Subject: "repo:octo-org/octo-repo:environment:prod",
	})
	token := github.MustMint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}})
	access, err := app.Exchange(token.Token)
	if err != nil {
		t.Fatal(err)
	}
	if access.Claims["appid"] != app.ClientID || access.Claims["tid"] != farm.Tenant || access.Claims["aud"] != "https://graph.microsoft.com" {
		t.Errorf("claims %v, want those of %s in %s for Microsoft Graph", access.Claims, app.ClientID, farm.Tenant)
	}
	if access.Header["alg"] != "RS256" || strings.Count(access.Token, ".") != 2 {
		t.Errorf("header %v, want that of a signed token", access.Header)
	}
}

// setUp makes a farm with GitHub, and an application that trusts it.
func setUp(t *testing.T, opts ...harness.Option) (*harness.Farm, *harness.Issuer, *harness.App) {
	t.Helper()
	farm := harness.New(t, opts...)
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Preset: "environment"})
	app := farm.MustAddApp("deployer", harness.Credential{Name: "production", Issuer: issuer.URL, Subject: subject})
	return farm, issuer, app
}

// refusedWith checks that an exchange was refused with a code.
func refusedWith(t *testing.T, code int, err error) *harness.Refusal {
	t.Helper()
	var refusal *harness.Refusal
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Fatalf("error %v, want AADSTS%d", err, code)
	}
	return refusal
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	farm, issuer, app := setUp(t)
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}, Claims: map[string]any{"sub": "repo:octo-org/other:environment:prod"}})
	access, err := app.Exchange(token.Token)
	if access != nil {
		t.Error("an access token beside the refusal")
	}
	refusal := refusedWith(t, 700213, err)
	if refusal.OAuth != "invalid_client" || refusal.Status != http.StatusUnauthorized && refusal.Status != http.StatusBadRequest {
		t.Errorf("error %q with status %d", refusal.OAuth, refusal.Status)
	}
	if !strings.HasPrefix(err.Error(), "AADSTS700213: ") || !strings.Contains(err.Error(), "octo-org/other") {
		t.Errorf("error %q, want Entra's description", err)
	}
	_, err = app.ExchangeFor(token.Token, "")
	refusedWith(t, 900144, err)

	signIns := farm.SignIns()
	if len(signIns) != 2 || signIns[0].Code != 700213 || signIns[1].Code != 900144 {
		t.Fatalf("%d sign-ins, want the two refused ones", len(signIns))
	}
	last := signIns[0].Checks[len(signIns[0].Checks)-1]
	if last.OK || last.Name != "audience and subject" || !strings.Contains(last.Want, subject) {
		t.Errorf("the last check is %+v, want the one of the subject", last)
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	_, issuer, app := setUp(t)
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	access, err := app.ExchangeFor(token, "https://management.azure.com/.default")
	if err != nil {
		t.Fatal(err)
	}
	if access.Claims["aud"] != "https://management.azure.com" {
		t.Errorf("aud %q, want Azure's management", access.Claims["aud"])
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	farm, issuer, app := setUp(t)
	old := issuer.MustMint(harness.MintSpec{Audience: []string{audience}})
	if _, err := app.Exchange(old.Token); err != nil {
		t.Fatal(err)
	}
	kid := issuer.MustRotate(false)
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}})
	if token.Header["kid"] != kid || kid == old.Header["kid"] {
		t.Fatalf("kid %v after a rotation from %v to %q", token.Header["kid"], old.Header["kid"], kid)
	}
	_, err := app.Exchange(token.Token)
	refusedWith(t, 7000272, err)
	if published := issuer.MustRotate(true); published == kid {
		t.Errorf("the second rotation gave the key %q again", kid)
	}
	farm.MustAdvance(2 * time.Minute) // less than a token lives
	_, err = app.Exchange(token.Token)
	refusedWith(t, 7000272, err) // Entra looked a moment ago
	farm.MustAdvance(time.Hour)
	if _, err := app.Exchange(issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token); err != nil {
		t.Errorf("an hour after the key was published: %v", err)
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	_, issuer, app := setUp(t)
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	issuer.MustSetFaults(harness.UnreachableFault{Document: "jwks"})
	_, err := app.Exchange(token)
	refusedWith(t, 90061, err)
	issuer.MustSetFaults()
	if _, err := app.Exchange(token); err != nil {
		t.Errorf("when the fault has ended: %v", err)
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	farm, issuer, app := setUp(t)
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	if _, err := app.Exchange(token); err != nil {
		t.Fatal(err)
	}
	farm.MustAdvance(time.Hour)
	_, err := app.Exchange(token)
	refusedWith(t, 700024, err)
}

func TestStartAndSkew(t *testing.T) {
	t.Parallel()
	begin := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	_, issuer, app := setUp(t, harness.WithStart(begin), harness.WithSkew(-2*time.Minute))
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}})
	iat, _ := token.Claims["iat"].(int64)
	if d := time.Unix(iat, 0).Sub(begin); d < -2*time.Minute-time.Second || d > -time.Minute {
		t.Errorf("iat is %s from the start, want two minutes before", d)
	}
	access, err := app.Exchange(token.Token)
	if err != nil {
		t.Fatal(err)
	}
	if iat, _ := access.Claims["nbf"].(int64); time.Unix(iat, 0).Year() != 2031 {
		t.Errorf("nbf %v of the access token is not of 2031", access.Claims["nbf"])
	}
}

func TestClouds(t *testing.T) {
	t.Parallel()
	for cloud, want := range map[string]struct{ audience, graph string }{
		"":       {"api://AzureADTokenExchange", "https://graph.microsoft.com"},
		"public": {"api://AzureADTokenExchange", "https://graph.microsoft.com"},
		"usgov":  {"api://AzureADTokenExchangeUSGov", "https://graph.microsoft.us"},
		"china":  {"api://AzureADTokenExchangeChina", "https://microsoftgraph.chinacloudapi.cn"},
	} {
		t.Run("cloud "+cloud, func(t *testing.T) {
			t.Parallel()
			_, issuer, app := setUp(t, harness.WithCloud(cloud))
			access, err := app.Exchange(issuer.MustMint(harness.MintSpec{Audience: []string{want.audience}}).Token)
			if err != nil {
				t.Fatal(err)
			}
			if access.Claims["aud"] != want.graph {
				t.Errorf("aud %q, want %q", access.Claims["aud"], want.graph)
			}
		})
	}
}

// TestCredentialsAreTheCallers says that what a caller passes in stays as it is.
func TestCredentialsAreTheCallers(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	credentials := []harness.Credential{{Name: "production", Issuer: "https://issuer.test", Subject: subject}}
	farm.MustAddApp("one", credentials...)
	if credentials[0].Audiences != nil {
		t.Errorf("App wrote the audiences %q into its caller's slice", credentials[0].Audiences)
	}
}

// TestNoTokenIsPrinted prints what the library gives.
func TestNoTokenIsPrinted(t *testing.T) {
	t.Parallel()
	_, issuer, app := setUp(t)
	minted := issuer.MustMint(harness.MintSpec{Audience: []string{audience}})
	access, err := app.Exchange(minted.Token)
	if err != nil {
		t.Fatal(err)
	}
	workload := issuer.MustStartWorkload(harness.WorkloadSpec{})
	secret := workload.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
	if secret == "" {
		t.Fatal("the workload has no request token")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		text := fmt.Sprintf(strings.Repeat(verb, 6), minted, &minted, access, *access, workload, &workload)
		for _, hidden := range []string{minted.Token, access.Token, secret} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s prints a credential: %s", verb, text)
			}
		}
		if !strings.Contains(text, "appid="+app.ClientID) || !strings.Contains(text, subject) {
			t.Errorf("%s does not say which tokens these are: %s", verb, text)
		}
	}
}

// TestHandles has two results for one issuer mint what each was asked for with.
func TestHandles(t *testing.T) {
	t.Parallel()
	farm, environment, app := setUp(t)
	before := environment.MustMint(harness.MintSpec{Audience: []string{audience}})
	branch := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Claims: map[string]any{"actor": "somebody"}})
	got, again := branch.MustMint(harness.MintSpec{}), environment.MustMint(harness.MintSpec{Audience: []string{audience}})
	if got.Claims["actor"] != "somebody" || got.Claims["sub"] != "repo:octo-org/octo-repo:ref:refs/heads/main" || again.Claims["sub"] != subject {
		t.Errorf("minted %v and %v", got, again)
	}
	if got.Header["kid"] != before.Header["kid"] || environment.URL != branch.URL {
		t.Errorf("%v and %v are of two issuers", got, before)
	}
	for _, token := range []string{before.Token, again.Token} {
		if _, err := app.Exchange(token); err != nil {
			t.Errorf("refused: %v", err)
		}
	}
}

// TestCA changes what the farm gave.
func TestCA(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	clear(farm.CA())
	if !x509.NewCertPool().AppendCertsFromPEM(farm.CA()) {
		t.Error("the root certificate is the caller's to change")
	}
}

func TestTwoFarms(t *testing.T) {
	t.Parallel()
	one, oneIssuer, oneApp := setUp(t)
	two, twoIssuer, _ := setUp(t)
	if string(one.CA()) == string(two.CA()) {
		t.Error("two farms have one authority")
	}
	token := oneIssuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	if _, err := oneApp.Exchange(token); err != nil {
		t.Fatal(err)
	}
	if n := len(two.SignIns()); n != 0 {
		t.Errorf("a sign-in at one farm is in the record of the other, which has %d", n)
	}
	var refusal *harness.Refusal
	if _, err := oneApp.Exchange(twoIssuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token); !errors.As(err, &refusal) ||
		refusal.Code != 7000272 && refusal.Code != 7000274 {
		t.Errorf("a token of the other farm: %v, want an unknown key or a bad signature", err)
	}
	twoIssuer.MustSetFaults(harness.StatusFault{})
	if _, err := oneApp.Exchange(token); err != nil {
		t.Errorf("a fault in the other farm: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(one.CA()) {
		t.Error("the authority is not PEM")
	}
}

// TestClient has a verifier that knows nothing of the farm read it through the client.
func TestClient(t *testing.T) {
	t.Parallel()
	farm, issuer, _ := setUp(t)
	ctx := oidc.ClientContext(t.Context(), farm.Client())
	provider, err := oidc.NewProvider(ctx, issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	verified, err := provider.Verifier(&oidc.Config{ClientID: audience}).Verify(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	if verified.Subject != subject {
		t.Errorf("sub %q, want %q", verified.Subject, subject)
	}
}

func TestConcurrentExchanges(t *testing.T) {
	t.Parallel()
	farm, issuer, app := setUp(t)
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if _, err := app.Exchange(token); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	fetched := 0
	for _, in := range farm.SignIns() {
		fetched += len(in.Fetched)
	}
	if fetched != 2 {
		t.Errorf("%d documents fetched by 30 sign-ins at once, want 2", fetched)
	}
}

// stand is a testing.TB that notes what a farm tells it.
type stand struct {
	testing.TB
	failed   string
	cleanups []func()
}

func (s *stand) Fatal(args ...any) {
	if err, ok := args[0].(error); ok {
		s.failed = err.Error()
	}
	runtime.Goexit()
}

func (s *stand) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

// TestMistakes says that what the farm refuses ends the test with a message to read.
func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(testing.TB)
		want string
	}{
		{"platform", func(t testing.TB) { harness.New(t).MustAddIssuer(harness.IssuerSpec{Platform: "gitbuh"}) }, "have github, kubernetes"},
		{"host", func(t testing.TB) {
			harness.New(t, harness.WithHosts("allowed.contoso.com")).MustAddIssuer(harness.IssuerSpec{Platform: "github", URL: "https://contoso.com"})
		}, `may not sign for "contoso.com"`},
		{"cloud", func(t testing.TB) { harness.New(t, harness.WithCloud("mars")) }, "have public, usgov, china"},
		{"bad host", func(t testing.TB) { harness.New(t, harness.WithHosts("*")) }, `ca: host "*"`},
		{"clock", func(t testing.TB) { harness.New(t).MustAdvance(-1) }, "only goes forward"},
		{"credential", func(t testing.TB) { harness.New(t).MustAddApp("deployer", harness.Credential{Name: "production"}) }, "no issuer"},
		{"fault", func(t testing.TB) {
			harness.New(t).MustAddIssuer(harness.IssuerSpec{Platform: "github"}).MustSetFaults(harness.StatusFault{Code: 42})
		}, "want an HTTP status from 200 to 599"},
		{"no fault", func(t testing.TB) {
			harness.New(t).MustAddIssuer(harness.IssuerSpec{Platform: "github", Faults: []harness.Fault{nil}})
		}, "fault 1 is nil"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &stand{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				tt.do(s)
			}()
			<-done
			for _, cleanup := range s.cleanups {
				cleanup()
			}
			if !strings.Contains(s.failed, tt.want) {
				t.Errorf("the test failed with %q, want %q in it", s.failed, tt.want)
			}
		})
	}
}

func TestWithHosts(t *testing.T) {
	t.Parallel()
	farm := harness.New(t, harness.WithHosts("issuer.contoso.com"))
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", URL: "https://issuer.contoso.com/actions"})
	app := farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: issuer.URL, Subject: "a"})
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}, Claims: map[string]any{"sub": "a"}}).Token
	if _, err := app.Exchange(token); err != nil {
		t.Error(err)
	}
	if issuer.JWKS != "https://issuer.contoso.com/actions/.well-known/jwks" {
		t.Errorf("JWKS at %q", issuer.JWKS)
	}
}

// TestReach has the Entra of one farm take the token of another farm's issuer, which it is told to reach.
func TestReach(t *testing.T) {
	t.Parallel()
	other := harness.New(t)
	issuer := other.MustAddIssuer(harness.IssuerSpec{Platform: "github", ByPath: true})
	minted := issuer.MustMint(harness.MintSpec{Audience: []string{audience}})
	subject, _ := minted.Claims["sub"].(string)
	credential := harness.Credential{Name: "other", Issuer: issuer.URL, Subject: subject}
	host := strings.TrimPrefix(other.URL(harness.IssuerPlane), "https://")
	if _, err := harness.New(t, harness.WithReach(other.CA(), host)).MustAddApp("deployer", credential).Exchange(minted.Token); err != nil {
		t.Error(err)
	}
	_, err := harness.New(t).MustAddApp("deployer", credential).Exchange(minted.Token)
	refusedWith(t, 501661, err) // not told to reach it
}

// BenchmarkNew is what a farm costs a test before it asks for anything: its start and its end.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		farm, err := harness.Start()
		if err != nil {
			b.Fatal(err)
		}
		if err := farm.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
