//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/plane"
)

// kills is how often TestKilled kills the farm.
var kills = flag.Int("kills", 5, "how often TestKilled kills a farm with --state")

const killToken = "a-given-token-of-a-test"

// killed is a farm with a state directory that is killed and started again, with what it has answered.
type killed struct {
	args    []string
	process *exec.Cmd
	stderr  bytes.Buffer
	control *control.Client
	issuers string // where the plane listens, like entra; another address after each start
	entra   string
	ca      []byte

	world    string
	tenant   string
	deployer string // client id

	mu     sync.Mutex
	number int
	answered
}

// answered is what the farm has answered with success. A thing whose change was under way at a kill is in none of them.
type answered struct {
	apps        map[string]string          // of the world: client id by name
	graph       map[string]string          // the same, made through Microsoft Graph
	credentials map[string]map[string]bool // by client id, names of those there (true) and removed (false)
	jwks        map[string][]byte          // by URL of the issuer
	tokens      map[string][]string        // by URL of the issuer
	faults      map[string]string          // the name, by URL of the issuer
	worlds      map[string]bool            // by id, those there (true) and deleted (false)
	clock       time.Time                  // which the world's says or a later one
	journal     map[int]string             // entries that were read, by number
}

func (k *killed) start(t *testing.T) {
	t.Helper()
	k.stderr.Reset()
	k.process = exec.CommandContext(t.Context(), "issuerd", k.args...)
	k.process.Env = append(os.Environ(), controlTokenVariable+"="+killToken)
	k.process.Stderr = &k.stderr
	stdout, err := k.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.process.Start(); err != nil {
		t.Fatal(err)
	}
	k.control.URL = ""
	for lines := bufio.NewScanner(stdout); k.control.URL == "" && lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "export "+controlURLVariable+"="); ok {
			k.control.URL = strings.Trim(value, "'")
		}
	}
	if k.control.URL == "" {
		_ = k.process.Wait() // its standard error says why it ended
		t.Fatalf("the farm did not start: %s", k.stderr.String())
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // it ends with the process
	info, err := k.control.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.issuers, k.entra = info.Planes[plane.Issuer], info.Planes[plane.Entra]
}

// killStarting starts the farm and kills it before it is ready, most likely.
func (k *killed) killStarting(t *testing.T, random *rand.Rand) {
	t.Helper()
	k.process = exec.CommandContext(t.Context(), "issuerd", k.args...)
	k.process.Env = append(os.Environ(), controlTokenVariable+"="+killToken)
	if err := k.process.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.NewTimer(time.Duration(random.IntN(100)) * time.Millisecond)
	<-timer.C
	k.kill(t)
}

func (k *killed) kill(t *testing.T) {
	t.Helper()
	if err := k.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = k.process.Wait() // it was killed
}

// client reaches the planes of the farm under every name.
func (k *killed) client() *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(k.ca)
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			to := k.issuers
			if plane.OfHost(plane.BareHost(address)) == plane.Entra {
				to = k.entra
			}
			return new(net.Dialer).DialContext(ctx, network, to)
		},
	}}
}

// do sends a request to the world, and returns the body of the answer with the status that is wanted.
func (k *killed) do(ctx context.Context, want int, method, address, contentType, token, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set(plane.WorldHeader, k.world)
	req.Header.Set("Content-Type", contentType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := k.client().Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = &control.Error{Status: resp.StatusCode, Message: string(answer)}
	}
	return answer, err
}

// accessToken signs in to Microsoft Graph.
func (k *killed) accessToken(ctx context.Context) (string, error) {
	minted, err := k.control.Mint(ctx, k.world, control.MintSpec{
		Issuer: "https://token.actions.githubusercontent.com", Audience: control.Audience{"api://AzureADTokenExchange"}, Claims: map[string]any{"sub": "deploy"},
	})
	if err != nil {
		return "", err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {k.deployer}, "client_assertion": {minted.Token},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "scope": {"https://graph.microsoft.com/.default"},
	}
	answer, err := k.do(ctx, http.StatusOK, http.MethodPost, "https://login.microsoftonline.com/"+k.tenant+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", "", form.Encode())
	if err != nil {
		return "", err
	}
	var out struct {
		Token string `json:"access_token"`
	}
	return out.Token, json.Unmarshal(answer, &out)
}

// next is a number that no other thing has.
func (k *killed) next() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.number++
	return k.number
}

