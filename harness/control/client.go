package control

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// Client drives a farm over its control plane. It is safe for concurrent use. Its methods return *Error when the farm
// refuses, *UnreachableError when none answers, and *AnswerError when what answers is no farm. It follows no redirects.
type Client struct {
	URL   string       // of the control plane, such as http://127.0.0.1:8446
	Token string       // the bearer token that the farm printed
	HTTP  *http.Client // nil: one that uses no proxy and waits a minute for an answer
}

// Info asks where the planes are.
func (c *Client) Info(ctx context.Context) (out Info, err error) {
	return out, c.do(ctx, http.MethodGet, "/v1/info", nil, &out)
}

// Platforms lists the platforms that issuers may be of.
func (c *Client) Platforms(ctx context.Context) ([]Platform, error) {
	return all[Platform](ctx, c, "/v1/platforms")
}

// FaultKinds lists the faults that issuers may have.
func (c *Client) FaultKinds(ctx context.Context) ([]FaultKind, error) {
	return all[FaultKind](ctx, c, "/v1/faults")
}

// CreateWorld makes a world.
func (c *Client) CreateWorld(ctx context.Context, spec WorldSpec) (out World, err error) {
	return out, c.do(ctx, http.MethodPost, "/v1/worlds", spec, &out)
}

// Worlds lists the worlds, the default one first.
func (c *Client) Worlds(ctx context.Context) ([]World, error) {
	return all[World](ctx, c, "/v1/worlds")
}

// World describes a world, such as [DefaultWorld].
func (c *Client) World(ctx context.Context, world string) (out World, err error) {
	return out, c.do(ctx, http.MethodGet, path(world), nil, &out)
}

// DeleteWorld ends a world. The default one can't be ended.
func (c *Client) DeleteWorld(ctx context.Context, world string) error {
	return c.do(ctx, http.MethodDelete, path(world), nil, nil)
}

// AddIssuer makes an issuer in a world.
func (c *Client) AddIssuer(ctx context.Context, world string, spec IssuerSpec) (out Issuer, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "issuers"), spec, &out)
}

// Issuers lists the issuers of a world by URL.
func (c *Client) Issuers(ctx context.Context, world string) ([]Issuer, error) {
	return all[Issuer](ctx, c, path(world, "issuers"))
}

// Keys lists the keys of an issuer, the oldest first; of an empty issuer, those of all.
func (c *Client) Keys(ctx context.Context, world, iss string) ([]Key, error) {
	return all[Key](ctx, c, path(world, "keys")+query("issuer", iss))
}

// Publish puts a key into its issuer's JWKS or takes it out, and returns the keys of the issuer as they are then.
func (c *Client) Publish(ctx context.Context, world string, spec PublishSpec) ([]Key, error) {
	var out List[Key]
	return out.Items, c.do(ctx, http.MethodPut, path(world, "keys"), spec, &out)
}

// Faults lists the faults in force of an issuer; of an empty issuer, those of all.
func (c *Client) Faults(ctx context.Context, world, iss string) ([]FaultInForce, error) {
	return all[FaultInForce](ctx, c, path(world, "faults")+query("issuer", iss))
}

// SetFaults replaces the faults of an issuer.
func (c *Client) SetFaults(ctx context.Context, world string, spec FaultsSpec) error {
	spec.Faults = append([]Fault{}, spec.Faults...) // none is an empty list
	return c.do(ctx, http.MethodPut, path(world, "faults"), spec, nil)
}

// SetFault puts one fault of an issuer in force.
func (c *Client) SetFault(ctx context.Context, world string, spec FaultSpec) (out FaultInForce, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "faults"), spec, &out)
}

// ClearFault ends a fault of an issuer by its name. One that is not in force is not found.
func (c *Client) ClearFault(ctx context.Context, world, iss, name string) error {
	return c.do(ctx, http.MethodDelete, path(world, "faults", name)+query("issuer", iss), nil, nil)
}

