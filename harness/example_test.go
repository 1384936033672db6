package harness_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/issuerd/issuerd/harness"
)

// start is harness.New for examples, which have no test. They end with the process, so that they check no error of
// Close.
func start(opts ...harness.Option) *harness.Farm {
	farm, err := harness.Start(opts...)
	if err != nil {
		log.Fatal(err)
	}
	return farm
}

// A farm without a test: in a TestMain, or in a program of one's own.
func ExampleStart() {
	farm, err := harness.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer farm.Close()
	github, err := farm.AddIssuer(harness.IssuerSpec{Platform: "github", Preset: "environment"})
	if err != nil {
		log.Fatal(err)
	}
	app, err := farm.AddApp("deployer", harness.Credential{
		Name: "production", Issuer: github.URL, Subject: "repo:octo-org/octo-repo:environment:prod",
	})
	if err != nil {
		log.Fatal(err)
	}
	token, err := github.Mint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}})
	if err != nil {
		log.Fatal(err)
	}
	access, err := app.Exchange(token.Token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(access.Claims["aud"], access.Claims["appid"] == app.ClientID)
	// Output: https://graph.microsoft.com true
}

// A client that takes an address, and knows nothing of the farm but its certificate.
func ExampleFarm_URL() {
	farm := start()
	defer farm.Close()
	client := trusting(farm.CA()) // an http.Client with the certificate as its only root
	resp, err := client.Get(farm.URL(harness.EntraPlane) + "/" + farm.Tenant + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}

// An issuer whose URL is on 127.0.0.1, for clients that can't be led to the real name.
func ExampleFarm_AddIssuer_byPath() {
	farm := start()
	defer farm.Close()
	github, err := farm.AddIssuer(harness.IssuerSpec{Platform: "github", ByPath: true})
	if err != nil {
		log.Fatal(err)
	}
	ctx := oidc.ClientContext(context.Background(), trusting(farm.CA()))
	provider, err := oidc.NewProvider(ctx, github.URL)
	if err != nil {
		log.Fatal(err)
	}
	token := github.MustMint(harness.MintSpec{Audience: []string{"me"}})
	verified, err := provider.Verifier(&oidc.Config{ClientID: "me"}).Verify(ctx, token.Token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verified.Subject, github.URL == farm.URL(harness.IssuerPlane)+"/github")
	// Output: repo:octo-org/octo-repo:ref:refs/heads/main true
}

// An issuer that signs with a key of one's own.
func ExampleFarm_AddIssuer_key() {
	farm := start()
	defer farm.Close()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Alg: "ES256", Key: key, KeyID: "mine"})
	token := issuer.MustMint(harness.MintSpec{})
	fmt.Println(token.Header["alg"], token.Header["kid"])
	// Output: ES256 mine
}

// Two farms, one after the other, with the key of one file: relying parties that have kept it go on.
func ExampleFarm_AddIssuer_keyFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Join(dir, "spire.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		log.Fatal(err)
	}
	var ids []any
	for range 2 {
		farm := start()
		issuer := farm.MustAddIssuer(harness.IssuerSpec{Platform: "spiffe", KeyFile: file})
		ids = append(ids, issuer.MustMint(harness.MintSpec{Audience: []string{"me"}}).Header["kid"])
		if err := farm.Close(); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(ids[0] == ids[1])
	// Output: true
}

// A program in a process of its own.
func ExampleFarm_Env() {
	farm := start()
	defer farm.Close()
	app := farm.MustAddApp("deployer")
	workload := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"}).MustStartWorkload(harness.WorkloadSpec{})
	cmd := exec.Command("env") // a program that signs in
	cmd.Env = harness.Environ(app.Env(), workload.Env)
	for _, variable := range cmd.Env {
		if variable == "AZURE_AUTHORITY_HOST="+farm.URL(harness.EntraPlane)+"/" || variable == "SSL_CERT_FILE="+farm.CAFile() {
			fmt.Println("found")
		}
	}
	// Output:
	// found
	// found
}

// The directory to begin with, and an application of it.
func ExampleFarm_FindApp() {
	farm := start(harness.WithTenants(harness.Tenant{DisplayName: "Contoso", Applications: []harness.Application{{Name: "api"}}}))
	defer farm.Close()
	app, err := farm.FindApp("api")
	if err != nil {
		log.Fatal(err)
	}
	_, err = farm.FindApp("apo")
	fmt.Println(app.ClientID)
	fmt.Println(err)
	// Output:
	// 7299098b-79e9-5653-8297-221059c325f0
	// harness: farm: no application "apo" (have api)
}

// What the directory holds after the code under test has changed it.
func ExampleFarm_Tenants() {
	farm := start()
	defer farm.Close()
	app := farm.MustAddApp("deployer", harness.Credential{Name: "main", Issuer: "https://issuer.example", Subject: "main"})
	if _, err := app.UpdateCredential("main", harness.Credential{Subject: "release"}); err != nil {
		log.Fatal(err)
	}
	for _, app := range farm.Tenants()[0].Applications {
		for _, c := range app.Credentials {
			fmt.Println(app.Name, c.Name, c.Subject, c.Audiences)
		}
	}
	// Output: deployer main release [api://AzureADTokenExchange]
}

