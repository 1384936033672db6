package clients

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/entra"
)

// The conformance table says which routes of which platforms the official clients have asked: docs/gen puts it into
// docs/fidelity.md. Its rows are seen, not claimed: each is a request in the journal of a farm that a test ran a client
// against.

var update = flag.Bool("update", false, "write testdata/conformance.json; after go test with no -run the rows that were not seen go")

// conforms adds to the conformance table which routes of which platforms the named clients asked in a farm, up to the
// end of the test. Call it right after the farm is started, with every official client that the test runs against it. A
// route that only refused the client is no row:
//
//	conforms(t, farm, "k8s.io/client-go", azureIdentity)
//	conforms(t, farm, "npm:@actions/core", "npm:@azure/identity")
//	conforms(t, farm, "kubectl")
//
// A client is known by its row in officialClients, in official_test.go. One that asked nothing fails the test.
func conforms(t *testing.T, at *harness.Farm, clients ...string) {
	t.Helper()
	for _, name := range clients {
		if _, ok := officialClients[name]; !ok {
			t.Fatalf("conformance: no client %q in officialClients", name)
		}
	}
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		entries := at.Journal()
		for _, name := range clients {
			rows := 0
			for _, e := range entries {
				if route := officialClients[name].asked(e); route != "" {
					rows++
					if e.Status < http.StatusBadRequest {
						seen.add(e.Platform, route, name)
					}
				}
			}
			if rows == 0 {
				t.Errorf("conformance: %s asked nothing that a platform has a route for; the journal is %s", name, agents(entries))
			}
		}
	})
}

// exchange is the route of a platform's token that a client has signed in with.
const exchange = "sign-in at Entra"

// asked is the route of an entry, if it is the client's.
func (c officialClient) asked(e harness.Entry) string {
	agent, route := e.Agent, e.Route
	if e.SignIn != nil {
		if e.SignIn.Code != 0 || !slices.Contains(c.planes, harness.EntraPlane) || c.routes == documents {
			return ""
		}
		agent, route = e.SignIn.Agent, exchange
	} else if c.routes != nil && !c.routes.MatchString(route) {
		return ""
	}
	if !c.agent.MatchString(agent) || e.Platform == "" || e.Status == 0 || !slices.Contains(c.planes, e.Plane) {
		return ""
	}
	return route
}

// agents tells who asked what, for the message that a client's row in officialClients is wrong.
func agents(entries []harness.Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprintf("\n%s %s %q by %q", e.Plane, e.Platform, e.Route, e.Agent))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "")
}

// conformance is what testdata/conformance.json holds.
type conformance struct {
	Clients map[string]string              `json:"clients"` // versions
	Routes  map[string]map[string][]string `json:"routes"`  // clients by platform and route
}

const conformanceFile = "testdata/conformance.json"

// observations are the rows that the tests have seen.
type observations struct {
	mu    sync.Mutex
	table conformance
}

var (
	seen    observations
	leftOut atomic.Bool // a client that this machine lacks
)

func (o *observations) add(platform, route, client string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.table.add(platform, route, client)
}

func (c *conformance) add(platform, route, client string) {
	if c.Routes == nil {
		c.Routes = map[string]map[string][]string{}
	}
	if c.Routes[platform] == nil {
		c.Routes[platform] = map[string][]string{}
	}
	list := c.Routes[platform][route]
	if n, found := slices.BinarySearch(list, client); !found {
		c.Routes[platform][route] = slices.Insert(list, n, client)
	}
}

// each calls for every row.
func (c *conformance) each(row func(platform, route, client string)) {
	for platform, routes := range c.Routes {
		for route, clients := range routes {
			for _, client := range clients {
				row(platform, route, client)
			}
		}
	}
}

func (c *conformance) has(platform, route, client string) bool {
	return slices.Contains(c.Routes[platform][route], client)
}

// compareConformance compares what the tests have seen with the file, or with -update writes it. Complete tells that
// every test ran.
func compareConformance(got *conformance, complete bool) error {
	kept, err := readConformance()
	if *update {
		return writeConformance(got, kept, complete)
	}
	if err != nil {
		return err
	}
	return outOfDate(kept.compare(got, complete, otherPrograms(kept)))
}

// readConformance reads the file. It returns an empty table with its error.
func readConformance() (*conformance, error) {
	kept := new(conformance)
	raw, err := os.ReadFile(conformanceFile)
	if err == nil {
		err = json.Unmarshal(raw, kept)
	}
	return kept, err
}

// outOfDate is the error for what is wrong with the file, or nil.
func outOfDate(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	slices.Sort(problems)
	return fmt.Errorf("%s is out of date, run go test ./... -update in e2e/clients and then make generate:\n%s", conformanceFile, strings.Join(problems, "\n"))
}

// otherPrograms are those of which this machine has another version than the file, which may ask otherwise.
func otherPrograms(c *conformance) map[string]bool {
	other := map[string]bool{}
	for client, version := range c.Clients {
		if officialClients[client].version != nil {
			now, err := versionOf(client)
			other[client] = err != nil || now != version
		}
	}
	return other
}

// compare lists rows that the file lacks and, when every test ran, rows that nobody has seen.
func (c *conformance) compare(got *conformance, complete bool, leave map[string]bool) (problems []string) {
	got.each(func(platform, route, client string) {
		if !leave[client] && !c.has(platform, route, client) {
			problems = append(problems, fmt.Sprintf("lacks %s: %s: %s", platform, route, client))
		}
	})
	c.each(func(platform, route, client string) {
		if complete && !leave[client] && !got.has(platform, route, client) {
			problems = append(problems, fmt.Sprintf("has %s: %s: %s, which no test asks", platform, route, client))
		}
	})
	return problems
}

