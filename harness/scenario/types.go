package scenario

import (
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers/generic"
)

// The types of this file are the vocabulary of a scenario file. Their json
// tags are its keys, and their doc comments are the descriptions in the JSON
// schema (see schema_test.go), so they are written for the author of a file.
// A value of one of these types holds what the file says for one case, after
// every ${{ … }} has been evaluated.

// Issuer describes who signs the token: the platform that is impersonated and how it differs from that platform's
// defaults.
type Issuer struct {
	// Platform is the token service that is impersonated, such as github or kubernetes.
	Platform string `json:"platform,omitempty"`
	// Define describes a token service of one's own, in place of platform: what an issuer file has in it.
	Define *generic.File `json:"define,omitempty"`
	// Preset names a set of defaults of the platform, such as branch or pod. Empty: the platform's first.
	Preset string `json:"preset,omitempty"`
	// Claims are merged over the preset's; null removes a claim.
	Claims map[string]any `json:"claims,omitempty"`
	// Key describes the signing key. Default: what the platform really uses.
	Key Key `json:"key,omitempty"`
	// URL is the issuer URL. Default: the platform's canonical one on the emulator, a stable public path on a live
	// tenant. Set it for trailing-slash tests, GitHub Enterprise hosts, clusters and the like.
	URL string `json:"url,omitempty"`
	// Faults are in force from the start, each as {name: {parameters}}; fault steps change them later.
	Faults []map[string]any `json:"faults,omitempty"`
}

// Key describes a signing key.
type Key struct {
	// Alg is the JWS algorithm the key signs with.
	Alg string `json:"alg,omitempty" jsonschema:"enum=RS256,enum=RS384,enum=RS512,enum=PS256,enum=PS384,enum=PS512,enum=ES256,enum=ES384,enum=ES512"`
}

