package entra

import "time"

// SignIn is what happened at one token request. It never holds a token, a key
// or a secret.
type SignIn struct {
	Time          time.Time     `json:"time"`
	Duration      time.Duration `json:"duration"` // of the checks, by the server's clock
	TraceID       string        `json:"traceId"`
	CorrelationID string        `json:"correlationId"`
	Tenant        string        `json:"tenant"`             // as asked for
	TenantID      string        `json:"tenantId,omitempty"` // of the tenant found
	IPAddress     string        `json:"ipAddress,omitempty"`
	Agent         string        `json:"userAgent,omitempty"`

	ClientID           string         `json:"clientId,omitempty"`           // as asked for
	AppName            string         `json:"appName,omitempty"`            // of the client found
	ServicePrincipalID string         `json:"servicePrincipalId,omitempty"` // of the client found
	ManagedIdentity    bool           `json:"managedIdentity,omitempty"`    // the client is one
	CredentialType     CredentialType `json:"clientCredentialType,omitempty"`
	GrantType          string         `json:"grantType,omitempty"`
	Scope              string         `json:"scope,omitempty"` // "": none, or at the v1.0 endpoint

	Resource                   string `json:"resource,omitempty"`     // as asked for
	ResourceName               string `json:"resourceName,omitempty"` // of the resource found, like the next two
	ResourceID                 string `json:"resourceId,omitempty"`   // its application id; "": not known
	ResourceServicePrincipalID string `json:"resourceServicePrincipalId,omitempty"`

	Issuer                string   `json:"issuer,omitempty"` // of the assertion, like the next three
	Subject               string   `json:"subject,omitempty"`
	Audience              []string `json:"audience,omitempty"`
	KeyID                 string   `json:"keyId,omitempty"`
	Credential            string   `json:"credential,omitempty"` // name of the federated credential that matched
	FederatedCredentialID string   `json:"federatedCredentialId,omitempty"`
	Thumbprint            string   `json:"thumbprint,omitempty"` // of the certificate that the client signed with, in hexadecimal

	ConditionalAccess string `json:"conditionalAccessStatus,omitempty"` // failure or notApplied; "": not reached
	BlockedBy         string `json:"blockedBy,omitempty"`               // the id of the Conditional Access policy that blocked it

	Checks  []Check `json:"checks"`            // in the order they were made, up to the first that failed
	Fetched []Fetch `json:"fetched,omitempty"` // what this request fetched from the issuer, in order
	Code    int     `json:"code"`              // the AADSTS code; 0: a token was issued, or Status says why not
	Status  int     `json:"status"`            // the HTTP status
	Error   string  `json:"error,omitempty"`   // the OAuth error
	UTI     string  `json:"uti,omitempty"`     // of the access token issued

	Injected []string `json:"injected,omitempty"` // the names of the faults of Entra's own that have changed the answer
}

// CredentialType is what a client presented, in the words of Microsoft Graph's sign-in log.
type CredentialType string

// The types there are here.
const (
	CredentialNone        CredentialType = "none"
	CredentialSecret      CredentialType = "clientSecret"
	CredentialCertificate CredentialType = "certificate"
	CredentialAssertion   CredentialType = "clientAssertion" // one that was not found to be of the other types
	CredentialFederated   CredentialType = "federatedIdentityCredential"
)

// What SignIn.ConditionalAccess says.
const (
	conditionalAccessFailure    = "failure"
	conditionalAccessNotApplied = "notApplied"
)

// Check is one comparison of a token request.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Want string `json:"want,omitempty"` // what would have passed
	Got  string `json:"got,omitempty"`  // what the request has
	Note string `json:"note,omitempty"` // what else is worth knowing, such as a doubt
	Code int    `json:"code,omitempty"` // the AADSTS code when not OK
	// Compared are the comparisons of the client's federated credentials with the assertion, in the order they were made.
	Compared []Comparison `json:"compared,omitempty"`
	// Unknown says what the check could not be made without, such as "the issuer's keys"; OK is false then, and Code 0. A
	// server knows everything it needs: only an examination of evidence has it.
	Unknown string `json:"unknown,omitempty"`
}

// Comparison is one of a field of a federated credential with what an assertion says.
type Comparison struct {
	Credential string `json:"credential"`         // the credential's name
	Field      Field  `json:"field"`              // of the credential
	Claim      string `json:"claim"`              // of the assertion, such as sub
	Operator   string `json:"operator,omitempty"` // of a clause of an expression: eq or matches
	Want       string `json:"want"`               // what the credential has; of an expression, what the clause has
	Got        string `json:"got"`                // what the assertion has; several audiences are joined by ", "
	Equal      bool   `json:"equal"`              // they agree
	Unknown    bool   `json:"unknown,omitempty"`  // one of them is not known, so that Equal means nothing; only an examination of evidence has it
	// Aside is set when Entra would not come to this comparison, as another has ruled the credential out; only an
	// examination of evidence has it.
	Aside bool `json:"aside,omitempty"`
}

// Field is a field of a federated credential, in the words of Microsoft Graph.
type Field string

// The fields that are compared.
const (
	FieldIssuer     Field = "issuer"
	FieldSubject    Field = "subject"
	FieldAudience   Field = "audiences"
	FieldExpression Field = "claimsMatchingExpression"
)

// Fetch is one document that was really fetched from an issuer.
type Fetch struct {
	Document string `json:"document"` // "discovery" or "jwks"
	URL      string `json:"url"`
	Status   int    `json:"status,omitempty"` // 0: no answer
	Error    string `json:"error,omitempty"`
}
