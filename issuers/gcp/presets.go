package gcp

import (
	"maps"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// presets: accounts are in Settings and not in Claims, so that sub and azp follow from each other whichever a caller
// gives.
var presets = []issuer.Preset{
	{Name: "compute-engine", About: "A VM's metadata server, format=full: with e-mail address and instance",
		Settings: map[string]any{"sub": uniqueID, "instance": instance(nil)}},
	{Name: "compute-engine-standard", About: "A VM's metadata server, format=standard: neither e-mail address nor instance",
		Settings: map[string]any{"sub": uniqueID}},
	{Name: "service-account", About: "generateIdToken of the IAM Credentials API with includeEmail",
		Settings: map[string]any{"sub": uniqueID, "email": "deployer@contoso-prod.iam.gserviceaccount.com"}},
	{Name: "gke", About: "The metadata server of GKE, for a Kubernetes account bound to a service account; no instance (inferred)",
		Settings: map[string]any{"sub": uniqueID, "email": "web@contoso-prod.iam.gserviceaccount.com"}},
	{Name: "gke-unbound", Direct: true, About: "A Kubernetes account bound to no Google account: the metadata server has no ID token for it",
		Settings: map[string]any{"sub": uniqueID, "email": "web@contoso-prod.iam.gserviceaccount.com", "unbound": "default/web"}},
	{Name: "service-account-key", About: "A program outside Google Cloud with a service account's key file: jwt-bearer with target_audience",
		Settings: map[string]any{"sub": uniqueID, "email": "deployer@contoso-prod.iam.gserviceaccount.com", "key": true}},
	{Name: "user", Direct: true, About: "A person's token (gcloud auth print-identity-token): hosted domain and at_hash",
		Claims:   issuer.Claims{"hd": "contoso.example", "at_hash": "_LLKKivfvfme9eoQ3WcMIg"},
		Settings: map[string]any{"sub": "111260650121185072906", "azp": "32555350559.apps.googleusercontent.com", "email": "user@contoso.example"}},
	{Name: "confidential-vm", About: "A Confidential VM, format=full: instance_confidentiality is 1",
		Settings: map[string]any{"sub": uniqueID, "instance": instance(map[string]any{"instance_confidentiality": 1})}},
}

// uniqueID is an example of a service account's numeric id: 21 digits, always a string.
const uniqueID = "112633961854638529490"

// instance is google.compute_engine of an example VM, with more members.
func instance(more map[string]any) map[string]any {
	members := map[string]any{
		"instance_creation_timestamp": 1686491081,
		"instance_id":                 "4570452845155348778",
		"instance_name":               "web-1",
		"project_id":                  "contoso-prod",
		"project_number":              1071284184436,
		"zone":                        "us-central1-c",
	}
	maps.Copy(members, more)
	return members
}
