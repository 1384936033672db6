package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
)

// discovery asks for the discovery document of a tenant, as clients do before they ask for a token.
func (p *play) discovery(ctx context.Context, e *scenario.Exchange) (map[string]any, error) {
	login, err := directory.LoginURL(p.cloud)
	if err == nil {
		err = e.Validate()
	}
	if err != nil {
		return nil, err
	}
	if e.Host != "" {
		login = "https://" + e.Host
	}
	address := login + "/" + url.PathEscape(cmp.Or(e.Tenant, p.tenants[0].ID))
	if e.Version != "v1" {
		address += "/v2.0"
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(e.Method, http.MethodGet), address+"/.well-known/openid-configuration", nil)
	if err != nil {
		return nil, err
	}
	for name, value := range e.Headers {
		req.Header.Set(name, value)
	}
	resp, body, err := fetch(&http.Client{Transport: p.opts.Target.Transport(p.world.ID)}, req)
	if err != nil {
		return nil, err
	}
	result := map[string]any{
		"status": resp.StatusCode, "headers": headers(resp.Header), "body": string(body), "fetched": []string{}, "attempts": 1,
		"token": nil, "claims": nil, "header": nil, "accessToken": nil, "discovery": true,
	}
	var document map[string]any
	if json.Unmarshal(body, &document) == nil {
		result["body"] = document
	}
	result["error"] = code(document)
	p.record().Error = code(document)
	return result, nil
}
