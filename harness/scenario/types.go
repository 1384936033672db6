package scenario

import "time"

// The types of this file are the vocabulary of a scenario file. Their json
// tags are its keys, and their doc comments are the descriptions in the JSON
// schema (see schema_test.go), so they are written for the author of a file.
// A value of one of these types holds what the file says for one case, after
// every ${{ … }} has been evaluated.

// Issuer describes who signs the token: the platform that is impersonated and how it differs from that platform's defaults.
type Issuer struct {
	// Platform is the token service that is impersonated, such as github or kubernetes.
	Platform string `json:"platform"`
	// Preset names a set of defaults of the platform, such as branch or pod. Empty: the platform's first.
	Preset string `json:"preset,omitempty"`
	// Claims are merged over the preset's; null removes a claim.
	Claims map[string]any `json:"claims,omitempty"`
	// Key describes the signing key. Default: what the platform really uses.
	Key Key `json:"key,omitempty"`
	// URL is the issuer URL. Default: the platform's canonical one on the emulator, a stable public path on a live tenant. Set it for trailing-slash tests, GitHub Enterprise hosts, clusters and the like.
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
	// Cloud selects the audience and the hosts. Default: public.
	Cloud string `json:"cloud,omitempty" jsonschema:"enum=public,enum=usgov,enum=china"`
	// App is the display name of the application: created on the emulator, looked up on a live tenant.
	App string `json:"app" jsonschema:"minLength=1"`
	// Credentials are the federated identity credentials of the application, at most 20.
	Credentials []FederatedCredential `json:"credentials,omitempty" jsonschema:"maxItems=20"`
	// ServicePrincipal says whether the application has a service principal in the tenant. Default: true; false reproduces AADSTS7000229.
	ServicePrincipal *bool `json:"servicePrincipal,omitempty"`
}

// FederatedCredential is one federated identity credential. It has a subject or a matching expression, not both.
type FederatedCredential struct {
	// Name is unique within the application.
	Name string `json:"name" jsonschema:"minLength=1"`
	// Issuer is compared exactly with the token's iss. Default: the URL of the scenario's issuer.
	Issuer string `json:"issuer,omitempty"`
	// Subject is compared exactly, including its case, with the token's sub.
	Subject string `json:"subject,omitempty"`
	// Matching is a flexible-credential expression, in place of subject. This version refuses it.
	Matching string `json:"matching,omitempty"`
	// Audiences are compared with the token's aud. Default: the token-exchange audience of the cloud.
	Audiences []string `json:"audiences,omitempty"`
}

// ClockSettings say what time it is when a case starts.
type ClockSettings struct {
	// Start is the time at which the case starts, in RFC 3339. Default, also for an empty string: the real time.
	Start time.Time `json:"start,omitempty"`
	// Skew is how far the issuer's clock is ahead of Entra's; negative when it is behind.
	Skew time.Duration `json:"skew,omitempty"`
}

// Action is what a step does. Exactly one of its fields is not nil.
type Action struct {
	// Mint asks the issuer for a token.
	Mint *Mint `json:"mint,omitempty"`
	// Exchange presents a token to Entra's token endpoint as a client assertion.
	Exchange *Exchange `json:"exchange,omitempty"`
	// Rotate makes the issuer sign with a new key.
	Rotate *Rotate `json:"rotate,omitempty"`
	// Clock moves the virtual time of the issuer and of Entra.
	Clock *Clock `json:"clock,omitempty"`
	// Credential adds a federated identity credential to the application or removes one.
	Credential *Credential `json:"credential,omitempty"`
	// Fault makes the issuer misbehave, or stops that.
	Fault *Fault `json:"fault,omitempty"`
}

// Mint asks the issuer for a token.
type Mint struct {
	// Audience is the audience to ask for. Default: the platform's own.
	Audience string `json:"audience,omitempty"`
	// Lifetime is the time from iat to exp. Default: the platform's own; negative makes a token that has expired.
	Lifetime time.Duration `json:"lifetime,omitempty"`
	// Claims are merged over the issuer's claims for this token; null removes a claim.
	Claims map[string]any `json:"claims,omitempty"`
	// Env are variables in the environment of the workload that asks, over those that the platform sets; an empty one is as good as none. They are for via: native.
	Env map[string]string `json:"env,omitempty"`
	// Via selects the platform's own token API (native) or the farm's (direct). Default: native where the platform has one.
	Via string `json:"via,omitempty" jsonschema:"enum=native,enum=direct"`
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
	// ClientID is the client id to sign in as. Default: the one of the scenario's app; another one reproduces AADSTS700016.
	ClientID string `json:"clientId,omitempty"`
}

