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

// The faults of the issuer's documents, their hosts and its token API.
type (
	UnreachableFault   = faults.Unreachable   // the connection for a document is closed without an answer
	StatusFault        = faults.Status        // an HTTP status in place of a document
	DelayFault         = faults.Delay         // the answer to a request for a document held back for a while
	StallFault         = faults.Stall         // no answer to it, or one that does not end
	TruncatedFault     = faults.Truncated     // half of a document
	HTMLFault          = faults.HTML          // a web page in place of a document
	RedirectFault      = faults.Redirect      // a redirect in place of a document
	ContentTypeFault   = faults.ContentType   // another Content-Type of a document
	HugeFault          = faults.Huge          // a document of some megabytes
	DiscoveryFault     = faults.Discovery     // members of the discovery document replaced, or removed
	JWKSFault          = faults.JWKS          // another body in place of the key set, or other members of its keys
	ExtraKeysFault     = faults.ExtraKeys     // keys of nobody's before the issuer's
	DuplicateKIDFault  = faults.DuplicateKID  // another key with the same kid before each key
	StaleJWKSFault     = faults.StaleJWKS     // the key set of before the last rotation
	WithdrawnKeysFault = faults.WithdrawnKeys // a key is not listed any more once another has taken its place
	PrivateKeyFault    = faults.PrivateKey    // a key with its private members in the key set
	TLSFault           = faults.TLS           // a bad certificate, or an old version of TLS
	NativeDelayFault   = faults.NativeDelay   // the answers of the platform's token API are held back for a while
	NativeReplyFault   = faults.NativeReply   // members of those answers replaced, or removed
	NativeStallFault   = faults.NativeStall   // no answer of the platform's token API, on an open connection
	NativeStatusFault  = faults.NativeStatus  // an HTTP status in place of an answer of the platform's token API
)

// The faults of the tokens that the issuer mints.
type (
	ExpiredTokenFault       = faults.ExpiredToken       // expired
	FutureTokenFault        = faults.FutureToken        // issued in the future
	ClaimsFault             = faults.Claims             // claims replaced, or removed, before the token is signed
	HeaderFault             = faults.Header             // the same of members of the JOSE header
	TamperedFault           = faults.Tampered           // the same of both after it was signed
	AlgorithmFault          = faults.Algorithm          // signed with none, HS256 and the public key, or ES256
	DuplicateMembersFault   = faults.DuplicateMembers   // a member twice
	ExtraSegmentFault       = faults.ExtraSegment       // a fourth part
	ForeignSignatureFault   = faults.ForeignSignature   // signed with a key of another issuer's
	CorruptedSignatureFault = faults.CorruptedSignature // a bit of the signature changed
	RequestTokenFault       = faults.RequestToken       // the token with which GitHub's jobs ask for ID tokens in place of one
	UnparseableTokenFault   = faults.UnparseableToken   // a text that is no token in place of one
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
