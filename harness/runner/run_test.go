package runner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

const signIn = head + "steps:" + mintStep + "\n  - exchange: {}\n"

func TestSkips(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, src string
		lacks     targets.Need
		reason    string
	}{
		{"rotate", signIn + "  - rotate: {}\n", targets.DynamicIssuer, "target emulator lacks an issuer served by a live process"},
		{"fault", signIn + "  - fault: {set: {status: {}}}\n", targets.DynamicIssuer, "target emulator lacks an issuer served by a live process"},
		{"clock", signIn + "  - clock: {advance: 1h}\n", targets.VirtualClock, "target emulator lacks a clock that can be moved"},
		{"clock.start", "clock: {start: \"2030-01-01T00:00:00Z\"}\n" + signIn, targets.VirtualClock, "target emulator lacks a clock that can be moved"},
		{"retry", head + "steps:" + mintStep + "\n  - exchange: {retry: {for: 2m, every: 1m}}\n", targets.VirtualClock, "target emulator lacks a clock that can be moved"},
		{"credential", signIn + "  - credential: {remove: main}\n", targets.CredentialAdmin, "target emulator lacks the right to change"},
		{"native", head + "steps:\n  - mint: {via: native}\n", targets.NativeAPI, "target emulator lacks the platforms' own token APIs"},
		{"client", head + "steps:" + mintStep + "\n  - exchange: {client: msal}\n", "", "this program has no msal client in it"},
		{"as the file says", "skip: {emulator: not today}\n" + signIn, "", "not today"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tgt := start(t)
			tgt.Can = maps.Clone(tgt.Can)
			delete(tgt.Can, tt.lacks)
			got := play(t.Context(), t, tt.src, runner.Options{Target: tgt})
			if got.Status != report.Skip || !strings.HasPrefix(got.Reason, tt.reason) || problemOf(got) != nil {
				t.Errorf("%s, reason %q, want a skip because %q", got.Status, got.Reason, tt.reason)
			}
		})
	}
	t.Run("what was fetched is not seen", func(t *testing.T) {
		t.Parallel()
		tgt := start(t)
		tgt.Can = map[targets.Need]bool{}
		if got := play(t.Context(), t, signIn+"    expect: {fetched: []}\n", runner.Options{Target: tgt}); got.Status != report.Pass {
			t.Errorf("%s, want a pass: it does not matter where it can't be seen", got.Status)
		}
	})
}

func TestRetry(t *testing.T) {
	t.Parallel()
	const rotated = head + "steps:" + mintStep + `
  - exchange: {}
  - rotate: {publish: false}
  - mint: {audience: api://AzureADTokenExchange, lifetime: 2h}
  - exchange: {}
    expect: {error: AADSTS7000272}
  - rotate: {publish: true}
`
	tests := []struct {
		name, last string
		status     report.Status
		attempts   int
	}{
		{"until it succeeds", "  - exchange: {retry: {for: 45m, every: 1m}}\n    expect: {that: [attempts == 6], fetched: [discovery, jwks]}\n", report.Pass, 6},
		{"not long enough", "  - exchange: {retry: {for: 2m, every: 1m}}\n", report.Fail, 3},
		{"once is enough", "  - exchange: {retry: {for: 45m, every: 1m}}\n    expect: {error: AADSTS7000272}\n", report.Pass, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := play(t.Context(), t, rotated+tt.last, runner.Options{})
			if got.Status != tt.status {
				t.Fatalf("%s, want %s: %+v", got.Status, tt.status, problemOf(got))
			}
			if n := got.Steps[len(got.Steps)-1].Attempts; n != tt.attempts {
				t.Errorf("%d attempts, want %d", n, tt.attempts)
			}
		})
	}
}

// silent answers nothing until the request is given up. It tells of each request, if that is asked for.
type silent struct{ asked func() }

