package entra

import "time"

// SignIn is what happened at one token request. It never holds a token, a key
// or a secret.
type SignIn struct {
	Time          time.Time `json:"time"`
	TraceID       string    `json:"traceId"`
	CorrelationID string    `json:"correlationId"`
	Tenant        string    `json:"tenant"`             // as asked for
	TenantID      string    `json:"tenantId,omitempty"` // of the tenant found
	Agent         string    `json:"userAgent,omitempty"`
	ClientID      string    `json:"clientId,omitempty"`
	AppName       string    `json:"appName,omitempty"`
	GrantType     string    `json:"grantType,omitempty"`
	Scope         string    `json:"scope,omitempty"`
	Resource      string    `json:"resource,omitempty"`
	Issuer        string    `json:"issuer,omitempty"` // of the assertion, like the next three
	Subject       string    `json:"subject,omitempty"`
	Audience      []string  `json:"audience,omitempty"`
	KeyID         string    `json:"keyId,omitempty"`
	Credential    string    `json:"credential,omitempty"` // name of the federated credential that matched
	Checks        []Check   `json:"checks"`               // in the order they were made, up to the first that failed
	Fetched       []Fetch   `json:"fetched,omitempty"`    // what this request fetched from the issuer, in order
	Code          int       `json:"code"`                 // the AADSTS code; 0: a token was issued
	Status        int       `json:"status"`               // the HTTP status
	Error         string    `json:"error,omitempty"`      // the OAuth error
	UTI           string    `json:"uti,omitempty"`        // of the access token issued
}

// Check is one comparison of a token request.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Want string `json:"want,omitempty"` // what would have passed
	Got  string `json:"got,omitempty"`  // what the request has
	Note string `json:"note,omitempty"` // what else is worth knowing, such as a doubt
	Code int    `json:"code,omitempty"` // the AADSTS code when not OK
}

// Fetch is one document that was really fetched from an issuer.
type Fetch struct {
	Document string `json:"document"` // "discovery" or "jwks"
	URL      string `json:"url"`
	Status   int    `json:"status,omitempty"` // 0: no answer
	Error    string `json:"error,omitempty"`
}
