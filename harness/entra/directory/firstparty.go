package directory

import (
	"regexp"
	"strings"
)

// Application ids of Microsoft's services that are told apart elsewhere. Tokens for Microsoft Graph carry claims of
// their own, and live long for clients that ask for it. Tokens for token exchange are v2.0; its id was seen as their
// aud in 2025 and 2026.
const (
	GraphAppID      = "00000003-0000-0000-c000-000000000000"
	ManagementAppID = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
	ExchangeAppID   = "fb60f99c-7a34-4190-8149-302f77469936"
)

// firstParty is a service of Microsoft's, in the clouds that it is in.
type firstParty struct {
	name, appID          string
	public, usgov, china *place // nil: it is not there, or not known to be
	source               string
	roles                []AppRole
}

// place is what a service is called by in a cloud, beside its application id.
type place struct{ urls, patterns []string }

// named is a place with these URLs, of which those with a {name} in them are patterns; without any, the application id
// alone names the service.
func named(urls ...string) *place {
	p := new(place)
	for _, url := range urls {
		if strings.Contains(url, "{") {
			p.patterns = append(p.patterns, url)
		} else {
			p.urls = append(p.urls, url)
		}
	}
	return p
}

// What the rows below are from.
const (
	goAzureSDK = "hashicorp/go-azure-sdk, sdk/environments (2026-08)" // ids and URLs
	microsofts = "merill/microsoft-info (2026-08-20)"                 // ids and names, from Microsoft's list of first-party applications
	both       = goAzureSDK + "; " + microsofts
)