func (s silent) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.asked != nil {
		s.asked()
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		hang func(*targets.Target, silent) // makes the target silent somewhere
		at   string
	}{
		{"Entra", func(tgt *targets.Target, s silent) { tgt.Transport = func(string) http.RoundTripper { return s } }, "exchange: {}"},
		{"management", func(tgt *targets.Target, s silent) {
			tgt.Control = &control.Client{URL: tgt.Control.URL, Token: tgt.Control.Token, HTTP: &http.Client{Transport: s}}
		}, "github/test"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tgt := start(t)
			src := strings.Replace(signIn, "issuer:", "timeout: 300ms\nissuer:", 1)
			expire := make(chan func(), 1) // the end of the time, which comes once the target hangs
			options := runner.Options{Target: tgt, Busy: func() string { return "too much to do" }, After: func(d time.Duration, f func()) func() bool {
				if d != 300*time.Millisecond {
					t.Errorf("the case may take %s, want 300ms", d)
				}
				expire <- f
				return func() bool { return true }
			}}
			tt.hang(tgt, silent{func() {
				select {
				case end := <-expire:
					end()
				default: // the clean-up
				}
			}})
			expectProblem(t, play(t.Context(), t, src, options), report.Error, src, tt.at,
				"the case took longer than its timeout of 300ms; then 1 case was under way, and the machine had too much to do")
		})
	}
}

// TestTimeoutOfTheRun is in place of the file's, longer or shorter, and says which flags change what.
func TestTimeoutOfTheRun(t *testing.T) {
	t.Parallel()
	for _, src := range []string{signIn, "timeout: 1h\n" + signIn} {
		tgt := start(t)
		options := runner.Options{Target: tgt, Timeout: time.Minute, After: func(d time.Duration, f func()) func() bool {
			if d != time.Minute {
				t.Errorf("the case may take %s, want 1m", d)
			}
			f()
			return func() bool { return true }
		}}
		problem := problemOf(play(t.Context(), t, src, options))
		if problem == nil || !strings.Contains(problem.Message, "its timeout of 1m0s; then 1 case was under way, and the machine had") {
			t.Fatalf("problem %+v", problem)
		}
		if !strings.Contains(problem.Hint, "--timeout") || !strings.Contains(problem.Hint, "--parallel") {
			t.Errorf("hint %q, want the flags", problem.Hint)
		}
	}
}

func TestContextThatEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	tgt := start(t)
	tgt.Transport = func(string) http.RoundTripper {
		cancel(errors.New("the user pressed a key"))
		return silent{}
	}
	files := []*scenario.File{load(t, signIn), load(t, signIn)}
	run := runner.Run(ctx, files, runner.Options{Target: tgt, Parallel: 1})
	under, next := run.Results[0], run.Results[1]
	if problem := problemOf(under); under.Status != report.Error || problem == nil || problem.Message != "the user pressed a key" {
		t.Errorf("the case under way: %s, %+v, want an error with the cause", under.Status, problem)
	}
	if next.Status != report.Skip || next.Reason != "interrupted" || problemOf(next) != nil {
		t.Errorf("the next case: %s, reason %q, want a skip", next.Status, next.Reason)
	}
	if run.Status() != report.Error {
		t.Errorf("the run is a %s, want an error", run.Status())
	}
}

func TestFailFast(t *testing.T) {
	t.Parallel()
	failing := signIn + "    expect: {error: AADSTS700213}\n"
	var under atomic.Int32 // cases under way when the first fails
	tgt := start(t)
	next := tgt.Transport
	tgt.Transport = func(world string) http.RoundTripper {
		under.Add(1)
		return next(world)
	}
	files := []*scenario.File{load(t, signIn), load(t, failing), load(t, signIn), load(t, signIn)}
	run := runner.Run(t.Context(), files, runner.Options{Target: tgt, Parallel: 1, FailFast: true})
	var got []string
	for _, r := range run.Results {
		got = append(got, r.Status.String()+" "+r.Reason)
	}
	const skipped = "skip another case failed first (--fail-fast)"
	if diff := cmp.Diff([]string{"pass ", "fail ", skipped, skipped}, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if n := under.Load(); n != 2 {
		t.Errorf("%d cases got as far as Entra, want 2", n)
	}
	if run.Status() != report.Fail {
		t.Errorf("the run is a %s, want a fail", run.Status())
	}
}

// TestFailFastLetsOthersEnd has a case fail while another is under way, which then ends as it would have.
func TestFailFastLetsOthersEnd(t *testing.T) {
	t.Parallel()
	failed := make(chan struct{}) // closed when one of the two cases has ended
	tgt := start(t)
	next := tgt.Transport
	var first atomic.Bool
	tgt.Transport = func(world string) http.RoundTripper {
		if first.CompareAndSwap(false, true) {
			return waiting{next(world), failed}
		}
		return next(world)
	}
	var calls atomic.Int32
	clock := func() time.Time { // the runner looks at the clock at the begin of the run, and at both ends of each case
		if calls.Add(1) == 4 { // two cases have begun, one has ended
			close(failed)
		}
		return time.Time{}
	}
	failing := signIn + "    expect: {status: 201}\n"
	run := runner.Run(t.Context(), []*scenario.File{load(t, failing), load(t, failing)}, runner.Options{Target: tgt, Parallel: 2, FailFast: true, Now: clock})
	for i, r := range run.Results {
		if r.Status != report.Fail {
			t.Errorf("case %d is a %s, want a fail: %+v", i, r.Status, problemOf(r))
		}
	}
}

// waiting holds its request back until the channel is closed.
type waiting struct {
	next  http.RoundTripper
	until <-chan struct{}
}

func (w waiting) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-w.until:
	case <-r.Context().Done():
	}
	return w.next.RoundTrip(r)
}

