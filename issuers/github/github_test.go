package github

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, Platform) }

func TestDocuments(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, Platform, "branch", "testdata/discovery.json")
	iss, err := issuer.New(Platform)
	if err != nil {
		t.Fatal(err)
	}
	got, err := iss.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	issuertest.Keys(t, got, "testdata/jwks.json")

	var set struct{ Keys []struct{ KID string } }
	if err := json.Unmarshal(got, &set); err != nil {
		t.Fatal(err)
	}
	ids := []string{set.Keys[0].KID, set.Keys[1].KID}
	if diff := cmp.Diff([]string{firstKID, signerKID}, ids); diff != "" {
		t.Errorf("documented key ids (-want +got):\n%s", diff)
	}
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	const (
		before2025 = "tokens were in another order up to 2024"
		oldHeader  = "up to 2024 an older key signed, and the header had another order"
	)
	for _, r := range []issuertest.Recorded{
		{
			File: "testdata/token-2025-workflow-dispatch-check-run.json", Preset: "dispatch",
		}, {
			File: "testdata/token-2025-pull-request-enterprise.json", Preset: "pull-request",
			Lacks: []string{"check_run_id"}, Why: "GitHub added it in 2025-11",
		}, {
			File: "testdata/token-2024-workflow-dispatch.json", Preset: "dispatch",
			Lacks: []string{"check_run_id"}, Why: "GitHub added it in 2025-11",
		}, {
			File: "testdata/token-2024-push-environment.json", Preset: "environment",
			Lacks: []string{"check_run_id"}, Why: "GitHub added it in 2025-11",
			PayloadOrder: before2025, HeaderStyle: oldHeader,
		}, {
			File: "testdata/token-2022-pull-request-environment.json", Preset: "pull-request-environment",
			Lacks: []string{
				"actor_id", "check_run_id", "environment_node_id", "job_workflow_sha", "ref_protected", "repository_id",
				"repository_owner_id", "repository_visibility", "runner_environment", "workflow_ref", "workflow_sha",
			}, Why: "GitHub added them in 2023 to 2025",
			PayloadOrder: before2025,
		}, {
			File: "testdata/token-docs-environment.json", Preset: "environment",
			Lacks: []string{
				"check_run_id", "environment_node_id", "job_workflow_sha", "ref_protected", "workflow_ref", "workflow_sha",
			}, Why: "the documentation's sample is of 2021 with a few claims added later",
			PayloadOrder: before2025, HeaderStyle: oldHeader,
		}, {
			File: "testdata/token-docs-repo-property.json", Preset: "repo-property",
			Lacks: []string{
				"check_run_id", "environment_node_id", "job_workflow_sha", "ref_protected", "workflow_ref", "workflow_sha",
			}, Why: "the documentation's sample is of 2021 with a few claims added later",
			PayloadOrder: before2025, HeaderStyle: oldHeader,
		}, {
			File: "testdata/token-docs-enterprise-issuer.json", Preset: "enterprise-slug",
			Lacks: []string{
				"actor", "actor_id", "base_ref", "check_run_id", "event_name", "head_ref", "job_workflow_ref", "job_workflow_sha",
				"nbf", "ref", "ref_protected", "ref_type", "repository", "repository_id", "repository_owner", "repository_owner_id",
				"repository_visibility", "run_attempt", "run_id", "run_number", "runner_environment", "sha", "workflow",
				"workflow_ref", "workflow_sha",
			}, Why: "the documentation shows only some claims, and nbf with a typing error",
			PayloadOrder: before2025,
		},
	} {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, Platform, r)
		})
	}
}

