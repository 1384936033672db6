// Package msi is where workloads with a managed identity get their tokens, in the form of the endpoint of Azure App
// Service.
//
//	endpoint := msi.New(msi.Config{Server: server, Secret: "…"})
//	http.Handle("GET "+msi.Path, endpoint)
//
// A workload finds the endpoint's URL in IDENTITY_ENDPOINT and the secret in IDENTITY_HEADER:
//
//	GET /msi/token?api-version=2019-08-01&resource=https://management.azure.com&client_id=…
//	X-IDENTITY-HEADER: …
//
// # Not faithful
//
// There are no system-assigned identities, so that a request must name one. The version is 2019-08-01; 2017-09-01,
// which the SDKs have left, has another form. The answer to a wrong secret is inferred: App Service answers 401 without
// a body that is documented.
//
// See https://learn.microsoft.com/azure/app-service/overview-managed-identity, "REST endpoint reference".
package msi
