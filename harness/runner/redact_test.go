package runner_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
)

// leaks has a token, and a secret of the environment, come up wherever a report may show something: in claims, in what is sent and
// answered, in expectations that are not met, in errors.
const leaks = `
name: github/test
about: A test.
cases:
  - {name: claim, claim: "${{ env.DEPLOY_PASSWORD }}", tenant: contoso.onmicrosoft.com, says: ""}
  - {name: tenant, claim: x, tenant: "${{ env.DEPLOY_PASSWORD }}", says: ""}
  - {name: says, claim: x, tenant: contoso.onmicrosoft.com, says: "${{ env.DEPLOY_PASSWORD }}"}
issuer: {platform: github, preset: branch}
entra:
  app: deployer
  credentials: [{name: main, subject: "repo:octo-org/octo-repo:ref:refs/heads/other"}]
steps:
  - id: first
    mint: {audience: api://AzureADTokenExchange, via: direct, claims: {note: "${{ case.claim }}"}}
  - id: second
    mint: {audience: api://AzureADTokenExchange, via: direct, claims: {sub: "${{ steps.first.token }}", environment: "${{ case.claim }}"}}
  - exchange: {tenant: "${{ case.tenant }}", clientId: "${{ steps.first.token }}"}
    expect: {error: AADSTS700016, says: ["${{ case.says }}"]}
`

// TestReportsKeepSecrets tries every form of a report.
func TestReportsKeepSecrets(t *testing.T) {
	t.Parallel()
	const password = "correct-horse-battery"
	file := load(t, leaks)
	run := runner.Run(t.Context(), []*scenario.File{file}, runner.Options{
		Target: start(t), Env: map[string]any{"DEPLOY_PASSWORD": password, "SECRET_FOLDER": "/home", "OTHER": "x"},
	})
	formats := map[string]func(io.Writer, report.Run) error{
		"text": func(w io.Writer, run report.Run) error {
			return report.Text(w, run, report.TextOptions{Verbose: true})
		},
		"annotations": func(w io.Writer, run report.Run) error { return report.Annotations(w, run, "") }, "summary": report.Summary,
	}
	for name, format := range report.Formats {
		formats[name] = format
	}
	for name, format := range formats {
		var b bytes.Buffer
		if err := format(&b, run); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if strings.Contains(text, password) || strings.Contains(text, "eyJhbGciOi") {
			t.Errorf("%s shows a secret:\n%.3000s", name, text)
		}
		if name == "text" && (strings.Count(text, `"note":"***"`) != 1 || !strings.Contains(text, `"sub":"eyJ…"`) || !strings.Contains(text, "HTTP 400")) {
			t.Errorf("the text does not show what took the place of a secret:\n%.3000s", text)
		}
	}
	if len(run.Results) != 3 || run.Results[2].Status != report.Fail {
		t.Errorf("results %+v", run.Results)
	}
}

// TestReportsKeepEscapedSecrets has a secret with characters that JSON, XML and URLs write in another way.
func TestReportsKeepEscapedSecrets(t *testing.T) {
	t.Parallel()
	src := signIn + `  - call: {url: "https://graph.microsoft.com/v1.0/nowhere"}
    expect: {status: 400, body: {a: "${{ env.MY_PASSWORD }}", b: {c: "in ${{ toJSON(env.MY_PASSWORD) }}"}}}
`
	run := runner.Run(t.Context(), []*scenario.File{load(t, src)}, runner.Options{
		Target: start(t), Env: map[string]any{"MY_PASSWORD": `"Sup3rS3cret"q<b>&\z`},
	})
	if len(run.Results) != 1 || run.Results[0].Status != report.Fail {
		t.Fatalf("results %+v", run.Results)
	}
	for name, format := range report.Formats {
		var b bytes.Buffer
		if err := format(&b, run); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); strings.Contains(text, "Sup3rS3cret") || !strings.Contains(text, "***") {
			t.Errorf("%s shows a secret:\n%.3000s", name, text)
		}
	}
}

