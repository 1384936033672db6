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
	k.process.Env = append(os.Environ(), controlTokenVariable+"="+stateToken)
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
	k.process.Env = append(os.Environ(), controlTokenVariable+"="+stateToken)
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
		control: &control.Client{Token: stateToken},
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
