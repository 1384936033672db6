package generic

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, Platform) }

func TestDocuments(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, Platform, "azure-devops", "testdata/azure-devops-discovery.json",
		"0ca3ddd9-f0b0-4635-a98c-5866526961b6", azureOrganization)
	issuertest.Document(t, Platform, "bitbucket", "testdata/bitbucket-discovery.json", "$workspace", "contoso")
	issuertest.Document(t, Platform, "forgejo", "testdata/forgejo-actions-discovery.json")
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	for _, r := range []issuertest.Recorded{
		{File: "testdata/token-gitlab-2025-push.json", Preset: "gitlab"},
		{
			File: "testdata/token-gitlab-docs.json", Preset: "gitlab",
			Lacks: []string{"user_access_level"}, Why: "the documentation's sample is of 2023",
			PayloadOrder: "the order is that of the recorded token of 2025",
		}, {
			File: "testdata/token-gitlab-pypi-fixture.json", Preset: "gitlab",
			PayloadOrder: "the order is that of the recorded token of 2025; this is a fixture",
		},
		{File: "testdata/token-buildkite-docs.json", Preset: "buildkite"},
		{File: "testdata/token-azure-devops-pipeline.json", Preset: "azure-devops-pipeline"},
		{File: "testdata/token-azure-devops-connection.json", Preset: "azure-devops"},
	} {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, Platform, r)
		})
	}
}

// TestDerived gives only what a caller knows, and gets the recorded sub, times and so on.
func TestDerived(t *testing.T) {
	t.Parallel()
	issuertest.Derive(t, Platform,
		issuertest.Recorded{File: "testdata/token-gitlab-2025-push.json", Preset: "gitlab"},
		issuer.Request{Audience: []string{"macfly4200.8gears.ch"}, Claims: issuer.Claims{
			"project_path": "8gears/container-registry/harbor-workload-identity-federation", "runner_environment": "self-hosted",
			"ref_protected": "true", "sha": "de7a8b6e3892321ac9d2305f26332dcdc775f1c2",
		}},
		"job_id", "jti", "namespace_id", "pipeline_id", "project_id", "runner_id", "user_email", "user_id", "user_login")
	issuertest.Derive(t, Platform,
		issuertest.Recorded{File: "testdata/token-buildkite-docs.json", Preset: "buildkite"},
		issuer.Request{Claims: issuer.Claims{"build_tag": "v1.0.0"}})
}

// TestSubjects makes every recorded subject.
func TestSubjects(t *testing.T) {
	t.Parallel()
	circle := issuer.Claims{
		"oidc.circleci.com/org-id": "<org-id>", "oidc.circleci.com/project-id": "<project-id>",
		"oidc.circleci.com/vcs-origin": "<origin>", "oidc.circleci.com/vcs-ref": "<ref>",
	}
	rows := map[string]struct {
		preset string
		claims issuer.Claims
	}{
		"project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1":                                                         {"gitlab", issuer.Claims{"ref": "feature-branch-1"}},
		"org/<org-id>/project/<project-id>/user/<user-id>":                                                                              {"circleci", circle},
		"org/<org-id>/project/<project-id>/user/<user-id>/vcs-origin/<origin>/vcs-ref/<ref>":                                            {"circleci-v2", circle},
		"organization:acme-inc:pipeline:super-duper-app:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build": {"buildkite", nil},
		"sc://ORG/PROJECT/CONNECTION":     {"azure-devops", nil},
		"p://ORG/PROJECT/PIPELINE":        {"azure-devops-pipeline", nil},
		"{<repositoryUuid>}:{<stepUuid>}": {"bitbucket", issuer.Claims{"repositoryUuid": "{<repositoryUuid>}", "stepUuid": "{<stepUuid>}"}},
	}
	// What is in no claim but sub is an example in the preset and a placeholder in the record.
	placeholders := strings.NewReplacer(circleUser, "<user-id>", "contoso/app/azure", "ORG/PROJECT/CONNECTION", "contoso/app/build", "ORG/PROJECT/PIPELINE")
	// Entra issues this one itself; see the package documentation.
	const entra = "/eid1/c/pub/t/<b64url tenant>/a/<b64url app>/sc/<org-guid>/<connection-id>"

	text, err := os.ReadFile("testdata/subjects.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded []struct{ Sub string }
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded) != len(rows)+1 {
		t.Errorf("%d subjects recorded, %d in the table", len(recorded), len(rows)+1)
	}
	for _, r := range recorded {
		row, has := rows[r.Sub]
		if !has && r.Sub != entra {
			t.Errorf("subject %q is not in the table", r.Sub)
		}
		if !has {
			continue
		}
		got, _ := mint(t, row.preset, issuer.Request{Claims: row.claims})["sub"].(string)
		if got = placeholders.Replace(got); got != r.Sub {
			t.Errorf("preset %s with %v: sub is %q, want %q", row.preset, row.claims, got, r.Sub)
		}
	}
}

