package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// Client drives a farm over its control plane. It is safe for concurrent use. Its methods return *Error when the farm
// refuses, and other errors when it can't be reached.
type Client struct {
	URL   string       // of the control plane, such as http://127.0.0.1:8446
	Token string       // the bearer token that the farm printed
	HTTP  *http.Client // nil: one that uses no proxy and waits a minute for an answer
}

// defaultClient gives up on a farm that does not answer, and keeps the bearer token from the proxies of the
// environment.
var defaultClient = &http.Client{Transport: &http.Transport{IdleConnTimeout: time.Minute}, Timeout: time.Minute}

// Info asks where the planes are.
func (c *Client) Info(ctx context.Context) (out Info, err error) {
	return out, c.do(ctx, http.MethodGet, "/v1/info", nil, &out)
}

// CreateWorld makes a world.
func (c *Client) CreateWorld(ctx context.Context, spec WorldSpec) (out World, err error) {
	return out, c.do(ctx, http.MethodPost, "/v1/worlds", spec, &out)
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

// Issuers lists the issuers of a world.
func (c *Client) Issuers(ctx context.Context, world string) (out []Issuer, err error) {
	return out, c.do(ctx, http.MethodGet, path(world, "issuers"), nil, &out)
}

// SetFaults replaces the faults of an issuer.
func (c *Client) SetFaults(ctx context.Context, world string, spec FaultsSpec) error {
	return c.do(ctx, http.MethodPut, path(world, "faults"), spec, nil)
}

// Mint has an issuer sign a token. Whole numbers in what it says are exact, see issuer.DecodeJSON.
func (c *Client) Mint(ctx context.Context, world string, spec MintSpec) (out Minted, err error) {
	if err := c.do(ctx, http.MethodPost, path(world, "tokens"), spec, &out); err != nil {
		return Minted{}, err
	}
	for _, members := range []*map[string]any{&out.Header, &out.Claims} {
		if *members, err = issuer.ExactMembers(*members); err != nil {
			return Minted{}, fmt.Errorf("control: minted token: %w", err)
		}
	}
	return out, nil
}

// Rotate gives an issuer a new signing key.
func (c *Client) Rotate(ctx context.Context, world string, spec RotateSpec) (out Rotated, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "rotations"), spec, &out)
}

// Advance moves a world's clock on.
func (c *Client) Advance(ctx context.Context, world string, spec AdvanceSpec) (out World, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "clock"), spec, &out)
}

// AddApplication makes an application in a world's tenant.
func (c *Client) AddApplication(ctx context.Context, world string, spec ApplicationSpec) (out Application, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "applications"), spec, &out)
}

// AddCredential gives an application a federated identity credential and returns it with its id.
func (c *Client) AddCredential(ctx context.Context, world, clientID string, credential directory.Credential) (out directory.Credential, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "applications", clientID, "credentials"), credential, &out)
}

// UpdateCredential changes a federated identity credential, named by its name, in place: what is not empty in
// credential takes the place of what was there.
func (c *Client) UpdateCredential(ctx context.Context, world, clientID, name string, credential directory.Credential) (out directory.Credential, err error) {
	return out, c.do(ctx, http.MethodPatch, path(world, "applications", clientID, "credentials", name), credential, &out)
}

// RemoveCredential takes a federated identity credential away by its name.
func (c *Client) RemoveCredential(ctx context.Context, world, clientID, name string) error {
	return c.do(ctx, http.MethodDelete, path(world, "applications", clientID, "credentials", name), nil, nil)
}

// StartWorkload makes a workload, which ends with its world or by EndWorkload.
func (c *Client) StartWorkload(ctx context.Context, world string, spec WorkloadSpec) (out Workload, err error) {
	return out, c.do(ctx, http.MethodPost, path(world, "workloads"), spec, &out)
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

// Journal reads the entries of a world with a higher number than after.
func (c *Client) Journal(ctx context.Context, world string, after int) (out Journal, err error) {
	return out, c.do(ctx, http.MethodGet, path(world, "journal")+"?after="+strconv.Itoa(after), nil, &out)
}

func path(world string, elements ...string) string {
	p := "/v1/worlds/" + url.PathEscape(world)
	for _, e := range elements {
		p += "/" + url.PathEscape(e)
	}
	return p
}

func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("control: %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(raw)
	}
	address := strings.TrimSuffix(c.URL, "/") + path
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	client := c.HTTP
	if client == nil {
		client = defaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		refusal := &Error{Status: resp.StatusCode}
		raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody))
		if json.Unmarshal(raw, refusal) != nil || refusal.Message == "" {
			refusal.Message = fmt.Sprintf("control: %s %s: %s", method, address, resp.Status)
		}
		return refusal
	}
	if out == nil {
		_, err = io.Copy(io.Discard, resp.Body) // so that the connection is used again
		return err
	}
	dec := json.NewDecoder(resp.Body)
	dec.UseNumber()
	if err := dec.Decode(out); err != nil {
		return fmt.Errorf("control: %s %s: answer: %w", method, address, err)
	}
	return nil
}
