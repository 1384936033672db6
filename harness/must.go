package harness

import (
	"testing"
	"time"
)

// The methods called Must are for the test's own goroutine: they end the test where the others return an error. In a
// farm of Start, which has no test, they panic.

// noTest stands in for the test of a farm that has none.
type noTest struct{ testing.TB }

func (noTest) Helper() {}

func (noTest) Fatal(args ...any) { panic(args[0]) }

func (f *Farm) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// MustAddIssuer is AddIssuer, and ends the test on an error.
func (f *Farm) MustAddIssuer(spec IssuerSpec) *Issuer {
	f.t.Helper()
	added, err := f.AddIssuer(spec)
	f.must(err)
	return added
}

// MustAddApp is AddApp, and ends the test on an error.
func (f *Farm) MustAddApp(name string, credentials ...Credential) *App {
	f.t.Helper()
	app, err := f.AddApp(name, credentials...)
	f.must(err)
	return app
}

// MustFindApp is FindApp, and ends the test on an error.
func (f *Farm) MustFindApp(name string) *App {
	f.t.Helper()
	app, err := f.FindApp(name)
	f.must(err)
	return app
}

// MustAdvance is Advance, and ends the test on an error.
func (f *Farm) MustAdvance(d time.Duration) {
	f.t.Helper()
	f.must(f.Advance(d))
}

// MustSetNow is SetNow, and ends the test on an error.
func (f *Farm) MustSetNow(now time.Time) {
	f.t.Helper()
	f.must(f.SetNow(now))
}

// MustMint is Mint, and ends the test on an error.
func (i *Issuer) MustMint(spec MintSpec) Token {
	i.farm.t.Helper()
	token, err := i.Mint(spec)
	i.farm.must(err)
	return token
}

// MustRotate is Rotate, and ends the test on an error.
func (i *Issuer) MustRotate(publish bool) (kid string) {
	i.farm.t.Helper()
	kid, err := i.Rotate(publish)
	i.farm.must(err)
	return kid
}

// MustReplaceKey is ReplaceKey, and ends the test on an error.
func (i *Issuer) MustReplaceKey(publish bool) (kid string) {
	i.farm.t.Helper()
	kid, err := i.ReplaceKey(publish)
	i.farm.must(err)
	return kid
}

// MustPublish is Publish, and ends the test on an error.
func (i *Issuer) MustPublish(kid string, published bool) {
	i.farm.t.Helper()
	i.farm.must(i.Publish(kid, published))
}

// MustSetFault is SetFault, and ends the test on an error.
func (f *Farm) MustSetFault(fault EntraFault) {
	f.t.Helper()
	f.must(f.SetFault(fault))
}

// MustSetFaults is SetFaults, and ends the test on an error.
func (f *Farm) MustSetFaults(faults ...EntraFault) {
	f.t.Helper()
	f.must(f.SetFaults(faults...))
}

// MustSetFault is SetFault, and ends the test on an error.
func (i *Issuer) MustSetFault(fault Fault) {
	i.farm.t.Helper()
	i.farm.must(i.SetFault(fault))
}

// MustSetFaults is SetFaults, and ends the test on an error.
func (i *Issuer) MustSetFaults(faults ...Fault) {
	i.farm.t.Helper()
	i.farm.must(i.SetFaults(faults...))
}

// MustStartWorkload is StartWorkload, and ends the test on an error.
func (i *Issuer) MustStartWorkload(spec WorkloadSpec) *Workload {
	i.farm.t.Helper()
	started, err := i.StartWorkload(spec)
	i.farm.must(err)
	return started
}

// MustEnd is End, and ends the test on an error.
func (w *Workload) MustEnd() {
	w.farm.t.Helper()
	w.farm.must(w.End())
}
