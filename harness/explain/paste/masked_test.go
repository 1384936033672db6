package paste_test

import (
	"testing"

	"github.com/issuerd/issuerd/harness/explain/paste"
)

func TestMasked(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"***", "repo:***/***:ref:refs/heads/main", "repo:contoso/web:ref:refs/heads/<branch>", "<branch>", "xxxx",
		"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "XXXXX", "[REDACTED]", "repo:REDACTED/web:pull_request", "{guid}", "{branch name}",
		"https://vstoken.dev.azure.com/{organization}", "${{ secrets.SUBJECT }}", "${SUBJECT}", "$(subject)", "%SUBJECT%", "YOUR_ORG/YOUR_REPO",
		"(sensitive value)", "00000000-0000-0000-0000-000000000000", "repo:.../...:pull_request", "[branch name]", "my_redacted_org", "••••••", "repo:<org/repo>:pull_request", "<1pappId>", "MY_ORG/MY_REPO", "repo:ORG/REPO:pull_request", "your-tenant",
		"https://oidc.prod-aks.azure.com/xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx/",
	} {
		if !paste.Masked(value) {
			t.Errorf("%q is masked", value)
		}
	}
	for _, value := range []string{
		"", "repo:contoso/web:ref:refs/heads/main", "repo:contoso/web:ref:refs/heads/*", "repo:*", "system:serviceaccount:default:default",
		"{7a6c4e5d-1b2c-4d3e-8f90-a1b2c3d4e5f6}:{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}", "pulumi:environments:org:contoso:env:<yaml>",
		"organization:O:project:Default Project:workspace:W:run_phase:plan", "/eid1/c/pub/t/rISbSSETf0KqFyZ8ppdXmA/a/rISbSSETf0KqFyZ8ppdXmA/sc/x/y",
		"api://AzureADTokenExchange", "claims['sub'] matches 'repo:contoso/*'", "repo:maxxx/xxl-job:pull_request", "https://kubernetes.default.svc.cluster.local",
		"repo:contoso@1/web@2:environment:unmasked", "<https://gitlab.com>", "repo:yourbase/web:pull_request", "repo:contoso/web:ref:refs/heads/**",
	} {
		if paste.Masked(value) {
			t.Errorf("%q is not masked", value)
		}
	}
}
