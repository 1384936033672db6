package harness

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// Farm is a farm with one world in it, for one test: issuers, a tenant of Entra's, a clock and a journal. It listens on
// loopback, and every request reaches that world. Its methods are for any goroutine and return errors, but for those
// called Must. After the end of the test, or Close, those that would change something return an error, and the others
// say what was at the end.
type Farm struct {
	Tenant string // the id of the Entra tenant that it began with; see ApplyDirectory

	t      testing.TB // noTest, of Start
	server *farm.Server
	world  *farm.World
	dir    string // with the file of CAFile
	log    *slog.Logger

	close func() error
	done  chan struct{} // closed by Close
}

// Option changes what New and Start make.
type Option func(*settings)

type settings struct {
	farm farm.Options
	log  *slog.Logger
}

// WithHosts lets issuers have URLs at hosts that the farm does not impersonate already and that are not below .example
// or .test.
func WithHosts(hosts ...string) Option {
	return func(s *settings) { s.farm.Hosts = append(s.farm.Hosts, hosts...) }
}

// WithReach lets Entra fetch the documents of issuers beside the farm's own over the network: HOST or HOST:PORT (else
// 443), such as another farm's. The certificates, PEM, are what those are verified with; nil: the system's.
func WithReach(certificates []byte, hosts ...string) Option {
	return func(s *settings) {
		s.farm.Reach, s.farm.ReachCA = append(s.farm.Reach, hosts...), append(s.farm.ReachCA, certificates...)
	}
}

// WithStart sets the farm's clocks, which then go on as the real one does.
func WithStart(start time.Time) Option {
	return func(s *settings) { s.farm.World.Start = start }
}

// WithFrozenClock has the farm's clocks stand still from the start, until Advance or SetNow moves them or Unfreeze sets
// them free: so that every time in a test's output is known.
func WithFrozenClock() Option {
	return func(s *settings) { s.farm.World.Frozen = true }
}

// WithSkew puts the issuers' clock ahead of Entra's, or behind it.
func WithSkew(skew time.Duration) Option {
	return func(s *settings) { s.farm.World.Skew = control.Duration(skew) }
}

// WithCloud puts the tenant in another cloud than the public one: usgov or china.
func WithCloud(cloud string) Option {
	return func(s *settings) { s.farm.World.Cloud = cloud }
}

// WithTenants is the directory to begin with, the farm's own tenant first, in place of one tenant with nothing in it:
// with applications, managed identities, subscriptions and policies. Farm.FindApp finds its applications.
func WithTenants(tenants ...Tenant) Option {
	return func(s *settings) { s.farm.World.Tenants = tenants }
}

// WithEntraOptions sets what is not known of Entra; change what DefaultEntraOptions returns.
func WithEntraOptions(o EntraOptions) Option {
	return func(s *settings) { s.farm.World.Options = &o }
}

// WithLog has the farm log its requests and decisions, without tokens. Without it only warnings about key files are
// written: to the test's output, and nowhere without a test. With nil nothing is written.
func WithLog(log *slog.Logger) Option {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return func(s *settings) { s.log, s.farm.Log = log, log }
}

// New starts a farm for a test and stops it at the test's end. What is wrong with an option ends the test.
func New(t testing.TB, opts ...Option) *Farm {
	t.Helper()
	s := settings{log: slog.New(slog.NewTextHandler(testOutput{t}, nil))}
	s.farm.World.Name = t.Name()
	f, err := start(s, opts)
	if err != nil {
		t.Fatal(err)
	}
	f.t = t
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("harness: stop the farm: %v", err)
		}
	})
	return f
}

// Start starts a farm without a test, such as for a TestMain or a program of one's own, until Close.
func Start(opts ...Option) (*Farm, error) {
	return start(settings{log: slog.New(slog.DiscardHandler)}, opts)
}

func start(s settings, opts []Option) (*Farm, error) {
	const free = "127.0.0.1:0"
	s.farm.Addr = map[plane.Plane]string{IssuerPlane: free, WorkloadPlane: free, EntraPlane: free, plane.Control: ""}
	s.farm.NoIssuers = true
	for _, opt := range opts {
		opt(&s)
	}
	server, err := farm.Start(s.farm)
	if err != nil {
		return nil, fmt.Errorf("harness: %w", err)
	}
	f := &Farm{t: noTest{}, server: server, world: server.DefaultWorld(), log: s.log, done: make(chan struct{})}
	f.Tenant = f.tenant()
	f.close = sync.OnceValue(func() error {
		close(f.done)
		return errors.Join(server.Close(), os.RemoveAll(f.dir))
	})
	if f.dir, err = os.MkdirTemp("", "issuerd-"); err == nil {
		err = os.WriteFile(f.CAFile(), server.CA(), 0o600)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("harness: certificate: %w", err), f.close())
	}
	return f, nil
}

// testOutput is a test's log as an io.Writer.
type testOutput struct{ t testing.TB }

func (o testOutput) Write(line []byte) (int, error) {
	o.t.Helper()
	o.t.Log(string(bytes.TrimSpace(line)))
	return len(line), nil
}

// Close stops the farm: its listeners and workloads are gone. It waits for nothing, and can be called again. A farm of
// New is closed at the end of its test.
func (f *Farm) Close() error { return f.close() }

// errClosed is for what is asked of a farm that has been stopped.
var errClosed = errors.New("harness: this farm has been stopped: its test has ended, or Close was called")

// closed returns an error when the farm has been stopped.
func (f *Farm) closed() error {
	select {
	case <-f.done:
		return errClosed
	default:
		return nil
	}
}

// change does what changes a farm, if that has not been stopped, and says whose error it is.
func change[T any](f *Farm, do func() (T, error)) (out T, err error) {
	if err := f.closed(); err != nil {
		return out, err
	}
	if out, err = do(); err != nil {
		return out, fmt.Errorf("harness: %w", err)
	}
	return out, nil
}

// Client reaches the farm's issuers and Entra under their real names, and no other host.
func (f *Farm) Client() *http.Client {
	return &http.Client{Transport: f.server.Transport(control.DefaultWorld)}
}

// URL is where a plane listens, https://127.0.0.1:PORT, for clients that take an address. They need the certificate of
// CA.
func (f *Farm) URL(p Plane) string {
	return f.server.URL(p)
}

// Handler answers as a plane's listener does, without a network or on a server of one's own. It is nil for what is no
// plane.
func (f *Farm) Handler(p Plane) http.Handler { return f.server.Handler(p) }

// CA is the root certificate, PEM, of the farm's TLS; the bytes are the caller's.
func (f *Farm) CA() []byte { return f.server.CA() }

// CAFile is the path of a file with what CA returns. It is gone when the farm is closed.
func (f *Farm) CAFile() string { return filepath.Join(f.dir, "ca.pem") }