// Entra describes the verifying side: one application in one tenant and the credentials it trusts.
type Entra struct {
	// Use is the path of a directory file, relative to this file, whose tenants and options are below what stands here.
	// Its tenant that tenant names, or else its first, is the scenario's, and so is the application in it that app names.
	Use string `json:"use,omitempty"`
	// Cloud selects the audience and the hosts. Default: public.
	Cloud string `json:"cloud,omitempty" jsonschema:"enum=public,enum=usgov,enum=china"`
	// App is the display name of the application: created on the emulator, looked up on a live tenant.
	App string `json:"app" jsonschema:"required,minLength=1"`
	// Credentials are the federated identity credentials of the application, at most 20.
	Credentials []FederatedCredential `json:"credentials,omitempty" jsonschema:"maxItems=20"`
	// ServicePrincipal says whether the application has a service principal in the tenant. Default: true; false
	// reproduces AADSTS7000229.
	ServicePrincipal *bool `json:"servicePrincipal,omitempty"`
	// ClientID is the application's client id, a GUID. Default: derived from the names, so that it is always the same.
	ClientID string `json:"clientId,omitempty"`
	// Disabled makes the service principal one that may not sign in, which is AADSTS7000112.
	Disabled bool `json:"disabled,omitempty"`
	// Public makes the application a public client, which may not present an assertion: AADSTS700025.
	Public bool `json:"public,omitempty"`
	// Certificate gives the application a certificate, with whose key mint steps with certificate sign.
	Certificate bool `json:"certificate,omitempty"`
	// ObjectID is the application's object id, a GUID. Default: derived from the names.
	ObjectID string `json:"objectId,omitempty"`
	// ServicePrincipalID is the object id of its service principal, the oid and sub of its tokens, a GUID. Default:
	// derived from the names.
	ServicePrincipalID string `json:"servicePrincipalId,omitempty"`
	// UniqueName is the application's alternate key.
	UniqueName string `json:"uniqueName,omitempty"`
	// TokenVersion is requestedAccessTokenVersion, 1 or 2. Default: 1.
	TokenVersion int `json:"tokenVersion,omitempty"`
	// AppRoles are the roles that the application offers as a resource.
	AppRoles []directory.AppRole `json:"appRoles,omitempty"`
	// AssignmentRequired makes the application give tokens, as a resource, only to those with a role: else AADSTS501051.
	AssignmentRequired bool `json:"appRoleAssignmentRequired,omitempty"`
	// Certificates are certificates of the application, PEM, beside that of certificate.
	Certificates []string `json:"certificates,omitempty"`
	// Created is when the application was created, in RFC 3339. Default: not known.
	Created time.Time `json:"createdDateTime,omitempty"`
	// Properties are further properties that Microsoft Graph was given, as they are.
	Properties map[string]any `json:"properties,omitempty"`
	// IdentifierURIs make the application a resource, for the scope <uri>/.default.
	IdentifierURIs []string `json:"identifierUris,omitempty"`
	// AppRoleAssignments are the roles that the application has at resources; access tokens list them.
	AppRoleAssignments []directory.AppRoleAssignment `json:"appRoleAssignments,omitempty"`

	// Faults of Entra's own are in force from the start, each as {name: {parameters}}; fault steps with of: entra change
	// them later.
	Faults []map[string]any `json:"faults,omitempty"`

	// Tenant names the tenant. Default: Contoso, with the domain contoso.onmicrosoft.com.
	Tenant *Tenant `json:"tenant,omitempty"`
	// Options are behaviours of Entra that are not documented, each with a default. They hold for every tenant.
	Options directory.Options `json:"options,omitempty"`
	// Policies are what the tenant's administrators demand.
	Policies directory.Policies `json:"policies,omitempty"`
	// Applications are further applications of the tenant, such as APIs to ask tokens for.
	Applications []directory.Application `json:"applications,omitempty"`
	// ManagedIdentities are the user-assigned managed identities in the tenant's subscriptions.
	ManagedIdentities []directory.ManagedIdentity `json:"managedIdentities,omitempty"`
	// Subscriptions are the tenant's subscriptions of Azure, with what is in them and who has which role there.
	Subscriptions []directory.Subscription `json:"subscriptions,omitempty"`
	// B2CPolicies are the policies of a B2C tenant, whose endpoints refuse federated credentials.
	B2CPolicies []string `json:"b2cPolicies,omitempty"`
	// Tenants are further tenants of the same Entra.
	Tenants []directory.Tenant `json:"tenants,omitempty"`
}

// Tenant names a tenant.
type Tenant struct {
	// ID is a GUID. Default: derived from displayName.
	ID string `json:"id,omitempty"`
	// DisplayName is what errors print. Default: the first domain, or the id.
	DisplayName string `json:"displayName,omitempty"`
	// Domains are verified domain names, usable in place of the id.
	Domains []string `json:"domains,omitempty"`
}

// FederatedCredential is one federated identity credential. It has a subject or a matching expression, not both.
type FederatedCredential struct {
	// ID is a GUID, which the sign-in log shows. Default: derived from the names.
	ID string `json:"id,omitempty"`
	// Name is unique within the application.
	Name string `json:"name" jsonschema:"required,minLength=1"`
	// Issuer is compared exactly with the token's iss. Default: the URL of the scenario's issuer.
	Issuer string `json:"issuer,omitempty"`
	// Subject is compared exactly, including its case, with the token's sub.
	Subject string `json:"subject,omitempty"`
	// Audiences are compared with the token's aud. Default: the token-exchange audience of the cloud.
	Audiences []string `json:"audiences,omitempty"`
	// Description is free text.
	Description string `json:"description,omitempty"`
	// Matching is a flexible-credential expression about the token's claims (claimsMatchingExpression), in place of
	// subject.
	Matching string `json:"matching,omitempty"`
	// Created is when it was created, in RFC 3339. One with an expression about GitHub from before 2026-07-15 need not
	// name an id. Default: now.
	Created time.Time `json:"createdDateTime,omitempty"`
}

