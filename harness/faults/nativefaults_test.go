package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/issuers/github"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// askJob asks GitHub's token API as a job does, and says what came of it: a refusal, or nothing with a token.
func askJob(ctx context.Context, farm *harness.Farm, job *harness.Workload) string {
	token, err := github.Platform.Native.Fetch(ctx, farm.Client(), issuer.Found{Base: job.Base, Env: job.Env}, "")
	var refused *issuer.Refused
	switch {
	case errors.As(err, &refused):
		return fmt.Sprintf("%d %s", refused.Status, refused.Message)
	case err != nil:
		return "no token"
	case token == "":
		return "an empty token"
	}
	return ""
}

// TestNativeAnswers has a job meet what a token API may answer in place of a token, once, and then get one.
func TestNativeAnswers(t *testing.T) {
	t.Parallel()
	once := faults.When{Times: 1}
	for _, tt := range []struct {
		name  string
		fault faults.Parameters
		want  string
	}{
		{"unauthorized", faults.NativeStatus{Code: 401, When: once}, "401 Failed request: (401)"},
		{"throttled", faults.NativeStatus{Code: 429, RetryAfter: 7, When: once}, "429 Failed request: (429)"},
		{"empty", faults.NativeStatus{Code: 200, When: once}, "no token"},
		{"no value", faults.NativeReply{Set: map[string]any{"value": nil}, When: once}, "200 Response json body do not have ID Token field"},
		{"an empty value", faults.NativeReply{Set: map[string]any{"value": ""}, When: once}, "200 Response json body do not have ID Token field"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			farm := harness.New(t)
			iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
			job := iss.MustStartWorkload(harness.WorkloadSpec{})
			iss.MustSetFaults(tt.fault)
			if got := askJob(t.Context(), farm, job); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if got := askJob(t.Context(), farm, job); got != "" {
				t.Errorf("the next request: %q, want a token", got)
			}
			marked := [][]string{}
			for _, e := range farm.FindEntries(harness.JournalQuery{Plane: harness.WorkloadPlane}) {
				marked = append(marked, e.Injected)
			}
			if len(marked) != 2 || !slices.Equal(marked[0], []string{tt.fault.Name()}) || marked[1] != nil {
				t.Errorf("the journal marks %q", marked)
			}
		})
	}
}

// TestOneWorkloadAlone has two jobs of one issuer, in two worlds, of which one meets the faults: of the API, and of the
// tokens.
func TestOneWorkloadAlone(t *testing.T) {
	t.Parallel()
	farm, elsewhere := harness.New(t), harness.New(t)
	iss, other := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"}), elsewhere.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	hit, spared, far := iss.MustStartWorkload(harness.WorkloadSpec{}), iss.MustStartWorkload(harness.WorkloadSpec{}), other.MustStartWorkload(harness.WorkloadSpec{})
	iss.MustSetFaults(
		harness.HeaderFault{Set: map[string]any{"typ": "at+jwt"}, When: harness.When{Workload: hit.ID}},
		harness.NativeStatusFault{Code: 401, When: harness.When{Path: "/nothing"}},
	)
	for _, tt := range []struct {
		name string
		farm *harness.Farm
		job  *harness.Workload
		typ  string
	}{{"hit", farm, hit, "at+jwt"}, {"spared", farm, spared, "JWT"}, {"elsewhere", elsewhere, far, "JWT"}} {
		token, err := github.Platform.Native.Fetch(t.Context(), tt.farm.Client(), issuer.Found{Base: tt.job.Base, Env: tt.job.Env}, "")
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		decoded, err := harness.Decode(token)
		if err != nil || decoded.Header["typ"] != tt.typ {
			t.Errorf("%s: header %v, error %v, want typ %s", tt.name, decoded.Header, err, tt.typ)
		}
	}
	if minted := iss.MustMint(harness.MintSpec{}); minted.Header["typ"] != "JWT" {
		t.Errorf("a token that no workload asks for: typ %v", minted.Header["typ"])
	}
	entries := farm.FindEntries(harness.JournalQuery{Plane: harness.WorkloadPlane})
	if len(entries) != 2 || !slices.Equal(entries[0].Injected, []string{"header"}) || entries[1].Injected != nil {
		t.Errorf("journal: %+v", entries)
	}
	iss.MustSetFault(harness.NativeStatusFault{Code: 401, When: harness.When{Workload: hit.ID}})
	if got := askJob(t.Context(), farm, hit); got != "401 Failed request: (401)" {
		t.Errorf("its API: %q", got)
	}
	if got := askJob(t.Context(), farm, spared); got != "" {
		t.Errorf("the other's: %q", got)
	}
}

// TestNativeHoldsBack moves a clock that stands still to get an answer, and ends a workload while its client waits.
func TestNativeHoldsBack(t *testing.T) {
	t.Parallel()
	farm := harness.New(t, harness.WithFrozenClock())
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	job := iss.MustStartWorkload(harness.WorkloadSpec{})
	got := make(chan string, 1)
	for _, tt := range []struct {
		name  string
		fault harness.Fault
		end   func()
		want  string
	}{
		{"the clock", harness.NativeDelayFault{By: "30s"}, func() { farm.MustAdvance(30 * time.Second) }, ""},
		{"the workload", harness.NativeStallFault{}, job.MustEnd, "404 farm: no token API here: its workload has ended, its world has been deleted, or the platform delivers tokens without one"}, // which Go's client learns when it asks again,
	} {
		iss.MustSetFaults(tt.fault)
		go func() { got <- askJob(t.Context(), farm, job) }()
		for {
			inForce, err := iss.Faults()
			if err != nil {
				t.Fatal(err)
			}
			if inForce[0].Hits == 1 {
				break
			}
			runtime.Gosched()
		}
		select {
		case early := <-got:
			t.Errorf("%s: answered early: %q", tt.name, early)
		default:
		}
		tt.end()
		if got := <-got; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestNativeRetryAfter reads the header that a throttled client goes by.
func TestNativeRetryAfter(t *testing.T) {
	t.Parallel()
	farm := harness.New(t)
	iss := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github"})
	job := iss.MustStartWorkload(harness.WorkloadSpec{})
	iss.MustSetFault(harness.NativeStatusFault{Code: 429, RetryAfter: 7})
	resp, err := farm.Client().Get(job.Env["ACTIONS_ID_TOKEN_REQUEST_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "7" {
		t.Errorf("status %d, Retry-After %q, body %q, error %v", resp.StatusCode, resp.Header.Get("Retry-After"), body, err)
	}
}
