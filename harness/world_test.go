package harness_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/issuerd/issuerd/harness"
)

// childVariable makes the test binary the program in a process of its own that TestEnv starts.
const childVariable = "ISSUERD_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// child signs in with what its environment says and prints what Entra answers.
func child() int {
	pem, err := os.ReadFile(os.Getenv("SSL_CERT_FILE"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	resp, err := trusting(pem).PostForm(os.Getenv("AZURE_AUTHORITY_HOST")+os.Getenv("AZURE_TENANT_ID")+"/oauth2/v2.0/token",
		assertionForm(os.Getenv("AZURE_CLIENT_ID"), os.Getenv("ASSERTION")))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer resp.Body.Close()
	if _, err := io.Copy(os.Stdout, resp.Body); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func assertionForm(clientID, assertion string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {"https://graph.microsoft.com/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
	}
}

// trusting is a client that knows of a farm nothing but its certificate.
func trusting(pem []byte) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
}

// signInPlainly posts an assertion to a farm's Entra plane and returns the code of the refusal, 0 when there is none.
func signInPlainly(t *testing.T, farm *harness.Farm, clientID, assertion string) int {
	t.Helper()
	resp, err := trusting(farm.CA()).PostForm(farm.URL(harness.EntraPlane)+"/"+farm.Tenant+"/oauth2/v2.0/token", assertionForm(clientID, assertion))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
		Codes       []int  `json:"error_codes"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if (answer.AccessToken == "") != (len(answer.Codes) == 1) {
		t.Fatalf("status %d with %d codes and a token of %d bytes", resp.StatusCode, len(answer.Codes), len(answer.AccessToken))
	}
	return append(answer.Codes, 0)[0]
}

// TestPlainRequests reaches two farms with no header and no resolver: each request must find the world of its own test.
func TestPlainRequests(t *testing.T) {
	t.Parallel()
	type side struct {
		farm   *harness.Farm
		issuer *harness.Issuer
		app    *harness.App
		token  string
	}
	var sides [2]side
	for n := range sides {
		s := &sides[n]
		s.farm = harness.New(t)
		s.issuer = s.farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Preset: "environment", ByPath: true})
		if want := s.farm.URL(harness.IssuerPlane) + "/github"; s.issuer.URL != want {
			t.Errorf("issuer at %q, want %q", s.issuer.URL, want)
		}
		s.app = s.farm.MustAddApp("deployer", harness.Credential{Name: "production", Issuer: s.issuer.URL, Subject: subject})
		s.token = s.issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	}
	for n, s := range sides {
		other := sides[1-n]
		ctx := oidc.ClientContext(t.Context(), trusting(s.farm.CA()))
		provider, err := oidc.NewProvider(ctx, s.issuer.URL)
		if err != nil {
			t.Fatal(err)
		}
		verifier := provider.Verifier(&oidc.Config{ClientID: audience, SkipIssuerCheck: true})
		if _, err := verifier.Verify(ctx, s.token); err != nil {
			t.Errorf("its own token: %v", err)
		}
		if _, err := verifier.Verify(ctx, other.token); err == nil {
			t.Error("a verifier takes the token of the other farm")
		}
		if code := signInPlainly(t, s.farm, s.app.ClientID, s.token); code != 0 {
			t.Errorf("its own token: AADSTS%d", code)
		}
		if code := signInPlainly(t, s.farm, s.app.ClientID, other.token); code != 700211 { // the issuer has another port
			t.Errorf("the token of the other farm: AADSTS%d, want AADSTS700211", code)
		}
		if got := len(s.farm.SignIns()); got != 2 {
			t.Errorf("%d sign-ins in the record, want 2", got)
		}
	}
}

// TestCanonicalAndByPath has an issuer at both of its addresses, which have the same keys.
func TestCanonicalAndByPath(t *testing.T) {
	t.Parallel()
	farm, canonical, _ := setUp(t)
	byPath := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", ByPath: true})
	one, two := canonical.MustMint(harness.MintSpec{}), byPath.MustMint(harness.MintSpec{})
	if one.Header["kid"] != two.Header["kid"] || one.Claims["iss"] == two.Claims["iss"] {
		t.Errorf("kid %v of %v, kid %v of %v: want one key and two issuers", one.Header["kid"], one.Claims["iss"], two.Header["kid"], two.Claims["iss"])
	}
}

// TestByPathByTheNameOfBefore asks for a CI system as it was asked for when it was a preset of generic.
func TestByPathByTheNameOfBefore(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	now := farm.MustAddIssuer(harness.IssuerSpec{Platform: "gitlab", Preset: "tag", ByPath: true})
	before := farm.MustAddIssuer(harness.IssuerSpec{Platform: "generic", Preset: "gitlab-tag", ByPath: true})
	if before.URL != now.URL {
		t.Errorf("%s by the name of before, want %s", before.URL, now.URL)
	}
	if sub := before.MustMint(harness.MintSpec{Audience: []string{audience}}).Claims["sub"]; sub != "project_path:my-group/my-project:ref_type:tag:ref:v1.0.0" {
		t.Errorf("sub %v", sub)
	}
}

// TestEnv signs in from a process of its own, which has what Env says and nothing else.
func TestEnv(t *testing.T) {
	t.Parallel()
	_, issuer, app := setUp(t)
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(subject string) string {
		token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}, Claims: map[string]any{"sub": subject}})
		cmd := exec.CommandContext(t.Context(), binary)
		cmd.Env = harness.Environ(app.Env(), map[string]string{childVariable: "1", "ASSERTION": token.Token})
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		return stdout.String()
	}
	if got := run(subject); !strings.Contains(got, `"access_token":"ey`) {
		t.Error("no access token")
	}
	if got := run("somebody"); !strings.Contains(got, "AADSTS700213: ") {
		t.Errorf("with another subject: %s", got)
	}
}

func TestEnviron(t *testing.T) {
	t.Parallel()
	got := harness.Environ(map[string]string{"B": "1", "A": "1"}, nil, map[string]string{"B": "2", "C": ""})
	if want := []string{"A=1", "B=2", "C="}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	farm := harness.New(t)
	env := farm.Env()
	clear(env)
	if farm.Env()["AZURE_TENANT_ID"] != farm.Tenant {
		t.Error("the environment is the caller's to change")
	}
}

// TestManagedIdentityEnv gets a token as a workload in App Service does.
func TestManagedIdentityEnv(t *testing.T) {
	t.Parallel()
	farm := harness.New(t, harness.WithTenants(harness.Tenant{
		DisplayName:       "Contoso",
		Subscriptions:     []harness.Subscription{{DisplayName: "Production", ResourceGroups: []harness.ResourceGroup{{Name: "app"}}}},
		ManagedIdentities: []harness.ManagedIdentity{{Name: "deployer"}},
	}))
	env := farm.ManagedIdentityEnv()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, env["IDENTITY_ENDPOINT"]+"?api-version=2019-08-01&resource=https://management.azure.com&client_id="+
		farm.Tenants()[0].ManagedIdentities[0].ClientID, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-IDENTITY-HEADER", env["IDENTITY_HEADER"])
	resp, err := trusting(farm.CA()).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %s, want a token", resp.Status)
	}
}