// TestConformanceVersions wants the libraries' versions to be those of the lock files. It reads what compareConformance
// reads, so that go test does not take a result from its cache after a change.
func TestConformanceVersions(t *testing.T) {
	t.Parallel()
	kept, err := readConformance()
	if *update {
		return // there may be none yet
	}
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	for client, version := range kept.Clients {
		if officialClients[client].version != nil {
			continue
		}
		now, err := versionOf(client)
		if err != nil {
			t.Error(err)
		} else if now != version {
			problems = append(problems, fmt.Sprintf("has %s %s, the lock file %s", client, version, now))
		}
	}
	if err := outOfDate(problems); err != nil {
		t.Error(err)
	}
}

// writeConformance writes what was seen; after a run without every test it adds to what was there.
func writeConformance(got, kept *conformance, complete bool) error {
	if !complete {
		kept.each(got.add)
	}
	got.Clients = map[string]string{}
	var failed error
	got.each(func(_, _, client string) {
		version, err := versionOf(client)
		if err != nil && !complete && kept.Clients[client] != "" { // a program that this machine lacks
			version, err = kept.Clients[client], nil
		}
		if err != nil {
			failed = err
		}
		got.Clients[client] = version
	})
	if failed != nil {
		return failed
	}
	out, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(conformanceFile, append(out, '\n'), 0o644)
}

// number is a version in a program's output.
var number = regexp.MustCompile(`v?\d+\.\d+[0-9A-Za-z.+-]*`)

// versionOf reads a version from go.mod or package-lock.json, or asks the program.
func versionOf(client string) (string, error) {
	if command := officialClients[client].version; command != nil {
		out, err := exec.Command(command[0], command[1:]...).Output()
		if err != nil {
			return "", fmt.Errorf("conformance: version of %s: %w", client, err)
		}
		return number.FindString(string(out)), nil
	}
	if name, ok := strings.CutPrefix(client, "npm:"); ok {
		return npmVersion(name)
	}
	raw, err := os.ReadFile("go.mod")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(strings.TrimPrefix(line, "require ")); len(fields) >= 2 && fields[0] == client {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("conformance: go.mod does not require %s", client)
}

func npmVersion(name string) (string, error) {
	raw, err := os.ReadFile(filepath.Join("node", "package-lock.json"))
	if err != nil {
		return "", err
	}
	var lock struct {
		Packages map[string]struct{ Version string }
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		return "", err
	}
	locked, ok := lock.Packages["node_modules/"+name]
	if !ok {
		return "", fmt.Errorf("conformance: package-lock.json has no %s (have %s)", name, strings.Join(slices.Sorted(maps.Keys(lock.Packages)), ", "))
	}
	return locked.Version, nil
}

// everyTest tells that no flag and no missing client kept a test from running.
func everyTest() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return !leftOut.Load()
}

// TestConformanceCompare has the comparison find each way in which the file can be out of date.
func TestConformanceCompare(t *testing.T) {
	t.Parallel()
	table := func(routes ...string) *conformance {
		c := new(conformance)
		for _, route := range routes {
			c.add("entra", route, "kubectl")
		}
		return c
	}
	tests := []struct {
		name      string
		file, got *conformance
		complete  bool
		leave     bool
		want      []string
	}{
		{"the same", table("a", "b"), table("b", "a"), true, false, nil},
		{"a part", table("a", "b"), table("a"), false, false, nil},
		{"a row that nobody asks", table("a", "b"), table("a"), true, false, []string{"has entra: b: kubectl, which no test asks"}},
		{"a row more", table("a"), table("a", "b"), false, false, []string{"lacks entra: b: kubectl"}},
		{"another version of a program", table("a"), table("b"), true, true, nil},
	}
	for _, tt := range tests {
		got := tt.file.compare(tt.got, tt.complete, map[string]bool{"kubectl": tt.leave})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestAsked tells a client's requests from those of others in the same journal.
func TestAsked(t *testing.T) {
	t.Parallel()
	ours := harness.Entry{Plane: "workload", Platform: "github", Route: "GET /idtoken", Status: 401, Agent: "Go-http-client/1.1"}
	entraFetch, dropped, elsewhere, noRoute := ours, ours, ours, ours
	entraFetch.Agent, dropped.Status, elsewhere.Plane, noRoute.Route = "issuerd", 0, "issuer", ""
	signedIn := harness.Entry{Plane: "entra", Platform: "github", Status: 200, SignIn: &entra.SignIn{Agent: "Go-http-client/1.1"}}
	refused := signedIn
	refused.SignIn = &entra.SignIn{Agent: "Go-http-client/1.1", Code: 700213}
	tests := []struct {
		name, client string
		entry        harness.Entry
		want         string
	}{
		{"ours", goAzureSDK, ours, "GET /idtoken"},
		{"Entra's own", goAzureSDK, entraFetch, ""},
		{"dropped", goAzureSDK, dropped, ""},
		{"another plane", goAzureSDK, elsewhere, ""},
		{"no route", goAzureSDK, noRoute, ""},
		{"signed in", goAzureSDK, signedIn, exchange},
		{"sign-in refused", goAzureSDK, refused, ""},
		{"a client that signs nobody in", "github.com/coreos/go-oidc/v3", signedIn, ""},
	}
	for _, tt := range tests {
		if got := officialClients[tt.client].asked(tt.entry); got != tt.want {
			t.Errorf("%s: route %q, want %q", tt.name, got, tt.want)
		}
	}
}
