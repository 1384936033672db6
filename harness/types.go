package harness

import (
	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/expression"
	"github.com/issuerd/issuerd/harness/faults"
	"github.com/issuerd/issuerd/harness/plane"
)

// Plane is a listener of a farm.
type Plane = plane.Plane

// The planes that a test reaches.
const (
	IssuerPlane   = plane.Issuer   // discovery documents and key sets
	WorkloadPlane = plane.Workload // the platforms' own token APIs, for workloads
	EntraPlane    = plane.Entra    // Microsoft Entra, Microsoft Graph and Azure Resource Manager
)

// Token is a token that an issuer has signed, with what it says. It prints without the token itself.
type Token = control.Minted

// Tampering is what somebody changes in a token who can't sign it again: members, of which nil removes one.
type Tampering = control.Tampering

// Decoded is what a token says. Nobody has verified it.
type Decoded = control.Decoded

// Key is a key of an issuer, without what is secret.
type Key = control.Key

// FaultInForce is a fault of an issuer, with how many answers and tokens it has changed since it was put in force.
type FaultInForce = control.FaultInForce

// SignedIn is what Entra answered a token request, with the checks that it made. It prints without the token.
type SignedIn = control.SignedIn

// JournalQuery asks for entries of the journal: those for which everything holds that is not zero. Wait is not for
// Farm.FindEntries: Await waits.
type JournalQuery = control.JournalQuery

// Entry is one line of a farm's journal: a request, or a sign-in with the checks that Entra made. It holds no token.
type Entry = control.Entry

// What Entra records of a token request.
type (
	SignIn         = entra.SignIn         // the whole
	Check          = entra.Check          // a comparison that it made
	Comparison     = entra.Comparison     // of a federated credential with the assertion
	Field          = entra.Field          // of a federated credential
	Fetch          = entra.Fetch          // a document that it fetched
	CredentialType = entra.CredentialType // what the client signed in with
)

// Fault is something that is wrong with an issuer: one of the types below.
type Fault = faults.Parameters

// EntraFault is something that is wrong with Entra itself: one of the types below whose names begin with Entra.
type EntraFault = faults.EntraParameters

// The faults of Entra's own.
type (
	EntraErrorFault       = faults.EntraError       // a refusal with an AADSTS code, whatever the checks would say
	EntraStatusFault      = faults.EntraStatus      // an HTTP status in place of what Entra answers
	EntraThrottledFault   = faults.EntraThrottled   // HTTP status 429 with Retry-After
	EntraDelayFault       = faults.EntraDelay       // the answer is held back for a while, by the farm's clock
	EntraStallFault       = faults.EntraStall       // no answer, on an open connection
	EntraUnreachableFault = faults.EntraUnreachable // the connection is closed without an answer
)

// When says which requests and tokens a fault meets: the next so many, some of them, those of one client. All faults
// have it.
type When = faults.When

// The faults. The first eight are of the issuer's documents and token API, the last two of the tokens that it mints.
type (
	UnreachableFault  = faults.Unreachable  // the connection for a document is closed without an answer
	StatusFault       = faults.Status       // an HTTP status in place of a document
	DiscoveryFault    = faults.Discovery    // members of the discovery document replaced, or removed
	JWKSFault         = faults.JWKS         // another body in place of the key set
	NativeDelayFault  = faults.NativeDelay  // the answers of the platform's token API are held back for a while
	NativeReplyFault  = faults.NativeReply  // members of those answers replaced, or removed
	NativeStallFault  = faults.NativeStall  // no answer of the platform's token API, on an open connection
	NativeStatusFault = faults.NativeStatus // an HTTP status in place of an answer of the platform's token API
	HeaderFault       = faults.Header       // members of the JOSE header replaced, or removed, before the token is signed
	TamperedFault     = faults.Tampered     // the same after it was signed
)

// What the directory holds; see WithTenants and Farm.Tenants. Ids that are not given derive from the names.
type (
	Tenant            = directory.Tenant
	Policies          = directory.Policies          // of a tenant
	ConditionalAccess = directory.ConditionalAccess // a policy
	Application       = directory.Application
	AppRole           = directory.AppRole
	AppRoleAssignment = directory.AppRoleAssignment
	Credential        = directory.Credential // a federated identity credential
	ManagedIdentity   = directory.ManagedIdentity
	Subscription      = directory.Subscription
	ResourceGroup     = directory.ResourceGroup
	Resource          = directory.Resource
	RoleAssignment    = directory.RoleAssignment
)

// EntraOptions are the behaviours of Entra that are not documented.
type EntraOptions = directory.Options

// Members of EntraOptions whose values are words.
type (
	MatchOrder = directory.MatchOrder  // audience-first or subject-first
	GitLabRule = expression.GitLabRule // id, project-id or subject
)

// DefaultEntraOptions are what a farm has without WithEntraOptions.
func DefaultEntraOptions() EntraOptions { return directory.DefaultOptions() }
