package runner_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	entradirectory "github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// examiner is in front of a farm's Entra: of each sign-in that is refused it compares the record with an examination of
// the same request with the same directory.
type examiner struct {
	http.RoundTripper
	t       *testing.T
	control *control.Client
	world   string

	mu    *sync.Mutex
	codes map[int]int // how many refusals were compared, by code
}

// notCompared are the checks whose input an examination does not get here: the issuer would notice that it is asked.
var notCompared = []string{"issuer metadata", "signing key", "signature"}

func (e examiner) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/oauth2/") || r.Body == nil {
		return e.RoundTripper.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	before, err := e.control.Directory(r.Context(), e.world)
	if err != nil {
		return nil, err
	}
	resp, err := e.RoundTripper.RoundTrip(r)
	if err != nil || resp.StatusCode == http.StatusOK {
		return resp, err
	}
	found, err := e.control.FindSignIn(r.Context(), resp.Header.Get("x-ms-request-id"))
	if err != nil || found.Entry.SignIn == nil || found.Entry.SignIn.Code == 0 || len(found.Entry.SignIn.Checks) == 0 { // throttled, or an injected answer
		return resp, nil
	}
	recorded := *found.Entry.SignIn
	again := r.Clone(r.Context())
	again.Host, again.RemoteAddr, again.Body = cmpHost(r), recorded.IPAddress, io.NopCloser(bytes.NewReader(body))
	e.compare(before, again, recorded)
	return resp, nil
}

func cmpHost(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

// compare compares the checks that the farm recorded with those of an examination.
func (e examiner) compare(before entradirectory.File, r *http.Request, recorded entra.SignIn) {
	last := recorded.Checks[len(recorded.Checks)-1]
	if o := before.Options; slices.Contains(notCompared, last.Name) || o.PropagationDelay > 0 || o.StaleEdits > 0 {
		return
	}
	d := entradirectory.New()
	if err := d.SetOptions(before.Options); err != nil {
		e.t.Error(err)
		return
	}
	for _, tenant := range before.Tenants {
		if _, err := d.AddTenant(tenant); err != nil {
			e.t.Error(err)
			return
		}
	}
	found, err := entra.Examine(r.Context(), entra.Evidence{Time: recorded.Time, Request: r, Directory: d})
	if err != nil {
		e.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		return
	}
	if found.SignIn.Code != recorded.Code {
		e.t.Errorf("%s: the examination has AADSTS%d, the farm AADSTS%d", r.URL, found.SignIn.Code, recorded.Code)
	}
	known := func(checks []entra.Check) []entra.Check {
		return slices.DeleteFunc(slices.Clone(checks), func(c entra.Check) bool { return slices.Contains(notCompared, c.Name) })
	}
	got := known(found.SignIn.Checks)
	for i := range got {
		got[i].Compared = slices.DeleteFunc(slices.Clone(got[i].Compared), func(c entra.Comparison) bool { return c.Aside })
	}
	if diff := cmp.Diff(known(recorded.Checks), got, cmpopts.EquateEmpty()); diff != "" {
		e.t.Errorf("AADSTS%d: checks of the farm (-) and of the examination (+):\n%s", recorded.Code, diff)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.codes[recorded.Code]++
}

// TestExamineAgreesWithScenarios plays every scenario, and examines each sign-in that is refused on the way.
func TestExamineAgreesWithScenarios(t *testing.T) {
	t.Parallel()
	files, problems := scenario.LoadFS(os.DirFS("../../scenarios"), runner.Names(), ".")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tgt, err := targets.InProcess(farm.Options{Hosts: runner.Hosts(files)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tgt.Close(); err != nil {
			t.Error(err)
		}
	})
	e := examiner{t: t, control: tgt.Control, mu: new(sync.Mutex), codes: map[int]int{}}
	reach := tgt.Transport
	tgt.Transport = func(world string) http.RoundTripper {
		inWorld := e
		inWorld.RoundTripper, inWorld.world = reach(world), world
		return inWorld
	}
	runner.Run(t.Context(), files, runner.Options{Target: tgt})
	total := 0
	for _, n := range e.codes {
		total += n
	}
	if total < 100 || len(e.codes) < 20 {
		t.Errorf("%d refusals of %d codes were compared: they do not come by here", total, len(e.codes))
	}
	t.Logf("%d refusals of %d codes", total, len(e.codes))
}