// TestReportsKeepPartsOfTokens has expressions take tokens apart.
func TestReportsKeepPartsOfTokens(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		"split(steps.m.token, '.')[0]", "split(steps.m.token, '.')[1]", "split(steps.m.token, '.')[2]", "replace(steps.m.token, '.', '_')", "steps.m.token[5:]",
		"lower(steps.m.token)", "upper(steps.m.token)", "toBase64(steps.m.token)", "split(steps.e.accessToken, '.')[2]", "steps.m.token[40:80]",
		"reverse(split(steps.e.accessToken, '.'))[0]", "{'a': split(steps.m.token, '.')[2][3:40]}.a",
	} {
		src := strings.Replace(signIn, "- mint:", "- id: m\n    mint:", 1)
		src = strings.Replace(src, "- exchange:", "- id: e\n    exchange:", 1) + "  - mint: {audience: x, via: direct}\n    expect: {that: [\"" + expression + " == 'a'\"]}\n"
		run := runner.Run(t.Context(), []*scenario.File{load(t, src)}, runner.Options{Target: start(t)})
		if len(run.Results) != 1 || run.Results[0].Status != report.Fail {
			t.Fatalf("%s: %+v", expression, problemOf(run.Results[0]))
		}
		var b bytes.Buffer
		if err := report.JSON(&b, run); err != nil {
			t.Fatal(err)
		}
		value := problemOf(run.Results[0]).Message + problemOf(run.Results[0]).Value
		if piece := longWord.FindString(value); piece != "" || !strings.Contains(value, "…") {
			t.Errorf("%s: %q has %q of a token", expression, value, piece)
		}
	}
}

// longWord matches what is longer than any name in the messages of that test.
var longWord = regexp.MustCompile(`[\w+/=-]{24,}`)

// TestAnswersOfStepsThatPass are in the report.
func TestAnswersOfStepsThatPass(t *testing.T) {
	t.Parallel()
	src := signIn + `  - mint: {audience: api://AzureADTokenExchange, via: direct, claims: {sub: other}}
  - exchange: {}
    expect: {error: AADSTS700213}
  - call: {url: "https://graph.microsoft.com/v1.0/nowhere"}
    expect: {status: 400}
`
	got := play(t.Context(), t, src, runner.Options{})
	if got.Status != report.Pass || len(got.Steps) != 5 {
		t.Fatalf("%s: %+v", got.Status, problemOf(got))
	}
	if s := got.Steps[0]; s.Claims["sub"] != "repo:octo-org/octo-repo:ref:refs/heads/main" {
		t.Errorf("mint: %+v", s)
	}
	if s := got.Steps[1]; s.HTTP != 200 || s.Claims["aud"] != "https://graph.microsoft.com" || s.Text != "" || s.OAuth != "" {
		t.Errorf("exchange: %+v", s)
	}
	if s := got.Steps[3]; s.HTTP != 401 || s.OAuth != "invalid_client" || s.Error != "AADSTS700213" || !strings.HasPrefix(s.Text, "AADSTS700213: No matching federated identity record") {
		t.Errorf("refused exchange: %+v", s)
	}
	if s := got.Steps[4]; s.HTTP != 400 || !strings.Contains(s.Text, `"error"`) {
		t.Errorf("call: %+v", s)
	}
}

// TestSecretNames says of which variables of the environment no report shows the values.
func TestSecretNames(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]bool{
		"DEPLOY_PASSWORD": true, "SIGNING_KEY": true, "KEY_PASSPHRASE": true, "slash_secret": true, "ISSUERD_CONTROL_TOKEN_FILE": false, "SECRET_DIR": false, "BRANCH": false,
	} {
		const value = "/base64-may-begin-so"
		run := runner.Run(t.Context(), []*scenario.File{load(t, strings.ReplaceAll(leaks, "DEPLOY_PASSWORD", name))}, runner.Options{
			Target: start(t), Env: map[string]any{name: value},
		})
		var b bytes.Buffer
		if err := report.JSON(&b, run); err != nil {
			t.Fatal(err)
		}
		if shown := strings.Contains(b.String(), value); shown == secret {
			t.Errorf("%s: shown %t", name, shown)
		}
	}
}
