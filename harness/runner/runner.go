package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// Options say how a run goes. Target is required.
type Options struct {
	Target   *targets.Target
	Parallel int // cases at the same time; 0: 8
	// start no further case after the first that does not pass; those under way end
	FailFast bool
	// name is the scenario's, with [case] where it has rows; nil selects everything
	Select  func(file *scenario.File, name string) bool
	Vars    map[string]any    // over the declared vars of every file
	Env     map[string]any    // the environment, at env in expressions
	Clients map[string]Client // what exchange.client names beside raw
	Issuers []*generic.File   // whose platforms the scenarios may name beside those that come with issuerd
	Now     func() time.Time  // for durations in the report; nil: time.Now

	// Timeout bounds a case in place of what its file says; 0 leaves it to the file
	Timeout time.Duration
	// Began and Ended are called when a case begins, and when one ends or is skipped, one call at a time; nil: they are not
	Began func(title string)
	Ended func(report.Result)
	// Busy says how busy this machine is, for the error of a case that took its timeout; nil: what the system tells
	Busy func() string

	// After calls f once a case has taken its timeout, unless the function that it returns is called before. nil:
	// time.AfterFunc
	After func(d time.Duration, f func()) func() bool
}

// defaultParallel is how many cases run at the same time unless told otherwise. Cases mostly wait for signatures, so a
// few more than there are processors keep those busy.
const defaultParallel = 8

// defaultTimeout bounds a case whose file does not say. A case takes milliseconds: the rest is for a machine that is
// busy with other things, so that only what hangs runs into it.
const defaultTimeout = 5 * time.Minute