// note takes down an answer.
func (k *killed) note(do func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	do()
}

// some returns one of the keys of a map with its value, or "".
func some[V any](k *killed, random *rand.Rand, from map[string]V) (key string, value V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if keys := slices.Sorted(maps.Keys(from)); len(keys) > 0 {
		key = keys[random.IntN(len(keys))]
	}
	return key, from[key]
}

// takeIssuer returns the URL of one of the issuers, or "", and takes it out of them, so that nobody else changes it.
func (k *killed) takeIssuer(random *rand.Rand) string {
	address, _ := some(k, random, k.jwks)
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, there := k.jwks[address]; !there { // another was faster
		return ""
	}
	delete(k.jwks, address)
	return address
}

// changes are what the workers do, in an order of chance. Each makes a change, and takes it down when it is answered.
func (k *killed) changes(graphToken string) []func(ctx context.Context, random *rand.Rand) error {
	return []func(context.Context, *rand.Rand) error{
		func(ctx context.Context, _ *rand.Rand) error {
			app, err := k.control.AddApplication(ctx, k.world, control.ApplicationSpec{Name: fmt.Sprint("app ", k.next())})
			if err == nil {
				k.note(func() { k.apps[app.Name] = app.ClientID })
			}
			return err
		},
		func(ctx context.Context, _ *rand.Rand) error {
			name := fmt.Sprint("of Graph ", k.next())
			answer, err := k.do(ctx, http.StatusCreated, http.MethodPost, "https://graph.microsoft.com/v1.0/applications", "application/json", graphToken, `{"displayName":"`+name+`"}`)
			if err != nil {
				return err
			}
			var app struct{ AppID string }
			if err := json.Unmarshal(answer, &app); err != nil {
				return err
			}
			k.note(func() { k.graph[name] = app.AppID })
			return nil
		},
		func(ctx context.Context, random *rand.Rand) error {
			app, id := some(k, random, k.apps)
			if app == "" {
				return nil
			}
			name := fmt.Sprint("credential-", k.next())
			_, err := k.control.AddCredential(ctx, k.world, id, directory.Credential{Name: name, Issuer: "https://x.example", Subject: name, Audiences: []string{"api://x"}})
			var refused *control.Error
			if errors.As(err, &refused) && strings.Contains(refused.Message, "the limit") {
				return nil
			}
			if err != nil {
				return err
			}
			k.note(func() {
				if k.credentials[id] == nil {
					k.credentials[id] = map[string]bool{}
				}
				k.credentials[id][name] = true
			})
			if random.IntN(2) == 0 {
				return nil
			}
			k.note(func() { delete(k.credentials[id], name) })
			if err := k.control.RemoveCredential(ctx, k.world, id, name); err != nil {
				return err
			}
			k.note(func() { k.credentials[id][name] = false })
			return nil
		},
		func(ctx context.Context, _ *rand.Rand) error {
			address := fmt.Sprintf("https://i%d.contoso.example", k.next())
			spec := control.IssuerSpec{Platform: "generic", URL: address, Claims: map[string]any{"sub": address}}
			if len(address)%2 == 0 {
				spec.Alg = "ES256"
			}
			if _, err := k.control.AddIssuer(ctx, k.world, spec); err != nil {
				return err
			}
			return k.useIssuer(ctx, address)
		},
		func(ctx context.Context, random *rand.Rand) error {
			address := k.takeIssuer(random)
			if address == "" {
				return nil
			}
			if _, err := k.control.Rotate(ctx, k.world, control.RotateSpec{Issuer: address}); err != nil {
				return err
			}
			return k.useIssuer(ctx, address)
		},
		func(ctx context.Context, random *rand.Rand) error {
			if random.IntN(4) > 0 {
				return nil
			}
			address := k.takeIssuer(random) // for good: its JWKS can't be read any more
			if address == "" {
				return nil
			}
			if _, err := k.control.SetFault(ctx, k.world, control.FaultSpec{Issuer: address, Name: "unreachable"}); err != nil {
				return err
			}
			k.note(func() { k.faults[address] = "unreachable" })
			return nil
		},
		func(ctx context.Context, _ *rand.Rand) error {
			moved, err := k.control.SetClock(ctx, k.world, control.ClockSpec{Advance: control.Duration(time.Second)})
			if err == nil {
				k.note(func() {
					if moved.Now.After(k.clock) {
						k.clock = moved.Now
					}
				})
			}
			return err
		},
		func(ctx context.Context, random *rand.Rand) error {
			world, err := k.control.CreateWorld(ctx, control.WorldSpec{Name: fmt.Sprint("world ", k.next())})
			if err != nil {
				return err
			}
			if random.IntN(2) == 0 {
				k.note(func() { k.worlds[world.ID] = true })
				return nil
			}
			if err := k.control.DeleteWorld(ctx, world.ID); err != nil {
				return err
			}
			k.note(func() { k.worlds[world.ID] = false })
			return nil
		},
		func(ctx context.Context, random *rand.Rand) error {
			journal, err := k.control.Journal(ctx, k.world, control.JournalQuery{})
			if err != nil || len(journal.Entries) == 0 {
				return err
			}
			for range 5 {
				e := journal.Entries[random.IntN(len(journal.Entries))]
				text, err := json.Marshal(e)
				if err != nil {
					return err
				}
				k.note(func() { k.journal[e.Seq] = string(text) })
			}
			return nil
		},
	}
}

