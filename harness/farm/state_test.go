package farm_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/state"
)

// killed is a directory as it would be if the process of a farm were killed now.
func killed(t *testing.T, dir string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, state.FileName))
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := os.WriteFile(filepath.Join(copied, state.FileName), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// picture is what clients can tell of a world.
type picture struct {
	World     control.World
	Issuers   []control.Issuer
	Faults    []control.FaultInForce
	Keys      []control.Key
	Directory directory.File
	Journal   control.Journal
	JWKS      map[string]string // by URL of the issuer; the ones of Entra by "entra"
	CA        string
}

// pictureOf takes a picture of the issuers at their real names; of the default world, of those of two platforms, since
// the keys of all would take long. The journal is the one before the picture, or with after, the one after it.
func pictureOf(t *testing.T, s *farm.Server, id string, after bool) picture {
	t.Helper()
	w := worldOf(t, s, id)
	var p picture
	if !after {
		p.Journal = w.Journal(control.JournalQuery{})
	}
	p.World, p.Directory, p.CA, p.JWKS = w.Describe(), w.Directory(), string(s.CA()), map[string]string{}
	p.World.IdentityEndpoint = "" // it is where the Entra plane is
	client := canonical(s, id)
	for _, iss := range w.Issuers() {
		byPath := strings.HasPrefix(iss.URL, "https://127.0.0.1") || strings.HasPrefix(iss.URL, "https://localhost")
		if byPath || id == control.DefaultWorld && iss.Platform != "github" && iss.Platform != "generic" {
			continue
		}
		p.Issuers = append(p.Issuers, iss)
		faults, err := w.Faults(iss.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults {
			fault.Hits = 0 // they are not kept
			p.Faults = append(p.Faults, fault)
		}
		keys, err := w.Keys(iss.URL)
		if err != nil {
			t.Fatal(err)
		}
		p.Keys = append(p.Keys, keys...)
		if len(faults) == 0 {
			_, p.JWKS[iss.URL] = get(t, client, iss.JWKS, "")
		}
	}
	_, p.JWKS["entra"] = get(t, client, "https://login.microsoftonline.com/common/discovery/v2.0/keys", "")
	if after {
		p.Journal = w.Journal(control.JournalQuery{})
	}
	return p
}

func worldOf(t *testing.T, s *farm.Server, id string) *farm.World {
	t.Helper()
	for _, w := range farm.WorldsOf(s) {
		if w.Describe().ID == id {
			return w
		}
	}
	t.Fatalf("the world %s is not there", id)
	return nil
}

// comesBack compares a farm with the one that a restart after a kill would make.
func comesBack(t *testing.T, s *farm.Server, opts farm.Options, what string, worlds ...string) {
	t.Helper()
	want := map[string]picture{}
	for _, id := range worlds {
		want[id] = pictureOf(t, s, id, true)
	}
	dir := opts.State
	opts.State = killed(t, dir)
	again, err := farm.Start(opts)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer again.Close()
	if got := len(farm.WorldsOf(again)); got != len(farm.WorldsOf(s)) {
		t.Errorf("%s: %d worlds came back of %d", what, got, len(farm.WorldsOf(s)))
	}
	for _, id := range worlds {
		if diff := cmp.Diff(want[id], pictureOf(t, again, id, false)); diff != "" {
			t.Errorf("%s: the world %s (-want +got):\n%s", what, id, diff)
		}
	}
}

// call is a request with a bearer token and a JSON body, and its status.
func call(t *testing.T, client *http.Client, method, address, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// TestEverythingComesBack makes changes of every kind. After each, a farm that starts from what is on the disk at that
// moment is the same.
func TestEverythingComesBack(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second) // and it stays so
	opts := farm.Options{
		State: filepath.Join(t.TempDir(), "state"), Now: func() time.Time { return now }, Directory: azure(t),
		Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: free, plane.Entra: free, plane.Control: free},
	}
	s := start(t, opts)
	github := directory.Credential{Name: "github", Issuer: githubURL, Subject: "deploy", Audiences: []string{exchangeAudience}}
	options := directory.DefaultOptions()
	options.PropagationDelay = time.Minute
	w := newWorld(t, s, control.WorldSpec{
		Name: "mine", Start: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), Skew: control.Duration(2 * time.Minute), Options: &options,
		Tenants: []directory.Tenant{{
			DisplayName:   "Fabrikam",
			Subscriptions: []directory.Subscription{{DisplayName: "one", RoleAssignments: []directory.RoleAssignment{{Principal: "deployer", Role: "Owner"}}}},
			Applications: []directory.Application{{
				Name: "deployer", Credentials: []directory.Credential{github},
				AppRoleAssignments: []directory.AppRoleAssignment{{Resource: "Microsoft Graph", Role: "Application.ReadWrite.All"}},
			}},
		}},
	})
	id := w.Describe().ID
	deployer, subscription := w.Directory().Tenants[0].Applications[0], w.Directory().Tenants[0].Subscriptions[0]
	client := canonical(s, id)
	given, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pemKey := pemText(t, given)
	var app control.Application
	const other = "https://issuer.contoso.example"
	var graphToken, armToken string
	steps := []struct {
		what string
		do   func() error
	}{
		{"a world", func() error { return nil }},
		{"an issuer", func() error { _, err := w.AddIssuer(control.IssuerSpec{Platform: "github"}); return err }},
		{"an issuer of data", func() error {
			_, err := w.AddIssuer(control.IssuerSpec{Platform: "generic", URL: other, Alg: "ES256", Claims: map[string]any{"sub": "x", "n": json.Number("12345678901234567890")}})
			return err
		}},
		{"the same with other claims", func() error {
			added, err := w.AddIssuer(control.IssuerSpec{Platform: "generic", URL: other, Alg: "ES256", Claims: map[string]any{"sub": "y", "gone": nil}})
			if added.Ref != other+"#2" {
				t.Errorf("the issuer is %q", added.Ref)
			}
			return err
		}},
		{"an issuer with keys and faults", func() error {
			_, err := w.AddIssuer(control.IssuerSpec{
				Platform: "generic", URL: "https://given.contoso.example", Alg: "ES256", Keys: control.Keys(pemKey),
				Faults: []control.Fault{{Name: "unreachable"}},
			})
			return err
		}},
		{"a fault", func() error {
			_, err := w.SetFault(control.FaultSpec{Issuer: other, Name: "status", Parameters: map[string]any{"code": json.Number("503")}})
			return err
		}},
		{"a fault's end", func() error { return w.ClearFault(other, "status") }},
		{"faults of Entra's", func() error {
			return w.SetFaults(control.FaultsSpec{Issuer: control.OfEntra, Faults: []control.Fault{
				{Name: "stall", Parameters: map[string]any{"tenant": "nobody"}}, {Name: "throttled", Parameters: map[string]any{"tenant": "nobody"}},
			}})
		}},
		{"one of them", func() error {
			_, err := w.SetFault(control.FaultSpec{Issuer: control.OfEntra, Name: "delay", Parameters: map[string]any{"tenant": "nobody"}})
			return errors.Join(err, w.ClearFault(control.OfEntra, "stall"))
		}},
		{"other faults", func() error { return w.SetFaults(control.FaultsSpec{Issuer: "https://given.contoso.example"}) }},
		{"a rotation", func() error { _, err := w.Rotate(control.RotateSpec{Issuer: githubURL}); return err }},
		{"a rotation that is held back", func() error {
			held := false
			_, err := w.Rotate(control.RotateSpec{Issuer: other, Publish: &held})
			return err
		}},
		{"a withdrawal", func() error { _, err := w.Publish(control.PublishSpec{Issuer: githubURL}); return err }},
		{"an application", func() (err error) {
			app, err = w.AddApplication(control.ApplicationSpec{Name: "worker", Credentials: []directory.Credential{{Name: "only", Issuer: other, Subject: "x", Audiences: []string{exchangeAudience}}}})
			return err
		}},
		{"a credential", func() error {
			_, err := w.AddCredential(app.ClientID, directory.Credential{Name: "second", Issuer: other, Subject: "y", Audiences: []string{exchangeAudience}})
			return err
		}},
		{"a credential's change", func() error {
			_, err := w.UpdateCredential(app.ClientID, "second", directory.Credential{Subject: "z"})
			return err
		}},
		{"a credential's end", func() error { return w.RemoveCredential(app.ClientID, "only") }},
		{"the clock", func() error {
			_, err := w.SetClock(control.ClockSpec{Advance: control.Duration(90 * time.Minute)})
			return err
		}},
		{"a clock that stands still", func() error {
			_, err := w.SetClock(control.ClockSpec{Set: w.Describe().Now.Add(-time.Hour), Freeze: new(true)})
			return err
		}},
		{"a clock that goes on", func() error {
			_, err := w.SetClock(control.ClockSpec{Set: w.Describe().Now.Add(time.Hour), Freeze: new(false)})
			return err
		}},
		{"an application's end", func() error { return w.RemoveApplication("worker") }},
		{"sign-ins", func() error {
			assertion := mint(t, w, githubURL, "deploy").Token
			if a := exchange(t.Context(), t, client, w.Describe().Tenant, deployer.ClientID, mint(t, w, githubURL, "nobody").Token); a.code() == 0 {
				t.Error("nobody signed in")
			}
			graphToken = exchange(t.Context(), t, client, w.Describe().Tenant, deployer.ClientID, assertion).AccessToken
			armToken = exchangeFor(t, client, w.Describe().Tenant, deployer.ClientID, assertion, "https://management.azure.com/.default").AccessToken
			return nil
		}},
		{"Microsoft Graph", func() error {
			status, body := call(t, client, http.MethodPost, "https://graph.microsoft.com/v1.0/applications", graphToken, `{"displayName":"of Graph","notes":"n"}`)
			if status != http.StatusCreated {
				return fmt.Errorf("%d %s", status, body)
			}
			return nil
		}},
		{"Azure Resource Manager", func() error {
			status, body := call(t, client, http.MethodPut, "https://management.azure.com/subscriptions/"+subscription.ID+"/resourcegroups/new?api-version=2022-09-01", armToken, `{"location":"westeurope"}`)
			if status != http.StatusCreated {
				return fmt.Errorf("%d %s", status, body)
			}
			return nil
		}},
		{"requests for nothing", func() error {
			get(t, client, "https://issuer.contoso.example/nothing", "")
			return nil
		}},
		{"a directory", func() error {
			_, err := s.DefaultWorld().ApplyDirectory("other.yaml", tenantFile("Tailspin", "builder"))
			return err
		}},
		{"another address of an issuer, through a platform's own API", func() error {
			job, err := w.StartWorkload(control.WorkloadSpec{Issuer: githubURL, Preset: "enterprise"})
			if err != nil {
				return err
			}
			status, body := call(t, trusting(s), http.MethodPut, job.Env["GITHUB_API_URL"]+"/enterprises/avocado-corp/actions/oidc/customization/issuer",
				job.Env["GITHUB_TOKEN"], `{"include_enterprise_slug":true}`)
			if status != http.StatusNoContent || !worldHas(w, githubURL+"/avocado-corp") {
				return fmt.Errorf("%d %s", status, body)
			}
			return nil
		}},
		{"the default world", func() error {
			d := s.DefaultWorld()
			_, err := d.AddIssuer(control.IssuerSpec{Platform: "github", Claims: map[string]any{"sub": "other"}})
			return errors.Join(err, d.SetFaults(control.FaultsSpec{Issuer: "https://issuer.contoso.example", Faults: []control.Fault{{Name: "unreachable"}}}))
		}},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		comesBack(t, s, opts, step.what, id, control.DefaultWorld)
	}

	// A token of before is good after a restart, and so are references.
	opts.State = killed(t, opts.State)
	again := start(t, opts)
	if status, body := call(t, canonical(again, id), http.MethodGet, "https://graph.microsoft.com/v1.0/applications", graphToken, ""); status != http.StatusOK {
		t.Errorf("the token of before: %d %s", status, body)
	}
	minted, err := worldOf(t, again, id).Mint(control.MintSpec{Issuer: other + "#2"})
	if err != nil || minted.Claims["sub"] != "y" {
		t.Errorf("the second reference mints %v (%v)", minted.Claims, err)
	}
	if got := minted.Claims["iss"]; got != other {
		t.Errorf("iss %v", got)
	}
	first, err := worldOf(t, again, id).Mint(control.MintSpec{Issuer: other})
	if err != nil || fmt.Sprint(first.Claims["n"]) != "12345678901234567890" {
		t.Errorf("the first reference mints %v (%v)", first.Claims, err)
	}
}