// ClockSettings say what time it is when a case starts.
type ClockSettings struct {
	// Start is the time at which the case starts, in RFC 3339. Default, also for an empty string: the real time.
	Start time.Time `json:"start,omitempty"`
	// Skew is how far the issuer's clock is ahead of Entra's; negative when it is behind.
	Skew time.Duration `json:"skew,omitempty" document:"nonzero"`
}

// Action is what a step does. Exactly one of its fields is not nil.
type Action struct {
	// Mint asks for a token: the issuer, or with managedIdentity or certificate somebody else.
	Mint *Mint `json:"mint,omitempty"`
	// Exchange presents a token to Entra's token endpoint as a client assertion.
	Exchange *Exchange `json:"exchange,omitempty"`
	// Rotate makes the issuer sign with a new key.
	Rotate *Rotate `json:"rotate,omitempty"`
	// Clock moves the virtual time of the issuer and of Entra.
	Clock *Clock `json:"clock,omitempty"`
	// Credential adds a federated identity credential to the application or removes one.
	Credential *Credential `json:"credential,omitempty"`
	// Fault makes the issuer misbehave, or Entra, or stops that.
	Fault *Fault `json:"fault,omitempty"`
	// Call uses an access token at a resource of the emulator: Microsoft Graph or Azure Resource Manager.
	Call *Call `json:"call,omitempty"`
}

// Mint asks for a token: the issuer, or with managedIdentity or certificate somebody else.
type Mint struct {
	// Audience is the audience to ask for. Default: the platform's own.
	Audience string `json:"audience,omitempty"`
	// Lifetime is the time from iat to exp. Default: the platform's own; negative makes a token that has expired.
	Lifetime time.Duration `json:"lifetime,omitempty" document:"nonzero"`
	// Claims are merged over the issuer's claims for this token; null removes a claim.
	Claims map[string]any `json:"claims,omitempty"`
	// Env are variables in the environment of the workload that asks, over those that the platform sets; an empty one
	// is as good as none. They are for via: native.
	Env map[string]string `json:"env,omitempty"`
	// Via selects the platform's own token API (native) or the farm's (direct). Default: native where the platform has
	// one.
	Via string `json:"via,omitempty" jsonschema:"enum=native,enum=direct"`
	// ManagedIdentity is the name of a managed identity that Entra itself gives a token, in place of the issuer.
	ManagedIdentity string `json:"managedIdentity,omitempty"`
	// Resource is what the managed identity asks a token for. Default: the token-exchange audience of the cloud.
	Resource string `json:"resource,omitempty"`
	// Certificate has the application make its own assertion with its certificate (entra.certificate), in place of the
	// issuer. audience, lifetime, claims and header apply.
	Certificate bool `json:"certificate,omitempty"`
	// Header are members over those of the header of a certificate assertion; null removes one. alg may be RS256 or
	// PS256.
	Header map[string]any `json:"header,omitempty"`
}

