package runner_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// directory is an Entra side with something of everything, and a sign-in of its app.
const directory = `name: entra/test
about: A test.
vars: {tenant: 7c5d6c2e-0d5c-4f5e-9e06-2f4c7a1b3d10, robot: 11111111-2222-3333-4444-555555555555, subscription: 22222222-2222-3333-4444-555555555555}
issuer: {platform: github, preset: branch}
entra:
  app: deployer
  certificate: true
  credentials:
    - {name: main, subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}
    - {name: robot, issuer: "https://login.microsoftonline.com/${{ vars.tenant }}/v2.0", subject: "${{ vars.robot }}"}
  appRoleAssignments: [{resource: Microsoft Graph, role: Application.Read.All}]
  tenant: {id: "${{ vars.tenant }}", displayName: Fabrikam, domains: [fabrikam.example]}
  options: {staleEdits: 10m, identityWriteTime: 30s}
  policies: {githubEnterprises: "${{ env.ENTERPRISES ?? [] }}"}
  applications:
    - {displayName: api, identifierUris: [api://api]}
    - {displayName: closed, clientId: 33333333-2222-3333-4444-555555555555, disabled: true}
  managedIdentities:
    - {name: owner, credentials: [{name: main, subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}]}
    - {name: robot, principalId: "${{ vars.robot }}", credentials: [{name: main, subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}]}
  subscriptions:
    - {id: "${{ vars.subscription }}", displayName: Pay-As-You-Go, resourceGroups: [{name: app}], roleAssignments: [{principal: robot, role: Reader}, {principal: owner, role: Owner}]}
  b2cPolicies: [B2C_1_signin]
  tenants:
    - {displayName: Tailspin, domains: [tailspin.example], managedIdentities: [{name: stranger}], subscriptions: [{displayName: Theirs, resourceGroups: [{name: app}]}]}
steps:`

// group is what the scenario's resource group is asked at.
const group = "https://management.azure.com/subscriptions/${{ vars.subscription }}/resourceGroups/app?api-version=2021-04-01"

// identity is a managed identity's credentials.
const identity = "https://management.azure.com/subscriptions/${{ vars.subscription }}/resourceGroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/robot/federatedIdentityCredentials"

