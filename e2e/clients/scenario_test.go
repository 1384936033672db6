package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// exchangeClients are the libraries that a scenario's exchange.client may name. Each acquires with a library at an
// authority, through a transport, and returns the access token.
var exchangeClients = map[string]func(ctx context.Context, r runner.Request, transport *exchangeWire) (string, error){
	"azidentity": func(ctx context.Context, r runner.Request, transport *exchangeWire) (string, error) {
		assertion := func(context.Context) (string, error) { return r.Assertion, nil }
		options := &azidentity.ClientAssertionCredentialOptions{ClientOptions: azcore.ClientOptions{
			Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: r.Authority}, Transport: transport,
		}}
		credential, err := azidentity.NewClientAssertionCredential(r.Tenant, r.ClientID, assertion, options)
		if err != nil {
			return "", err
		}
		access, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{r.Scope}})
		return access.Token, err
	},
	"msal": func(ctx context.Context, r runner.Request, transport *exchangeWire) (string, error) {
		client, err := msalClient(r.Authority+"/"+r.Tenant, r.ClientID, r.Assertion, transport)
		if err != nil {
			return "", err
		}
		acquired, err := client.AcquireTokenByCredential(ctx, []string{r.Scope})
		return acquired.AccessToken, err
	},
}

// exchangeWire sends a library's requests with the runner's correlation id, and remembers the last answer of the token
// endpoint, which libraries do not show.
type exchangeWire struct {
	request runner.Request
	answer  *runner.Answer
}

// Do is for one exchange at a time, as a library makes it.
func (w *exchangeWire) Do(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("client-request-id", w.request.CorrelationID)
	resp, err := w.request.HTTP.Do(req)
	if err != nil || req.Method != http.MethodPost || !strings.HasSuffix(req.URL.Path, "/oauth2/v2.0/token") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	w.answer = &runner.Answer{Status: resp.StatusCode, Header: resp.Header}
	return resp, json.Unmarshal(body, &w.answer.Body)
}

// CloseIdleConnections is wanted by MSAL.
func (w *exchangeWire) CloseIdleConnections() { w.request.HTTP.CloseIdleConnections() }

// clientFor makes a runner's client of a library. It counts its exchanges. That the library and Entra do not agree
// about whether there is a token is an error.
func clientFor(acquire func(context.Context, runner.Request, *exchangeWire) (string, error), exchanges *atomic.Int32) runner.Client {
	return func(ctx context.Context, r runner.Request) (runner.Answer, error) {
		exchanges.Add(1)
		w := &exchangeWire{request: r}
		token, err := acquire(ctx, r, w)
		switch {
		case w.answer == nil && err == nil:
			return runner.Answer{}, errors.New("a token without a request")
		case w.answer == nil:
			return runner.Answer{}, err
		case err == nil && w.answer.Body["access_token"] != token:
			return runner.Answer{}, errors.New("another token than Entra's answer")
		case err != nil && w.answer.Status == http.StatusOK:
			return runner.Answer{}, fmt.Errorf("the library does not take the answer: %w", err)
		}
		return *w.answer, nil
	}
}

// clientScenario signs in and is refused; its verb stands for the client's name.
const clientScenario = `name: github/%[1]s
about: A push to main signs in with %[1]s; a tag is refused.
issuer: {platform: github}
entra:
  app: deployer
  credentials:
    - {name: main-branch, subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}
steps:
  - mint: {audience: api://AzureADTokenExchange, claims: {sub: "repo:octo-org/octo-repo:ref:refs/heads/main"}}
  - exchange: {client: %[1]s}
    expect:
      token:
        aud: https://graph.microsoft.com
        appid: ${{ entra.app.clientId }}
        tid: ${{ entra.tenant }}
        idtyp: app
      fetched: [discovery, jwks]
  - mint: {audience: api://AzureADTokenExchange, claims: {sub: "repo:octo-org/octo-repo:ref:refs/tags/v1"}}
  - exchange: {client: %[1]s}
    expect: {error: AADSTS700213}
`

// TestScenarioClients plays a scenario whose exchanges are made by each library.
func TestScenarioClients(t *testing.T) {
	t.Parallel()
	for name, acquire := range exchangeClients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, problems := scenario.Load(name, fmt.Appendf(nil, clientScenario, name), runner.Names())
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			tgt, err := targets.InProcess(farm.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := tgt.Close(); err != nil {
					t.Error(err)
				}
			})
			var exchanges atomic.Int32
			run := runner.Run(t.Context(), []*scenario.File{file}, runner.Options{
				Target: tgt, Clients: map[string]runner.Client{name: clientFor(acquire, &exchanges)},
			})
			for _, r := range run.Results {
				if r.Status != report.Pass {
					t.Errorf("%s: %s: %+v %s", r.Name, r.Status, r.Problem, r.Reason)
				}
			}
			if len(run.Results) != 1 || exchanges.Load() != 2 {
				t.Errorf("%d results and %d exchanges, want 1 and 2", len(run.Results), exchanges.Load())
			}
		})
	}
}
