// Package clients holds tests alone: the official clients, unmodified, against a farm.
//
// What signs in: azidentity (ClientAssertionCredential, WorkloadIdentityCredential) as every platform of issuers.All()
// and in every cloud, and as a managed identity, MSAL for Go, the authorizer of HashiCorp's Terraform providers, and
// the scenario runner with azidentity and MSAL in the place of its own request; @azure/identity and MSAL for Node.js,
// MSAL for Python, and az. What manages: az, and armmsi, armauthorization, armresources and armsubscriptions for Go.
// What verifies: coreos/go-oidc and zitadel's rp, a token of every issuer and the emulator's access tokens. Between a
// client and the farm there is HTTP over TLS with the farm's authority and nothing else; that no client reaches for
// anything outside is a check of every run.
//
// The clients' modules are many and large, so the folder is a Go module of its own, and neither the program nor the
// library need them.
//
//	cd e2e/clients
//	go test -race ./...
//
// The clients for Node.js are in node/, installed with npm ci, those for Python in python/, installed with apt-get
// (Debian's python3-boto3, python3-google-auth and python3-msal); each runs in a process of its own. They, kubectl, and
// az (Debian's azure-cli) are left out where they are missing. Debian's az role assignment works nowhere; what
// python/az_role does about it is the one change to a client.
//
// Which routes of which platforms each client has asked is in testdata/conformance.json, which docs/gen shows in
// docs/fidelity.md. A test says with conforms whom it runs; what they ask is read off the farm's journal. The tests
// fail when the file says something else, and
//
//	go test ./... -update
//
// writes it, after which make generate refreshes the page.
//
// Not faithful: clients reach the real host names through the farm's transport, handed to them as their HTTP client,
// where a workload would use DNS; TestEnvironment does without and configures the client by its environment alone.
// Entra's clients in other languages reach them through an HTTP proxy that stands in for DNS.
//
// See https://learn.microsoft.com/azure/developer/go/sdk/authentication/authentication-overview.
package clients
