package arm

import (
	"net/http"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// endpoints describe a cloud, as /metadata/endpoints has them from api-version 2019-05-01 on: recorded from the public
// cloud by hashicorp/go-azure-sdk and pulumi/pulumi-azure-native. Of the national clouds only what an identity client
// needs is here.
type endpoints struct {
	Portal         string            `json:"portal"`
	Authentication authentication    `json:"authentication"`
	GraphAudience  string            `json:"graphAudience"`
	Graph          string            `json:"graph"`
	Name           string            `json:"name"`
	Suffixes       map[string]string `json:"suffixes"`
	Batch          string            `json:"batch,omitempty"`
	Manager        string            `json:"resourceManager"`
	SQLManagement  string            `json:"sqlManagement,omitempty"`
	MicrosoftGraph string            `json:"microsoftGraphResourceId"`
	Gallery        string            `json:"gallery"`
}

type authentication struct {
	LoginEndpoint    string   `json:"loginEndpoint"`
	Audiences        []string `json:"audiences"`
	Tenant           string   `json:"tenant,omitempty"`
	IdentityProvider string   `json:"identityProvider,omitempty"`
}

var metadata = map[string]endpoints{
	"public": {
		Portal: "https://portal.azure.com", Name: "AzureCloud", Graph: "https://graph.windows.net/", GraphAudience: "https://graph.windows.net/",
		Gallery: "https://gallery.azure.com/", Batch: "https://batch.core.windows.net/", SQLManagement: "https://management.core.windows.net:8443/",
		Suffixes: map[string]string{
			"azureDataLakeStoreFileSystem": "azuredatalakestore.net", "acrLoginServer": "azurecr.io", "sqlServerHostname": "database.windows.net",
			"azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net", "keyVaultDns": "vault.azure.net", "storage": "core.windows.net",
			"azureFrontDoorEndpointSuffix": "azurefd.net", "storageSyncEndpointSuffix": "afs.azure.net", "mhsmDns": "managedhsm.azure.net",
			"mysqlServerEndpoint": "mysql.database.azure.com", "postgresqlServerEndpoint": "postgres.database.azure.com",
			"mariadbServerEndpoint": "mariadb.database.azure.com", "synapseAnalytics": "dev.azuresynapse.net", "attestationEndpoint": "attest.azure.net",
		},
	},
	"usgov": {
		Portal: "https://portal.azure.us", Name: "AzureUSGovernment", Graph: "https://graph.windows.net/", GraphAudience: "https://graph.windows.net/",
		Gallery: "https://gallery.azure.us/",
		Suffixes: map[string]string{
			"acrLoginServer": "azurecr.us", "sqlServerHostname": "database.usgovcloudapi.net", "keyVaultDns": "vault.usgovcloudapi.net",
			"storage": "core.usgovcloudapi.net",
		},
	},
	"china": {
		Portal: "https://portal.azure.cn", Name: "AzureChinaCloud", Graph: "https://graph.chinacloudapi.cn/", GraphAudience: "https://graph.chinacloudapi.cn/",
		Gallery: "https://gallery.chinacloudapi.cn/",
		Suffixes: map[string]string{
			"acrLoginServer": "azurecr.cn", "sqlServerHostname": "database.chinacloudapi.cn", "keyVaultDns": "vault.azure.cn", "storage": "core.chinacloudapi.cn",
		},
	},
}

// metadataOf describes a cloud with its own hosts.
func metadataOf(cloud string) endpoints {
	e := metadata[cloud]
	login, err := directory.LoginURL(cloud)
	if err != nil {
		return e // the words are constants
	}
	e.Authentication = authentication{LoginEndpoint: login + "/", Tenant: "common", IdentityProvider: "AAD"}
	all, _ := directory.ManagementAudiences(cloud)
	for i := len(all) - 1; i >= 0; i-- {
		e.Authentication.Audiences = append(e.Authentication.Audiences, all[i]+"/")
	}
	manager, _ := directory.ManagementURL(cloud)
	graph, _ := directory.GraphURL(cloud)
	e.Manager, e.MicrosoftGraph = manager+"/", graph+"/"
	return e
}

// serveMetadata tells clients where a cloud's services are: one cloud, or from 2019-05-01 until 2022-09-01 a list. At
// the address of a farm every service is at that address, in a cloud that is not called AzureCloud: the Azure CLI knows
// better where that is.
func (a *API) serveMetadata(w http.ResponseWriter, r *http.Request) {
	version, err := apiVersion(r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.refuse(w, r, fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The requested resource does not support http method '%s'.", r.Method))
		return
	}
	cloud := cloudOf(r)
	var all []endpoints // the one that was called first
	if cloud == "" {
		e, base := metadataOf("public"), "https://"+r.Host
		e.Name, e.Manager, e.MicrosoftGraph = "Issuerd", base, base
		e.Authentication.LoginEndpoint, e.Authentication.Audiences = base, append([]string{base}, e.Authentication.Audiences...)
		all = append(all, e)
	}
	for _, word := range directory.CloudNames() {
		if cloud == word {
			all = append([]endpoints{metadataOf(word)}, all...)
		} else if cloud != "" {
			all = append(all, metadataOf(word))
		}
	}
	switch e := all[0]; {
	case version < "2019-05-01":
		type old struct {
			Gallery        string         `json:"galleryEndpoint"`
			Graph          string         `json:"graphEndpoint"`
			Portal         string         `json:"portalEndpoint"`
			GraphAudience  string         `json:"graphAudience,omitempty"`
			Authentication authentication `json:"authentication"`
		}
		o := old{e.Gallery, e.Graph, e.Portal + "/", "", e.Authentication}
		if version >= "2017-12-01" {
			o.GraphAudience = e.GraphAudience
		} else {
			o.Authentication.Tenant, o.Authentication.IdentityProvider = "", ""
		}
		if cloud == "public" {
			o.Authentication.LoginEndpoint = "https://login.windows.net/"
		}
		write(w, http.StatusOK, o)
	case version < "2022-09-01":
		write(w, http.StatusOK, all)
	default:
		write(w, http.StatusOK, e)
	}
}