// TestDirectory plays sign-ins that need more of the directory than one application.
func TestDirectory(t *testing.T) {
	t.Parallel()
	const robot = `
  - mint: {managedIdentity: robot}`
	tests := []struct{ name, steps string }{
		{"roles at a resource", mintStep + `
  - exchange: {}
    expect: {token: {roles: [Application.Read.All], tid: "${{ vars.tenant }}"}, that: [entra.tenant == vars.tenant, token.oid == entra.app.servicePrincipalId]}`},
		{"another application as the resource", mintStep + `
  - exchange: {scope: api://api/.default, tenant: fabrikam.example}`},
		{"a disabled application", mintStep + `
  - exchange: {clientId: 33333333-2222-3333-4444-555555555555}
    expect: {error: AADSTS7000112}`},
		{"sign in as a managed identity", mintStep + `
  - exchange: {identity: robot}
    expect: {token: {oid: "${{ vars.robot }}"}}`},
		{"a managed identity as a credential", robot + `
    expect: {token: {oid: "${{ vars.robot }}", idtyp: app}}
  - exchange: {}
    expect: {token: {oid: "${{ entra.app.servicePrincipalId }}"}, fetched: []}`},
		{"a managed identity's token for something else", `
  - mint: {managedIdentity: robot, resource: "https://management.azure.com"}
  - exchange: {}
    expect: {error: AADSTS700211, says: ["https://sts.windows.net/${{ vars.tenant }}/"]}`},
		{"a managed identity of another tenant", `
  - mint: {managedIdentity: stranger}
  - exchange: {}
    expect: {error: AADSTS700211}`},
		{"an access token as the assertion", robot + `
  - id: first
    exchange: {}
  - exchange: {assertion: "${{ steps.first.accessToken }}"}
    expect: {error: AADSTS700211}`},
		{"a credential changed in place", `
  - mint: {audience: api://AzureADTokenExchange, claims: {sub: new}, via: direct}
  - credential: {update: {name: main, subject: new}}
    expect: {that: [id != ""]}
  - exchange: {}
    expect: {error: AADSTS700213}
  - clock: {advance: 11m}
  - mint: {audience: api://AzureADTokenExchange, claims: {sub: new}, via: direct}
  - exchange: {}`},
		{"a role where it is needed", mintStep + `
  - exchange: {scope: https://management.azure.com/.default}
  - call: {url: "` + group + `"}
    expect: {status: 403, says: [AuthorizationFailed], that: [body.error.code == "AuthorizationFailed"]}
  - exchange: {scope: https://management.azure.com/.default, identity: robot}
  - call: {url: "` + group + `"}
    expect: {that: [status == 200, body.name == "app", 'headers["Content-Type"] contains "json"']}
  - call: {url: "` + group + `", token: ""}
    expect: {status: 401}`},
		{"a refusal of discovery", `
  - call: {url: "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.contoso.com/common/oauth2/v2.0/authorize", token: ""}
    expect: {error: AADSTS50049, says: [invalid_instance], that: [error == "AADSTS50049"]}`},
		{"no assertion at all", `
  - exchange: {parameters: {client_assertion: null, client_assertion_type: null}}
    expect: {error: AADSTS7000216}`},
		{"what the app may read in Microsoft Graph", mintStep + `
  - exchange: {}
  - call: {url: "https://graph.microsoft.com/v1.0/applications(appId='${{ entra.app.clientId }}')"}
    expect: {that: [body.id == entra.app.objectId]}
  - call: {url: "https://graph.microsoft.com/v1.0/applications", method: POST, body: {displayName: new}}
    expect: {status: 403, says: [Authorization_RequestDenied]}`},
		{"two writes at once", mintStep + `
  - exchange: {scope: https://management.azure.com/.default, identity: owner}
  - call:
      url: "` + identity + `/one?api-version=2023-01-31"
      method: PUT
      body: {properties: {issuer: "${{ issuer.url }}", subject: a, audiences: [api://AzureADTokenExchange]}}
      beside:
        url: "` + identity + `/two?api-version=2023-01-31"
        method: PUT
        body: {properties: {issuer: "${{ issuer.url }}", subject: b, audiences: [api://AzureADTokenExchange]}}
    expect: {status: 201, that: [beside.status == 409, beside.body.error.code contains "Concurrent"]}`},
	}
	tgt := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := play(t.Context(), t, directory+tt.steps+"\n", runner.Options{Target: tgt})
			if got.Status != report.Pass {
				t.Errorf("%s: %+v", got.Status, problemOf(got))
			}
		})
	}
}

// TestCertificate plays the refusals of a certificate assertion.
func TestCertificate(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, mint, exchange, code string }{
		{"as documented", "certificate: true", "", ""},
		{"RS256 and an older endpoint", "certificate: true, header: {alg: RS256}, audience: 'https://login.microsoftonline.com/fabrikam.example/oauth2/token'", "tenant: fabrikam.example", ""},
		{"no thumbprint", "certificate: true, header: {'x5t#S256': null}", "", "AADSTS5002723"},
		{"of another application", "certificate: true", "clientId: 33333333-2222-3333-4444-555555555555", "AADSTS7000112"},
		{"for another application", "certificate: true, claims: {iss: '${{ vars.robot }}', sub: '${{ vars.robot }}'}", "", "AADSTS700021"},
		{"for another audience", "certificate: true, audience: api://AzureADTokenExchange", "", "AADSTS700023"},
		{"another certificate", "certificate: true, header: {'x5t#S256': AAAA}", "", "AADSTS700027"},
		{"expired", "certificate: true, lifetime: -1h", "", "AADSTS700024"},
	}
	tgt := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := directory + "\n  - mint: {" + tt.mint + "}\n  - exchange: {" + tt.exchange + "}\n    expect: {error: \"" + tt.code + "\"}\n"
			if got := play(t.Context(), t, src, runner.Options{Target: tgt}); got.Status != report.Pass {
				t.Errorf("%s: %+v", got.Status, problemOf(got))
			}
		})
	}
}