// Mint has an issuer sign a token. Whole numbers in what it says are exact, see issuer.DecodeJSON.
func (c *Client) Mint(ctx context.Context, world string, spec MintSpec) (out Minted, err error) {
	if err := c.do(ctx, http.MethodPost, path(world, "tokens"), spec, &out); err != nil {
		return Minted{}, err
	}
	return out, exact(&out.Header, &out.Claims)
}

// exact gives what tokens say the numbers that DecodeToken gives it.
func exact(objects ...*map[string]any) (err error) {
	for _, members := range objects {
		if *members, err = issuer.ExactMembers(*members); err != nil {
			return fmt.Errorf("control: what a token says: %w", err)
		}
	}
	return nil
}

// Rotate gives an issuer a new signing key.
func (c *Client) Rotate(ctx context.Context, world string, spec RotateSpec) (out Rotated, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "rotations"), spec, &out)
}

// SetClock sets a world's clocks, moves them on, stops them or has them go on.
func (c *Client) SetClock(ctx context.Context, world string, spec ClockSpec) (out World, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "clock"), spec, &out)
}

// Decode returns what a token says. Whole numbers are as of Mint.
func (c *Client) Decode(ctx context.Context, token string) (out Decoded, err error) {
	if err := c.do(ctx, http.MethodPost, "/v1/decode", DecodeSpec{token}, &out); err != nil {
		return Decoded{}, err
	}
	return out, exact(&out.Header, &out.Claims)
}

// SignIn asks Entra for an access token. A refusal of Entra's is no error. Whole numbers are as of Mint.
func (c *Client) SignIn(ctx context.Context, world string, spec SignInSpec) (out SignedIn, err error) {
	if err := c.do(ctx, http.MethodPost, path(world, "sign-ins"), spec, &out); err != nil {
		return SignedIn{}, err
	}
	objects := []*map[string]any{&out.Header, &out.Claims}
	if out.Assertion != nil {
		objects = append(objects, &out.Assertion.Header, &out.Assertion.Claims)
	}
	return out, exact(objects...)
}

// Applications lists the applications of a world's tenant with their credentials.
func (c *Client) Applications(ctx context.Context, world string) ([]Application, error) {
	return all[Application](ctx, c, path(world, "applications"))
}

// Application describes an application of a world's tenant by its client id or name.
func (c *Client) Application(ctx context.Context, world, app string) (out Application, err error) {
	return out, c.do(ctx, http.MethodGet, path(world, "applications", app), nil, &out)
}

// RemoveApplication takes an application of a world's tenant away, by its client id or name.
func (c *Client) RemoveApplication(ctx context.Context, world, app string) error {
	return c.do(ctx, http.MethodDelete, path(world, "applications", app), nil, nil)
}

// AddApplication makes an application in a world's tenant.
func (c *Client) AddApplication(ctx context.Context, world string, spec ApplicationSpec) (out Application, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "applications"), spec, &out)
}

// AddCredential gives an application, named by its client id or name, a federated identity credential and returns it
// with its id.
func (c *Client) AddCredential(ctx context.Context, world, app string, credential directory.Credential) (out directory.Credential, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "applications", app, "credentials"), credential, &out)
}

// UpdateCredential changes a federated identity credential, named by its name, in place: what is not empty in
// credential takes the place of what was there.
func (c *Client) UpdateCredential(ctx context.Context, world, app, name string, credential directory.Credential) (out directory.Credential, err error) {
	return out, c.do(ctx, http.MethodPatch, path(world, "applications", app, "credentials", name), CredentialChange(credential), &out)
}

// RemoveCredential takes a federated identity credential away by its name.
func (c *Client) RemoveCredential(ctx context.Context, world, app, name string) error {
	return c.do(ctx, http.MethodDelete, path(world, "applications", app, "credentials", name), nil, nil)
}

// StartWorkload makes a workload, which ends with its world or by EndWorkload.
func (c *Client) StartWorkload(ctx context.Context, world string, spec WorkloadSpec) (out Workload, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "workloads"), spec, &out)
}

// Workloads lists the workloads of a world without their environments, which hold credentials.
func (c *Client) Workloads(ctx context.Context, world string) ([]Workload, error) {
	return all[Workload](ctx, c, path(world, "workloads"))
}

