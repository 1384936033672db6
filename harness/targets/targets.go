package targets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
)

// Need is something that a step or an expectation asks of a target.
type Need string

// The needs there are. A scenario is skipped where the target lacks one, with the need as the reason.
const (
	DynamicIssuer   Need = "an issuer served by a live process (rotate and fault steps)"
	ObservedFetches Need = "a log of what Entra fetched (expect.fetched)"
	VirtualClock    Need = "a clock that can be moved (clock steps, clock.start)"
	CredentialAdmin Need = "the right to change federated identity credentials"
	NativeAPI       Need = "the platforms' own token APIs (via: native)"
	SameMachine     Need = "sockets on this machine (via: native on a platform whose token API is one)"
)

// Target is one thing to run scenarios against. It is safe for concurrent use until Close.
type Target struct {
	Name      string // emulator, container or the URL of a control plane; at run.target in expressions
	Control   *control.Client
	Transport func(world string) http.RoundTripper // reaches a world under the canonical names
	CA        []byte                               // the root certificate behind those names, PEM
	Can       map[Need]bool
	Workloads string // the workload plane as seen from here, https://host:port; empty: there is none
	close     func() error
}

// Close ends what the target started.
func (t *Target) Close() error { return t.close() }

// emulated are the abilities of a farm of this version.
func emulated(sameMachine bool) map[Need]bool {
	return map[Need]bool{
		DynamicIssuer: true, ObservedFetches: true, VirtualClock: true, CredentialAdmin: true, NativeAPI: true, SameMachine: sameMachine,
	}
}

// Unstarted is a target that is only asked for its name and what it can: a farm of this version, on this machine or elsewhere.
func Unstarted(name string, sameMachine bool) *Target {
	return &Target{Name: name, Can: emulated(sameMachine), close: func() error { return nil }}
}

// InProcess starts a farm in this process, on loopback ports that are free; the options' addresses are not used. Its
// default world has no issuer, since each case makes a world of its own.
func InProcess(opts farm.Options) (*Target, error) {
	const free = "127.0.0.1:0"
	opts.Addr = map[plane.Plane]string{plane.Issuer: free, plane.Workload: free, plane.Entra: free, plane.Control: free}
	opts.NoIssuers = true
	s, err := farm.Start(opts)
	if err != nil {
		return nil, err
	}
	client := &control.Client{URL: s.ControlURL(), Token: s.Token(), HTTP: controlClient()}
	return &Target{
		Name:      "emulator",
		Control:   client,
		Transport: s.Transport,
		CA:        s.CA(),
		Can:       emulated(true),
		Workloads: "https://" + s.Addr(plane.Workload),
		close: func() error {
			client.HTTP.CloseIdleConnections()
			return s.Close()
		},
	}, nil
}

// Remote is a farm that runs already. Planes are the host:port of its planes as seen from here; those left out are
// where the farm says they are. The name is what reports call it.
func Remote(ctx context.Context, name, controlURL, token string, planes map[plane.Plane]string) (*Target, error) {
	if u, err := url.Parse(controlURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("targets: %q is not the URL of a control plane, such as http://127.0.0.1:8446", controlURL)
	}
	if token == "" {
		return nil, errors.New("targets: a running farm wants the bearer token that it printed at its start; set ISSUERD_CONTROL_TOKEN")
	}
	client := &control.Client{URL: controlURL, Token: token, HTTP: controlClient()}
	info, err := client.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("targets: %s: %w", controlURL, err)
	}
	if info.CA == "" {
		return nil, fmt.Errorf("targets: %s: the answer is not that of a farm's control plane", controlURL)
	}
	seen := map[plane.Plane]string{}
	for p, addr := range info.Planes {
		seen[p] = Reachable(addr, controlURL)
	}
	maps.Copy(seen, planes)
	resolver, err := plane.NewResolver(seen, []byte(info.CA), nil)
	if err != nil {
		return nil, fmt.Errorf("targets: %s: %w", controlURL, err)
	}
	t := &Target{
		Name:      name,
		Control:   client,
		Transport: resolver.Transport,
		CA:        []byte(info.CA),
		Can:       emulated(false),
		close: func() error {
			resolver.Close()
			client.HTTP.CloseIdleConnections()
			return nil
		},
	}
	if addr := seen[plane.Workload]; addr != "" {
		t.Workloads = "https://" + addr
	} else {
		t.Can[NativeAPI] = false
	}
	return t, nil
}

// Reachable is a plane's address as seen from here: a listener on every address is where the control plane is.
func Reachable(addr, controlURL string) string {
	u, err := url.Parse(controlURL)
	if err != nil {
		return addr
	}
	return plane.Reachable(addr, u.Hostname())
}

// controlClient keeps enough connections for cases that run in parallel, and never uses a proxy.
func controlClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
}
