package arm_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type cloudMetadata struct {
	Name, ResourceManager, MicrosoftGraphResourceID string
	Authentication                                  struct {
		LoginEndpoint, Tenant, IdentityProvider string
		Audiences                               []string
	}
	Suffixes map[string]string
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	const path = "/metadata/endpoints?api-version="
	one := decoded[cloudMetadata](t, r.send("", "GET", path+"2022-09-01", ""))
	want := cloudMetadata{Name: "AzureCloud", ResourceManager: "https://management.azure.com/", MicrosoftGraphResourceID: "https://graph.microsoft.com/", Suffixes: one.Suffixes}
	want.Authentication.LoginEndpoint, want.Authentication.Tenant, want.Authentication.IdentityProvider = "https://login.microsoftonline.com/", "common", "AAD"
	want.Authentication.Audiences = []string{"https://management.core.windows.net/", "https://management.azure.com/"}
	if diff := cmp.Diff(want, one); diff != "" || one.Suffixes["keyVaultDns"] != "vault.azure.net" {
		t.Errorf("public (-want +got):\n%s", diff)
	}
	own := decoded[cloudMetadata](t, r.sendTo("127.0.0.1:8445", "", "GET", path+"2022-09-01", ""))
	const base = "https://127.0.0.1:8445"
	if own.Name == "AzureCloud" || own.ResourceManager != base || own.MicrosoftGraphResourceID != base || own.Authentication.LoginEndpoint != base ||
		!slices.Contains(own.Authentication.Audiences, base) {
		t.Errorf("at its own address %+v", own)
	}
	var clouds []string
	for _, cloud := range decoded[[]cloudMetadata](t, r.sendTo("management.usgovcloudapi.net", "", "GET", path+"2019-05-01", "")) {
		clouds = append(clouds, cloud.Name+" "+cloud.ResourceManager)
	}
	if diff := cmp.Diff([]string{
		"AzureUSGovernment https://management.usgovcloudapi.net/", "AzureCloud https://management.azure.com/", "AzureChinaCloud https://management.chinacloudapi.cn/",
	}, clouds); diff != "" {
		t.Errorf("clouds (-want +got):\n%s", diff)
	}
	r.send("", "GET", path+"2015-01-01", "").want(t, 200, `{"galleryEndpoint":"https://gallery.azure.com/","graphEndpoint":"https://graph.windows.net/",
		"portalEndpoint":"https://portal.azure.com/","authentication":{"loginEndpoint":"https://login.windows.net/",
		"audiences":["https://management.core.windows.net/","https://management.azure.com/"]}}`)
	r.send("", "GET", path, "").refused(t, 400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
}