func worldHas(w *farm.World, issuerURL string) bool {
	return slices.ContainsFunc(w.Issuers(), func(iss control.Issuer) bool { return iss.URL == issuerURL })
}

// exchangeFor is exchange for a scope.
func exchangeFor(t *testing.T, client *http.Client, tenant, clientID, assertion, scope string) answer {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "scope": {scope},
	}
	resp, err := client.PostForm("https://login.microsoftonline.com/"+tenant+"/oauth2/v2.0/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestEndedWorldStaysAway deletes a world, and has another end because nobody uses it: neither comes back.
func TestEndedWorldStaysAway(t *testing.T) {
	t.Parallel()
	clock := &timers{now: time.Now()}
	opts := farm.Options{State: t.TempDir(), Now: clock.time, After: clock.after, IdleWorlds: time.Hour, NoIssuers: true}
	s := start(t, opts)
	deleted, idle := newWorld(t, s, control.WorldSpec{}), newWorld(t, s, control.WorldSpec{})
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	if err := manager.DeleteWorld(t.Context(), deleted.Describe().ID); err != nil {
		t.Fatal(err)
	}
	ids := func(s *farm.Server) (all []string) {
		for _, w := range farm.WorldsOf(s) {
			all = append(all, w.Describe().ID)
		}
		slices.Sort(all)
		return all
	}
	restarted := func() []string {
		opts := opts
		opts.State = killed(t, opts.State)
		opts.Addr = map[plane.Plane]string{plane.Issuer: free, plane.Workload: "", plane.Entra: free, plane.Control: free}
		again := start(t, opts)
		return ids(again)
	}
	want := []string{control.DefaultWorld, idle.Describe().ID}
	slices.Sort(want)
	if diff := cmp.Diff(want, restarted()); diff != "" {
		t.Errorf("after the deletion (-want +got):\n%s", diff)
	}
	if err := deleted.SetFaults(control.FaultsSpec{Issuer: "x"}); err == nil {
		t.Error("the deleted world can be changed")
	}
	if _, err := deleted.AddApplication(control.ApplicationSpec{Name: "late"}); err == nil {
		t.Error("the directory of the deleted world can be changed")
	}
	clock.pass(2 * time.Hour)
	if diff := cmp.Diff([]string{control.DefaultWorld}, restarted()); diff != "" {
		t.Errorf("after two hours (-want +got):\n%s", diff)
	}
}

// TestJournalGoesOn has a journal full, and more: it comes back as it was read, within its bounds, and goes on counting.
func TestJournalGoesOn(t *testing.T) {
	t.Parallel()
	opts := farm.Options{State: t.TempDir(), NoIssuers: true, Now: func() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }}
	s := start(t, opts)
	w := s.DefaultWorld()
	for _, entries := range []int{1, 998, 1, 1, 700, 2500} {
		for range entries {
			farm.Answered(w, control.Entry{Plane: plane.Entra, Method: http.MethodGet, URL: "https://login.microsoftonline.com/x"})
		}
		want := w.Journal(control.JournalQuery{})
		if _, err := s.DefaultWorld().AddApplication(control.ApplicationSpec{Name: fmt.Sprint(want.Last)}); err != nil {
			t.Fatal(err)
		}
		copied := opts
		copied.State = killed(t, opts.State)
		again := start(t, copied)
		if diff := cmp.Diff(want, again.DefaultWorld().Journal(control.JournalQuery{})); diff != "" {
			t.Errorf("after %d entries (-want +got):\n%s", want.Last, diff)
		}
		farm.Answered(again.DefaultWorld(), control.Entry{Plane: plane.Entra})
		if got := again.DefaultWorld().Journal(control.JournalQuery{After: want.Last}); len(got.Entries) != 1 || got.Entries[0].Seq != want.Last+1 {
			t.Errorf("the next entry after %d is %+v", want.Last, got.Entries)
		}
	}
	if kept := farm.KeptEntries(w); kept != 1000 {
		t.Errorf("%d entries are on the disk", kept)
	}
}