// TestDerived gives only what a caller knows, and gets the recorded sub, times, owner, workflow and so on.
func TestDerived(t *testing.T) {
	t.Parallel()
	ids := []string{
		"actor", "actor_id", "check_run_id", "jti", "repository_id", "repository_owner_id", "run_attempt", "run_id", "run_number", "workflow",
	}
	for _, tt := range []struct {
		issuertest.Recorded
		req     issuer.Request
		unknown []string
	}{
		{
			issuertest.Recorded{File: "testdata/token-2025-workflow-dispatch-check-run.json", Preset: "dispatch"},
			issuer.Request{Audience: []string{"macfly4200.8gears.ch"}, Claims: issuer.Claims{
				"repository":            "container-registry/federated-idp-examples",
				"repository_visibility": "public",
				"sha":                   "15a5ebfa3fb5ddf10c4b4250e14496bec7f03a56",
				"workflow_ref":          "container-registry/federated-idp-examples/.github/workflows/example_1.yml@refs/heads/main",
			}}, ids,
		}, {
			issuertest.Recorded{File: "testdata/token-2025-pull-request-enterprise.json", Preset: "pull-request"},
			issuer.Request{Lifetime: 6 * time.Hour, Claims: issuer.Claims{
				"check_run_id":          nil,
				"enterprise":            "github",
				"repository":            "github/actions-oidc-debugger",
				"repository_visibility": "public",
				"sha":                   "7f93a73b8273af5d35fcd70661704c1cadc57054",
				"workflow_ref":          "github/actions-oidc-debugger/.github/workflows/action-test.yml@refs/pull/27/merge",
			}}, append([]string{"enterprise_id", "head_ref"}, ids...),
		},
	} {
		t.Run(tt.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Derive(t, Platform, tt.Recorded, tt.req, tt.unknown...)
		})
	}
}

// TestSubjects makes every recorded subject.
func TestSubjects(t *testing.T) {
	t.Parallel()
	repository := func(preset, name string) issuertest.Subject {
		return issuertest.Subject{Preset: preset, Claims: issuer.Claims{"repository": name}}
	}
	rows := map[string]issuertest.Subject{
		"repo:container-registry/federated-idp-examples:ref:refs/heads/main": repository("branch", "container-registry/federated-idp-examples"),
		"repo:m-mizutani/sandbox:ref:refs/heads/main":                        repository("dispatch", "m-mizutani/sandbox"),
		"repo:haitch/jwtInspector:environment:Production": {
			Preset: "environment", Claims: issuer.Claims{"repository": "haitch/jwtInspector", "environment": "Production"},
		},
		"repo:woodruffw/gha-oidc-jwt-test-repo:environment:test": {
			Preset: "pull-request-environment", Claims: issuer.Claims{"repository": "woodruffw/gha-oidc-jwt-test-repo", "environment": "test"},
		},
		"repo:github/actions-oidc-debugger:pull_request":         repository("pull-request", "github/actions-oidc-debugger"),
		"repo:octo-org/octo-repo:ref:refs/tags/demo-tag":         {Preset: "tag"},
		"repo:octocat@123456/my-repo@456789:ref:refs/heads/main": {Preset: "immutable"},
		"repo:alexpmtk-afk@309119594/marketplaces-mcp-ru@1349601380:ref:refs/heads/main": {
			Preset: "immutable", Claims: issuer.Claims{"repository": "alexpmtk-afk/marketplaces-mcp-ru", "repository_owner_id": "309119594", "repository_id": "1349601380"},
		},
		"repo:saquibrashid@42775548/nextup@1331377210:environment:staging": {
			Preset: "immutable-environment", Claims: issuer.Claims{"repository": "saquibrashid/nextup", "repository_owner_id": 42775548, "repository_id": 1331377210.0},
		},
		"repo:nmeisenzahl@28020936/foundry-demo@1362938755:environment:dev": {
			Preset: "immutable-environment", Claims: issuer.Claims{
				"repository": "nmeisenzahl/foundry-demo", "repository_owner_id": "28020936", "repository_id": "1362938755", "environment": "dev",
			},
		},
		"repository_owner_id:6154722:repository_id:1157352866:pull_request": {
			Preset: "custom-subject-ids", Claims: issuer.Claims{"repository_owner_id": "6154722", "repository_id": "1157352866", "event_name": "pull_request"},
		},
		"repository_owner:monalisa:repository_visibility:private": {Preset: "custom-subject"},
		"repo:octo-org/octo-repo:environment:prod:job_workflow_ref:octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main": {
			Preset: "custom-subject-workflow",
		},
		"environment:production%3Aeastus:repository_owner:octo-org": {Preset: "custom-subject-environment"},
		"ref:refs/heads/main:repo:peterwoodworth/ExampleRepo:job_workflow_ref:...:repository_owner:peterwoodworth": {
			Preset: "custom-subject-ref", Claims: issuer.Claims{"repository": "peterwoodworth/ExampleRepo", "job_workflow_ref": "..."},
		},
		"repo:org/repo:pull_request:workflow:name:job_workflow_ref:...@refs/pull/N/merge:repository_visibility:private": {
			Preset: "custom-subject-pull-request", Claims: issuer.Claims{"repository": "org/repo", "workflow": "name", "job_workflow_ref": "...@refs/pull/N/merge"},
		},
	}
	issuertest.Subjects(t, Platform, "testdata/subjects.json", rows)
}