// Retry says how long and how often to try again. It waits on the target's clock: virtual time on the emulator.
type Retry struct {
	// For is how long to keep trying.
	For time.Duration `json:"for"`
	// Every is the pause between two attempts.
	Every time.Duration `json:"every"`
}

// Rotate makes the issuer sign with a new key.
type Rotate struct {
	// Publish says whether the key set lists the new key. Default: true; false keeps serving the old key set.
	Publish *bool `json:"publish,omitempty"`
}

// Clock moves the virtual time of the issuer and of Entra.
type Clock struct {
	// Advance is how far to move, forwards.
	Advance time.Duration `json:"advance"`
}

// Credential changes the federated identity credentials of the application. It has add or remove, not both.
type Credential struct {
	// Add creates a credential.
	Add *FederatedCredential `json:"add,omitempty"`
	// Remove deletes the credential of this name.
	Remove string `json:"remove,omitempty"`
}

// Fault changes how the issuer misbehaves. It has set or clear, not both.
type Fault struct {
	// Set puts faults in force, each as name: {parameters}.
	Set map[string]any `json:"set,omitempty"`
	// Clear ends the fault of this name.
	Clear string `json:"clear,omitempty"`
}

// Expect is what must be true after a step. A step without it must succeed.
type Expect struct {
	// Error is the AADSTS code of the refusal, exactly. Absent or empty: the step must succeed.
	Error string `json:"error,omitempty"`
	// OAuth is the error member of the refusal, such as invalid_client.
	OAuth string `json:"oauth,omitempty"`
	// Status is the HTTP status of the answer; on a mint step, that of the platform's refusal.
	Status int `json:"status,omitempty" jsonschema:"minimum=100,maximum=599"`
	// Says lists strings that must occur in error_description; on a mint step, in the platform's refusal.
	Says []string `json:"says,omitempty"`
	// Token is matched against the decoded token: maps nest, lists are compared whole, numbers by value.
	Token map[string]any `json:"token,omitempty"`
	// Fetched lists the documents Entra fetched from the issuer during this step, in order, without repeats. [] means none; absent means that it does not matter.
	Fetched []string `json:"fetched,omitempty" jsonschema:"enum=discovery,enum=jwks"`
	// That lists boolean expressions, written without ${{ }}, all of which must be true.
	That []*Condition `json:"that,omitempty"`
}

// document is a whole scenario file, as the schema describes it.
type document struct {
	// Name is unique; it is <platform>/<slug> or entra/<slug> and equals the path of the file without .yaml.
	Name string `json:"name"`
	// About says in a sentence why this matters; explain and reports show it.
	About string `json:"about" jsonschema:"minLength=1"`
	// Labels select scenarios, as in --label; the platform is implied.
	Labels []string `json:"labels,omitempty"`
	// Vars are constants, at vars.<name> in expressions.
	Vars map[string]any `json:"vars,omitempty"`
	// Clock says what time it is when a case starts.
	Clock *ClockSettings `json:"clock,omitempty"`
	// Timeout bounds one case. Default: 30s, 5m on a live tenant.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Skip gives a reason not to run on a target, for reasons that cannot be derived from the steps.
	Skip map[string]string `json:"skip,omitempty"`
	// Issuer describes who signs the token.
	Issuer Issuer `json:"issuer"`
	// Entra describes the verifying side.
	Entra Entra `json:"entra"`
	// Cases are rows: the whole scenario runs once for each, with the row at case in expressions.
	Cases []row `json:"cases,omitempty" jsonschema:"minItems=1"`
	// Steps run in order; the first failure stops the case.
	Steps []stepShape `json:"steps" jsonschema:"minItems=1"`
}

// row is one case: a name and any other columns.
type row struct {
	// Name is unique in the file; reports show it in brackets.
	Name string `json:"name" jsonschema:"minLength=1"`
}

// stepShape is one step: exactly one action, and what to expect of it.
type stepShape struct {
	// ID names the step; later steps find its result at steps.<id>.
	ID string `json:"id,omitempty"`
	Action
	// Expect is what must be true after the step. Absent: the step must succeed.
	Expect *Expect `json:"expect,omitempty"`
}