// Exchange presents a token to Entra's token endpoint as a client assertion.
type Exchange struct {
	// Assertion is the token to present. Default: the last one minted.
	Assertion string `json:"assertion,omitempty"`
	// Scope is the OAuth scope to ask for. Default: https://graph.microsoft.com/.default.
	Scope string `json:"scope,omitempty"`
	// Client is what makes the request: plain HTTP (raw) or a client library. Default: raw.
	Client string `json:"client,omitempty" jsonschema:"enum=raw,enum=msal,enum=azidentity"`
	// Retry repeats the exchange until it meets the expectation.
	Retry *Retry `json:"retry,omitempty"`
	// Tenant is the tenant to sign in at. Default: the scenario's; another one reproduces AADSTS90002.
	Tenant string `json:"tenant,omitempty"`
	// ClientID is the client id to sign in as. Default: the one of the scenario's app; another one reproduces
	// AADSTS700016.
	ClientID string `json:"clientId,omitempty"`
	// Identity is the name of a managed identity to sign in as, in place of the app.
	Identity string `json:"identity,omitempty"`
	// Discovery asks for the tenant's discovery document, as clients do before they ask for a token, in place of the
	// token: of version, at host. It presents nothing.
	Discovery bool `json:"discovery,omitempty"`
	// Host is the login host to ask. Default: the cloud's; an alias such as login.windows.net, or that of another
	// cloud.
	Host string `json:"host,omitempty"`

	// Version selects the token endpoint. Default: v2. This and what follows is for the raw client.
	Version string `json:"version,omitempty" jsonschema:"enum=v1,enum=v2"`
	// Resource is what to ask for at the v1 endpoint, which has no scope. Default: https://graph.microsoft.com.
	Resource string `json:"resource,omitempty"`
	// Policy is the policy of a B2C tenant, whose endpoint is asked.
	Policy string `json:"policy,omitempty"`
	// Method is the HTTP method. Default: POST.
	Method string `json:"method,omitempty"`
	// Parameters are put over those of the form: null removes one, a list sends it once for each value.
	Parameters map[string]any `json:"parameters,omitempty"`
	// Headers are put over those of the HTTP request.
	Headers map[string]string `json:"headers,omitempty"`
}

// Retry says how long and how often to try again. It waits on the target's clock: virtual time on the emulator.
type Retry struct {
	// For is how long to keep trying.
	For time.Duration `json:"for" jsonschema:"required" document:"nonzero"`
	// Every is the pause between two attempts.
	Every time.Duration `json:"every" jsonschema:"required" document:"nonzero"`
}

// Rotate makes the issuer sign with a new key.
type Rotate struct {
	// Publish says whether the key set lists the new key. Default: true; false keeps serving the old key set.
	Publish *bool `json:"publish,omitempty"`
	// SameKID gives the new key the kid of the one whose place it takes, in the key set too.
	SameKID bool `json:"sameKid,omitempty"`
}

// Clock moves the virtual time of the issuer and of Entra.
type Clock struct {
	// Advance is how far to move, forwards.
	Advance time.Duration `json:"advance" jsonschema:"required" document:"nonzero"`
}

// Credential changes the federated identity credentials of the application. It has one of add, update and remove.
type Credential struct {
	// Add creates a credential.
	Add *FederatedCredential `json:"add,omitempty"`
	// Update changes the credential of this name in place; what it leaves out stays.
	Update *FederatedCredential `json:"update,omitempty"`
	// Remove deletes the credential of this name.
	Remove string `json:"remove,omitempty"`
}

// Fault changes how the issuer misbehaves, or Entra. It has set or clear, not both.
type Fault struct {
	// Of says whose faults are meant. Default: issuer.
	Of string `json:"of,omitempty" jsonschema:"enum=issuer,enum=entra"`
	// Set puts faults in force, each as name: {parameters}.
	Set map[string]any `json:"set,omitempty"`
	// Clear ends the fault of this name.
	Clear string `json:"clear,omitempty"`
}

// Call is a request to Microsoft Graph, Azure Resource Manager or another host of the emulator. Without expect.status
// or expect.error the answer must be a success.
type Call struct {
	// URL is the address, under the canonical name: https://graph.microsoft.com/v1.0/applications.
	URL string `json:"url" jsonschema:"required,minLength=1"`
	// Method is the HTTP method. Default: GET.
	Method string `json:"method,omitempty"`
	// Token is the access token to present. Default: that of the last exchange; an empty string presents none.
	Token *string `json:"token,omitempty"`
	// Headers are put over those of the HTTP request.
	Headers map[string]string `json:"headers,omitempty"`
	// Body is sent as JSON; a string is sent as it is.
	Body any `json:"body,omitempty"`
	// Beside is another call that is made at the same time. The step's result is then that of the one whose answer has
	// the lower status, and beside has the other's.
	Beside *Call `json:"beside,omitempty"`
}