func TestVars(t *testing.T) {
	t.Parallel()
	src := strings.Replace(head, "issuer:", "vars: {sub: declared}\nissuer:", 1) + `steps:
  - mint: {claims: {sub: "${{ vars.sub }}"}}
    expect: {that: ['token.sub == env.WANT', 'run.target == "emulator"', 'run.id == "github/test"']}
`
	tests := []struct {
		name string
		vars map[string]any
		want string
	}{
		{"declared", nil, "declared"},
		{"given", map[string]any{"sub": "given"}, "given"},
		{"not declared in this file", map[string]any{"other": "x"}, "declared"},
	}
	file := load(t, src)
	tgt := start(t)
	for _, tt := range tests {
		run := runner.Run(t.Context(), []*scenario.File{file}, runner.Options{Target: tgt, Vars: tt.vars, Env: map[string]any{"WANT": tt.want}})
		if run.Status() != report.Pass {
			t.Errorf("%s: %s, %+v", tt.name, run.Status(), problemOf(run.Results[0]))
		}
	}
	if file.Vars["sub"] != "declared" {
		t.Errorf("the file's own vars are %v now", file.Vars)
	}
}

// TestIssuerInEntraSide uses the issuer's address before the farm has made the issuer.
func TestIssuerInEntraSide(t *testing.T) {
	t.Parallel()
	src := `name: gcp/test
about: A test.
issuer: {platform: gcp}
entra:
  app: ${{ split(issuer.host, ".")[1] }}
  credentials: [{name: "${{ issuer.platform }}-one", issuer: "${{ issuer.url }}", subject: "1"}]
steps:
  - mint: {audience: api://AzureADTokenExchange, claims: {sub: "1"}}
  - exchange: {}
    expect: {that: ['entra.app.name == "google"']}
`
	if got := play(t.Context(), t, src, runner.Options{}); got.Status != report.Pass {
		t.Errorf("%s: %+v", got.Status, problemOf(got))
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	const src = head + "steps:" + mintStep + "\n  - exchange: {client: msal}\n"
	tests := []struct {
		name   string
		answer runner.Answer
		err    error
		expect string
		status report.Status
		at     string
		says   string
	}{
		{"a refusal without a code is no success", runner.Answer{Status: 400, Body: map[string]any{"error": "invalid_request"}}, nil, "", report.Fail, "exchange:", "want a token, got HTTP status 400 without an AADSTS code"},
		{"nor the refusal that is wanted", runner.Answer{Status: 500, Body: map[string]any{}}, nil, "    expect: {error: AADSTS700213}\n", report.Fail, "AADSTS700213", "want AADSTS700213, got HTTP status 500 without an AADSTS code"},
		{"no answer", runner.Answer{}, errors.New("msal: no"), "", report.Error, "exchange:", "msal: no"},
		{"a token that is none", runner.Answer{Status: 200, Body: map[string]any{"access_token": "x"}}, nil, "", report.Error, "exchange:", "it has 1 part, want 3"},
		{"a token of other parts", runner.Answer{Status: 200, Body: map[string]any{"access_token": "a.%.c"}}, nil, "", report.Error, "exchange:", "can't be decoded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got runner.Request
			client := func(_ context.Context, r runner.Request) (runner.Answer, error) {
				got = r
				return tt.answer, tt.err
			}
			result := play(t.Context(), t, src+tt.expect, runner.Options{Clients: map[string]runner.Client{"msal": client}})
			expectProblem(t, result, tt.status, src+tt.expect, tt.at, tt.says)
			if got.Authority != "https://login.microsoftonline.com" || got.Scope != "https://graph.microsoft.com/.default" || strings.Count(got.Assertion, ".") != 2 || got.ClientID == "" || got.Tenant == "" {
				t.Errorf("the client was asked for %+v", got)
			}
		})
	}
}

