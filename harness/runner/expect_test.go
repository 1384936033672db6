package runner_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
)

// TestFailedExpectations has one expectation of each kind that is not met. The problem stands where the file states it.
func TestFailedExpectations(t *testing.T) {
	t.Parallel()
	// other is a step whose token no credential matches.
	const other = `
  - mint: {audience: api://AzureADTokenExchange, claims: {sub: other}}`
	tests := []struct {
		name, steps string
		at          string
		says        []string
	}{
		{"success wanted", other + `
  - exchange: {}`, "exchange: {}", []string{"want a token, got AADSTS700213", "'other'"}},
		{"refusal wanted", mintStep + `
  - exchange: {}
    expect: {error: AADSTS700213}`, "AADSTS700213", []string{"want AADSTS700213, got a token"}},
		{"another refusal wanted", other + `
  - exchange: {}
    expect: {error: AADSTS700212}`, "AADSTS700212", []string{"want AADSTS700212, got AADSTS700213"}},
		{"oauth", other + `
  - exchange: {}
    expect: {error: AADSTS700213, oauth: invalid_grant}`, "invalid_grant", []string{`want error "invalid_grant", got "invalid_client"`}},
		{"status", mintStep + `
  - exchange: {}
    expect: {status: 201}`, "201", []string{"want HTTP status 201, got 200"}},
		{"says", other + `
  - exchange: {}
    expect:
      error: AADSTS700213
      says:
        - No matching federated identity record
        - something else`, "something else", []string{`to say "something else"`, "it says", "No matching"}},
		{"member of the access token", mintStep + `
  - exchange: {}
    expect:
      token:
        aud: https://graph.microsoft.com
        idtyp: user`, "user", []string{`token.idtyp: want "user", got "app"`}},
		{"member that is not there", mintStep + `
  - exchange: {}
    expect: {token: {groups: [everybody]}}`, "[everybody]", []string{`token.groups: want ["everybody"], got nothing`}},
		{"member of the minted token", `
  - mint: {audience: a}
    expect: {token: {aud: b}}`, "b}}", []string{`token.aud: want "b", got "a"`}},
		{"fetched", mintStep + `
  - exchange: {}
    expect:
      fetched: [discovery]`, "[discovery]", []string{"want Entra to fetch [discovery], it fetched [discovery, jwks]"}},
		{"fetched something", mintStep + `
  - exchange: {}
  - exchange: {}
    expect: {fetched: [discovery, jwks]}`, "[discovery, jwks]", []string{"it fetched []"}},
		{"that", mintStep + `
    expect:
      that:
        - token.iss == issuer.url
        - token.sub == "other"`, `token.sub == "other"`, []string{`want token.sub == "other"`, "octo-repo"}},
		{"that of a step without a token", mintStep + `
  - rotate: {}
    expect: {that: [kid == "x"]}`, `kid == "x"`, []string{`want kid == "x"`}},
		{"that is quoted", mintStep + `
    expect: {that: ['header.alg == "none"']}`, `'header.alg == "none"'`, []string{"RS256"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := head + "steps:" + tt.steps + "\n"
			got := play(t.Context(), t, src, runner.Options{})
			expectProblem(t, got, report.Fail, src, tt.at, tt.says...)
			if last := got.Steps[len(got.Steps)-1]; last.Status != report.Fail || last.Problem == nil {
				t.Errorf("the last step is a %s, want it to have the problem", last.Status)
			}
			for _, s := range got.Steps[:len(got.Steps)-1] {
				if s.Status != report.Pass {
					t.Errorf("step %s before it is a %s", s.Action, s.Status)
				}
			}
		})
	}
}

// TestExpressionInAnExpectation says what it came to.
func TestExpressionInAnExpectation(t *testing.T) {
	t.Parallel()
	src := head + `cases:
  - {name: one, error: AADSTS700213}
steps:` + mintStep + `
  - exchange: {}
    expect: {error: "${{ case.error }}"}
`
	got := play(t.Context(), t, src, runner.Options{})
	expectProblem(t, got, report.Fail, src, `"${{ case.error }}"`, "want AADSTS700213, got a token")
	if p := problemOf(got); p.Value != "AADSTS700213" || p.Hint == "" {
		t.Errorf("value %q and hint %q, want what the expression came to, and a hint", p.Value, p.Hint)
	}
	if got.Title() != "github/test[one]" {
		t.Errorf("title %q", got.Title())
	}
}