// TestHandler serves a farm on servers of the test's own.
func TestHandler(t *testing.T) {
	t.Parallel()
	farm, issuer, _ := setUp(t)
	server := httptest.NewTLSServer(farm.Handler(harness.EntraPlane))
	defer server.Close()
	resp, err := server.Client().Get(server.URL + "/" + farm.Tenant + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the tenant's discovery document: %s", resp.Status)
	}
	for path, want := range map[string]int{"/.well-known/openid-configuration": 200, "/elsewhere": 404} {
		recorder := httptest.NewRecorder()
		farm.Handler(harness.IssuerPlane).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, issuer.URL+path, nil))
		if recorder.Code != want {
			t.Errorf("%s: %d, want %d", path, recorder.Code, want)
		}
	}
	if farm.Handler("control") != nil || farm.URL("control") != "" {
		t.Error("the library leads to a management API")
	}
}

// TestNow has a verifier share the farm's clock.
func TestNow(t *testing.T) {
	t.Parallel()
	begin := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	farm, issuer, _ := setUp(t, harness.WithStart(begin))
	farm.MustAdvance(time.Hour)
	if d := farm.Now().Sub(begin); d < time.Hour || d > 2*time.Hour {
		t.Errorf("an hour after %s it is %s", begin, farm.Now())
	}
	ctx := oidc.ClientContext(t.Context(), farm.Client())
	provider, err := oidc.NewProvider(ctx, issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	verifier := provider.Verifier(&oidc.Config{ClientID: audience, Now: farm.Now})
	if _, err := verifier.Verify(ctx, token); err != nil {
		t.Error(err)
	}
	farm.MustAdvance(time.Hour)
	if _, err := verifier.Verify(ctx, token); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an hour later: error %v, want that the token has expired", err)
	}
}