func TestDerivations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, preset string
		req          issuer.Request
		want         issuer.Claims // some of the claims; nil: not there
	}{
		{"plain", "", issuer.Request{}, issuer.Claims{"sub": "workload", "aud": "api://AzureADTokenExchange", "iss": "https://issuer.contoso.example"}},
		{"gitlab project", "gitlab", issuer.Request{Claims: issuer.Claims{"project_path": "a/b/c"}}, issuer.Claims{
			"namespace_path": "a/b", "sub": "project_path:a/b/c:ref_type:branch:ref:main",
			"ci_config_ref_uri": "gitlab.com/a/b/c//.gitlab-ci.yml@refs/heads/main",
		}},
		{"gitlab tag", "gitlab-tag", issuer.Request{}, issuer.Claims{
			"ref_path": "refs/tags/v1.0.0", "sub": "project_path:my-group/my-project:ref_type:tag:ref:v1.0.0",
		}},
		{"gitlab project id", "gitlab-project-id", issuer.Request{}, issuer.Claims{
			"sub": "project_id:57382910:ref_type:branch:ref:main", "project_id": "57382910", "project_path": "my-group/my-project",
		}},
		{"gitlab another project id", "gitlab-project-id", issuer.Request{Claims: issuer.Claims{"project_id": "7", "ref_type": "tag", "ref": "v1"}}, issuer.Claims{
			"sub": "project_id:7:ref_type:tag:ref:v1",
		}},
		{"gitlab ref_type", "gitlab", issuer.Request{Claims: issuer.Claims{"ref_type": "tag", "ref": "v2"}}, issuer.Claims{
			"ref_path": "refs/tags/v2", "ci_config_ref_uri": "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/tags/v2",
		}},
		{"gitlab types", "gitlab", issuer.Request{}, issuer.Claims{
			"runner_id": json.Number("1"), "project_id": "20", "ref_protected": "false", "environment": nil,
		}},
		{"gitlab audiences", "gitlab", issuer.Request{Audience: []string{"a", "b"}}, issuer.Claims{"aud": []any{"a", "b"}}},
		{"gitlab audience", "gitlab", issuer.Request{Audience: []string{"a"}}, issuer.Claims{"aud": "a"}},
		{"circleci", "circleci", issuer.Request{Claims: issuer.Claims{"oidc.circleci.com/org-id": "o"}}, issuer.Claims{
			"aud": "o", "oidc.circleci.com/ssh-rerun": false, "jti": nil,
			"sub": "org/o/project/c0ffee11-2233-4455-8677-8899aabbccdd/user/" + circleUser,
		}},
		{"buildkite", "buildkite", issuer.Request{Claims: issuer.Claims{"organization_slug": "o", "build_branch": "b"}}, issuer.Claims{
			"aud": "https://buildkite.com/o", "build_number": json.Number("1"),
			"sub": "organization:o:pipeline:super-duper-app:ref:refs/heads/b:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build",
		}},
		{"bitbucket", "bitbucket", issuer.Request{}, issuer.Claims{
			"aud": "ari:cloud:bitbucket::workspace/1f0e9d8c-7b6a-4594-a382-716f5e4d3c2b", "nbf": nil, "jti": nil, "compliant": true,
		}},
		{"bitbucket audience", "bitbucket", issuer.Request{Audience: []string{"a"}}, issuer.Claims{"aud": []any{"a"}}},
		{"forgejo", "forgejo", issuer.Request{Claims: issuer.Claims{"repository": "o/r"}}, issuer.Claims{
			"aud": "https://forgejo.contoso.example/o", "repository_owner": "o", "ref_type": "branch", "sub": "repo:o/r:ref:refs/heads/main",
			"workflow_ref": "o/r/.forgejo/workflows/ci.yml@refs/heads/main",
		}},
		{"forgejo tag", "forgejo-tag", issuer.Request{}, issuer.Claims{"ref_type": "tag", "sub": "repo:contoso/app:ref:refs/tags/v1.0.0"}},
		{"forgejo pull request", "forgejo-pull-request", issuer.Request{}, issuer.Claims{"ref_type": "branch", "sub": "repo:contoso/app:pull_request"}},
		{"an odd claim that nothing is made from", "gitlab", issuer.Request{Claims: issuer.Claims{"user_login": []any{}}}, issuer.Claims{"user_login": []any{}}},
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

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		preset string
		req    issuer.Request
		want   string
	}{
		{"buildkite", issuer.Request{Audience: []string{"a", "b"}}, "generic: want one audience, got 2"},
		{"gitlab", issuer.Request{Claims: issuer.Claims{"ref": []any{}}}, `generic: claim "ref": want a string, got []interface {}`},
	} {
		iss, err := issuer.New(Platform, issuer.WithPreset(tt.preset))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := iss.Mint(tt.req); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error is %v, want %q", tt.preset, err, tt.want)
		}
	}
}

// TestShapes checks that every preset has a shape and that its forms name functions and claims that exist.
func TestShapes(t *testing.T) {
	t.Parallel()
	for _, preset := range Platform.Presets {
		s, ok := preset.Settings["shape"].(shape)
		if !ok {
			t.Errorf("preset %s has no shape", preset.Name)
			continue
		}
		known := map[string]bool{"iss": true}
		for name := range preset.Claims {
			known[name] = true
		}
		for _, r := range append(s.rules, rule{form: s.audience}) {
			for _, found := range placeholder.FindAllStringSubmatch(r.form, -1) {
				if functions[found[1]] == nil || !known[found[2]] {
					t.Errorf("preset %s: the placeholder %s of %s is not known", preset.Name, found[0], r.claim)
				}
			}
			known[r.claim] = true
		}
	}
}

func mint(t *testing.T, preset string, req issuer.Request) map[string]any {
	t.Helper()
	iss, err := issuer.New(Platform, issuer.WithPreset(preset), issuer.WithKeys(issuer.GenerateTestKey))
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
