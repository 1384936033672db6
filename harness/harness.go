package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/target"
)

// The values that a farm is told with; see the packages they come from.
type (
	IssuerSpec   = control.IssuerSpec
	MintSpec     = control.MintSpec
	WorkloadSpec = control.WorkloadSpec
	Workload     = control.Workload
	Fault        = control.Fault
	Credential   = directory.Credential
	Tenant       = directory.Tenant
	EntraOptions = directory.Options
)

// Farm is a farm with a tenant of its own, for one test. What it is told and it refuses ends the test, so those methods belong on the
// test's goroutine; Client and what it returns, and App.Exchange, are for any goroutine.
type Farm struct {
	Tenant string // the id of the Entra tenant

	t      testing.TB
	target *target.Target
	world  control.World
	cloud  string
}

// Option changes what New makes.
type Option func(*settings)

type settings struct {
	farm  farm.Options
	world control.WorldSpec
}

// WithHosts lets issuers have URLs at hosts that the farm does not impersonate already and that are not below .example or .test.
func WithHosts(hosts ...string) Option {
	return func(s *settings) { s.farm.Hosts = append(s.farm.Hosts, hosts...) }
}

// WithReach lets Entra fetch the documents of issuers beside the farm's own over the network: HOST or HOST:PORT (else 443), such as another
// farm's. The certificates, PEM, are what those are verified with; nil: the system's.
func WithReach(certificates []byte, hosts ...string) Option {
	return func(s *settings) {
		s.farm.Reach, s.farm.ReachCA = append(s.farm.Reach, hosts...), append(s.farm.ReachCA, certificates...)
	}
}

// WithStart sets the farm's clocks, which then go on as the real one does.
func WithStart(start time.Time) Option {
	return func(s *settings) { s.world.Start = start }
}

// WithSkew puts the issuers' clock ahead of Entra's, or behind it.
func WithSkew(skew time.Duration) Option {
	return func(s *settings) { s.world.Skew = skew }
}

// WithCloud puts the tenant in another cloud than the public one: usgov or china.
func WithCloud(cloud string) Option {
	return func(s *settings) { s.world.Cloud = cloud }
}

// WithTenants is the directory to begin with, the farm's own tenant first, in place of an empty one: with resources, managed identities,
// subscriptions and policies. Farm.App finds its applications by their names.
func WithTenants(tenants ...Tenant) Option {
	return func(s *settings) { s.world.Tenants = tenants }
}

// WithEntraOptions sets what is not known of Entra; change what directory.DefaultOptions returns.
func WithEntraOptions(o EntraOptions) Option {
	return func(s *settings) { s.world.Options = &o }
}

// New starts a farm for a test and stops it at the test's end.
func New(t testing.TB, opts ...Option) *Farm {
	t.Helper()
	s := settings{world: control.WorldSpec{Name: t.Name()}}
	for _, opt := range opts {
		opt(&s)
	}
	tgt, err := target.InProcess(s.farm)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tgt.Close(); err != nil {
			t.Errorf("harness: stop the farm: %v", err)
		}
	})
	world, err := tgt.Control.CreateWorld(context.Background(), s.world)
	if err != nil {
		t.Fatal(err)
	}
	return &Farm{Tenant: world.Tenant, t: t, target: tgt, world: world, cloud: s.world.Cloud}
}

// Client reaches the farm's issuers and Entra under their real names, and no other host.
func (f *Farm) Client() *http.Client {
	return &http.Client{Transport: f.target.Transport(f.world.ID)}
}

// CA is the root certificate, PEM, of the farm's TLS; the bytes are the caller's.
func (f *Farm) CA() []byte { return bytes.Clone(f.target.CA) }

// Advance moves the farm's clocks on.
func (f *Farm) Advance(d time.Duration) {
	f.t.Helper()
	_, err := f.target.Control.Advance(context.Background(), f.world.ID, control.AdvanceSpec{Advance: d})
	f.must(err)
}

// Journal is what was asked of the farm, oldest first: the last thousand requests and sign-ins.
func (f *Farm) Journal() []control.Entry {
	f.t.Helper()
	journal, err := f.target.Control.Journal(context.Background(), f.world.ID, 0)
	f.must(err)
	return journal.Entries
}

// SignIns are the token requests that Entra has answered, oldest first, with the checks that it made.
func (f *Farm) SignIns() []entra.SignIn {
	f.t.Helper()
	var all []entra.SignIn
	for _, entry := range f.Journal() {
		if entry.SignIn != nil {
			all = append(all, *entry.SignIn)
		}
	}
	return all
}

func (f *Farm) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// Issuer is an issuer of the farm.
type Issuer struct {
	URL  string // as in iss
	JWKS string
	ref  string // control.Issuer.Ref
	farm *Farm
}

// Issuer adds an issuer to the farm. Asked for twice, with other presets or claims, it is one issuer with the same keys: each result mints
// what it was asked for with.
func (f *Farm) Issuer(spec IssuerSpec) *Issuer {
	f.t.Helper()
	added, err := f.target.Control.AddIssuer(context.Background(), f.world.ID, spec)
	f.must(err)
	return &Issuer{URL: added.URL, JWKS: added.JWKS, ref: added.Ref, farm: f}
}

// Mint has the issuer sign a token.
func (i *Issuer) Mint(spec MintSpec) control.Minted {
	i.farm.t.Helper()
	spec.Issuer = i.ref
	minted, err := i.farm.target.Control.Mint(context.Background(), i.farm.world.ID, spec)
	i.farm.must(err)
	return minted
}