func TestSelectAndOrder(t *testing.T) {
	t.Parallel()
	rows := "cases: [{name: a}, {name: b}, {name: c}]\n"
	files := []*scenario.File{load(t, rows+signIn), load(t, signIn)}
	run := runner.Run(t.Context(), files, runner.Options{Target: start(t), Select: func(_ *scenario.File, name string) bool { return name != "github/test[b]" }})
	var got []string
	for _, r := range run.Results {
		got = append(got, fmt.Sprintf("%s:%d %s", r.Title(), r.Line, r.Status))
	}
	if diff := cmp.Diff([]string{"github/test[a]:1 pass", "github/test[c]:1 pass", "github/test:1 pass"}, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// TestToldAsItGoes wants each case told of when it begins and when it ends, and one that is skipped only at the end.
func TestToldAsItGoes(t *testing.T) {
	t.Parallel()
	var told []string // unguarded, because one call comes at a time
	failing := signIn + "    expect: {error: AADSTS700213}\n"
	files := []*scenario.File{load(t, "cases: [{name: a}]\n"+signIn), load(t, failing), load(t, signIn)}
	run := runner.Run(t.Context(), files, runner.Options{
		Target: start(t), Parallel: 1, FailFast: true,
		Began: func(title string) { told = append(told, "begins "+title) },
		Ended: func(r report.Result) { told = append(told, r.Status.String()+" "+r.Title()) },
	})
	want := []string{"begins github/test[a]", "pass github/test[a]", "begins github/test", "fail github/test", "skip github/test"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if len(run.Results) != 3 {
		t.Errorf("%d results, want 3", len(run.Results))
	}
}

// TestManyCases plays 200 cases at once, of which some fail and some can't be carried out; the target's clean-up counts
// their worlds.
func TestManyCases(t *testing.T) {
	t.Parallel()
	const n = 200
	src := &strings.Builder{}
	src.WriteString("cases:\n")
	for i := range n {
		code, audience := `""`, "api://AzureADTokenExchange"
		if i%3 == 1 {
			code = "AADSTS700212" // not what happens: the case fails
		}
		if i%3 == 2 {
			audience = "${{ env.NONE ?? '' }}" // no audience that an application can list: the case can't be set up, which the loader does not know
		}
		fmt.Fprintf(src, "  - {name: case-%d, sub: \"repo:octo-org/repo-%d:ref:refs/heads/main\", error: %s, audience: %q}\n", i, i, code, audience)
	}
	src.WriteString(`name: github/test
about: A test.
issuer: {platform: github, claims: {sub: "${{ case.sub }}"}}
entra:
  app: deployer
  credentials: [{name: main, subject: "${{ case.sub }}", audiences: ["${{ case.audience }}"]}]
steps:
  - mint: {audience: api://AzureADTokenExchange}
    expect: {that: [token.sub == case.sub]}
  - exchange: {}
    expect: {error: "${{ case.error }}", fetched: [discovery, jwks]}
`)
	run := runner.Run(t.Context(), []*scenario.File{load(t, src.String())}, runner.Options{Target: start(t), Parallel: 50})
	if len(run.Results) != n {
		t.Fatalf("%d results, want %d", len(run.Results), n)
	}
	for i, r := range run.Results {
		want := []report.Status{report.Pass, report.Fail, report.Error}[i%3]
		if r.Status != want || r.Case != fmt.Sprint("case-", i) {
			message := "no problem"
			if p := problemOf(r); p != nil {
				message, _, _ = strings.Cut(p.Message, "\n")
			}
			t.Errorf("%s: %s, want %s: %s", r.Title(), r.Status, want, message)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := runner.Names()
	for code, want := range map[string]bool{
		"AADSTS700213": true, "AADB2C99027": true, "AADSTS99027": false, "AADB2C700213": false, "AADSTS7002139": false, "AADSTS700213x": false, "AADSTS0700213": false, "AADSTS+700213": false, "700213": false, "AADSTS": false, "": false,
	} {
		if got := names.Codes(code); got != want {
			t.Errorf("code %q is known: %v, want %v", code, got, want)
		}
	}
	if len(names.Platforms["github"]) == 0 || len(names.Faults) == 0 {
		t.Errorf("names %+v", names)
	}
}
