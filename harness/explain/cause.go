package explain

import "slices"

// publicCause is a cause that people have found, and that the checks cannot see.
type publicCause struct {
	codes []int
	fits  func(s *circumstances) bool // nil: always
	Cause
}

// circumstances are what decides whether a public cause may be the one.
type circumstances struct {
	code     int    // of the error
	platform string // of who issued the token, by name; "": not known
	issuer   string
	validity validity
	agrees   bool // a credential at hand agrees with what was presented, as far as it could be compared
	subject  subjectForm
	// the nearest credential's subject is of the repository that was presented
	sameRepository bool
}

const (
	onceReported  = "one report; it fits what is known here"
	oftenReported = "several reports; it fits what is known here"
)

// publicCauses are in the order to try them.
var publicCauses = []publicCause{
	{
		[]int{700211, 700212, 700213, 7002131, 7002138, 70021}, func(s *circumstances) bool { return s.agrees },
		Cause{"Entra still serves the credential as it was before it was changed: one that is edited in place has been seen to count as it was for hours",
			"delete the credential and make it anew with the same values, rather than editing it; then wait some minutes",
			"two reports; it fits what is known here", "Redth/mobile-canvas-ghcp#50, Azure/azure-workload-identity#1200"},
	},
	{
		[]int{70025, 70021, 700211, 700212, 700213, 7002131, 7002138}, func(s *circumstances) bool { return s.agrees || s.code == 70025 },
		Cause{"a credential that has just been made takes seconds to minutes until the token endpoint sees it",
			"wait and try again", "documented by Microsoft", "learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations"},
	},
	{
		[]int{700211, 700212, 700213, 7002131, 7002138, 70021}, func(s *circumstances) bool { return s.agrees },
		Cause{"the credential is on another application than the one that signs in, or in another tenant",
			"compare client_id and tenant with those of the application that has the credential", "no report for this code; Entra looks at the credentials of the client_id alone", "dotnet-foundation/projects#503, for AADSTS70025"},
	},
	{
		[]int{700211, 700212, 700213, 7002131, 7002138, 70021}, func(s *circumstances) bool { return s.agrees },
		Cause{"the credential was made or mended after the sign-in failed, and is what it should be by now",
			"sign in again", "no report; it follows if the credential is younger than the error", "the order of events"},
	},
	{
		[]int{7000272}, nil,
		Cause{"a new issuer, or a key that has just been rotated, is not known to Entra for 20 to 30 minutes and more",
			"publish the new key before signing with it, keep the old one meanwhile, and wait", oftenReported, "Azure/azure-workload-identity#1232, #616"},
	},
	{
		[]int{700024}, func(s *circumstances) bool {
			return s.validity != tooEarly && (s.platform == "github" || s.platform == "azure-devops" || s.platform == "")
		},
		Cause{"the Azure CLI, and providers that were given the token itself, keep the assertion of the login and send it again when an access token runs out: GitHub's lives 5 minutes, Azure DevOps' 10",
			"log in again before the long step, or let the tool ask for a fresh token itself (ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN rather than ARM_OIDC_TOKEN)",
			oftenReported, "Azure/login#180, #372, Azure/azure-cli#28708, kata-containers/kata-containers#11758"},
	},
	{
		[]int{700024}, func(s *circumstances) bool {
			return s.validity != tooEarly && (s.platform == "kubernetes" || s.platform == "spiffe" || s.platform == "")
		},
		Cause{"the program read the token's file once, and the file was rotated meanwhile",
			"read AZURE_FEDERATED_TOKEN_FILE for every exchange", oftenReported, "Azure/azure-workload-identity#693"},
	},
	{
		[]int{700211}, func(s *circumstances) bool { return s.platform == "kubernetes" },
		Cause{"pods that run since before the issuer was changed keep tokens of the previous issuer",
			"restart the pods", onceReported, "Azure/azure-workload-identity#1200"},
	},
	{
		[]int{700211, 70021}, func(s *circumstances) bool { return aksIssuer.MatchString(s.issuer) },
		Cause{"Entra used to tolerate a credential without the slash at the end of an issuer of AKS, and does not any more",
			"write the issuer with the slash (az aks show --query oidcIssuerProfile.issuerUrl --output tsv)", onceReported, "Azure/azure-workload-identity#1700"},
	},
	{
		[]int{700211, 700213, 70021}, func(s *circumstances) bool {
			return s.platform == "azure-devops" || s.subject == formEntra || s.subject == formConnection
		},
		Cause{"Azure DevOps has moved service connections from the issuer https://vstoken.dev.azure.com/ORGANISATION and subjects sc://… to Entra's issuer and subjects /eid1/…",
			"read issuer and subject from the service connection, and write both to the credential", oftenReported,
			"microsoft/terraform-provider-azuredevops#1361"},
	},
	{
		[]int{700213, 7002131}, func(s *circumstances) bool { return s.subject == formGitHub && !s.agrees && !s.sameRepository },
		Cause{"repositories that were made, renamed or moved since 2026-07-15 have ids in their subject (repo:OWNER@ID/REPOSITORY@ID:…), and tools that wrote the credential may not",
			"compare with the sub of a token; gh api repos/OWNER/REPOSITORY/actions/oidc/customization/sub shows the prefix", oftenReported, "Azure/azure-dev#9382, Azure/login#617, #635"},
	},
	{
		[]int{700213, 7002131}, func(s *circumstances) bool { return s.subject == formGitHubOwn },
		Cause{"the organisation or the repository has customised the subject of its tokens",
			"make the credential for the customised subject, as the error prints it", oftenReported, "Azure/login#468, Azure/azure-dev#8680"},
	},
	{
		[]int{501661, 90061, 50166}, func(s *circumstances) bool { return s.platform == "kubernetes" },
		Cause{"the issuer's documents cannot be read without signing in: an API server answers 401 or 403, or the issuer is an address inside of the cluster",
			"publish the discovery document and the keys at a public --service-account-issuer", oftenReported, "rancher/rancher#36444, siderolabs/talos#8336, Azure/azure-workload-identity#616"},
	},
	{
		[]int{50166, 90061, 501661}, nil,
		Cause{"Entra's own fetch failed for a while, as in the outage of 2024-05-01",
			"try again; look whether others have it at the same time", oftenReported, "Azure/azure-workload-identity#642, #1130, Azure/azure-cli#28863"},
	},
	{
		[]int{501661, 90061, 50166}, func(s *circumstances) bool { return s.platform != "kubernetes" },
		Cause{"the issuer is behind a firewall, such as a GitHub Enterprise Server or a storage account with network rules",
			"let anybody read {issuer}/.well-known/openid-configuration and its jwks_uri over https", oftenReported, "Azure/login#283, Azure/azure-workload-identity#1130"},
	},
	{
		[]int{700016}, nil,
		Cause{"the client id is an object id, or that of an application in another tenant",
			"use the Application (client) ID of the overview page, and the tenant that the application is in", oftenReported, "hashicorp/terraform-provider-azurerm#20650, Azure/login#561"},
	},
	{
		[]int{70025}, nil,
		Cause{"the credential was made on another application than the one that signs in", "compare client_id with the application that has the credential", onceReported, "dotnet-foundation/projects#503"},
	},
	{
		[]int{50107}, nil,
		Cause{"no federated credential has the issuer that was presented: another host of Terraform Enterprise, or a slash at its end that one of the two has",
			"write the issuer of the token to the credential, letter for letter", onceReported, "hashicorp/web-unified-docs#1664"},
	},
	{
		[]int{900612}, nil,
		Cause{"a key of the JWKS has no use, or a broken number, as SPIRE's once had", "publish RSA keys with use sig", onceReported, "spiffe/spire#2623"},
	},
	{
		[]int{700222, 700211}, func(s *circumstances) bool { return s.platform == "" && isEntra(s.issuer) },
		Cause{"an access token of Entra was passed as the assertion", "pass the token of the platform", onceReported, "AzureAD/microsoft-authentication-library-for-python#739"},
	},
}

func isEntra(issuer string) bool {
	p := platformOf(issuer, "", nil)
	return p != nil && p.Name == ""
}

// causesOf are the public causes that may explain a code.
func causesOf(s circumstances) []Cause {
	var found []Cause
	for _, known := range publicCauses {
		if slices.Contains(known.codes, s.code) && (known.fits == nil || known.fits(&s)) {
			found = append(found, known.Cause)
		}
	}
	return found
}