func ExampleApp_AddCredential() {
	farm := start()
	defer farm.Close()
	github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	app := farm.MustAddApp("deployer")
	credential := harness.Credential{Name: "main", Issuer: github.URL, Subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}
	if _, err := app.AddCredential(credential); err != nil {
		log.Fatal(err)
	}
	token := github.MustMint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}})
	_, err := app.Exchange(token.Token)
	fmt.Println(err)
	if err := app.RemoveCredential("main"); err != nil {
		log.Fatal(err)
	}
	_, err = app.Exchange(token.Token)
	var refusal *harness.Refusal
	fmt.Println(errors.As(err, &refusal), refusal.Code)
	// Output:
	// <nil>
	// true 70025
}

func ExampleIssuer_SetFaults() {
	farm := start()
	defer farm.Close()
	github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	app := farm.MustAddApp("deployer", harness.Credential{
		Name: "main", Issuer: github.URL, Subject: "repo:octo-org/octo-repo:ref:refs/heads/main",
	})
	token := github.MustMint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}})
	if err := github.SetFaults(harness.UnreachableFault{Document: "jwks"}); err != nil {
		log.Fatal(err)
	}
	_, err := app.Exchange(token.Token)
	var refusal *harness.Refusal
	fmt.Println(errors.As(err, &refusal), refusal.Code)
	if err := github.SetFaults(); err != nil {
		log.Fatal(err)
	}
	_, err = app.Exchange(token.Token)
	fmt.Println(err)
	// Output:
	// true 90061
	// <nil>
}

func ExampleWorkload_End() {
	farm := start()
	defer farm.Close()
	job := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"}).MustStartWorkload(harness.WorkloadSpec{})
	ask := func() int {
		resp, err := trusting(farm.CA()).Get(job.Env["ACTIONS_ID_TOKEN_REQUEST_URL"])
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	fmt.Println(ask()) // the request has no token
	if err := job.End(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask())
	// Output:
	// 401
	// 404
}

// A verifier that looks for a new key after a rotation.
func ExampleIssuer_AwaitFetch() {
	farm := start()
	defer farm.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	go func() { // the code under test
		resp, err := farm.Client().Get(github.JWKS)
		if err == nil {
			_ = resp.Body.Close()
		}
	}()
	fmt.Println(github.AwaitFetch(ctx, "jwks", 1))
	// Output: <nil>
}

func ExampleFarm_AwaitSignIns() {
	farm := start()
	defer farm.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	app := farm.MustAddApp("deployer")
	go func() { _, _ = app.Exchange("not a token") }() // the code under test
	all, err := farm.AwaitSignIns(ctx, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(all[0].Code, all[0].ClientID == app.ClientID)
	// Output: 50027 true
}

// A verifier that shares the farm's clock: the token expires when that says so.
func ExampleFarm_Now() {
	farm := start(harness.WithStart(time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)))
	defer farm.Close()
	github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	ctx := oidc.ClientContext(context.Background(), farm.Client())
	provider, err := oidc.NewProvider(ctx, github.URL)
	if err != nil {
		log.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: "me", Now: farm.Now})
	token := github.MustMint(harness.MintSpec{Audience: []string{"me"}})
	_, err = verifier.Verify(ctx, token.Token)
	fmt.Println(err)
	if err := farm.Advance(time.Hour); err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(ctx, token.Token)
	var expired *oidc.TokenExpiredError
	fmt.Println(errors.As(err, &expired))
	// Output:
	// <nil>
	// true
}

// A farm behind a server of one's own.
func ExampleFarm_Handler() {
	farm := start()
	defer farm.Close()
	server := httptest.NewTLSServer(farm.Handler(harness.EntraPlane))
	defer server.Close()
	resp, err := server.Client().Get(server.URL + "/" + farm.Tenant + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}

// A sign-in that fails tells what Entra compared: here the subject of a token of another branch.
func ExampleApp_SignIn() {
	farm := start()
	defer farm.Close()
	github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Preset: "branch"})
	app := farm.MustAddApp("deployer", harness.Credential{
		Name: "main-branch", Issuer: github.URL, Subject: "repo:octo-org/octo-repo:ref:refs/heads/main",
	})
	token := github.MustMint(harness.MintSpec{
		Audience: []string{"api://AzureADTokenExchange"},
		Claims:   map[string]any{"sub": "repo:octo-org/octo-repo:ref:refs/heads/demo"},
	})
	answer, err := app.SignIn(context.Background(), harness.SignInSpec{Assertion: token.Token})
	if err != nil {
		log.Fatal(err)
	}
	failed := answer.SignIn.Checks[len(answer.SignIn.Checks)-1]
	fmt.Println(answer.Status, answer.Code, failed.Name)
	fmt.Println("want", failed.Want)
	fmt.Println("got ", failed.Got)
	// Output:
	// 401 700213 audience and subject
	// want repo:octo-org/octo-repo:ref:refs/heads/main
	// got  repo:octo-org/octo-repo:ref:refs/heads/demo
}

// A clock that stands still makes every time in a test's output known, and can be set back.
func ExampleFarm_SetNow() {
	farm := start(harness.WithFrozenClock())
	defer farm.Close()
	github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	for _, now := range []time.Time{time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC), time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if err := farm.SetNow(now); err != nil {
			log.Fatal(err)
		}
		decoded, err := harness.Decode(github.MustMint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}}).Token)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(decoded.Times["iat"].Format(time.RFC3339), decoded.Times["exp"].Format(time.RFC3339))
	}
	// Output:
	// 2031-05-06T07:08:09Z 2031-05-06T07:13:09Z
	// 2029-01-01T00:00:00Z 2029-01-01T00:05:00Z
}
