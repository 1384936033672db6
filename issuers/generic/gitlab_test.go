package generic_test

import (
	"encoding/json"
	"testing"

	"github.com/issuerd/issuerd/issuers/generic"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func FuzzGitLab(f *testing.F) { issuertest.Fuzz(f, generic.Shipped("gitlab")) }

func TestGitLabRecorded(t *testing.T) {
	t.Parallel()
	for _, r := range []issuertest.Recorded{
		{File: "testdata/gitlab/token-2025-push.json", Preset: "branch"},
		{
			File: "testdata/gitlab/token-docs.json", Preset: "branch",
			Lacks: []string{"user_access_level"}, Why: "the documentation's sample is of 2023",
			PayloadOrder: "the order is that of the recorded token of 2025",
		}, {
			File: "testdata/gitlab/token-pypi-fixture.json", Preset: "branch",
			PayloadOrder: "the order is that of the recorded token of 2025; this is a fixture",
		},
	} {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, generic.Shipped("gitlab"), r)
		})
	}
}

// TestGitLabDerived gives only what a caller knows, and gets the recorded sub, times and so on.
func TestGitLabDerived(t *testing.T) {
	t.Parallel()
	issuertest.Derive(t, generic.Shipped("gitlab"),
		issuertest.Recorded{File: "testdata/gitlab/token-2025-push.json", Preset: "branch"},
		issuer.Request{Audience: []string{"macfly4200.8gears.ch"}, Claims: issuer.Claims{
			"project_path": "8gears/container-registry/harbor-workload-identity-federation", "runner_environment": "self-hosted",
			"ref_protected": "true", "sha": "de7a8b6e3892321ac9d2305f26332dcdc775f1c2",
		}},
		"job_id", "jti", "namespace_id", "pipeline_id", "project_id", "runner_id", "user_email", "user_id", "user_login")
}

func TestGitLabSubjects(t *testing.T) {
	t.Parallel()
	issuertest.Subjects(t, generic.Shipped("gitlab"), "testdata/gitlab/subjects.json", map[string]issuertest.Subject{
		"project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1": {Preset: "branch", Claims: issuer.Claims{"ref": "feature-branch-1"}},
	})
}

func TestGitLabDerivations(t *testing.T) {
	t.Parallel()
	issuertest.Derivations(t, generic.Shipped("gitlab"), []issuertest.Derivation{
		{Name: "project", Req: issuer.Request{Claims: issuer.Claims{"project_path": "a/b/c"}}, Want: issuer.Claims{
			"namespace_path": "a/b", "sub": "project_path:a/b/c:ref_type:branch:ref:main",
			"ci_config_ref_uri": "gitlab.com/a/b/c//.gitlab-ci.yml@refs/heads/main",
		}},
		{Name: "tag", Req: issuer.Request{Preset: "tag"}, Want: issuer.Claims{
			"ref_path": "refs/tags/v1.0.0", "sub": "project_path:my-group/my-project:ref_type:tag:ref:v1.0.0",
		}},
		{Name: "project id", Req: issuer.Request{Preset: "project-id"}, Want: issuer.Claims{
			"sub": "project_id:57382910:ref_type:branch:ref:main", "project_id": "57382910", "project_path": "my-group/my-project",
		}},
		{Name: "another project id", Req: issuer.Request{Preset: "project-id", Claims: issuer.Claims{"project_id": "7", "ref_type": "tag", "ref": "v1"}}, Want: issuer.Claims{
			"sub": "project_id:7:ref_type:tag:ref:v1",
		}},
		{Name: "ref_type", Req: issuer.Request{Claims: issuer.Claims{"ref_type": "tag", "ref": "v2"}}, Want: issuer.Claims{
			"ref_path": "refs/tags/v2", "ci_config_ref_uri": "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/tags/v2",
		}},
		{Name: "types", Req: issuer.Request{}, Want: issuer.Claims{
			"runner_id": json.Number("1"), "project_id": "20", "ref_protected": "false", "environment": nil,
		}},
		{Name: "audiences", Req: issuer.Request{Audience: []string{"a", "b"}}, Want: issuer.Claims{"aud": []any{"a", "b"}}},
		{Name: "audience", Req: issuer.Request{Audience: []string{"a"}}, Want: issuer.Claims{"aud": "a"}},
		{Name: "an odd claim that nothing is made from", Req: issuer.Request{Claims: issuer.Claims{"user_login": []any{}}}, Want: issuer.Claims{"user_login": []any{}}},
	})
}

func TestGitLabDelivery(t *testing.T) {
	t.Parallel()
	set := issuertest.Delivered{Variables: []string{"ID_TOKEN"}, Audience: "a"}
	issuertest.Delivery(t, generic.Shipped("gitlab"), map[string]issuertest.Delivered{"branch": set, "tag": set, "project-id": set})
}