// TestErrors has cases that can't be carried out. The problem stands at what the farm refuses.
func TestErrors(t *testing.T) {
	t.Parallel()
	const name = "name: github/test\nabout: A test.\n"
	tests := []struct {
		name, src, at string
		says          []string
	}{
		{"host of the issuer", name + `issuer: {platform: github, url: "https://nobody.contoso.com"}
entra: {app: deployer}
steps:` + mintStep, `"https://nobody`, []string{`may not sign for "nobody.contoso.com"`}},
		{"credential", name + `issuer: {platform: github}
entra: {app: deployer, credentials: [{name: "${{ run.id }}", subject: y}]}
steps:` + mintStep, `"${{ run.id`, []string{"the name must have 3"}},
		{"parameter of a fault", name + `issuer:
  platform: github
  faults: [{status: {code: 99}}]
entra: {app: deployer}
steps:` + mintStep, "99}", []string{"code 99"}},
		{"start", name + `clock: {start: "9999-01-01T00:00:00Z"}
issuer: {platform: github}
entra: {app: deployer}
steps:` + mintStep, `"9999`, []string{"100 years"}},
		{"timeout", name + `timeout: "${{ env.T ?? 'soon' }}"
issuer: {platform: github}
entra: {app: deployer}
steps:` + mintStep, `"${{ env.T`, []string{"soon"}},
		{"fault step", head + `steps:` + mintStep + `
  - fault: {set: {unreachable: {document: keys}}}`, "keys}", []string{`no value "keys" (have discovery, jwks)`}},
		{"credential step", head + `steps:` + mintStep + `
  - credential: {remove: "${{ env.NAME ?? 'nobody' }}"}`, `"${{ env.NAME`, []string{"nobody"}},
		{"clock step", head + `steps:` + mintStep + `
  - clock: {advance: "${{ 1000000 }}h"}`, `"${{ 1000000`, []string{"100 years"}},
		{"expression", head + `steps:` + mintStep + `
    expect: {that: [token.nobody.there == 1]}`, "there == 1", []string{"cannot fetch there"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := tt.src + "\n"
			expectProblem(t, play(t.Context(), t, src, runner.Options{}), report.Error, src, tt.at, tt.says...)
		})
	}
}

// TestRefusalOfTheTokenAPI expects a platform to refuse a token, and fails where it says something else or gives one.
func TestRefusalOfTheTokenAPI(t *testing.T) {
	t.Parallel()
	const gcp = "name: gcp/x\nabout: A test.\nissuer: {platform: gcp}\nentra: {app: test}\nsteps:\n"
	tests := []struct {
		name, step string
		status     report.Status
		says       []string
	}{
		{"as said", "  - mint: {via: native}\n    expect: {status: 400, says: [audience]}\n", report.Pass, nil},
		{"another status", "  - mint: {via: native}\n    expect: {status: 403}\n", report.Fail, []string{"want HTTP status 403, got 400"}},
		{"another text", "  - mint: {via: native}\n    expect: {says: [lifetime]}\n", report.Fail, []string{`want the platform to say "lifetime"`}},
		{"a token", "  - mint: {via: native, audience: a}\n    expect: {status: 400}\n", report.Fail, []string{"want the platform to refuse a token, it gave one"}},
		{"a variable of nobody", "  - mint: {audience: a, via: direct, env: {A: b}}\n", report.Error, []string{"mint: env is the environment of a workload"}},
		{"not expected", "  - mint: {via: native}\n", report.Error, []string{"non-empty audience parameter required"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := play(t.Context(), t, gcp+tt.step, runner.Options{Target: start(t)})
			if got.Status != tt.status {
				t.Fatalf("%s, want %s: %+v", got.Status, tt.status, problemOf(got))
			}
			for _, want := range tt.says {
				if p := problemOf(got); p == nil || !strings.Contains(p.Message, want) {
					t.Errorf("problem %+v, want one that says %q", p, want)
				}
			}
		})
	}
}