// TestRequestShapes plays what only the plain HTTP client sends.
func TestRequestShapes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, exchange, expect string }{
		{"v1", "version: v1", `token: {aud: https://graph.microsoft.com}, that: [body.resource == "https://graph.microsoft.com", body.expires_in == "3599"]`},
		{"v1 resource", "version: v1, resource: 'https://management.azure.com'", `token: {aud: https://management.azure.com}`},
		{"a parameter taken away", "parameters: {scope: null}", `error: AADSTS900144, says: [scope]`},
		{"a parameter twice", "parameters: {client_id: [a, b]}", `error: AADSTS9002313`},
		{"another parameter", "parameters: {resource: 'https://graph.microsoft.com'}", `error: AADSTS901002`},
		{"method", "method: PUT", `error: AADSTS900561`},
		{"no content type", "headers: {Content-Type: text/plain}", `error: AADSTS900144`},
		{"another cloud", "host: login.microsoftonline.us", `error: AADSTS900382`},
		{"an alias", "host: login.windows.net", `status: 200`},
		{"of another tenant", "tenant: tailspin.example", `error: AADSTS700016`},
		{"B2C", "policy: B2C_1_signin", `error: AADB2C99027, says: [B2C_1_signin]`},
		{"a header of the answer", "headers: {client-request-id: 00000000-aaaa-bbbb-cccc-000000000000, return-client-request-id: 'true'}",
			`that: ['headers["Client-Request-Id"] == "00000000-aaaa-bbbb-cccc-000000000000"']`},
	}
	tgt := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := directory + mintStep + "\n  - exchange: {" + tt.exchange + "}\n    expect: {" + tt.expect + "}\n"
			if got := play(t.Context(), t, src, runner.Options{Target: tgt}); got.Status != report.Pass {
				t.Errorf("%s: %+v", got.Status, problemOf(got))
			}
		})
	}
}

// TestThrottled expects a refusal that has no code, and finds nothing else to be one.
func TestThrottled(t *testing.T) {
	t.Parallel()
	const refused = "    expect: {status: 429, says: [Too Many Requests], that: ['headers[\"Retry-After\"] == \"60\"']}\n"
	// The minute that is counted begins with the case.
	throttled := strings.Replace(directory, "\nentra:", "\nclock: {start: 2026-01-15T10:00:00Z}\nentra:", 1)
	throttled = strings.Replace(throttled, "{staleEdits: 10m, ", "{throttleAfter: 1, ", 1) + mintStep + "\n"
	src := throttled + "  - exchange: {}\n  - exchange: {}\n" + refused
	if got := play(t.Context(), t, src, runner.Options{}); got.Status != report.Pass {
		t.Errorf("%s: %+v", got.Status, problemOf(got))
	}
	src = throttled + "  - exchange: {}\n" + refused
	expectProblem(t, play(t.Context(), t, src, runner.Options{}), report.Fail, src, "429", "want HTTP status 429 without an AADSTS code, got 200")
	src = throttled + "  - exchange: {clientId: nobody}\n    expect: {status: 400}\n"
	expectProblem(t, play(t.Context(), t, src, runner.Options{}), report.Fail, src, "400", "want HTTP status 400 without an AADSTS code, got 400: AADSTS700016")
}