// useIssuer takes down the JWKS of an issuer, and a token.
func (k *killed) useIssuer(ctx context.Context, address string) error {
	jwks, err := k.do(ctx, http.StatusOK, http.MethodGet, address+"/.well-known/jwks.json", "", "", "")
	if err != nil {
		return err
	}
	minted, err := k.control.Mint(ctx, k.world, control.MintSpec{Issuer: address})
	if err != nil {
		return err
	}
	k.note(func() { k.jwks[address] = jwks; k.tokens[address] = append(k.tokens[address], minted.Token) })
	return nil
}

// verify compares the farm with what it has answered before.
func (k *killed) verify(t *testing.T, round int, random *rand.Rand) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	info, err := k.control.Info(ctx)
	must(err)
	if info.CA != string(k.ca) {
		t.Errorf("round %d: the certificate authority is another one", round)
	}
	file, err := k.control.Directory(ctx, k.world)
	must(err)
	there, credentials := map[string]string{}, map[string]map[string]bool{}
	for _, app := range file.Tenants[0].Applications {
		there[app.Name], credentials[app.ClientID] = app.ClientID, map[string]bool{}
		for _, c := range app.Credentials {
			credentials[app.ClientID][c.Name] = true
		}
	}
	for _, list := range []map[string]string{k.apps, k.graph} {
		for name, id := range list {
			if there[name] != id {
				t.Errorf("round %d: the application %s has the client id %q, want %s", round, name, there[name], id)
			}
		}
	}
	for app, names := range k.credentials {
		for name, is := range names {
			if credentials[app][name] != is {
				t.Errorf("round %d: the credential %s of %s is there: %t", round, name, app, !is)
			}
		}
	}
	world, err := k.control.World(ctx, k.world)
	must(err)
	if world.Now.Before(k.clock) {
		t.Errorf("round %d: the clock says %s, which is before %s", round, world.Now, k.clock)
	}
	for id, is := range k.worlds {
		_, err := k.control.World(ctx, id)
		var refused *control.Error
		if is && err != nil || !is && !(errors.As(err, &refused) && refused.Status == http.StatusNotFound) {
			t.Errorf("round %d: the world %s, which is there: %t: %v", round, id, is, err)
		}
	}
	faults, err := k.control.Faults(ctx, k.world, "")
	must(err)
	inForce := map[string]string{}
	for _, fault := range faults {
		inForce[fault.Issuer] = fault.Name
	}
	for address, fault := range k.faults {
		if inForce[address] != fault {
			t.Errorf("round %d: the issuer %s has the fault %q, want %s", round, address, inForce[address], fault)
		}
	}
	journal, err := k.control.Journal(ctx, k.world, control.JournalQuery{})
	must(err)
	if len(journal.Entries) > 1000 {
		t.Errorf("round %d: the journal has %d entries", round, len(journal.Entries))
	}
	for _, e := range journal.Entries {
		text, err := json.Marshal(e)
		must(err)
		if want, read := k.journal[e.Seq]; read && want != string(text) {
			t.Errorf("round %d: entry %d (-want +got):\n%s", round, e.Seq, cmp.Diff(want, string(text)))
		}
	}
	for seq := range k.journal {
		if seq > journal.Last {
			t.Errorf("round %d: the entry %d, which was read, is gone: the last is %d", round, seq, journal.Last)
		}
	}
	addresses := slices.Sorted(maps.Keys(k.jwks))
	random.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	for _, address := range addresses[:min(len(addresses), 40)] {
		jwks, err := k.do(ctx, http.StatusOK, http.MethodGet, address+"/.well-known/jwks.json", "", "", "")
		must(err)
		if !bytes.Equal(jwks, k.jwks[address]) {
			t.Errorf("round %d: the JWKS of %s is\n%s\nwant\n%s", round, address, jwks, k.jwks[address])
		}
		var set jose.JSONWebKeySet
		must(json.Unmarshal(jwks, &set))
		for _, token := range k.tokens[address] {
			parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
			must(err)
			if _, err := parsed.Verify(set); err != nil {
				t.Errorf("round %d: a token of %s: %v", round, address, err)
			}
		}
	}
}