// firstParties are the services that workloads ask tokens for. An application id is taken to be the same in all clouds,
// and to name the service as well as its URLs do; a host that is not in a row of its cloud is no resource there. A
// server's own host, such as https://NAME.postgres.database.azure.com, is none either: reports have AADSTS500011 for it
// (Azure/azure-cli#14948, Azure/azure-cli#29113).
var firstParties = []firstParty{
	{
		name: "Microsoft Graph", appID: GraphAppID, roles: graphRoles, source: both,
		public: named("https://graph.microsoft.com"),
		usgov:  named("https://graph.microsoft.us", "https://dod-graph.microsoft.us"),
		china:  named("https://microsoftgraph.chinacloudapi.cn"),
	},
	{
		name: "Windows Azure Service Management API", appID: ManagementAppID, source: both,
		public: named("https://management.azure.com", "https://management.core.windows.net"),
		usgov:  named("https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net"),
		china:  named("https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn"),
	},
	{
		name: "Azure Key Vault", appID: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", source: both,
		public: named("https://vault.azure.net"), usgov: named("https://vault.usgovcloudapi.net"), china: named("https://vault.azure.cn"),
	},
	{
		name: "Azure Key Vault Managed HSM", appID: "589d5083-6f11-4d30-a62a-a4b316a14abf",
		source: both + "; the id is the second's, the first has that of its resource provider",
		public: named("https://managedhsm.azure.net"), usgov: named("https://managedhsm.usgovcloudapi.net"), china: named("https://managedhsm.azure.cn"),
	},
	{
		name: "Azure Storage", appID: "e406a681-f3d4-42a8-90b6-c2b029497af1",
		source: both + "; accounts' own URLs: BlobAudience, QueueAudience and ShareAudience of the Azure SDK; those in the national clouds, and " +
			"https://storage.azure.com in usgov, are inferred",
		public: named("https://storage.azure.com", "https://{account}.blob.core.windows.net", "https://{account}.queue.core.windows.net",
			"https://{account}.file.core.windows.net"),
		usgov: named("https://storage.azure.com", "https://{account}.blob.core.usgovcloudapi.net", "https://{account}.queue.core.usgovcloudapi.net",
			"https://{account}.file.core.usgovcloudapi.net"),
		china: named("https://storage.azure.com", "https://{account}.blob.core.chinacloudapi.cn", "https://{account}.queue.core.chinacloudapi.cn",
			"https://{account}.file.core.chinacloudapi.cn"),
	},
	{
		name: "Azure SQL Database", appID: "022907d3-0f1b-48f7-badc-1ba6abab6d66", source: both,
		public: named("https://database.windows.net"), usgov: named("https://database.usgovcloudapi.net"), china: named("https://database.chinacloudapi.cn"),
	},
	{
		name: "Azure OSSRDBMS Database", appID: "123cd850-d9df-40bd-94d5-c9f07b7fa203", source: goAzureSDK + "; the name is inferred",
		public: named("https://ossrdbms-aad.database.windows.net"), usgov: named("https://ossrdbms-aad.database.usgovcloudapi.net"),
		china: named("https://ossrdbms-aad.database.chinacloudapi.cn"),
	},
	{
		name: "Azure Cosmos DB", appID: "a232010e-820c-4083-83bb-3ace5fc29d0b", source: both + "; in the national clouds inferred",
		public: named("https://cosmos.azure.com"), usgov: named("https://cosmos.azure.com"), china: named("https://cosmos.azure.com"),
	},
	{
		name: "Microsoft.ServiceBus", appID: "80a10ef9-8168-493d-abf9-3297c4ef6e3c", source: goAzureSDK + "; the name is inferred",
		public: named("https://servicebus.azure.net"), usgov: named("https://servicebus.usgovcloudapi.net"), china: named("https://servicebus.chinacloudapi.cn"),
	},
	{
		name: "Microsoft.EventHubs", appID: "80369ed6-5f11-4dd9-bef3-692475845e77", source: both + "; the URL is inferred",
		public: named("https://eventhubs.azure.net"),
	},
	{
		name: "Azure AI Search", appID: "880da380-985e-4198-81b9-e05b1cc53158", source: goAzureSDK + "; the name is inferred",
		public: named("https://search.azure.com"), usgov: named("https://search.azure.us"), china: named("https://search.azure.cn"),
	},
	{
		name: "Log Analytics API", appID: "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5", source: both,
		public: named("https://api.loganalytics.io"), usgov: named("https://api.loganalytics.us"), china: named("https://api.loganalytics.azure.cn"),
	},
	{
		name: "Application Insights API", appID: "f5c26e74-f226-4ae8-85f0-b4af0080ac9e", source: both + "; the URL is inferred",
		public: named("https://api.applicationinsights.io"),
	},
	{
		name: "Azure Synapse", appID: "9e09aefc-b2e5-4d19-9f74-3e3e8b11a57b", source: goAzureSDK + "; the name is inferred",
		public: named("https://dev.azuresynapse.net"), usgov: named("https://dev.azuresynapse.usgovcloudapi.net"),
		china: named("https://dev.azuresynapse.azure.cn"),
	},
	{
		name: "Microsoft Azure Batch", appID: "ddbf3205-c6bd-46ae-8127-60eb93363864", source: both,
		public: named("https://batch.core.windows.net"), usgov: named("https://batch.core.usgovcloudapi.net"), china: named("https://batch.chinacloudapi.cn"),
	},
	{
		name: "Azure Data Lake", appID: "e9f49c6b-5ce5-44c8-925d-015017e9f7ad", source: both,
		public: named("https://datalake.azure.net"),
	},
	{
		name: "Azure IoT Central", appID: "9edfcdd9-0bc5-4bd4-b287-c3afc716aac7", source: goAzureSDK + "; the name is inferred",
		public: named("https://apps.azureiotcentral.com"),
	},
	{
		name: "Microsoft Azure Attestation", appID: "c61423b7-1d1f-430d-b444-0eee53298103", source: goAzureSDK + "; the name is inferred",
		public: named("https://attest.azure.net"),
	},
	{
		name: "Azure App Configuration", appID: "35ffadb3-7fc1-497e-b61b-381d28e744cc",
		source: goAzureSDK + "; https://appconfig.azure.com and those of the national clouds: " +
			"learn.microsoft.com/azure/azure-app-configuration/rest-api-authentication-azure-ad; those with azconfig, and the name, are inferred",
		public: named("https://appconfig.azure.com", "https://azconfig.io"), usgov: named("https://appconfig.azure.us", "https://azconfig.azure.us"),
		china: named("https://appconfig.azure.cn", "https://azconfig.azure.cn"),
	},
	{
		name: "Azure Container Registry", appID: "6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26", source: goAzureSDK + "; the name and the URL are inferred",
		public: named("https://containerregistry.azure.net"),
	},
	{
		name: "Azure Kubernetes Service AAD Server", appID: "6dae42f8-4368-4678-94ff-3960e28e3630",
		source: microsofts + "; Azure/kubelogin#171, by its id alone; the name is inferred",
		public: named(), usgov: named(), china: named(),
	},
	{
		name: "AzureDatabricks", appID: "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", source: microsofts + ", by its id alone; the name is inferred",
		public: named(), usgov: named(), china: named(),
	},
	{
		name: "Azure DevOps", appID: "499b84ac-1321-427f-aa17-267ca6975798", source: microsofts + ", by its id; the URL is inferred",
		public: named("https://app.vssps.visualstudio.com"),
	},
	{
		name: "Microsoft Cognitive Services", appID: "7d312290-28c8-473c-a0ed-8e53749b6d6d", source: microsofts + "; the URLs are inferred",
		public: named("https://cognitiveservices.azure.com"), usgov: named("https://cognitiveservices.azure.us"),
		china: named("https://cognitiveservices.azure.cn"),
	},
	{
		name: "Azure Data Explorer", appID: "2746ea77-4702-4b45-80ca-3c97e680e8b7", source: microsofts + "; the URLs are inferred",
		public: named("https://kusto.kusto.windows.net", "https://{cluster}.kusto.windows.net", "https://{cluster}.{region}.kusto.windows.net"),
	},
	{
		name: "Power BI Service", appID: "00000009-0000-0000-c000-000000000000", source: microsofts + "; the URL is inferred",
		public: named("https://analysis.windows.net/powerbi/api"),
	},
	{
		name: "Windows Azure Active Directory", appID: "00000002-0000-0000-c000-000000000000",
		source: microsofts + "; the URL is inferred, and so is that Entra still gives tokens for this retired service",
		public: named("https://graph.windows.net"),
	},
	{
		name: "Dataverse", appID: "00000007-0000-0000-c000-000000000000", source: microsofts + ", by its id alone: the URL of an environment, " +
			"https://NAME.crm.dynamics.com, is a resource only where the environment is there",
		public: named(),
	},
	{
		name: "Office 365 SharePoint Online", appID: "00000003-0000-0ff1-ce00-000000000000", source: microsofts + ", by its id alone: the URL of " +
			"a tenant's sites, https://NAME.sharepoint.com, is a resource only in that tenant",
		public: named(),
	},
	{
		name: "Office 365 Exchange Online", appID: "00000002-0000-0ff1-ce00-000000000000", source: microsofts + "; the URL is inferred",
		public: named("https://outlook.office365.com"),
	},
	{
		name: "WindowsDefenderATP", appID: "fc780465-2017-40d4-a0c5-307022471b92", source: microsofts + "; the URL is inferred",
		public: named("https://api.securitycenter.microsoft.com"),
	},
	{
		name: "AAD Token Exchange Endpoint", appID: ExchangeAppID, source: microsofts + "; tokens of 2025 and 2026",
		public: named("api://AzureADTokenExchange"), usgov: named("api://AzureADTokenExchangeUSGov"), china: named("api://AzureADTokenExchangeChina"),
	},
}

// servicesIn lists the services of a cloud, which in picks of a row.
func servicesIn(in func(firstParty) *place) []Service {
	var all []Service
	for _, row := range firstParties {
		at := in(row)
		if at == nil {
			continue
		}
		s := Service{
			Name: row.name, AppID: row.appID, URLs: at.urls, Patterns: at.patterns, AppRoles: row.roles, Source: row.source,
		}
		for _, pattern := range at.patterns {
			s.hosts = append(s.hosts, hostsLike(pattern))
		}
		all = append(all, s)
	}
	return all
}

// placeholders are what stands for a {name} of a pattern: a storage account has 3 to 24 lower-case letters and digits,
// other names are labels of DNS.
var placeholders = strings.NewReplacer(`\{account\}`, `[a-z0-9]{3,24}`, `\{cluster\}`, label, `\{region\}`, label)

const label = `[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?`

func hostsLike(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + placeholders.Replace(regexp.QuoteMeta(pattern)) + "$")
}