// TestPolicyFromAnExpression has a list of a policy come out of an expression.
func TestPolicyFromAnExpression(t *testing.T) {
	t.Parallel()
	src := directory + mintStep + "\n  - exchange: {}\n    expect: {error: AADSTS7002381, says: [contoso]}\n"
	opts := runner.Options{Env: map[string]any{"ENTERPRISES": []any{"contoso"}}}
	if got := play(t.Context(), t, src, opts); got.Status != report.Pass {
		t.Errorf("%s: %+v", got.Status, problemOf(got))
	}
	opts = runner.Options{Env: map[string]any{"ENTERPRISES": []any{5}}}
	expectProblem(t, play(t.Context(), t, src, opts), report.Error, src, `"${{ env.ENTERPRISES`, "number")
}

// TestDirectoryErrors breaks a rule of the directory that the loader cannot find, because it does not know the whole of
// the Entra side. The problem stands where the file says what breaks it.
func TestDirectoryErrors(t *testing.T) {
	t.Parallel()
	const head = "name: entra/test\nabout: A test.\nissuer: {platform: github}\nentra:\n  app: deployer\n  public: ${{ env.PUBLIC ?? false }}\n"
	tests := []struct{ name, side, at, says string }{
		{"id of the application", "  clientId: nothing\n", "nothing", "nothing"},
		{"credential", "  credentials:\n    - {name: one, subject: s}\n    - {name: two, subject: s }\n", "s }", "must be unique"},
		{"application", "  applications:\n    - {displayName: a}\n    - {displayName: b, tokenVersion: 3}\n", "3}", "token version 3"},
		{"same name as the app's", "  applications: [{displayName: deployer}]\n", "{displayName: deployer", "deployer"},
		{"tenant", "  tenant: {domains: [x]}\n", "x]", "not a domain"},
		{"managed identity", "  subscriptions: [{displayName: s, resourceGroups: [{name: g}]}]\n  managedIdentities:\n    - {name: robot, subscription: nowhere}\n", "nowhere", "nowhere"},
		{"option", "  options: {matchOrder: \"${{ env.ORDER ?? 'random' }}\"}\n", "\"${{ env.ORDER", "random"},
		{"another tenant", "  tenants:\n    - {displayName: a, cloud: \"${{ env.CLOUD ?? 'mars' }}\"}\n", "\"${{ env.CLOUD", "mars"},
		{"two tenants of one name", "  tenants:\n    - {displayName: Contoso}\n", "{displayName: Contoso", "already has a tenant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := head + tt.side + "steps:" + mintStep + "\n"
			expectProblem(t, play(t.Context(), t, src, runner.Options{}), report.Error, src, tt.at, tt.says)
		})
	}
}

// TestCallErrors has calls that fail or cannot be made.
func TestCallErrors(t *testing.T) {
	t.Parallel()
	const signedIn = mintStep + "\n  - exchange: {scope: https://management.azure.com/.default}"
	tests := []struct {
		name, steps string
		status      report.Status
		at, says    string
	}{
		{"a refusal", signedIn + "\n  - call: {url: \"" + group + "\"}", report.Fail, "call: {", "want a success, got HTTP status 403: {\"error\":{\"code\":\"AuthorizationFailed\""},
		{"another refusal", signedIn + "\n  - call: {url: \"" + group + "\"}\n    expect: {status: 404}", report.Fail, "404", "want HTTP status 404, got 403"},
		{"another code", signedIn + "\n  - call: {url: \"" + group + "\"}\n    expect: {error: AADSTS50049}", report.Fail, "AADSTS50049", "want AADSTS50049, got HTTP status 403"},
		{"no success", signedIn + "\n  - call: {url: \"" + group + "\", token: \"\"}\n    expect: {status: 200}", report.Fail, "200", "got 401"},
		{"it says something else", signedIn + "\n  - call: {url: \"" + group + "\"}\n    expect: {status: 403, says: [Conflict]}", report.Fail, "Conflict", `want the answer to say "Conflict", it says {`},
		{"that", signedIn + "\n  - call: {url: \"" + group + "\"}\n    expect: {status: 403, that: [body.error.code == \"x\"]}", report.Fail, "body.error.code", "AuthorizationFailed"},
		{"no token", mintStep + "\n  - exchange: {scope: x}\n    expect: {error: \"${{ env.CODE ?? 'AADSTS1002012' }}\"}\n  - call: {url: \"" + group + "\"}", report.Error, "call: {", "there is no access token"},
		{"plain http", signedIn + "\n  - call: {url: \"${{ env.URL ?? 'http://management.azure.com' }}\"}", report.Error, "\"${{ env.URL", "is not the URL of a resource"},
		{"not of the farm", signedIn + "\n  - call: {url: \"https://www.contoso.com\"}", report.Error, "call: {", "www.contoso.com"},
		{"method", signedIn + "\n  - call: {url: \"" + group + "\", method: \"${{ env.METHOD ?? 'a b' }}\"}", report.Error, "\"${{ env.METHOD", "no HTTP method"},
	}
	tgt := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := directory + tt.steps + "\n"
			expectProblem(t, play(t.Context(), t, src, runner.Options{Target: tgt}), tt.status, src, tt.at, tt.says)
		})
	}
}

