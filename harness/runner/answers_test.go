package runner_test

import (
	"testing"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
)

// TestPartsOfAnswers expects parts of bodies and headers, refusals without a code, and discovery documents.
func TestPartsOfAnswers(t *testing.T) {
	t.Parallel()
	const call = mintStep + "\n  - exchange: {scope: https://management.azure.com/.default}\n  - call: {url: \"" + group + "\"}\n    expect: "
	const discovery = "\n  - exchange: {discovery: true}\n"
	tests := []struct {
		name, steps string
		status      report.Status
		at, says    string
	}{
		{"body", call + "{status: 403, body: {error: {code: AuthorizationFailed}}}", report.Pass, "", ""},
		{"another body", call + "{status: 403, body: {error: {code: Other}}}", report.Fail, "Other}", `body.error.code: want "Other", got "AuthorizationFailed"`},
		{"a body that is no map", call + "{status: 403, body: Forbidden}", report.Fail, "Forbidden}", `body: want "Forbidden", got {"error"`},
		{"headers", call + "{status: 403, headers: {content-TYPE: application/json; charset=utf-8, Retry-After: null}}", report.Pass, "", ""},
		{"another header", call + "{status: 403, headers: {Content-Type: text/html}}", report.Fail, "text/html", `want header Content-Type: "text/html", got "application/json; charset=utf-8"`},
		{"no such header", call + "{status: 403, headers: {ETag: x}}", report.Fail, "x}", `want header ETag: "x", the answer has none`},
		{"a header that is to be away", call + "{status: 403, headers: {content-type: null}}", report.Fail, "null", "want no header content-type, got"},
		{"a refusal without a code", call + "{error: none}", report.Pass, "", ""},
		{"and its status", call + "{error: none, status: 404}", report.Fail, "404", "want HTTP status 404, got 403"},
		{"no refusal", mintStep + "\n  - call: {url: \"https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration\", token: \"\"}\n    expect: {error: none}", report.Fail, "none", "want a refusal without an AADSTS code, got HTTP status 200"},
		{"an exchange without a code", mintStep + "\n  - exchange: {parameters: {grant_type: password}}\n    expect: {error: none}", report.Pass, "", ""},
		{"an exchange with one", mintStep + "\n  - exchange: {tenant: nobody.example}\n    expect: {error: none}", report.Fail, "none", "want a refusal without an AADSTS code, got HTTP status 400: AADSTS90002"},
		{"an exchange with a token", mintStep + "\n  - exchange: {scope: https://management.azure.com/.default}\n    expect: {error: none}", report.Fail, "none", "want a refusal without an AADSTS code, got HTTP status 200"},
		{"body of an exchange", mintStep + "\n  - exchange: {scope: https://management.azure.com/.default}\n    expect: {body: {token_type: Bearer}, headers: {Pragma: no-cache}}", report.Pass, "", ""},
		{"discovery", discovery + "    expect: {body: {issuer: \"https://login.microsoftonline.com/${{ entra.tenant }}/v2.0\"}, that: [status == 200, 'body.token_endpoint endsWith \"/oauth2/v2.0/token\"']}", report.Pass, "", ""},
		{"discovery of v1", "\n  - exchange: {discovery: true, version: v1}\n    expect: {body: {issuer: \"https://sts.windows.net/${{ entra.tenant }}/\"}}", report.Pass, "", ""},
		{"discovery at another host", "\n  - exchange: {discovery: true, host: login.windows.net, tenant: common}\n", report.Pass, "", ""},
		{"discovery of nobody", "\n  - exchange: {discovery: true, tenant: nobody.example}\n    expect: {error: AADSTS90002, oauth: invalid_tenant, status: 400, says: [nobody.example]}", report.Pass, "", ""},
		{"discovery that fails", "\n  - exchange: {discovery: true, tenant: nobody.example}\n", report.Fail, "exchange:", "want a discovery document, got HTTP status 400: AADSTS90002"},
		{"discovery that does not fail", discovery + "    expect: {error: AADSTS90002}", report.Fail, "AADSTS90002", "want AADSTS90002, got"},
		{"another member of discovery", discovery + "    expect: {body: {issuer: x}}", report.Fail, "x}}", `body.issuer: want "x", got "https://`},
		{"beside", mintStep + "\n  - exchange: {scope: https://management.azure.com/.default}\n  - call: {url: \"" + group + "\", beside: {url: \"" + group + "&x=y\", token: \"\"}}\n    expect: {status: 200}", report.Fail, "200",
			"want HTTP status 200, got 401"},
	}
	tgt := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := directory + tt.steps + "\n"
			got := play(t.Context(), t, src, runner.Options{Target: tgt})
			if tt.status == report.Pass {
				if got.Status != report.Pass {
					t.Errorf("%s: %+v", got.Status, problemOf(got))
				}
				return
			}
			expectProblem(t, got, tt.status, src, tt.at, tt.says)
		})
	}
	src := directory + tests[len(tests)-1].steps + "\n"
	got := play(t.Context(), t, src, runner.Options{Target: tgt})
	expectProblem(t, got, report.Fail, src, "200", "the call beside it got HTTP status 403: {\"error\":{\"code\":\"AuthorizationFailed\"")
}
