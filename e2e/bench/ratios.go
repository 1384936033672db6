package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// clients is how many requests are under way at a time.
const clients = 4

// operation is done again and again; it must be safe for concurrent use.
type operation func() error

// pair compares an operation of ours with a bare one.
type pair struct {
	name       string
	ours, bare operation
	workers    int
	limit      float64
}

func ratios(rounds int, length time.Duration) error {
	pairs, world, stop, err := prepare()
	if err != nil {
		return err
	}
	defer stop()
	for _, p := range pairs {
		if err := p.run(rounds, length); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return world.exchangeCost(rounds, length)
}

func (p pair) run(rounds int, length time.Duration) error {
	var ratio, ours, bare []float64
	for range rounds {
		b, err := rate(p.bare, p.workers, length)
		if err != nil {
			return err
		}
		o, err := rate(p.ours, p.workers, length)
		if err != nil {
			return err
		}
		ratio, ours, bare = append(ratio, o/b), append(ours, o), append(bare, b)
	}
	note := fmt.Sprintf("%.0f/s against %.0f/s, ratios %.2f to %.2f", median(ours), median(bare), slices.Min(ratio), slices.Max(ratio))
	atLeast(p.name, median(ratio), p.limit, note)
	return nil
}

// rate is how often an operation can be done in a second by that many workers.
func rate(op operation, workers int, length time.Duration) (float64, error) {
	var done atomic.Int64
	var failure atomic.Pointer[error]
	var wg sync.WaitGroup
	begin := time.Now()
	for range workers {
		wg.Go(func() {
			for time.Since(begin) < length {
				if err := op(); err != nil {
					failure.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(begin).Seconds(), nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// prepare starts a farm and bare servers, and returns what to compare.
func prepare() ([]pair, *world, func(), error) {
	standard, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := issuer.NewTestKey(rand.Reader) // as the farm's
	if err != nil {
		return nil, nil, nil, err
	}
	s, err := farm.Start(farm.Options{Addr: map[plane.Plane]string{
		plane.Issuer: "127.0.0.1:0", plane.Workload: "", plane.Entra: "127.0.0.1:0", plane.Control: "127.0.0.1:0",
	}})
	if err != nil {
		return nil, nil, nil, err
	}
	bareSigner := httptest.NewServer(signingHandler(standard))
	bareSignerTLS := httptest.NewTLSServer(signingHandler(standard))
	stop := func() { bareSigner.Close(); bareSignerTLS.Close(); _ = s.Close() }

	world, err := newWorld(s)
	if err != nil {
		stop()
		return nil, nil, nil, err
	}
	mint, err := mintInProcess(key)
	if err != nil {
		stop()
		return nil, nil, nil, err
	}
	plain := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	secure := bareSignerTLS.Client()
	secure.Transport.(*http.Transport).MaxIdleConnsPerHost = clients
	pairs := []pair{
		{"test key made / crypto/rsa key made", makeKey(issuer.GenerateTestKey), makeKey(issuer.GenerateKey), 1, 5},
		{"test key signature / crypto/rsa signature", signature(key), signature(standard), 1, 3},
		{"mint in process / signature", mint, signature(key), 1, 0.80},
		{"mint over HTTP / bare handler that signs with crypto/rsa", world.mint(plain), post(plain, bareSigner.URL, "application/json", "{}"), clients, 0.90},
		{"exchange / bare handler that signs with crypto/rsa", world.exchange(), post(secure, bareSignerTLS.URL, "application/x-www-form-urlencoded", world.form.Encode()), clients, 0.80},
	}
	for name, address := range map[string]string{"discovery": "/.well-known/openid-configuration", "JWKS": "/.well-known/jwks"} {
		address = "https://token.actions.githubusercontent.com" + address
		body, err := fetch(world.client, address)
		if err != nil {
			stop()
			return nil, nil, nil, err
		}
		bare := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(body)
		}))
		client := bare.Client()
		client.Transport.(*http.Transport).MaxIdleConnsPerHost = clients
		before := stop
		stop = func() { bare.Close(); before() }
		pairs = append(pairs, pair{name + " / bare handler with the same bytes", get(world.client, address), get(client, bare.URL), clients, 0.75})
	}
	return pairs, world, stop, nil
}

// signature is the bare operation of minting.
func signature(key crypto.Signer) operation {
	digest := sha256.Sum256([]byte("a digest"))
	return func() error {
		_, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		return err
	}
}

func makeKey(source issuer.NewKeyFunc) operation {
	return func() error {
		_, err := source(jose.RS256)
		return err
	}
}

func mintInProcess(key crypto.Signer) (operation, error) {
	iss, err := issuer.New(github.Platform, issuer.WithKeys(func(jose.SignatureAlgorithm) (crypto.Signer, error) { return key, nil }))
	if err != nil {
		return nil, err
	}
	request := issuer.Request{Audience: []string{"api://AzureADTokenExchange"}}
	return func() error {
		_, err := iss.Mint(request)
		return err
	}, nil
}

// signingHandler is a handler that signs one JWT with a few claims.
func signingHandler(key crypto.Signer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: cryptosigner.Opaque(key)}, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		now := time.Now()
		token, err := jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: "https://example.com", Subject: "someone", IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Hour)),
		}).Serialize()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, token)
	})
}