// TestNoTokenInAReport lets every kind of message come near a token.
func TestNoTokenInAReport(t *testing.T) {
	t.Parallel()
	const signedIn = mintStep + "\n  - id: first\n    exchange: {scope: https://management.azure.com/.default}\n"
	for _, step := range []string{
		"  - exchange: {}\n    expect: {that: ['accessToken == \"x\"']}",
		"  - exchange: {assertion: \"${{ steps.first.accessToken }}\", clientId: \"${{ steps.first.accessToken }}\"}",
		"  - exchange: {tenant: \"${{ steps.first.accessToken }}\"}",
		"  - exchange: {identity: \"${{ steps.first.accessToken }}\"}",
		"  - exchange: {}\n    expect: {says: [\"${{ steps.first.accessToken }}\"]}",
		"  - call: {url: \"https://management.azure.com/?t=${{ steps.first.accessToken }}\"}",
		"  - call: {url: \"${{ steps.first.accessToken }}\"}",
		"  - call: {url: \"https://management.azure.com\", method: \"${{ steps.first.accessToken }} x\"}",
		"  - call: {url: \"https://nowhere.contoso.com/${{ steps.first.accessToken }}\"}",
	} {
		file := load(t, directory+signedIn+step+"\n")
		run := runner.Run(t.Context(), []*scenario.File{file}, runner.Options{Target: start(t)})
		if run.Status() < report.Fail {
			t.Errorf("%s: %s, want a problem", step, run.Status())
		}
		var text, asJSON bytes.Buffer
		if err := report.Text(&text, run, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := report.JSON(&asJSON, run); err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`eyJ[\w-]+\.`).FindString(text.String() + asJSON.String()); found != "" || !strings.Contains(asJSON.String(), "problem") {
			t.Errorf("%s: the report has %.20s… in it:\n%.2000s", step, found, text.String())
		}
	}
}

// TestManagedIdentityElsewhere gets a managed identity's token from a farm that is driven as one in a container is.
func TestManagedIdentityElsewhere(t *testing.T) {
	t.Parallel()
	local := start(t)
	remote, err := targets.Remote(t.Context(), "container", local.Control.URL, local.Control.Token, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := remote.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, tt := range map[string]struct {
		steps string
		want  report.Status
		at    string
	}{
		"a token":         {"\n  - mint: {managedIdentity: robot}\n  - exchange: {}\n", report.Pass, ""},
		"no such one":     {"\n  - mint: {managedIdentity: nobody}\n", report.Error, "nobody}"},
		"no such service": {"\n  - mint: {managedIdentity: robot, resource: api://nobody}\n", report.Error, "mint: {"},
	} {
		src := directory + tt.steps
		switch got := play(t.Context(), t, src, runner.Options{Target: remote}); {
		case got.Status != tt.want:
			t.Errorf("%s: %s, want %s: %+v", name, got.Status, tt.want, problemOf(got))
		case tt.want == report.Error:
			expectProblem(t, got, report.Error, src, tt.at, "nobody")
		}
	}
}