// Workload describes a workload by its id, with its environment.
func (c *Client) Workload(ctx context.Context, world, id string) (out Workload, err error) {
	return out, c.do(ctx, http.MethodGet, path(world, "workloads", id), nil, &out)
}

// EndWorkload ends a workload by its id: its token API is gone, with what it opened and wrote. One that has ended
// already is not found.
func (c *Client) EndWorkload(ctx context.Context, world, id string) error {
	return c.do(ctx, http.MethodDelete, path(world, "workloads", id), nil, nil)
}

// Directory returns Entra's directory of a world as it is now.
func (c *Client) Directory(ctx context.Context, world string) (out directory.File, err error) {
	return out, c.do(ctx, http.MethodGet, path(world, "directory"), nil, &out)
}

// ApplyDirectory puts a directory file, YAML or JSON, in the place of a world's directory, and returns it as it is then.
// The error has a line for each problem of the file, whose name is for those.
func (c *Client) ApplyDirectory(ctx context.Context, world, name string, file []byte) (out directory.File, err error) {
	return out, c.send(ctx, request{http.MethodPut, path(world, "directory") + query("name", name), "application/yaml", bytes.NewReader(file), 0}, &out)
}

// Journal reads entries of a world's journal, the oldest first.
func (c *Client) Journal(ctx context.Context, world string, q JournalQuery) (out Journal, err error) {
	return out, c.send(ctx, request{method: http.MethodGet, path: path(world, "journal") + q.encode(), wait: q.Wait}, &out)
}

// FindSignIn looks for the sign-in with a trace id or a correlation id, as a refusal prints them, in all worlds. Of
// several it is the newest in the first world that has one, the default world first.
func (c *Client) FindSignIn(ctx context.Context, trace string) (out FoundSignIn, err error) {
	return out, c.do(ctx, http.MethodGet, "/v1/sign-ins/"+url.PathEscape(trace), nil, &out)
}

// followWait is how long each request of Follow waits.
const followWait = 30 * time.Second

// Follow calls f with the entries that match, and goes on with those that are to come, until f returns an error, the
// context or the world ends, or the farm can't be reached, and returns why. Each call has entries, or says how many
// were dropped because f was too slow, or both. It does not look at q.Wait.
func (c *Client) Follow(ctx context.Context, world string, q JournalQuery, f func(Journal) error) error {
	for q.Wait = followWait; ; {
		part, err := c.Journal(ctx, world, q)
		if err != nil {
			return err
		}
		if len(part.Entries) > 0 || part.Dropped > 0 {
			if err := f(part); err != nil {
				return err
			}
		}
		q.After = max(q.After, part.Last)
	}
}

// all gathers a list from its parts.
func all[T any](ctx context.Context, c *Client, path string) (items []T, err error) {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for after := ""; ; {
		var page List[T]
		q := url.Values{"limit": {"1000"}}
		if after != "" {
			q.Set("after", after)
		}
		if err := c.do(ctx, http.MethodGet, path+separator+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if after = page.Next; after == "" {
			return items, nil
		}
	}
}

// query is one parameter of a URL, or nothing when it is empty.
func query(name, value string) string {
	if value == "" {
		return ""
	}
	return "?" + url.Values{name: {value}}.Encode()
}

// encode is the query of a URL.
func (q JournalQuery) encode() string {
	v := url.Values{}
	for name, n := range map[string]int{"after": q.After, "limit": q.Limit, "code": q.Code} {
		if n != 0 {
			v.Set(name, strconv.Itoa(n))
		}
	}
	for name, text := range map[string]string{"plane": string(q.Plane), "platform": q.Platform, "issuer": q.Issuer, "route": q.Route, "trace": q.Trace} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for name, yes := range map[string]bool{"signIns": q.SignIns, "failed": q.Failed} {
		if yes {
			v.Set(name, "true")
		}
	}
	if q.Wait != 0 {
		v.Set("wait", Duration(q.Wait).String())
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func path(world string, elements ...string) string {
	p := "/v1/worlds/" + url.PathEscape(world)
	for _, e := range elements {
		p += "/" + url.PathEscape(e)
	}
	return p
}