// begin makes the world that the workers change.
func (k *killed) begin(t *testing.T) {
	t.Helper()
	info, err := k.control.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.ca = []byte(info.CA)
	world, err := k.control.CreateWorld(t.Context(), control.WorldSpec{Name: "killed", Tenants: []directory.Tenant{{
		DisplayName: "Contoso",
		Applications: []directory.Application{{
			Name:               "deployer",
			Credentials:        []directory.Credential{{Name: "only", Issuer: "https://token.actions.githubusercontent.com", Subject: "deploy", Audiences: []string{"api://AzureADTokenExchange"}}},
			AppRoleAssignments: []directory.AppRoleAssignment{{Resource: "Microsoft Graph", Role: "Application.ReadWrite.All"}},
		}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	k.world, k.tenant = world.ID, world.Tenant
	if _, err := k.control.AddIssuer(t.Context(), k.world, control.IssuerSpec{Platform: "github"}); err != nil {
		t.Fatal(err)
	}
	file, err := k.control.Directory(t.Context(), k.world)
	if err != nil {
		t.Fatal(err)
	}
	k.deployer = file.Tenants[0].Applications[0].ClientID
}

// TestKilled kills a farm with --state again and again while clients change it. After each start, everything that was
// answered is there. With -kills 100 it takes a few minutes.
func TestKilled(t *testing.T) {
	t.Parallel()
	const seed = 20261130
	random := rand.New(rand.NewPCG(seed, 0))
	k := &killed{
		control: &control.Client{Token: killToken},
		args:    append([]string{"serve", "--state", filepath.Join(t.TempDir(), "state")}, onFreePorts...),
		answered: answered{
			map[string]string{}, map[string]string{}, map[string]map[string]bool{}, map[string][]byte{}, map[string][]string{}, map[string]string{},
			map[string]bool{}, time.Time{}, map[int]string{},
		},
	}
	changes := 0
	for round := range *kills {
		for range random.IntN(3) {
			k.killStarting(t, random)
		}
		k.start(t)
		if round == 0 {
			k.begin(t)
		}
		k.verify(t, round, random)
		graphToken, err := k.accessToken(t.Context())
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		var workers sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for n := range 3 {
			chance := rand.New(rand.NewPCG(seed, uint64(10*round+n+1)))
			workers.Go(func() {
				for ctx.Err() == nil {
					all := k.changes(graphToken)
					err := all[chance.IntN(len(all))](ctx, chance)
					var answer *control.Error
					k.note(func() {
						if changes++; errors.As(err, &answer) {
							t.Errorf("round %d: refused: %v", round, err)
						}
					})
					if err != nil {
						return
					}
				}
			})
		}
		timer := time.NewTimer(time.Duration(50+random.IntN(450)) * time.Millisecond)
		<-timer.C
		k.kill(t)
		cancel()
		workers.Wait()
		if t.Failed() {
			t.Fatalf("round %d: %s", round, k.stderr.String())
		}
	}
	k.start(t)
	k.verify(t, *kills, random)
	k.kill(t)
	if changes < 5*(*kills) {
		t.Errorf("%d changes were made, which is too few for a test", changes)
	}
	t.Logf("%d kills, %d changes: %d applications, %d issuers, %d worlds, %d entries read", *kills, changes, len(k.apps)+len(k.graph), len(k.jwks), len(k.worlds), len(k.journal))
}
