package terraform

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

func TestConformance(t *testing.T) { issuertest.Run(t, Platform) }

func FuzzClaims(f *testing.F) { issuertest.Fuzz(f, Platform) }

func TestDocuments(t *testing.T) {
	t.Parallel()
	issuertest.Document(t, Platform, "workspace", "testdata/discovery.json")
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	for _, r := range []issuertest.Recorded{
		{File: "testdata/token-workspace.json", Preset: "workspace"},
		{
			File: "testdata/token-module-test.json", Preset: "module-test",
			PayloadOrder: "the documentation's samples disagree; the order is that of a workspace's",
		}, {
			File: "testdata/token-workspace-before-projects.json", Preset: "workspace-before-projects",
			PayloadOrder: "the documentation's samples disagree; the order is that of a workspace's today",
		},
	} {
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			issuertest.Replay(t, Platform, r)
		})
	}
}

// TestDerived gives only the names, and gets the recorded sub, times and terraform_full_workspace.
func TestDerived(t *testing.T) {
	t.Parallel()
	issuertest.Derive(t, Platform,
		issuertest.Recorded{File: "testdata/token-workspace.json", Preset: "workspace"},
		issuer.Request{Audience: []string{"my-example-audience"}}, "jti")
	issuertest.Derive(t, Platform,
		issuertest.Recorded{File: "testdata/token-module-test.json", Preset: "module-test"},
		issuer.Request{Audience: []string{"aws.workload.identity"}, Claims: issuer.Claims{"terraform_organization_name": "my-org"}},
		"jti", "terraform_organization_id")
	issuertest.Derive(t, Platform,
		issuertest.Recorded{File: "testdata/token-workspace-before-projects.json", Preset: "workspace-before-projects"},
		issuer.Request{Audience: []string{"my-example-audience"}, Claims: issuer.Claims{
			"terraform_organization_name": "my-organization-name", "terraform_workspace_name": "my-workspace-name",
		}}, "jti", "terraform_organization_name", "terraform_workspace_name") // the sample's names differ from those in its sub
}

// TestSubjects makes every recorded subject.
func TestSubjects(t *testing.T) {
	t.Parallel()
	rows := map[string]issuertest.Subject{
		"organization:my-org:project:Default Project:workspace:my-workspace:run_phase:apply": {Preset: "workspace"},
		"organization:my-organization-name:workspace:my-workspace-name:run_phase:apply": {Preset: "workspace-before-projects", Claims: issuer.Claims{
			"terraform_organization_name": "my-organization-name", "terraform_workspace_name": "my-workspace-name",
		}},
		"organization:my-org:module:terraform-aws-vpc:operation:test_run": {Preset: "module-test"},
		"organization:O:project:P:stack:S:deployment:D:operation:plan": {Preset: "stack", Claims: issuer.Claims{
			"terraform_organization_name": "O", "terraform_project_name": "P", "terraform_stack_name": "S",
			"terraform_stack_deployment_name": "D",
		}},
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
		{"plan", "workspace-plan", issuer.Request{}, issuer.Claims{
			"sub": "organization:my-org:project:Default Project:workspace:my-workspace:run_phase:plan", "terraform_run_phase": "plan",
		}},
		{"phase", "", issuer.Request{Claims: issuer.Claims{"terraform_run_phase": "plan"}}, issuer.Claims{
			"sub": "organization:my-org:project:Default Project:workspace:my-workspace:run_phase:plan",
		}},
		{"names", "", issuer.Request{Claims: issuer.Claims{
			"terraform_organization_name": "contoso", "terraform_project_name": "p q", "terraform_workspace_name": 7,
		}}, issuer.Claims{
			"sub":                      "organization:contoso:project:p q:workspace:7:run_phase:apply",
			"terraform_full_workspace": "organization:contoso:project:p q:workspace:7", "terraform_workspace_name": json.Number("7"),
		}},
		{"full workspace", "", issuer.Request{Claims: issuer.Claims{"terraform_full_workspace": "w"}}, issuer.Claims{"sub": "w:run_phase:apply"}},
		{"region", "eu", issuer.Request{}, issuer.Claims{"iss": "https://app.eu.terraform.io"}},
		{"enterprise", "tfe", issuer.Request{}, issuer.Claims{"iss": "https://tfe.contoso.example"}},
		{"stack", "stack", issuer.Request{Claims: issuer.Claims{"terraform_operation": "apply"}}, issuer.Claims{
			"sub":                    "organization:my-org:project:Default Project:stack:my-stack:deployment:production:operation:apply",
			"terraform_workspace_id": nil, "terraform_run_phase": nil,
		}},
		{"a stack's audiences", "stack", issuer.Request{Audience: []string{"a", "b"}}, issuer.Claims{"aud": []any{"a", "b"}}},
		{"a stack's audience", "stack", issuer.Request{Audience: []string{"a"}}, issuer.Claims{"aud": "a"}},
		{"default audience", "", issuer.Request{}, issuer.Claims{"aud": "api://AzureADTokenExchange"}},
		{"module test", "module-test", issuer.Request{}, issuer.Claims{
			"aud": "azure.workload.identity", "terraform_run_phase": "plan", "terraform_project_id": nil, "terraform_workspace_name": nil,
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

func TestRefuses(t *testing.T) {
	t.Parallel()
	iss, err := issuer.New(Platform)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		req  issuer.Request
		want string
	}{
		{issuer.Request{Audience: []string{"a", "b"}}, "terraform: want one audience, got 2"},
		{
			issuer.Request{Claims: issuer.Claims{"terraform_workspace_name": []any{}}},
			`terraform: claim "terraform_workspace_name": want a string, got []interface {}`,
		},
	} {
		if _, err := iss.Mint(tt.req); err == nil || err.Error() != tt.want {
			t.Errorf("error is %v, want %q", err, tt.want)
		}
	}
}

func mint(t *testing.T, preset string, req issuer.Request) map[string]any {
	t.Helper()
	req.Preset = preset
	return issuertest.Mint(t, Platform, req)
}