// Expect is what must be true after a step. A step without it must succeed.
type Expect struct {
	// Error is the AADSTS code of the refusal, exactly; of a B2C tenant, the AADB2C code; none for a refusal without a
	// code. Absent or empty: the step must succeed.
	Error string `json:"error,omitempty" document:"prefix=AADSTS"`
	// OAuth is the error member of the refusal, such as invalid_client.
	OAuth string `json:"oauth,omitempty"`
	// Status is the HTTP status of the answer; on a mint step, that of the platform's refusal. From 400 on and without
	// error, an exchange must end with neither a token nor a code.
	Status int `json:"status,omitempty" jsonschema:"minimum=100,maximum=599"`
	// Says lists strings that must occur in error_description; on a mint step, in the platform's refusal; on a call
	// step, in the body.
	Says []string `json:"says,omitempty"`
	// Body is matched against the decoded body of the answer, like token.
	Body any `json:"body,omitempty"`
	// Headers must be among those of the answer, each with this value; upper and lower case of a name are the same.
	// null: the answer has no such header.
	Headers map[string]any `json:"headers,omitempty"`
	// Token is matched against the decoded token: maps nest, lists are compared whole, numbers by value.
	Token map[string]any `json:"token,omitempty"`
	// Fetched lists the documents Entra fetched from the issuer during this step, in order, without repeats. [] means
	// none; absent means that it does not matter.
	Fetched []string `json:"fetched,omitempty" jsonschema:"enum=discovery,enum=jwks"`
	// That lists boolean expressions, written without ${{ }}, all of which must be true.
	That []*Condition `json:"that,omitempty"`
}

// wholeFile is a whole scenario file, as the schema describes it.
type wholeFile struct {
	// Name is unique; it is <platform>/<slug> or entra/<slug> and equals the path of the file without .yaml.
	Name string `json:"name" jsonschema:"required"`
	// About says in a sentence why this matters; explain and reports show it.
	About string `json:"about" jsonschema:"required,minLength=1"`
	// Labels select scenarios, as in --label; the platform is implied.
	Labels []string `json:"labels,omitempty"`
	// Vars are constants, at vars.<name> in expressions.
	Vars map[string]any `json:"vars,omitempty"`
	// Clock says what time it is when a case starts.
	Clock *ClockSettings `json:"clock,omitempty"`
	// Timeout bounds one case, in real time. Default: 5m, so that only what hangs runs into it.
	Timeout time.Duration `json:"timeout,omitempty" document:"nonzero"`
	// Skip gives a reason not to run on a target, for reasons that cannot be derived from the steps.
	Skip map[string]string `json:"skip,omitempty"`
	// Issuer describes who signs the token.
	Issuer Issuer `json:"issuer" jsonschema:"required"`
	// Entra describes the verifying side.
	Entra Entra `json:"entra" jsonschema:"required"`
	// Cases are rows: the whole scenario runs once for each, with the row at case in expressions.
	Cases []row `json:"cases,omitempty" jsonschema:"minItems=1"`
	// Steps run in order; the first failure stops the case.
	Steps []stepShape `json:"steps" jsonschema:"required,minItems=1"`
}

// row is one case: a name and any other columns.
type row struct {
	// Name is unique in the file; reports show it in brackets.
	Name string `json:"name" jsonschema:"required,minLength=1"`
	// Columns are the others.
	Columns map[string]any `json:"-" yaml:",inline"`
}

// stepShape is one step: exactly one action, and what to expect of it.
type stepShape struct {
	// ID names the step; later steps find its result at steps.<id>.
	ID string `json:"id,omitempty"`
	Action
	// Expect is what must be true after the step. Absent: the step must succeed.
	Expect *Expect `json:"expect,omitempty"`
}
