package reproduce_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain/reproduce"
)

type places = map[string]string

// printed are values that messages have printed, or may.
var printed = []struct {
	code   int
	values places
	but    []string // those that the emulator prints in its own way
}{
	{code: 900561, values: places{"accepted": "POST, OPTIONS", "received": "PUT"}},
	{code: 70003, values: places{"grant": "password2"}},
	{code: 900144, values: places{"name": "scope"}},
	{code: 900144, values: places{"name": "grant_type"}},
	{code: 900144, values: places{"name": "client_assertion_type"}},
	{code: 900144, values: places{"name": "resource"}},
	{code: 90002, values: places{"tenant": "fabrikam.onmicrosoft.com"}},
	{code: 90002, values: places{"tenant": "contoso.onmicrosoft.com"}},
	{code: 90002, values: places{"tenant": "72F988BF-86f1-41af-91ab-2d7cd011db47"}},
	{code: 900023, values: places{"tenant": "${{ secrets.AZURE_TENANT_ID }}"}},
	{code: 900023, values: places{"tenant": "***"}},
	{code: 900021, values: places{"tenant": "00000000-0000-0000-0000-000000000000"}},
	{code: 99027, values: places{"policy": "B2C_1A_signin"}},
	{code: 70011, values: places{"scope": "api://a/.default api://b/.default"}},
	{code: 1002012, values: places{"scope": "https://management.azure.com/"}},
	{code: 500011, values: places{"resource": "https://contoso.postgres.database.azure.com", "tenant": "Fabrikam, Inc. \"Prod\""}},
	{code: 500011, values: places{"resource": "api://x y", "tenant": "72f988bf-86f1-41af-91ab-2d7cd011db47"}},
	{code: 500014, values: places{"resource": "00001111-aaaa-2222-bbbb-3333cccc4444"}},
	{code: 500014, values: places{"resource": "https://orders.contoso.com"}},
	{code: 700016, values: places{"clientId": "11111111-2222-3333-4444-555555555555", "tenant": "Contoso – Dév"}},
	{code: 700016, values: places{"clientId": "my app's id", "tenant": "72f988bf-86f1-41af-91ab-2d7cd011db47"}},
	{code: 700038, values: places{"clientId": "00000000-0000-0000-0000-000000000000"}},
	{code: 7000112, values: places{"appId": "11111111-2222-3333-4444-555555555555", "appDisplayName": "deploy: 'prod' #1"}},
	{code: 7000229, values: places{"appId": "11111111-2222-3333-4444-555555555555", "tenantId": "72f988bf-86f1-41af-91ab-2d7cd011db47"}},
	{code: 7000215, values: places{"clientId": "11111111-2222-3333-4444-555555555555"}},
	{code: 70025, values: places{"appId": "11111111-2222-3333-4444-555555555555", "appDisplayName": "Code Sign"}},
	{code: 700223, values: places{"tenantId": "72f988bf-86f1-41af-91ab-2d7cd011db47"}},
	{code: 7002381, values: places{"issuer": "https://token.actions.githubusercontent.com/", "values": "'one', 'two' or 'three'", "actual": ""}},
	{code: 7002381, values: places{"issuer": "https://token.actions.githubusercontent.com/", "values": "'one'", "actual": "four"}},
	{code: 7002381, values: places{"issuer": "https://token.actions.githubusercontent.com/my-slug/", "values": "'one' or 'two'", "actual": "my-slug"}},
	{code: 501051, values: places{"appId": "11111111-2222-3333-4444-555555555555", "appDisplayName": "client", "resourceId": "66666666-2222-3333-4444-555555555555", "resourceName": "My API"}},

	{code: 5002738, values: places{"alg": "ES384", "list": "RS256,RS384,RS512,PS256,PS384,PS512"}},
	{code: 5002738, values: places{"alg": "ES256", "list": "RS256,RS384,RS512"}},
	{code: 5002738, values: places{"alg": "ES256", "list": "RS256, HS256"}, but: []string{"list"}},
	{code: 5002738, values: places{"alg": "HS256"}},
	{code: 5002738, values: places{"alg": "none"}},
	{code: 5002738, values: places{"alg": "PS256"}},
	{code: 90014, values: places{"name": "iss"}},
	{code: 90014, values: places{"name": "aud"}},
	{code: 90014, values: places{"name": "exp"}},
	{code: 70023, values: places{"iat": "0", "exp": "1644331478"}},
	{code: 70023, values: places{"iat": "1644237878", "exp": "1644331478"}},
	{code: 700024, values: places{"now": "2025-09-09T10:37:27.4021093Z", "iat": "2025-09-09T10:27:17.0000000Z", "exp": "2025-09-09T10:32:17.0000000Z"}, but: []string{"now"}},
	{code: 700024, values: places{"now": "2025-09-09T10:34:00.4021093Z", "iat": "2025-09-09T10:27:17.0000000Z", "exp": "2025-09-09T10:32:17.0000000Z"}, but: []string{"now"}},
	{code: 700024, values: places{"now": "2025-09-09T10:20:00.0000000Z", "iat": "2025-09-09T10:27:17.0000000Z", "exp": "2025-09-09T10:32:17.0000000Z"}, but: []string{"now"}},
	{code: 700024, values: places{"now": "2025-09-09T10:27:00.0000000Z", "iat": "2025-09-09T10:27:17.0000000Z", "exp": "2025-09-09T10:32:17.0000000Z"}, but: []string{"now"}},
	{code: 700024, values: places{"now": "2025-09-09T10:30:00.0000000Z", "iat": "2025-09-09T10:27:17.0000000Z", "exp": "2025-09-09T10:32:17.0000000Z"}, but: []string{"now"}},
	{code: 700024, values: places{"now": "2024-09-23T14:25:37.8838353Z", "iat": "1970-01-01T00:00:00.0000000Z", "exp": "2024-09-23T14:18:53.0000000Z"}, but: []string{"now"}},
	{code: 700024, values: places{"now": "2024-09-23T14:25:37.8838353Z", "iat": "2024-09-20T14:25:37.0000000Z", "exp": "2024-09-23T14:18:53.0000000Z"}, but: []string{"now"}},
	{code: 700027, values: places{
		"problem": "The certificate with identifier used to sign the client assertion is not registered on application.", "reason": "The key was not found",
		"key": ", Thumbprint of key used by client: 'D02953830A',", "appId": "11111111-2222-3333-4444-555555555555",
	}},
	{code: 700027, values: places{
		"problem": "Client assertion contains an invalid signature.", "reason": "Key was found, but use of the key to verify the signature failed", "appId": "11111111-2222-3333-4444-555555555555",
	}},
	{code: 700027, values: places{
		"problem": "The certificate with identifier used to sign the client assertion is expired on application.", "reason": "The key used is expired", "appId": "11111111-2222-3333-4444-555555555555",
	}},

	{code: 700211, values: places{"iss": "https://token.actions.githubusercontent.com"}},
	{code: 700211, values: places{"iss": "https://token.actions.githubusercontent.com/"}},
	{code: 700211, values: places{"iss": "https://kubernetes.default.svc.cluster.local"}},
	{code: 700211, values: places{"iss": "https://eastus.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/66666666-2222-3333-4444-555555555555//"}},
	{code: 700211, values: places{"iss": "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"}},
	{code: 700211, values: places{"iss": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"}},
	{code: 700211, values: places{"iss": "http://idp.internal:8080/realms/x"}},
	{code: 700211, values: places{"iss": "kubernetes/serviceaccount"}},
	{code: 700211, values: places{"iss": " https://idp.contoso.example\t"}},
	{code: 700211, values: places{"iss": "https://idp.contoso.example/a/../b?x=y#z"}},
	{code: 700212, values: places{"aud": "https://gitlab.com"}},
	{code: 700212, values: places{"aud": "api://AzureADTokenExchange"}},
	{code: 700212, values: places{"aud": "api://AzureADTokenExchange/"}},
	{code: 700212, values: places{"aud": "openshift"}},
	{code: 700212, values: places{"aud": "vault,api://AzureADTokenExchange"}},
	{code: 700212, values: places{"aud": "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c"}},
	{code: 700213, values: places{"sub": "repo:contoso/web:ref:refs/heads/main"}},
	{code: 700213, values: places{"sub": "repo:contoso/web:ref:refs/heads/feature/äöü'\"x"}},
	{code: 700213, values: places{"sub": "repo:contoso/web:pull_request"}},
	{code: 700213, values: places{"sub": "repo:contoso/web:environment:prod eu%3Awest"}},
	{code: 700213, values: places{"sub": "repo:contoso@123/web@456:ref:refs/heads/main"}},
	{code: 700213, values: places{"sub": "repository_owner_id:123:repository_id:456:environment:prod"}},
	{code: 700213, values: places{"sub": "repo:contoso/web:environment:prod\u00a0"}},
	{code: 700213, values: places{"sub": " repo:contoso/web:environment:pr\u200bod\t"}},
	{code: 700213, values: places{"sub": "repo:${{ github.repository }}:environment:$${{x}}"}},
	{code: 700213, values: places{"sub": "system:serviceaccount:default:workload-identity-sa"}},
	{code: 700213, values: places{"sub": "organization:contoso:project:Default Project:workspace:net:run_phase:plan"}},
	{code: 700213, values: places{"sub": "project_path:acme/portal/shop:ref_type:branch:ref:main"}},
	{code: 700213, values: places{"sub": "sc://contoso/app/azure"}},
	{code: 700213, values: places{"sub": "spiffe://prod.contoso.example/ns/billing/sa/worker"}},
	{code: 700213, values: places{"sub": "112633961854638529490"}},
	{code: 700213, values: places{"sub": "/eid1/c/pub/t/u7uqqgAAzMwREd3dIiLu7g/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14"}},
	{code: 700213, values: places{"sub": strings.Repeat("s", 600)}},
	{code: 700213, values: places{"sub": "repo:contoso/web:environment:" + strings.Repeat("ü", 700)}},
	{code: 700213, values: places{"sub": "system:serviceaccount:a:" + strings.Repeat("s", 601)}},
	{code: 700213, values: places{"sub": "a\nb\u0000c\u001b[31m"}},
	{code: 700212, values: places{"aud": strings.Repeat("a", 601)}},
	{code: 700211, values: places{"iss": "https://idp.contoso.example/" + strings.Repeat("i", 601)}},
	{code: 7002131, values: places{"sub": "repo:contoso/web:ref:refs/heads/gh-readonly-queue/main/pr-7-0123"}},
	{code: 7002131, values: places{"sub": "00001111-aaaa-2222-bbbb-3333cccc4444"}},
	{code: 7002138, values: places{"sub": "repo:Contoso/web:environment:Production"}},
	{code: 7002138, values: places{"sub": "repo:contoso/web:environment:production"}},
	{code: 7002138, values: places{"sub": "repo:contoso/web:ref:refs/heads/ß"}},
	{code: 7002137, values: places{
		"sub":    "/eid1/c/pub/t/v4j5cvGGr0GRqy180BHbRw/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14-2a27-4f66-ada8-ec6400eb4977",
		"wanted": "/eid1/c/pub/t/{tenantId}/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14-2a27-4f66-ada8-ec6400eb4977",
	}},

	{code: 700227, values: places{"aud": "https://graph.microsoft.com"}},
	{code: 700236, values: places{"issuer": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"}},
	{code: 700236, values: places{"issuer": "https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/"}},
	{code: 700238, values: places{"issuer": "https://login.partner.microsoftonline.cn/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"}},
	{code: 700238, values: places{"issuer": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"}},
	{code: 700263, values: places{"appId": "11111111-2222-3333-4444-555555555555", "sub": "66666666-2222-3333-4444-555555555555"}},
	{code: 700214, values: places{"audience": "api://AzureADTokenExchangeChina"}},
	{code: 7002121, values: places{"aud": "https://vault.azure.net"}},

	{code: 7000272, values: places{"kid": "", "issuer": "https://token.actions.githubusercontent.com"}},
	{code: 7000272, values: places{"kid": "4D2E7C90F1A8", "issuer": "https://idp.contoso.example/oidc/"}},
	{code: 7000272, values: places{"kid": "a kid: 'x'", "issuer": "https://eastus.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/66666666-2222-3333-4444-555555555555/"}},
}

// TestValues reproduces messages with their values.
func TestValues(t *testing.T) {
	t.Parallel()
	var all []*reproduce.Scenario
	for _, tt := range printed {
		s, err := reproduce.Make(said(tt.code, tt.values), reproduce.Options{})
		if err != nil {
			t.Fatalf("AADSTS%d with %q: %v", tt.code, tt.values, err)
		}
		all = append(all, s)
	}
	target := emulator(t, all...)
	covered := map[int]bool{}
	for i, tt := range printed {
		covered[tt.code] = true
		s := all[i]
		t.Run(s.Code, func(t *testing.T) {
			given := places{}
			for _, v := range s.Values {
				if v.Given {
					given[v.Name] = v.Text
				}
			}
			want := maps.Clone(tt.values)
			for _, name := range tt.but {
				delete(want, name)
			}
			if !maps.Equal(given, want) {
				t.Errorf("it compares %q, want %q", given, want)
			}
			out, err := s.Play(t.Context(), target)
			if err != nil || !out.Reproduced {
				t.Errorf("got %q: %s %v\n%s", out.Got, out.Problem, err, s.Source)
			}
		})
	}
	for _, row := range entra.Codes {
		hasPlaces := strings.Contains(row.Message, "{")
		if row.Answered && hasPlaces && !covered[row.Number] {
			t.Errorf("%s prints values, and none of the messages here has any", row.Name())
		}
	}
	if !slices.ContainsFunc(all, func(s *reproduce.Scenario) bool { return strings.Contains(string(s.Source), `\u200b`) }) {
		t.Error("what cannot be seen is written as it is")
	}
}
