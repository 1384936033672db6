package input

import (
	"encoding/json"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain/paste"
	"github.com/issuerd/issuerd/harness/scenario"
)

// Found is what one input has. One input may have several kinds of things: a log that prints an error and a token.
type Found struct {
	Input       string         // the name of the file, or "standard input"
	Kind        string         // what the input is, for people: "a token", "Terraform state", "a GitHub workflow", …
	Tokens      []Token        // in the order of the input, like the rest
	Credentials []Credential   //
	Jobs        []Job          //
	SignIns     []entra.SignIn // of a journal: with the checks that were made
	// Applications are those that the input describes, whether it has their credentials or not.
	Applications []Application
	Published    []Published
	Scenario     *scenario.File       // nil: it is none
	Directory    *directory.Directory // nil: it is none
	Text         *paste.Result        // what a text says; nil: the input is no text
	Notes        []string             // what had to be repaired or assumed to read it, a sentence each

	part bool // it is a part of a text, which is read by itself
}

// Token is a token that somebody holds. Its compact form is a secret: it prints as "[token]".
type Token struct {
	Compact Secret            // three parts; the last is empty if the input has no whole signature
	Place   document.Position // zero: the input is the token
	Name    string            // of the member or variable that holds it, such as access_token; "": none
	Missing string            // what is cut off, in words; "": nothing. Header and claims are always whole
	// NoHeader says that the input has the claims alone: the header of Compact is assumed, and must not be judged.
	NoHeader bool
	Notes    []string // what was repaired, such as: quotes around it were left out
}

// Secret is a text that is never printed.
type Secret string

// String is the same for every secret.
func (Secret) String() string { return "[token]" }

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// MarshalText is String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Credential is a federated credential that an input describes. What the input does not say literally, such as the
// value of a variable, is empty and named in Unknown.
type Credential struct {
	directory.Credential
	Unknown map[string]string // by field (issuer, subject, audiences, matching, name): what stands there, "var.branch"
	Masked  map[string]string // by field: what hides it, "***"; the field has the masked text
	Place   document.Position
	Form    Form   // what it was written in
	Cloud   string // public, usgov or china, if the input tells; "": not known

	// Whose it is, as far as the input tells; "": not known.
	AppName, ClientID, ObjectID string // of the application or the managed identity
	ManagedIdentity             bool
	ResourceID                  string // of the managed identity in Azure
	Address                     string // of the resource in Terraform or Bicep, such as azuread_application_federated_identity_credential.main
}

// Form is what a federated credential is written in.
type Form string

// The forms there are.
const (
	FormGraph          Form = "graph"           // JSON of Microsoft Graph
	FormARM            Form = "arm"             // JSON of Azure Resource Manager, and its templates
	FormAz             Form = "az"              // what the Azure CLI prints
	FormTerraformState Form = "terraform-state" // state, or "terraform show -json" of a state or a plan
	FormHCL            Form = "hcl"             // Terraform's configuration
	FormBicep          Form = "bicep"           //
	FormScenario       Form = "scenario"        //
	FormDirectory      Form = "directory"       //
)

// Application is an application or a managed identity that an input describes. What it does not say is empty.
type Application struct {
	Name, ClientID, ObjectID string // the object id of a managed identity is its principal's
	Tenant                   string // the id
	ManagedIdentity          bool
	ResourceID               string // of a managed identity in Azure
	Address                  string // of the resource in Terraform or Bicep
	Place                    document.Position
}

// Published is what an issuer publishes, as an input has it: the discovery document, the keys, or both.
type Published struct {
	Issuer    string          // "": keys alone do not say
	Discovery json.RawMessage // nil: the input has none
	JWKS      json.RawMessage // nil: the input has none; without what is private
	Place     document.Position
}

// Job is a job of a workflow or a pipeline, and the tokens it would get.
type Job struct {
	Platform string // as scenarios name it: github, gitlab, azure-devops, …
	Workflow string // the name of the file or of the workflow
	Name     string
	Place    document.Position
	Subjects []Subject
	ClientID string // that the job signs in as, if the file says it literally; "": not known
	Tenant   string // where it signs in, likewise
	// Refused says why the job would get no token at all, such as a missing "permissions: id-token: write". "": it would.
	Refused string
	Notes   []string
}

// Subject is a subject that a job would have, and when.
type Subject struct {
	When     string // the event or context, such as "push to main"; "": always
	Subject  string // with {placeholders} for what the file does not say, such as repo:{owner}/{repo}:pull_request
	Issuer   string // what the token's iss would be, with {placeholders}
	Audience string // what the job asks for; "": not known
	Doubt    string // what is not certain, such as a repository made after 2026-07-15 having ids in its subject
}