func TestDerivations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, preset string
		req          issuer.Request
		want         issuer.Claims // some of the claims; nil: not there
	}{
		{"default", "", issuer.Request{}, issuer.Claims{
			"sub": "repo:octo-org/octo-repo:ref:refs/heads/main", "aud": "https://github.com/octo-org", "event_name": "push",
			"head_ref": "", "base_ref": "", "environment": nil, "environment_node_id": nil, "enterprise": nil, "enterprise_id": nil,
			"job_workflow_ref": "octo-org/octo-repo/.github/workflows/example-workflow.yml@refs/heads/main",
		}},
		{"audience", "", issuer.Request{Audience: []string{"api://AzureADTokenExchange"}}, issuer.Claims{"aud": "api://AzureADTokenExchange"}},
		{"repository", "", issuer.Request{Claims: issuer.Claims{"repository": "Contoso/App"}}, issuer.Claims{
			"repository_owner": "Contoso", "aud": "https://github.com/Contoso", "sub": "repo:Contoso/App:ref:refs/heads/main",
			"workflow_ref": "Contoso/App/.github/workflows/example-workflow.yml@refs/heads/main",
		}},
		{"owner", "", issuer.Request{Claims: issuer.Claims{"repository_owner": "contoso"}}, issuer.Claims{
			"repository": "contoso/octo-repo", "aud": "https://github.com/contoso",
		}},
		{"ref of a tag", "", issuer.Request{Claims: issuer.Claims{"ref": "refs/tags/v1"}}, issuer.Claims{
			"ref_type": "tag", "sub": "repo:octo-org/octo-repo:ref:refs/tags/v1",
			"workflow_ref": "octo-org/octo-repo/.github/workflows/example-workflow.yml@refs/tags/v1",
		}},
		{"ref of a pull request", "", issuer.Request{Claims: issuer.Claims{"ref": "refs/pull/4/merge"}}, issuer.Claims{
			"event_name": "pull_request", "ref_type": "branch", "base_ref": "main", "sub": "repo:octo-org/octo-repo:pull_request",
		}},
		{"event", "", issuer.Request{Claims: issuer.Claims{"event_name": "pull_request"}}, issuer.Claims{
			"ref": "refs/pull/27/merge", "head_ref": "octocat-patch-1", "sub": "repo:octo-org/octo-repo:pull_request",
		}},
		{"another environment", "environment", issuer.Request{Claims: issuer.Claims{"environment": "a:b c"}}, issuer.Claims{
			"sub": "repo:octo-org/octo-repo:environment:a%3Ab c", "environment": "a:b c", "environment_node_id": "EN_kwDOM0RsPM7xAwGo",
		}},
		{"no environment", "environment", issuer.Request{Claims: issuer.Claims{"environment": nil}}, issuer.Claims{
			"sub": "repo:octo-org/octo-repo:ref:refs/heads/main", "environment_node_id": nil,
		}},
		{"a bare commit", "", issuer.Request{Claims: issuer.Claims{"ref": "", "sha": "abc"}}, issuer.Claims{
			"ref": "", "job_workflow_ref": "octo-org/octo-repo/.github/workflows/example-workflow.yml@abc", "workflow_sha": "abc",
		}},
		{"merge queue", "merge-queue", issuer.Request{}, issuer.Claims{
			"sub": "repo:octo-org/octo-repo:ref:refs/heads/gh-readonly-queue/main/pr-27-15a5ebfa3fb5ddf10c4b4250e14496bec7f03a56",
		}},
		{"release", "release", issuer.Request{}, issuer.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/tags/v1.0.0", "ref_type": "tag"}},
		{"schedule", "schedule", issuer.Request{}, issuer.Claims{"sub": "repo:octo-org/octo-repo:ref:refs/heads/main", "event_name": "schedule"}},
		{"reusable workflow", "reusable-workflow", issuer.Request{}, issuer.Claims{
			"sub": "repo:octo-org/octo-repo:ref:refs/heads/main", "job_workflow_ref": automation,
			"workflow_ref":     "octo-org/octo-repo/.github/workflows/example-workflow.yml@refs/heads/main",
			"job_workflow_sha": "8b42ec0b6b973f5465ddc4e667cee9ba26aeabb5",
		}},
		{"enterprise", "enterprise", issuer.Request{}, issuer.Claims{
			"enterprise": "avocado-corp", "enterprise_id": "2", "iss": "https://token.actions.githubusercontent.com",
		}},
		{"slug", "enterprise-slug", issuer.Request{}, issuer.Claims{
			"iss": "https://token.actions.githubusercontent.com/octocat-inc", "sub": "repo:octocat-inc/private-server:ref:refs/heads/main",
			"aud": "https://github.com/octocat-inc",
		}},
		{"ghes", "ghes", issuer.Request{}, issuer.Claims{
			"iss": "https://github.contoso.example/_services/token", "aud": "https://github.contoso.example/octo-org",
		}},
		{"ghe.com", "ghe-com", issuer.Request{}, issuer.Claims{
			"iss": "https://token.actions.octocorp.ghe.com", "aud": "https://octocorp.ghe.com/octo-org",
		}},
		{"a colon in a template", "custom-subject-environment", issuer.Request{}, issuer.Claims{"environment": "production:eastus"}},
		{"odd claims that nothing is made from", "", issuer.Request{Claims: issuer.Claims{"run_id": 7, "actor": []any{"a"}}}, issuer.Claims{
			"run_id": json.Number("7"), "actor": []any{"a"}, "sub": "repo:octo-org/octo-repo:ref:refs/heads/main",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			claims, got := mint(t, tt.preset, tt.req), issuer.Claims{}
			for name := range tt.want {
				got[name] = claims[name]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOtherServers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ preset, url, aud string }{
		{"ghes", "https://ghe.fabrikam.example/_services/token", "https://ghe.fabrikam.example/octo-org"},
		{"ghes", "https://127.0.0.1:8443/github/ghes", "https://github.contoso.example/octo-org"},
		{"ghe-com", "https://token.actions.fabrikam.ghe.com/fabrikam", "https://fabrikam.ghe.com/octo-org"},
		{"ghe-com", "https://127.0.0.1:8443/github/ghe-com", "https://octocorp.ghe.com/octo-org"},
	} {
		if got := mint(t, tt.preset, issuer.Request{}, issuer.WithURL(tt.url))["aud"]; got != tt.aud {
			t.Errorf("%s at %s: aud is %q, want %q", tt.preset, tt.url, got, tt.aud)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		req  issuer.Request
		want string
	}{
		{issuer.Request{Audience: []string{"a", "b"}}, "github: want one audience, got 2"},
		{issuer.Request{Claims: issuer.Claims{"ref": []any{"a"}}}, `github: claim "ref": want a string, got []interface {}`},
		{issuer.Request{Claims: issuer.Claims{"repository": map[string]any{}}}, `github: claim "repository": want a string, got map[string]interface {}`},
	} {
		iss, err := issuer.New(Platform)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := iss.Mint(tt.req); err == nil || err.Error() != tt.want {
			t.Errorf("%v: error is %v, want %q", tt.req.Claims, err, tt.want)
		}
	}
}

// TestHeader compares the beginning that every token of github.com has today, up to the thumbprint, which depends on
// the key.
func TestHeader(t *testing.T) {
	t.Parallel()
	iss, err := issuer.New(Platform)
	if err != nil {
		t.Fatal(err)
	}
	token, err := iss.Mint(issuer.Request{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"alg":"RS256","kid":"38826b17-6a30-5f9b-b169-8beb8202f723","typ":"JWT","x5t":"`
	if header, _ := issuertest.Parts(t, token.Raw); !strings.HasPrefix(string(header), want) {
		t.Errorf("header is %s, want it to begin %s", header, want)
	}
}

func mint(t *testing.T, preset string, req issuer.Request, opts ...issuer.Option) map[string]any {
	t.Helper()
	opts = append([]issuer.Option{issuer.WithPreset(preset), issuer.WithKeys(issuer.GenerateTestKey)}, opts...)
	iss, err := issuer.New(Platform, opts...)
	if err != nil {
		t.Fatal(err)
	}
	token, err := iss.Mint(req)
	if err != nil {
		t.Fatal(err)
	}
	_, claims := issuertest.Decode(t, token.Raw)
	return claims
}
