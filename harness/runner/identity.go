package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

// mintIdentity gets a token of a managed identity from the endpoint that workloads with one ask, in the form of Azure
// App Service.
func (p *play) mintIdentity(ctx context.Context, m *scenario.Mint) (map[string]any, error) {
	_, identity, err := scenario.FindIdentity(p.tenants, m.ManagedIdentity)
	if err != nil {
		return nil, &scenario.KeyError{Key: "managedIdentity", Err: err}
	}
	audience, err := directory.ExchangeAudience(p.cloud)
	if err != nil {
		return nil, err
	}
	login, err := directory.LoginURL(p.cloud)
	if err != nil {
		return nil, err
	}
	endpoint, err := url.Parse(p.world.IdentityEndpoint)
	if err != nil || endpoint.Path == "" {
		return nil, errors.New("mint: the target has no endpoint for managed identities")
	}
	query := url.Values{"api-version": {"2019-08-01"}, "resource": {or(m.Resource, audience)}, "client_id": {identity.ClientID}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, login+endpoint.Path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Host = endpoint.Host // its own address is as the farm sees it; from here, the login host's name leads to the same listener
	req.Header.Set("X-IDENTITY-HEADER", p.world.IdentityHeader)
	resp, body, err := fetch(&http.Client{Transport: p.opts.Target.Transport(p.world.ID)}, req)
	if err != nil {
		return nil, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		Message     string `json:"message"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.AccessToken == "" {
		return nil, fmt.Errorf("mint: managed identity %q: %s: %s", m.ManagedIdentity, resp.Status, answer.Message)
	}
	return p.minted(answer.AccessToken)
}