// Rotate gives the issuer a new signing key and returns its id. Unless publish is set, the JWKS does not list it.
func (i *Issuer) Rotate(publish bool) string {
	i.farm.t.Helper()
	rotated, err := i.farm.target.Control.Rotate(context.Background(), i.farm.world.ID, control.RotateSpec{Issuer: i.ref, Publish: publish})
	i.farm.must(err)
	return rotated.KID
}

// Workload starts a workload that the issuer vouches for; see Farm.Workload.
func (i *Issuer) Workload(spec WorkloadSpec) Workload {
	i.farm.t.Helper()
	spec.Issuer = i.ref
	return i.farm.Workload(spec)
}

// Fail puts faults of the issuer in force; those not named end.
func (i *Issuer) Fail(faults ...Fault) {
	i.farm.t.Helper()
	i.farm.must(i.farm.target.Control.SetFaults(context.Background(), i.farm.world.ID, control.FaultsSpec{Issuer: i.URL, Faults: faults}))
}

// Workload starts a workload of one of the farm's issuers. Its environment leads the platform's own clients to the platform's token API,
// whose TLS certificates are the farm's (see CA).
func (f *Farm) Workload(spec WorkloadSpec) Workload {
	f.t.Helper()
	w, err := f.target.Control.StartWorkload(context.Background(), f.world.ID, spec)
	f.must(err)
	return w
}

// EndWorkload ends a workload of the farm, which otherwise ends with the farm: its token API, and its files and sockets. It can be ended once.
func (f *Farm) EndWorkload(w Workload) {
	f.t.Helper()
	f.must(f.target.Control.EndWorkload(context.Background(), f.world.ID, w.ID))
}

// App is an application in the farm's tenant.
type App struct {
	ClientID string
	ObjectID string
	farm     *Farm
}

// App adds an application with federated identity credentials. A credential without audiences gets the cloud's for token exchange. Without
// credentials, it is the application that WithTenants has in the farm's tenant under that name, if there is one.
func (f *Farm) App(name string, credentials ...Credential) *App {
	f.t.Helper()
	if len(credentials) == 0 {
		now, err := f.target.Control.Directory(context.Background(), f.world.ID)
		f.must(err)
		for _, app := range now.Tenants[0].Applications {
			if app.Name == name {
				return &App{ClientID: app.ClientID, ObjectID: app.ObjectID, farm: f}
			}
		}
	}
	audience, err := directory.ExchangeAudience(f.cloud)
	f.must(err)
	credentials = slices.Clone(credentials) // they may be the caller's slice
	for i := range credentials {
		if len(credentials[i].Audiences) == 0 {
			credentials[i].Audiences = []string{audience}
		}
	}
	app, err := f.target.Control.AddApplication(context.Background(), f.world.ID, control.ApplicationSpec{Name: name, Credentials: credentials})
	f.must(err)
	return &App{ClientID: app.ClientID, ObjectID: app.ObjectID, farm: f}
}

// Access is an access token with what it says. Whole numbers are an int64.
type Access struct {
	Token  string
	Header map[string]any
	Claims map[string]any
}

// String names the token by its key, application and audience.
func (a Access) String() string {
	return fmt.Sprintf("access token kid=%v appid=%v aud=%v", a.Header["kid"], a.Claims["appid"], a.Claims["aud"])
}

// Format keeps the token out of every verb of fmt.
func (a Access) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, a.String()) }

// LogValue keeps the token out of logs.
func (a Access) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Refusal is Entra's answer when it gives no token.
type Refusal struct {
	Status      int    // of HTTP
	Code        int    // AADSTS
	OAuth       string // the error member
	Description string
}

// Error is Entra's description.
func (r *Refusal) Error() string { return r.Description }

// Exchange presents an assertion for a Microsoft Graph token, as every client does. The error is a *Refusal when Entra refuses it.
func (a *App) Exchange(assertion string) (*Access, error) {
	graph, err := directory.GraphURL(a.farm.cloud)
	if err != nil {
		return nil, fmt.Errorf("harness: exchange: %w", err)
	}
	return a.ExchangeFor(assertion, graph+"/.default")
}

// ExchangeFor is Exchange for another scope.
func (a *App) ExchangeFor(assertion, scope string) (*Access, error) {
	login, err := directory.LoginURL(a.farm.cloud)
	if err != nil {
		return nil, fmt.Errorf("harness: exchange: %w", err)
	}
	resp, err := a.farm.Client().PostForm(login+"/"+a.farm.Tenant+"/oauth2/v2.0/token", entra.AssertionForm(a.ClientID, assertion, scope))
	if err != nil {
		return nil, fmt.Errorf("harness: exchange: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("harness: exchange: %w", err)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		OAuth       string `json:"error"`
		Description string `json:"error_description"`
		Codes       []int  `json:"error_codes"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("harness: exchange: HTTP status %d with a body that is not JSON", resp.StatusCode)
	}
	if answer.AccessToken == "" {
		refusal := &Refusal{Status: resp.StatusCode, OAuth: answer.OAuth, Description: answer.Description}
		if len(answer.Codes) > 0 {
			refusal.Code = answer.Codes[0]
		}
		return nil, refusal
	}
	access := &Access{Token: answer.AccessToken}
	if access.Header, access.Claims, err = control.DecodeToken(answer.AccessToken); err != nil {
		return nil, fmt.Errorf("harness: the access token can't be decoded: %w", err)
	}
	return access, nil
}
