package e2e

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
	"github.com/issuerd/issuerd/scenarios"
)

// playbook is the scenarios that come with issuerd, and what a run of all of them came to.
type playbook struct {
	files []*scenario.File
	run   report.Run
}

// played plays every scenario, once for all tests of this package.
var played = sync.OnceValues(func() (playbook, error) {
	files, problems := scenario.LoadFS(scenarios.FS, runner.Names(), ".")
	if len(problems) > 0 {
		return playbook{}, &problems[0]
	}
	tgt, err := targets.InProcess(farm.Options{Hosts: runner.Hosts(files)})
	if err != nil {
		return playbook{}, err
	}
	run := runner.Run(context.Background(), files, runner.Options{Target: tgt}) // not one test's context: others use the result
	return playbook{files, run}, tgt.Close()
})

// play is what played returns, for tests that need every case to have passed.
func play(t *testing.T) playbook {
	t.Helper()
	p, err := played()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.run.Results {
		if r.Status != report.Pass {
			t.Errorf("%s: %s", r.Title(), r.Status)
		}
	}
	if t.Failed() {
		t.Fatal("issuerd run tells why")
	}
	return p
}

// answered is the codes that steps of the scenarios got, with the names of the scenarios.
func answered(run report.Run) map[string][]string {
	codes := map[string][]string{}
	for _, result := range run.Results {
		for _, step := range result.Steps {
			if step.Error != "" && !slices.Contains(codes[step.Error], result.Name) {
				codes[step.Error] = append(codes[step.Error], result.Name)
			}
		}
	}
	return codes
}

// TestEveryCodeIsPlayed is the ledger of the emulator's codes: each is the answer in a scenario, or is never answered
// for a stated reason.
func TestEveryCodeIsPlayed(t *testing.T) {
	t.Parallel()
	compareCodes(t.Errorf, entra.Codes, answered(play(t).run))
}

// compareCodes compares the table of codes with the scenarios that got each.
func compareCodes(errorf func(string, ...any), codes []entra.Code, played map[string][]string) {
	played = maps.Clone(played)
	for _, code := range codes {
		switch by := played[code.Name()]; {
		case code.Answered && len(by) == 0:
			errorf("%s: no scenario gets it; add scenarios/<platform>/%s-….yaml", code.Name(), strings.ToLower(code.Name()))
		case !code.Answered && code.Reason == "":
			errorf("%s: the emulator never answers it, and says no reason", code.Name())
		case !code.Answered && len(by) > 0:
			errorf("%s: %v get it, and its row says that it is never answered", code.Name(), by)
		}
		delete(played, code.Name())
	}
	for _, name := range slices.Sorted(maps.Keys(played)) {
		errorf("%s: %v get it, and it has no row", name, played[name])
	}
}

// TestLedgerSeesAnswers: what counts is what a step got, and not what a file says, in a comment or anywhere else.
func TestLedgerSeesAnswers(t *testing.T) {
	t.Parallel()
	const signIn = `name: github/x
about: A sign-in that succeeds, AADSTS700213.
# expect: {error: AADSTS700213}
issuer: {platform: github, preset: branch}
entra: {app: deployer, credentials: [{name: main-branch, subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}]}
steps:
  - mint: {audience: api://AzureADTokenExchange}
  - exchange: {}
`
	file, problems := scenario.Load("x.yaml", []byte(signIn), runner.Names())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tgt, err := targets.InProcess(farm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := runner.Run(t.Context(), []*scenario.File{file}, runner.Options{Target: tgt})
	if err := tgt.Close(); err != nil {
		t.Error(err)
	}
	if codes := answered(run); run.Status() != report.Pass || len(codes) != 0 {
		t.Errorf("%s, codes %v, want a pass without any", run.Status(), codes)
	}
	subject, _ := entra.Lookup(700213)
	audience, _ := entra.Lookup(700212)
	var got []string
	compareCodes(func(_ string, args ...any) { got = append(got, args[0].(string)) }, []entra.Code{subject, audience},
		map[string][]string{audience.Name(): {"x"}, "AADSTS1": {"y"}})
	if want := []string{subject.Name(), "AADSTS1"}; !slices.Equal(got, want) {
		t.Errorf("complaints about %v, want %v", got, want)
	}
}

// TestLabelsAreAnswered compares the codes among the labels of each scenario with those that its steps got.
func TestLabelsAreAnswered(t *testing.T) {
	t.Parallel()
	p := play(t)
	got := map[string][]string{}
	for code, names := range answered(p.run) {
		for _, name := range names {
			got[name] = append(got[name], code)
		}
	}
	for _, f := range p.files {
		labels := slices.DeleteFunc(slices.Clone(f.Labels), func(l string) bool { return !strings.HasPrefix(l, "AAD") })
		slices.Sort(labels)
		slices.Sort(got[f.Name])
		if !slices.Equal(labels, got[f.Name]) {
			t.Errorf("%s: labels differ from the codes that its steps got (-want +got):\n%s", f.Name, cmp.Diff(got[f.Name], labels))
		}
	}
}

// TestEveryReportIsPlayed is the ledger of what people reported: the scenario of each exists, passes, and says in its
// about that it plays it.
func TestEveryReportIsPlayed(t *testing.T) {
	t.Parallel()
	about := map[string]string{}
	for _, f := range play(t).files {
		about[f.Name] = f.About
	}
	for _, row := range reports {
		text, ok := about[row.scenario]
		if !ok {
			t.Errorf("%s: no scenario %s", row.report, row.scenario)
			continue
		}
		if !names(text, row.report) {
			t.Errorf("%s: the about of scenario %s does not name it", row.report, row.scenario)
		}
	}
}

// names tells whether a text names a report, and not another whose name begins or ends alike.
func names(text, report string) bool {
	within := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for before := ""; ; {
		head, tail, found := strings.Cut(text, report)
		if !found {
			return false
		}
		before += head
		if strings.TrimRightFunc(before, within) == before && strings.TrimLeftFunc(tail, within) == tail {
			return true
		}
		before, text = before+report, tail
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"it failed (Azure/login#37).": true, "Azure/login#379": false, "Azure/login#379, Azure/login#37": true, "MyAzure/login#37": false, "": false,
	} {
		if names(text, "Azure/login#37") != want {
			t.Errorf("%q: want %t", text, want)
		}
	}
}

// reports are the public reports of failed federated sign-ins that were collected up to 2026-09, one row for each kind
// of failure, and the scenario that plays it.
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
	{"GitLab", "gitlab/aadsts700212-audience"},
	{"AzureAD/microsoft-authentication-library-for-python#739", "entra/aadsts700211-access-token-as-assertion"},
	{"AzureAD/microsoft-identity-web#2519", "entra/aadsts700227-entra-issued-assertion"},
	{"Azure/azure-workload-identity#1363", "entra/aadsts700231-chained-credential"},
	{"MicrosoftDocs/azure-docs#90276", "entra/aadsts700236-identity-of-another-tenant"},
	{"microsoft/Agents#202", "entra/aadsts7002137-encoded-tenant"},
	{"microsoft/terraform-provider-azuredevops#1361", "azure-devops/aadsts700211-issuer"},
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