// world is a world of a farm with an application that a GitHub token signs in to.
type world struct {
	server *farm.Server
	client *http.Client
	id     string
	tenant string
	form   url.Values
}

func newWorld(s *farm.Server) (*world, error) {
	ctx := context.Background()
	c := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	info, err := c.CreateWorld(ctx, control.WorldSpec{Name: "bench"})
	if err != nil {
		return nil, err
	}
	iss, err := c.AddIssuer(ctx, info.ID, control.IssuerSpec{Platform: "github"})
	if err != nil {
		return nil, err
	}
	audience := []string{"api://AzureADTokenExchange"}
	minted, err := c.Mint(ctx, info.ID, control.MintSpec{Issuer: iss.URL, Audience: audience, Lifetime: control.Duration(time.Hour)})
	if err != nil {
		return nil, err
	}
	subject, _ := minted.Claims["sub"].(string)
	app, err := c.AddApplication(ctx, info.ID, control.ApplicationSpec{Name: "bench", Credentials: []directory.Credential{
		{Name: "bench", Issuer: iss.URL, Subject: subject, Audiences: audience},
	}})
	if err != nil {
		return nil, err
	}
	return &world{
		server: s, client: &http.Client{Transport: s.Transport(info.ID)}, id: info.ID, tenant: app.Tenant,
		form: exchangeForm(app.ClientID, minted.Token),
	}, nil
}

func exchangeForm(clientID, assertion string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {"https://graph.microsoft.com/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
	}
}

// mint asks the farm for a token over HTTP.
func (w *world) mint(client *http.Client) operation {
	body, err := json.Marshal(control.MintSpec{Issuer: "https://token.actions.githubusercontent.com", Audience: []string{"api://AzureADTokenExchange"}})
	address := w.server.ControlURL() + "/v1/worlds/" + w.id + "/tokens"
	return func() error {
		if err != nil {
			return err
		}
		req, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+w.server.Token())
		return do(client, req)
	}
}

// exchange presents a ready assertion.
func (w *world) exchange() operation {
	return post(w.client, "https://login.microsoftonline.com/"+w.tenant+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", w.form.Encode())
}

func post(client *http.Client, address, contentType, body string) operation {
	return func() error {
		req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", contentType)
		return do(client, req)
	}
}

func get(client *http.Client, address string) operation {
	return func() error {
		_, err := fetch(client, address)
		return err
	}
}

func fetch(client *http.Client, address string) ([]byte, error) {
	resp, err := client.Get(address)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, resp.Status)
	}
	return body, err
}

func do(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", req.URL, resp.Status)
	}
	return nil
}