// Hosts are the hosts that the files give their issuers as constants, or define issuers with, for targets.InProcess.
func Hosts(files []*scenario.File) []string {
	var hosts []string
	for _, f := range files {
		for _, row := range rows(f) {
			env := scenario.Env{"vars": f.Vars, "run": map[string]any{}, "env": map[string]any{}}
			var err error
			if env["case"], err = f.ResolveCase(row, env); err != nil {
				continue
			}
			iss, err := f.ResolveIssuer(env)
			if err != nil {
				continue // it is reported when the case runs
			}
			if u, err := url.Parse(iss.URL); err == nil && u.Hostname() != "" {
				hosts = append(hosts, u.Hostname())
			}
			if iss.Define != nil {
				hosts = append(hosts, iss.Define.Build().Hosts()...)
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// Run plays the cases of the files, in parallel, and returns their results in the order of the files. When the context
// ends, or the target can't be reached any more, one case ends with that error, and those that cannot go on or were not
// yet begun are skipped.
func Run(ctx context.Context, files []*scenario.File, opts Options) report.Run {
	opts.fill()
	begin := opts.Now()
	run := report.Run{Version: 1, Target: opts.Target.Name, Started: begin.UTC()}
	cases := Plan(files, opts.Select)
	session := &session{opts: opts, secrets: secretsOf(opts.Env)}
	run.Results = make([]report.Result, len(cases))
	slots := make(chan struct{}, opts.Parallel)
	var wg sync.WaitGroup
	for i, c := range cases {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			run.Results[i] = session.play(ctx, c)
		})
	}
	wg.Wait()
	run.Ms = milliseconds(opts.Now().Sub(begin))
	return run
}

// fill puts the defaults where nothing is given.
func (opts *Options) fill() {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.After == nil {
		opts.After = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	if opts.Busy == nil {
		opts.Busy = busy
	}
	if opts.Parallel <= 0 {
		opts.Parallel = defaultParallel
	}
}

// session is a run under way, which its cases share.
type session struct {
	opts    Options
	stop    halt
	under   atomic.Int32 // the cases under way
	secrets secrets
	told    sync.Mutex // held while Began or Ended is called
}

// play plays one case unless the run has been halted, and tells of it.
func (s *session) play(ctx context.Context, c Case) report.Result {
	p := newPlay(c, s)
	err := s.stop.skip()
	if err == nil && s.opts.Began != nil {
		s.told.Lock()
		s.opts.Began(c.Title())
		s.told.Unlock()
	}
	result := p.run(ctx, err)
	if s.opts.FailFast && result.Status > report.Pass {
		s.stop.because("another case failed first (--fail-fast)")
	}
	if s.opts.Ended != nil {
		s.told.Lock()
		s.opts.Ended(result)
		s.told.Unlock()
	}
	return result
}

// play is one case on its way.
type play struct {
	opts   Options
	among  *session
	file   *scenario.File
	row    *scenario.Case
	env    scenario.Env
	client *control.Client
	result report.Result

	world       control.World
	issuer      control.Issuer
	platform    *issuer.Platform   // of the issuer; nil: it is not known here
	preset      string             // the issuer's; empty: the platform's first
	tenants     []directory.Tenant // as the world began, every id filled in; the scenario's first
	app         directory.Application
	cloud       string
	entraFaults []control.Fault // of Entra's own, from the start
	assertion   string          // the last minted token
	access      string          // the last access token
	tokens      []string        // all of both so far
	requests    int             // sent to Entra so far, for their ids
	read        int             // the journal's entries read so far
	unmet       string          // why the exchange under way is being repeated
}

func newPlay(c Case, among *session) *play {
	p := &play{opts: among.opts, among: among, file: c.File, row: c.row, client: among.opts.Target.Control}
	at := c.Position()
	p.result = report.Result{Name: c.File.Name, Case: c.Name(), Labels: c.File.Labels, File: c.File.Path, Line: at.Line, Col: at.Column}
	return p
}

// title is the scenario's name with the row's in brackets.
func (p *play) title() string { return Case{p.file, p.row}.Title() }

// skipped is the error of a case that the target cannot carry out.
type skipped struct{ reason string }

func (s *skipped) Error() string { return s.reason }

// run plays the case, or skips it because of an error.
func (p *play) run(ctx context.Context, err error) report.Result {
	begin := p.opts.Now()
	if err == nil {
		p.among.under.Add(1)
		if err = context.Cause(ctx); err == nil {
			err = p.play(ctx)
		}
		p.among.under.Add(-1)
		err = stopping(ctx, &p.among.stop, err)
	}
	p.result.Ms = milliseconds(p.opts.Now().Sub(begin))
	p.conclude(err)
	p.among.secrets.redact(&p.result, p.tokens)
	return p.result
}

// milliseconds is a duration as reports have it.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// conclude turns the error that ended a case into its status, and into the problem of the step that was under way.
func (p *play) conclude(err error) {
	var skip *skipped
	var failed *failure
	var bad *document.Problem
	var problem *report.Problem
	switch {
	case err == nil:
		p.result.Status = report.Pass
	case errors.As(err, &skip):
		p.result.Status, p.result.Reason = report.Skip, skip.reason
	case errors.As(err, &failed):
		p.result.Status = report.Fail
		problem = p.problem(failed.at, failed.message, failed.hint)
		problem.Value = document.Redact(failed.value)
	case errors.As(err, &bad):
		p.result.Status = report.Error
		at := bad.Position
		at.File = or(at.File, bad.File)
		problem = p.problem(at, bad.Message, bad.Hint)
	default:
		p.result.Status = report.Error
		hint := ""
		if errors.As(err, new(expired)) {
			hint = moreTime
		}
		problem = p.problem(p.file.Pos("name"), err.Error(), hint)
	}
	if n := len(p.result.Steps); n > 0 && problem != nil {
		p.result.Steps[n-1].Status, p.result.Steps[n-1].Problem = p.result.Status, problem
	} else {
		p.result.Problem = problem
	}
}

func (p *play) problem(at document.Position, message, hint string) *report.Problem {
	return &report.Problem{
		File: or(at.File, p.file.Path), Line: at.Line, Col: at.Column, Width: at.Width, Message: document.Redact(message), Hint: hint, Source: p.file.Line(at),
	}
}

func (p *play) play(ctx context.Context) error {
	if err := p.unfit(); err != nil {
		return err
	}
	if err := p.prepare(); err != nil {
		return err
	}
	timeout, err := p.file.ResolveTimeout(p.env)
	if err != nil {
		return err
	}
	if p.opts.Timeout > 0 {
		timeout = p.opts.Timeout
	}
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := p.opts.After(timeout, func() { cancel(p.expired(timeout)) })
	defer stop()
	defer p.unset(ctx)
	if err := p.set(ctx); err != nil {
		return p.timedOut(ctx, err)
	}
	for _, s := range p.file.Steps {
		if err := p.step(ctx, s); err != nil {
			return p.timedOut(ctx, err)
		}
	}
	return nil
}

// timedOut puts the reason for a context's end in the place of the error that came of it, and after it what a retry was
// waiting for.
func (p *play) timedOut(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	var skip *skipped
	var failed *failure
	if cause == nil || errors.As(err, &skip) || errors.As(err, &failed) {
		return err
	}
	if p.unmet != "" {
		cause = fmt.Errorf("%w; %s", cause, p.unmet)
	}
	var bad *document.Problem
	if !errors.As(err, &bad) {
		return cause
	}
	hint := ""
	if errors.As(cause, new(expired)) {
		hint = moreTime
	}
	return &document.Problem{File: bad.File, Position: bad.Position, Message: cause.Error(), Hint: hint}
}

// prepare fills in the names that expressions can use before anything has happened.
func (p *play) prepare() error {
	vars := maps.Clone(p.file.Vars)
	for name, value := range p.opts.Vars {
		if _, declared := vars[name]; declared {
			vars[name] = value
		}
	}
	env := p.opts.Env
	if env == nil {
		env = map[string]any{}
	}
	p.env = scenario.Env{
		"vars": vars, "env": env, "steps": map[string]any{},
		"run": map[string]any{"id": p.title(), "target": p.opts.Target.Name},
	}
	columns, err := p.file.ResolveCase(p.row, p.env)
	if err != nil {
		return err
	}
	p.env["case"] = columns
	return nil
}

// at gives an error of the farm its place in the file.
func (p *play) at(pos document.Position, err error) error {
	return &document.Problem{File: p.file.Path, Position: pos, Message: err.Error()}
}

// unfit is why the case is not for the target, as far as the kinds of its steps say so.
func (p *play) unfit() error {
	if reason, ok := p.file.Skip[p.opts.Target.Name]; ok {
		return &skipped{reason}
	}
	for _, s := range p.file.Steps {
		if need := needOf(s.Kind); need != "" && !p.opts.Target.Can[need] {
			return p.lacks(need)
		}
	}
	return nil
}

func (p *play) lacks(need targets.Need) error {
	return &skipped{fmt.Sprintf("target %s lacks %s", p.opts.Target.Name, need)}
}
