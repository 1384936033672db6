package entra_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// firstParties are the ids of Microsoft's services by what names them in a cloud; a GUID names itself.
var firstParties = map[string]map[string]string{
	"public": {
		"https://graph.microsoft.com":                     "00000003-0000-0000-c000-000000000000",
		"https://management.azure.com":                    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
		"https://management.core.windows.net":             "797f4846-ba00-4fd7-ba43-dac1f8f63013",
		"https://vault.azure.net":                         "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
		"https://managedhsm.azure.net":                    "589d5083-6f11-4d30-a62a-a4b316a14abf",
		"https://storage.azure.com":                       "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.blob.core.windows.net":         "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.queue.core.windows.net":        "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.file.core.windows.net":         "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://database.windows.net":                    "022907d3-0f1b-48f7-badc-1ba6abab6d66",
		"https://ossrdbms-aad.database.windows.net":       "123cd850-d9df-40bd-94d5-c9f07b7fa203",
		"https://cosmos.azure.com":                        "a232010e-820c-4083-83bb-3ace5fc29d0b",
		"https://servicebus.azure.net":                    "80a10ef9-8168-493d-abf9-3297c4ef6e3c",
		"https://eventhubs.azure.net":                     "80369ed6-5f11-4dd9-bef3-692475845e77",
		"https://search.azure.com":                        "880da380-985e-4198-81b9-e05b1cc53158",
		"https://api.loganalytics.io":                     "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5",
		"https://api.applicationinsights.io":              "f5c26e74-f226-4ae8-85f0-b4af0080ac9e",
		"https://dev.azuresynapse.net":                    "9e09aefc-b2e5-4d19-9f74-3e3e8b11a57b",
		"https://batch.core.windows.net":                  "ddbf3205-c6bd-46ae-8127-60eb93363864",
		"https://datalake.azure.net":                      "e9f49c6b-5ce5-44c8-925d-015017e9f7ad",
		"https://apps.azureiotcentral.com":                "9edfcdd9-0bc5-4bd4-b287-c3afc716aac7",
		"https://attest.azure.net":                        "c61423b7-1d1f-430d-b444-0eee53298103",
		"https://appconfig.azure.com":                     "35ffadb3-7fc1-497e-b61b-381d28e744cc",
		"https://azconfig.io":                             "35ffadb3-7fc1-497e-b61b-381d28e744cc",
		"https://containerregistry.azure.net":             "6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26",
		"6dae42f8-4368-4678-94ff-3960e28e3630":            "6dae42f8-4368-4678-94ff-3960e28e3630",
		"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d":            "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
		"https://app.vssps.visualstudio.com":              "499b84ac-1321-427f-aa17-267ca6975798",
		"https://cognitiveservices.azure.com":             "7d312290-28c8-473c-a0ed-8e53749b6d6d",
		"https://kusto.kusto.windows.net":                 "2746ea77-4702-4b45-80ca-3c97e680e8b7",
		"https://contoso.kusto.windows.net":               "2746ea77-4702-4b45-80ca-3c97e680e8b7",
		"https://contoso-01.westeurope.kusto.windows.net": "2746ea77-4702-4b45-80ca-3c97e680e8b7",
		"https://analysis.windows.net/powerbi/api":        "00000009-0000-0000-c000-000000000000",
		"https://graph.windows.net":                       "00000002-0000-0000-c000-000000000000",
		"00000007-0000-0000-c000-000000000000":            "00000007-0000-0000-c000-000000000000",
		"00000003-0000-0ff1-ce00-000000000000":            "00000003-0000-0ff1-ce00-000000000000",
		"https://outlook.office365.com":                   "00000002-0000-0ff1-ce00-000000000000",
		"https://api.securitycenter.microsoft.com":        "fc780465-2017-40d4-a0c5-307022471b92",
		"api://AzureADTokenExchange":                      "fb60f99c-7a34-4190-8149-302f77469936",
	},
	"usgov": {
		"https://graph.microsoft.us":                      "00000003-0000-0000-c000-000000000000",
		"https://dod-graph.microsoft.us":                  "00000003-0000-0000-c000-000000000000",
		"https://management.usgovcloudapi.net":            "797f4846-ba00-4fd7-ba43-dac1f8f63013",
		"https://management.core.usgovcloudapi.net":       "797f4846-ba00-4fd7-ba43-dac1f8f63013",
		"https://vault.usgovcloudapi.net":                 "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
		"https://managedhsm.usgovcloudapi.net":            "589d5083-6f11-4d30-a62a-a4b316a14abf",
		"https://storage.azure.com":                       "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.blob.core.usgovcloudapi.net":   "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.queue.core.usgovcloudapi.net":  "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.file.core.usgovcloudapi.net":   "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://database.usgovcloudapi.net":              "022907d3-0f1b-48f7-badc-1ba6abab6d66",
		"https://ossrdbms-aad.database.usgovcloudapi.net": "123cd850-d9df-40bd-94d5-c9f07b7fa203",
		"https://cosmos.azure.com":                        "a232010e-820c-4083-83bb-3ace5fc29d0b",
		"https://servicebus.usgovcloudapi.net":            "80a10ef9-8168-493d-abf9-3297c4ef6e3c",
		"https://search.azure.us":                         "880da380-985e-4198-81b9-e05b1cc53158",
		"https://api.loganalytics.us":                     "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5",
		"https://dev.azuresynapse.usgovcloudapi.net":      "9e09aefc-b2e5-4d19-9f74-3e3e8b11a57b",
		"https://batch.core.usgovcloudapi.net":            "ddbf3205-c6bd-46ae-8127-60eb93363864",
		"https://appconfig.azure.us":                      "35ffadb3-7fc1-497e-b61b-381d28e744cc",
		"https://azconfig.azure.us":                       "35ffadb3-7fc1-497e-b61b-381d28e744cc",
		"6dae42f8-4368-4678-94ff-3960e28e3630":            "6dae42f8-4368-4678-94ff-3960e28e3630",
		"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d":            "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
		"https://cognitiveservices.azure.us":              "7d312290-28c8-473c-a0ed-8e53749b6d6d",
		"api://AzureADTokenExchangeUSGov":                 "fb60f99c-7a34-4190-8149-302f77469936",
	},
	"china": {
		"https://microsoftgraph.chinacloudapi.cn":        "00000003-0000-0000-c000-000000000000",
		"https://management.chinacloudapi.cn":            "797f4846-ba00-4fd7-ba43-dac1f8f63013",
		"https://management.core.chinacloudapi.cn":       "797f4846-ba00-4fd7-ba43-dac1f8f63013",
		"https://vault.azure.cn":                         "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
		"https://managedhsm.azure.cn":                    "589d5083-6f11-4d30-a62a-a4b316a14abf",
		"https://storage.azure.com":                      "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.blob.core.chinacloudapi.cn":   "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.queue.core.chinacloudapi.cn":  "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://contoso01.file.core.chinacloudapi.cn":   "e406a681-f3d4-42a8-90b6-c2b029497af1",
		"https://database.chinacloudapi.cn":              "022907d3-0f1b-48f7-badc-1ba6abab6d66",
		"https://ossrdbms-aad.database.chinacloudapi.cn": "123cd850-d9df-40bd-94d5-c9f07b7fa203",
		"https://cosmos.azure.com":                       "a232010e-820c-4083-83bb-3ace5fc29d0b",
		"https://servicebus.chinacloudapi.cn":            "80a10ef9-8168-493d-abf9-3297c4ef6e3c",
		"https://search.azure.cn":                        "880da380-985e-4198-81b9-e05b1cc53158",
		"https://api.loganalytics.azure.cn":              "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5",
		"https://dev.azuresynapse.azure.cn":              "9e09aefc-b2e5-4d19-9f74-3e3e8b11a57b",
		"https://batch.chinacloudapi.cn":                 "ddbf3205-c6bd-46ae-8127-60eb93363864",
		"https://appconfig.azure.cn":                     "35ffadb3-7fc1-497e-b61b-381d28e744cc",
		"https://azconfig.azure.cn":                      "35ffadb3-7fc1-497e-b61b-381d28e744cc",
		"6dae42f8-4368-4678-94ff-3960e28e3630":           "6dae42f8-4368-4678-94ff-3960e28e3630",
		"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d":           "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
		"https://cognitiveservices.azure.cn":             "7d312290-28c8-473c-a0ed-8e53749b6d6d",
		"api://AzureADTokenExchangeChina":                "fb60f99c-7a34-4190-8149-302f77469936",
	},
}

