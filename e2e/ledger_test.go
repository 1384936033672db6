package e2e

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/scenarios"
)

// expectedCode finds the codes that a scenario expects, in a step or in a row of its cases. A run of the scenario fails when they do not come.
var expectedCode = regexp.MustCompile(`\berror: "?(?:AADSTS|AADB2C)(\d+)`)

// TestEveryCodeIsPlayed is the ledger of the emulator's codes: each is expected by a scenario, or is never answered for a stated reason.
func TestEveryCodeIsPlayed(t *testing.T) {
	t.Parallel()
	played := map[int][]string{}
	for name, src := range scenarioSources(t) {
		for _, match := range expectedCode.FindAllStringSubmatch(src, -1) {
			code, err := strconv.Atoi(match[1])
			if err != nil {
				t.Fatal(err)
			}
			played[code] = append(played[code], name)
		}
	}
	for _, code := range entra.Codes {
		switch by := played[code.Number]; {
		case code.Answered && len(by) == 0:
			t.Errorf("code %d: no scenario expects it; add scenarios/<platform>/aadsts%d-….yaml", code.Number, code.Number)
		case !code.Answered && code.Reason == "":
			t.Errorf("code %d: the emulator never answers it, and says no reason", code.Number)
		case !code.Answered && len(by) > 0:
			t.Errorf("code %d: %v expect it, and its row says that it is never answered", code.Number, by)
		}
		delete(played, code.Number)
	}
	for code, by := range played {
		t.Errorf("code %d: %v expect it, and it has no row", code, by)
	}
}

// TestEveryReportIsPlayed is the ledger of what people reported: the scenario of each exists and names the report.
func TestEveryReportIsPlayed(t *testing.T) {
	t.Parallel()
	sources := scenarioSources(t)
	for _, row := range reports {
		src, ok := sources[row.scenario]
		if !ok {
			t.Errorf("%s: no scenario %s", row.report, row.scenario)
			continue
		}
		if !strings.Contains(src, row.report) {
			t.Errorf("%s: scenario %s does not name it", row.report, row.scenario)
		}
	}
}

// scenarioSources are the texts of the scenarios that come with issuerd, by name.
func scenarioSources(t *testing.T) map[string]string {
	t.Helper()
	sources := map[string]string{}
	err := fs.WalkDir(scenarios.FS, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".yaml" {
			return err
		}
		src, err := fs.ReadFile(scenarios.FS, file)
		sources[strings.TrimSuffix(file, ".yaml")] = string(src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// reports are the public reports of failed federated sign-ins that were collected up to 2026-09, one row for each kind of failure, and the
// scenario that plays it.
var reports = []struct{ report, scenario string }{
	{"Azure/login#379", "github/aadsts700213-environment-missing"},
	{"Azure/login#346", "github/aadsts700213-environment-instead-of-branch"},
	{"Azure/login#453", "github/aadsts700213-push-instead-of-pull-request"},
	{"Azure/login#178", "github/aadsts700213-pull-request-hyphen"},
	{"Azure/login#515", "github/aadsts7002138-subject-case"},
	{"Redth/mobile-canvas-ghcp#50", "github/aadsts7002138-credential-edited-in-place"},
	{"Azure/login#617", "github/aadsts700213-credential-with-ids"},
	{"Azure/azure-dev#9382", "github/aadsts700213-repository-with-ids"},
	{"Azure/login#468", "github/aadsts700213-custom-subject"},
	{"tig/winprint#125", "github/aadsts700213-wildcard"},
	{"gh-readonly-queue", "github/aadsts7002131-merge-queue"}, // the report has no public number
	{"hashicorp/terraform-provider-azuread#1901", "entra/graph-flexible-without-id"},
	{"hashicorp/terraform-provider-azuread#1807", "entra/graph-flexible-other-issuer"},
	{"Azure/azure-workload-identity#373", "entra/graph-flexible-through-v1"},
	{"defenseunicorns/uds-core#1495", "entra/graph-flexible-usgov"},
	{"Azure/azure-workload-identity#340", "kubernetes/aadsts700211-trailing-slash"},
	{"Azure/login#360", "github/aadsts700211-trailing-slash"},
	{"Azure/azure-workload-identity#616", "kubernetes/aadsts700211-cluster-local-issuer"},
	{"Azure/azure-workload-identity#1232", "generic/aadsts7000272-unknown-key-id"},
	{"new cluster", "kubernetes/aadsts7000272-new-issuer"}, // the report has no public number
	{"Azure/azure-workload-identity#605", "kubernetes/aadsts501661-issuer-unreachable"},
	{"SPIRE", "spiffe/aadsts501661-empty-members"},
	{"OpenShift", "kubernetes/aadsts900612-jwks-broken"},
	{"AzureAD/microsoft-identity-web#3467", "kubernetes/aadsts5002738-ecdsa-key"},
	{"at+jwt", "generic/aadsts5002727-header-type"},
	{"MicrosoftDocs/azure-docs#86915", "generic/aadsts70023-lifetime"},
	{"Azure/login#180", "github/aadsts700024-assertion-resent"},
	{"Azure/azure-workload-identity#693", "kubernetes/aadsts700024-cached-token"},
	{"GitLab", "generic/aadsts700212-gitlab-audience"},
	{"AzureAD/microsoft-authentication-library-for-python#739", "entra/aadsts700211-access-token-as-assertion"},
	{"AzureAD/microsoft-identity-web#2519", "entra/aadsts700227-entra-issued-assertion"},
	{"Azure/azure-workload-identity#1363", "entra/aadsts700231-chained-credential"},
	{"MicrosoftDocs/azure-docs#90276", "entra/aadsts700236-identity-of-another-tenant"},
	{"microsoft/Agents#202", "entra/aadsts7002137-encoded-tenant"},
	{"microsoft/terraform-provider-azuredevops#1361", "generic/aadsts700211-azure-devops-issuer"},
	{"radius-project/radius#12577", "github/aadsts7002381-enterprise-required"},
	{"dotnet/maui#37951", "github/aadsts53003-conditional-access"},
	{"hashicorp/terraform-provider-azurerm#20650", "entra/aadsts700016-application-not-found"},
	{"SidU/openclaw-teams-setup#3", "entra/aadsts7000229-no-service-principal"},
	{"dotnet-foundation/projects#503", "entra/aadsts70025-no-credentials"},
	{"Azure/azure-workload-identity#576", "entra/aadsts70025-first-credential"},
	{"Azure/azure-workload-identity#434", "entra/graph-duplicate-credential"},
	{"hashicorp/terraform-provider-azurerm#19968", "entra/arm-concurrent-writes"},
	{"Azure/azure-workload-identity#575", "entra/graph-credential-limit"},
	{"Azure/azure-cli#31598", "entra/arm-credential-incomplete"},
	{"Azure/login#213", "entra/arm-no-role-assignment"},
	{"external-secrets/external-secrets#2783", "kubernetes/aadsts700213-other-namespace"},
	{"cloudfoundry/uaa#2109", "generic/aadsts5002726-extra-header"},
	{"hashicorp/packer-plugin-azure#385", "github/aadsts700024-assertion-resent"},
	{"AzureAD/microsoft-authentication-library-for-dotnet#4951", "entra/aadsts700024-certificate-assertion"},
	{"microsoft/dev-tunnels#443", "entra/aadsts100007-regional-host"},
	{"jenkinsci/azure-ad-plugin#802", "entra/grant-not-emulated"},
	{"Azure/login#481", "entra/aadsts900144-client-id-empty"},
}