// TestClosed asks a farm for things after its end.
func TestClosed(t *testing.T) {
	t.Parallel()
	farm, err := harness.Start(harness.WithTenants(harness.Tenant{DisplayName: "Contoso"}))
	if err != nil {
		t.Fatal(err)
	}
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	app := farm.MustAddApp("deployer")
	workload := issuer.MustStartWorkload(harness.WorkloadSpec{})
	token := issuer.MustMint(harness.MintSpec{}).Token
	if err := farm.Close(); err != nil {
		t.Fatal(err)
	}
	if err := farm.Close(); err != nil {
		t.Errorf("the second time: %v", err)
	}
	second := func(_ any, err error) error { return err }
	for what, err := range map[string]error{
		"AddIssuer":        second(farm.AddIssuer(harness.IssuerSpec{Platform: "gcp"})),
		"AddApp":           second(farm.AddApp("another")),
		"Advance":          farm.Advance(time.Hour),
		"Mint":             second(issuer.Mint(harness.MintSpec{})),
		"Rotate":           second(issuer.Rotate(true)),
		"SetFaults":        issuer.SetFaults(),
		"AwaitFetch":       issuer.AwaitFetch(t.Context(), "jwks", 1),
		"AwaitSignIns":     second(farm.AwaitSignIns(t.Context(), 1)),
		"StartWorkload":    second(issuer.StartWorkload(harness.WorkloadSpec{})),
		"End":              workload.End(),
		"Exchange":         second(app.Exchange(token)),
		"AddCredential":    second(app.AddCredential(harness.Credential{})),
		"UpdateCredential": second(app.UpdateCredential("main", harness.Credential{})),
		"RemoveCredential": app.RemoveCredential("main"),
	} {
		if err == nil || !strings.Contains(err.Error(), "harness: this farm has been stopped: its test has ended, or Close was called") {
			t.Errorf("%s: error %v, want that the farm has been stopped", what, err)
		}
	}
	if _, err := os.Stat(farm.CAFile()); !os.IsNotExist(err) {
		t.Errorf("the certificate's file: %v, want that it is gone", err)
	}
	if apps := farm.Tenants()[0].Applications; len(apps) != 1 || len(farm.SignIns()) != 0 || farm.Now().IsZero() {
		t.Errorf("applications %v, %d sign-ins at %s: want what was at the end", apps, len(farm.SignIns()), farm.Now())
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Must returns from an error in a farm without a test")
			}
		}()
		issuer.MustMint(harness.MintSpec{})
	}()
}

// TestWorkloadEnds asks a token API before and after its end.
func TestWorkloadEnds(t *testing.T) {
	t.Parallel()
	farm, issuer, _ := setUp(t)
	ending, staying := issuer.MustStartWorkload(harness.WorkloadSpec{}), issuer.MustStartWorkload(harness.WorkloadSpec{})
	ask := func(w *harness.Workload) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Env["ACTIONS_ID_TOKEN_REQUEST_URL"], nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+w.Env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
		resp, err := trusting(farm.CA()).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if got := ask(ending); got != http.StatusOK {
		t.Errorf("before its end: %d", got)
	}
	ending.MustEnd()
	if got := ask(ending); got != http.StatusNotFound {
		t.Errorf("after its end: %d", got)
	}
	if got := ask(staying); got != http.StatusOK {
		t.Errorf("the other one: %d", got)
	}
	if err := ending.End(); err == nil || !strings.Contains(err.Error(), "has ended already") {
		t.Errorf("the second end: error %v", err)
	}
}

// TestAwait has one goroutine wait for what another one does.
func TestAwait(t *testing.T) {
	t.Parallel()
	farm, issuer, app := setUp(t)
	fetched, signedIn := make(chan error, 1), make(chan []harness.SignIn, 1)
	go func() { fetched <- issuer.AwaitFetch(t.Context(), "jwks", 2) }()
	go func() {
		all, err := farm.AwaitSignIns(t.Context(), 3)
		if err != nil {
			t.Error(err)
		}
		signedIn <- all
	}()
	token := issuer.MustMint(harness.MintSpec{Audience: []string{audience}}).Token
	for range 3 {
		if _, err := app.Exchange(token); err != nil {
			t.Fatal(err)
		}
	}
	if all := <-signedIn; len(all) != 3 || all[0].Code != 0 {
		t.Errorf("%d sign-ins, want 3", len(all))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := issuer.AwaitFetch(ended, "jwks", 2) // Entra has kept the keys
	if want := "waited for 2 requests for jwks of " + issuer.URL + ", there were 1: context canceled"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	if err := issuer.AwaitFetch(ended, "jwks", 1); err != nil {
		t.Errorf("what has happened is not waited for: %v", err)
	}
	issuer.MustSetFaults(harness.UnreachableFault{Document: "jwks"})
	if resp, err := farm.Client().Get(issuer.JWKS); err == nil {
		t.Errorf("status %s from an unreachable document", resp.Status)
		_ = resp.Body.Close()
	}
	if err := <-fetched; err != nil {
		t.Error(err)
	}
	if err := issuer.AwaitFetch(t.Context(), "keys", 1); err == nil || !strings.Contains(err.Error(), "want discovery or jwks") {
		t.Errorf("another document: error %v", err)
	}
	entries, err := farm.Await(t.Context(), 2, func(e harness.Entry) bool { return e.Issuer == issuer.URL })
	if err != nil || len(entries) != 2 || entries[0].Route != "discovery" || entries[1].Route != "jwks" {
		t.Errorf("entries %v, error %v: want the two documents", entries, err)
	}
}

// TestAwaitOfOthers looks whether one issuer's fetches count for another.
func TestAwaitOfOthers(t *testing.T) {
	t.Parallel()
	farm, issuer, _ := setUp(t)
	byPath := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", ByPath: true})
	resp, err := farm.Client().Get(issuer.JWKS)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := issuer.AwaitFetch(t.Context(), "jwks", 1); err != nil { // the journal may come after the answer
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if issuer.AwaitFetch(ended, "jwks", 1) != nil || issuer.AwaitFetch(ended, "discovery", 1) == nil || byPath.AwaitFetch(ended, "jwks", 1) == nil {
		t.Error("want one request for one document of one issuer")
	}
}