// inCloud makes a rig whose tenant is in a cloud, and returns a function that asks there for a token for a resource, at
// either endpoint.
func inCloud(t *testing.T, cloud string) (r *rig, ask func(v1 bool, resource string) *answer) {
	t.Helper()
	r = newRig(t)
	audience, err := directory.ExchangeAudience(cloud)
	if err != nil {
		t.Fatal(err)
	}
	login, err := directory.LoginURL(cloud)
	if err != nil {
		t.Fatal(err)
	}
	r.tenant, err = r.dir.AddTenant(directory.Tenant{DisplayName: "Contoso " + cloud, Cloud: cloud, Applications: []directory.Application{{
		Name:        "deployer",
		Credentials: []directory.Credential{{Name: "main-branch", Issuer: r.issuer.url, Subject: mainSubject, Audiences: []string{audience}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	r.app = r.tenant.Applications[0]
	return r, func(v1 bool, resource string) *answer {
		t.Helper()
		assertion := r.issuer.mint(r.claims(map[string]any{"aud": audience}))
		if v1 {
			return r.post(login+"/"+r.tenant.ID+"/oauth2/token", r.params(assertion, map[string]string{"scope": "", "resource": resource}))
		}
		return r.post(login+"/"+r.tenant.ID+"/oauth2/v2.0/token", r.params(assertion, map[string]string{"scope": resource + "/.default"}))
	}
}

// TestFirstPartyResources asks for a token for every service in every cloud, by each of its names, at both endpoints.
func TestFirstPartyResources(t *testing.T) {
	t.Parallel()
	for _, cloud := range slices.Sorted(maps.Keys(firstParties)) {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			_, ask := inCloud(t, cloud)
			check := func(v1 bool, resource, appID string) {
				t.Helper()
				got := ask(v1, resource)
				if got.status != 200 {
					t.Errorf("%s (v1 endpoint: %t): %s", resource, v1, got.raw)
					return
				}
				_, payload, claims := got.token(t)
				aud, version := resource, "1.0"
				if appID == firstParties["public"]["api://AzureADTokenExchange"] {
					aud, version = appID, "2.0"
				}
				if claims["aud"] != aud || claims["ver"] != version || got.signIn.ResourceID != appID || got.signIn.ResourceName == "" {
					t.Errorf("%s: resource %s, claims %s", resource, got.signIn.ResourceID, payload)
				}
			}
			for resource, appID := range firstParties[cloud] {
				for _, v1 := range []bool{false, true} {
					check(v1, resource, appID)
					check(v1, appID, appID)
					if strings.HasPrefix(resource, "https://") {
						check(v1, resource+"/", appID)
					}
				}
			}
			for resource := range firstParties["public"] { // what is in the public cloud alone is nowhere else
				if firstParties[cloud][resource] == "" {
					if got := ask(false, resource); got.code() != 500011 {
						t.Errorf("%s: %s", resource, got.raw)
					}
				}
			}
		})
	}
}

// TestFirstPartiesAreTested finds services, and names of them, that the table above lacks.
func TestFirstPartiesAreTested(t *testing.T) {
	t.Parallel()
	for cloud, known := range firstParties {
		services, err := directory.Services(cloud)
		if err != nil {
			t.Fatal(err)
		}
		ids, patterns := slices.Collect(maps.Values(known)), 0
		for _, s := range services {
			patterns += len(s.Patterns)
			if s.Source == "" || !slices.Contains(ids, s.AppID) {
				t.Errorf("%s: %s is not tested, or has no source", cloud, s.Name)
			}
			for _, url := range s.URLs {
				if known[url] != s.AppID {
					t.Errorf("%s: %s is not tested", cloud, url)
				}
			}
		}
		if patterns == 0 {
			t.Errorf("%s: no service has patterns", cloud)
		}
	}
}

// TestNoFirstPartyResource asks for what looks like a resource of Microsoft's and is none.
func TestNoFirstPartyResource(t *testing.T) {
	t.Parallel()
	_, ask := inCloud(t, "public")
	for _, resource := range []string{
		"https://contoso.postgres.database.azure.com", "https://contoso.azure-devices-provisioning.net", "https://contoso.documents.azure.com", // servers' own hosts
		"https://contoso.vault.azure.net", "https://contoso.database.windows.net", "https://contoso.servicebus.windows.net", "https://contoso.azurecr.io",
		"https://contoso.crm.dynamics.com", "https://contoso.sharepoint.com", "https://contoso.azconfig.io",
		"https://vault.usgovcloudapi.net", "https://contoso.blob.core.chinacloudapi.cn", // another cloud's
		"https://ab.blob.core.windows.net", "https://con-toso.blob.core.windows.net", "https://Contoso.blob.core.windows.net", "https://a.b.blob.core.windows.net",
		"https://contoso.blob.core.windows.net/container", "https://contoso.blob.core.windows.net.example", "http://contoso.blob.core.windows.net",
		"https://.blob.core.windows.net", "https://contosoXblob.core.windows.net", "https://-contoso.kusto.windows.net", "https://a.b.c.kusto.windows.net",
		"https://management.core.windows.net//", "https://graph.microsoft.com//", "https://contoso.blob.core.windows.net//", "api://AzureADTokenExchange/",
		"HTTPS://vault.azure.net", "vault.azure.net", "https://storage.azure.com/.default", "api://AzureFMITokenExchange",
	} {
		if got := ask(false, resource); got.code() != 500011 || !strings.Contains(got.raw, "The resource principal named "+resource+" was not found") {
			t.Errorf("%s: %s", resource, got.raw)
		}
	}
}
