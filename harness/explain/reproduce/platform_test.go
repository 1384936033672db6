package reproduce_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/reproduce"
)

// TestOrigin tells the platform by the issuer or by the subject.
func TestOrigin(t *testing.T) {
	t.Parallel()
	var all []*reproduce.Scenario
	for _, tt := range []struct{ iss, sub, platform, preset string }{
		{iss: "https://token.actions.githubusercontent.com", platform: "github", preset: "branch"},
		{iss: "https://token.actions.githubusercontent.com/contoso", platform: "github", preset: "enterprise-slug"},
		{iss: "https://token.actions.githubusercontent.com/", platform: "github", preset: "branch"},
		{iss: "https://token.actions.contoso.ghe.com", platform: "github", preset: "ghe-com"},
		{iss: "https://ghes.fabrikam.example/_services/token", platform: "github", preset: "ghes"},
		{iss: "https://westeurope.oic.prod-aks.azure.com/a/b/", platform: "kubernetes", preset: "aks-pod"},
		{iss: "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC", platform: "kubernetes", preset: "eks-pod"},
		{iss: "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c", platform: "kubernetes", preset: "gke-pod"},
		{iss: "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1", platform: "kubernetes", preset: "ack-pod"},
		{iss: "https://kubernetes.default.svc", platform: "kubernetes", preset: "kubeadm-in-cluster"},
		{iss: "https://oidc.prod-aks.azure.com/a/", platform: "kubernetes", preset: "aks-pod"},
		{iss: "https://oidc.circleci.com/org/11112222", platform: "circleci", preset: "job"},
		{iss: "https://oidc.fly.io/fabrikam", platform: "fly", preset: "machine"},
		{iss: "https://accounts.google.com", platform: "gcp", preset: "compute-engine"},
		{iss: "https://vstoken.dev.azure.com/11111111-2222-3333-4444-555555555555", platform: "azure-devops", preset: "service-connection"},
		{iss: "https://11112222.tokens.sts.global.api.aws", platform: "awssts", preset: "role"},
		{iss: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_X", platform: "cognito", preset: "user-pool-id"},
		{iss: "https://fabrikam.app.spacelift.io", platform: "spacelift", preset: "tracked"},
		{iss: "https://codeberg.example/api/actions", platform: "forgejo", preset: "branch"},
		{iss: "https://api.pulumi.com/oidc", platform: "pulumi", preset: "deployment"},
		{iss: "https://oidc.vercel.com/fabrikam", platform: "vercel", preset: "production"},
		{iss: "https://gitlab.fabrikam.example", platform: "gitlab", preset: "branch"},
		{iss: "https://oidc-discovery.prod.contoso.example", platform: "spiffe", preset: "spire-rsa"},
		{iss: "https://idp.fabrikam.example", platform: "generic", preset: "plain"},
		{sub: "repo:fabrikam/shop:pull_request", platform: "github", preset: "pull-request"},
		{sub: "repo:fabrikam/shop:ref:refs/tags/v1", platform: "github", preset: "branch"},
		{sub: "repo:fabrikam@1/shop@2:environment:x", platform: "github", preset: "immutable"},
		{sub: "system:serviceaccount:a:b", platform: "kubernetes", preset: "pod"},
		{sub: "project_path:a/b:ref_type:tag:ref:v1", platform: "gitlab", preset: "branch"},
		{sub: "organization:o:project:p:workspace:w:run_phase:plan", platform: "terraform", preset: "workspace"},
		{sub: "spiffe://a/b", platform: "spiffe", preset: "spire-rsa"},
		{sub: "p://o/p/d", platform: "azure-devops", preset: "service-connection"},
		{sub: "organization:o:pipeline:p:ref:refs/heads/main:commit:c:step:s", platform: "buildkite", preset: "step"},
		{sub: "org/11112222/project/3333/user/4444", platform: "circleci", preset: "job"},
		{sub: "arn:aws:iam::123456789012:role/x", platform: "awssts", preset: "role"},
		{sub: "space:default:project:web", platform: "octopus", preset: "deployment"},
		{sub: "pulumi:deploy:org:a:project:b", platform: "pulumi", preset: "deployment"},
		{sub: "owner:a:project:b:environment:production", platform: "vercel", preset: "production"},
		{sub: "somebody", platform: "generic", preset: "plain"},
	} {
		c := said(700213, places{"sub": tt.sub})
		if tt.iss != "" {
			c = said(700211, places{"iss": tt.iss})
		}
		s, err := reproduce.Make(c, reproduce.Options{})
		if err != nil {
			t.Errorf("%s%s: %v", tt.iss, tt.sub, err)
			continue
		}
		if want := "  platform: " + tt.platform + "\n  preset: " + tt.preset + "\n"; !strings.Contains(string(s.Source), want) {
			t.Errorf("%s%s: want %s %s in\n%s", tt.iss, tt.sub, tt.platform, tt.preset, s.Source)
		}
		all = append(all, s)
	}
	target := emulator(t, all...)
	for _, s := range all {
		if out, err := s.Play(t.Context(), target); err != nil || !out.Reproduced {
			t.Errorf("got %q: %s %v\n%s", out.Got, out.Problem, err, s.Source)
		}
	}
}