// TestNoTwoWorldsHaveOneKey ends a world whose keys were kept, and makes others: what comes back shares no key.
func TestNoTwoWorldsHaveOneKey(t *testing.T) {
	t.Parallel()
	opts := farm.Options{State: t.TempDir(), NoIssuers: true}
	s := start(t, opts)
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	for n := range 6 {
		w := newWorld(t, s, control.WorldSpec{})
		addIssuer(t, w, control.IssuerSpec{Platform: "github"})
		mint(t, w, githubURL, "x")
		if n%2 == 0 {
			if err := manager.DeleteWorld(t.Context(), w.Describe().ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	opts.State = killed(t, opts.State)
	again := start(t, opts)
	newWorldWithKey := newWorld(t, again, control.WorldSpec{})
	addIssuer(t, newWorldWithKey, control.IssuerSpec{Platform: "github"})
	owner := map[string]string{}
	for _, w := range farm.WorldsOf(again) {
		id := w.Describe().ID
		for _, iss := range w.Issuers() {
			_, jwks := get(t, canonical(again, id), iss.JWKS, "")
			var set struct{ Keys []struct{ N string } }
			if err := json.Unmarshal([]byte(jwks), &set); err != nil {
				t.Fatal(err)
			}
			for _, k := range set.Keys {
				if other := owner[k.N]; other != "" || k.N == "" {
					t.Errorf("the worlds %s and %s have the key %s", id, other, k.N)
				}
				owner[k.N] = id
			}
		}
	}
	if len(farm.WorldsOf(again)) != 5 || len(owner) < 4 {
		t.Errorf("%d worlds with %d keys", len(farm.WorldsOf(again)), len(owner))
	}
}

// TestNothingIsWritten runs a farm without a state directory in an empty folder.
func TestNothingIsWritten(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TMPDIR", dir)
	t.Setenv("HOME", dir)
	s := start(t, farm.Options{})
	w := newWorld(t, s, control.WorldSpec{})
	addIssuer(t, w, control.IssuerSpec{Platform: "github"})
	mint(t, w, githubURL, "x")
	if _, err := w.Rotate(control.RotateSpec{Issuer: githubURL}); err != nil {
		t.Fatal(err)
	}
	addApp(t, w, githubURL, "x")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("there are %v (%v)", entries, err)
	}
}
