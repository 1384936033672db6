package control

import (
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/plane"
)

// DefaultWorld is the id of the world that is there from the start.
const DefaultWorld = "default"

// Info says where the planes of a process are.
type Info struct {
	Version string                 `json:"version"`
	Planes  map[plane.Plane]string `json:"planes"` // host:port by plane
	CA      string                 `json:"ca"`     // the farm's root certificate, PEM
}

// WorldSpec asks for a world of its own.
type WorldSpec struct {
	Name  string        `json:"name"`            // for the journal; ids of the world's directory derive from it
	Start time.Time     `json:"start,omitzero"`  // what Entra's clock says at the start; zero: the real time
	Skew  time.Duration `json:"skew,omitempty"`  // how far the issuers' clock is ahead of Entra's, in nanoseconds
	Cloud string        `json:"cloud,omitempty"` // public, usgov or china, of tenants that do not say; empty: public

	// the directory to begin with, the world's own tenant first; empty: Contoso with nothing in it
	Tenants []directory.Tenant `json:"tenants,omitempty"`
	Options *directory.Options `json:"options,omitempty"` // all of them, durations in nanoseconds; nil: the defaults
}

// World is what one test sees: issuers with their keys, a directory, a clock and a journal of its own.
type World struct {
	ID     string    `json:"id"`
	Tenant string    `json:"tenant"` // the id of its Entra tenant
	Now    time.Time `json:"now"`    // Entra's clock
	// The environment of a workload with managed identities, as in Azure App Service: IDENTITY_ENDPOINT, at the Entra
	// plane as the farm itself sees it ("": that listens nowhere), and IDENTITY_HEADER, a secret.
	IdentityEndpoint string `json:"identityEndpoint,omitempty"`
	IdentityHeader   string `json:"identityHeader,omitempty"`
}

// IssuerSpec asks for an issuer. An issuer that is there already, with the same URL, platform and algorithm, is the
// answer, and stays as it is but for the faults, if any are asked for: they take the place of those in force.
type IssuerSpec struct {
	Platform string         `json:"platform"`
	Preset   string         `json:"preset,omitempty"` // empty: the platform's first
	URL      string         `json:"url,omitempty"`    // empty: the canonical one
	Alg      string         `json:"alg,omitempty"`    // empty: what the platform signs with
	Claims   map[string]any `json:"claims,omitempty"` // over the preset's; null removes one
	Faults   []Fault        `json:"faults,omitempty"`
}

// Issuer is an issuer of a world.
type Issuer struct {
	URL string `json:"url"`
	// what refers to it in other requests, with the preset and claims that it was asked for with; the URL refers to it
	// as at first
	Ref      string `json:"ref"`
	Platform string `json:"platform"`
	JWKS     string `json:"jwks"`
}

// Fault is a fault of an issuer by name, with its parameters.
type Fault struct {
	Name       string         `json:"name"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// FaultsSpec sets the faults of an issuer; those not named end.
type FaultsSpec struct {
	Issuer string  `json:"issuer"` // its URL
	Faults []Fault `json:"faults"`
}

// MintSpec asks an issuer for a token.
type MintSpec struct {
	Issuer   string         `json:"issuer"`             // the issuer's Ref, or its URL
	Preset   string         `json:"preset,omitempty"`   // another preset of the same issuer
	Audience []string       `json:"audience,omitempty"` // empty: what the platform does then
	Lifetime time.Duration  `json:"lifetime,omitempty"` // in nanoseconds; zero: the platform's
	Claims   map[string]any `json:"claims,omitempty"`   // null removes one
}

// Minted is a token with what it says. From a Client, whole numbers in it are an int64, or a uint64 if they need one.
type Minted struct {
	Token  string         `json:"token"`
	Header map[string]any `json:"header"`
	Claims map[string]any `json:"claims"`
}

// RotateSpec asks an issuer for a new signing key.
type RotateSpec struct {
	Issuer  string `json:"issuer"`  // the issuer's Ref, whose preset says which key is replaced, or its URL
	Publish bool   `json:"publish"` // whether the JWKS lists it
}

// Rotated is the answer to RotateSpec.
type Rotated struct {
	KID string `json:"kid"`
}

// AdvanceSpec moves a world's clock on.
type AdvanceSpec struct {
	Advance time.Duration `json:"advance"` // in nanoseconds, not negative
}

// ApplicationSpec asks for an application in the world's tenant.
type ApplicationSpec struct {
	Name               string                 `json:"name"`
	NoServicePrincipal bool                   `json:"noServicePrincipal,omitempty"`
	Credentials        []directory.Credential `json:"credentials,omitempty"`
}

// Application is an application of a world.
type Application struct {
	Name     string `json:"name"`
	Tenant   string `json:"tenant"`
	ClientID string `json:"clientId"`
	ObjectID string `json:"objectId"`
}

// WorkloadSpec asks for a workload of a platform: somebody who asks the platform's own API for tokens.
type WorkloadSpec struct {
	Issuer string         `json:"issuer"`           // the Ref of the issuer that vouches for it, or its URL
	Preset string         `json:"preset,omitempty"` // the context it runs in; empty: the issuer's
	Claims map[string]any `json:"claims,omitempty"` // what is particular to it; null removes one
	// of tokens that the platform delivers without being asked; empty: its usual one
	Audience string `json:"audience,omitempty"`
	// the workload plane as the workload sees it, https://host:port; empty: as the farm does
	Base string `json:"base,omitempty"`

	// Env are the variables that the workload's user sets. They stand in its environment over the platform's, and a
	// platform that takes settings so (HCP Terraform) reads them.
	Env map[string]string `json:"env,omitempty"`
}

// Workload is a workload of a world. Its environment holds the platform's credential.
type Workload struct {
	ID   string            `json:"id"`   // for ending it
	Base string            `json:"base"` // the URL of its token API
	Env  map[string]string `json:"env"`  // what the platform puts into its environment
	Now  time.Time         `json:"now"`  // what the issuers' clock said at its start
}

// Entry is one line of a world's journal: a request on a plane, or a sign-in with the checks that Entra made. It holds
// no token.
type Entry struct {
	Seq    int         `json:"seq"` // counts from 1 in its world
	Time   time.Time   `json:"time"`
	Plane  plane.Plane `json:"plane"`
	Method string      `json:"method,omitempty"`
	URL    string      `json:"url,omitempty"` // without the query
	// of HTTP, or what corresponds to gRPC's; 0: the connection was dropped without an answer
	Status int           `json:"status,omitempty"`
	SignIn *entra.SignIn `json:"signIn,omitempty"`

	// Platform is whose route answered, a platform of issuers.All or "entra"; of a sign-in, whose token was shown.
	// Route is the route as its documentation has it,
	// "POST /api/v1/namespaces/{namespace}/serviceaccounts/{name}/token" or "sts GetWebIdentityToken", and "discovery"
	// or "jwks" for the documents of issuers. Either is empty where there is none.
	Platform string `json:"platform,omitempty"`
	Issuer   string `json:"issuer,omitempty"` // of a document: the URL of the issuer whose it is
	Route    string `json:"route,omitempty"`
	Agent    string `json:"agent,omitempty"` // User-Agent
}

// Journal is what happened in a world.
type Journal struct {
	Entries []Entry `json:"entries"`
	Dropped int     `json:"dropped,omitempty"` // how many asked-for entries were too old to be kept

	// Unmatched counts the requests since the world's start for what no issuer and no service has. They are logged and
	// not kept: anybody can send as many as they like.
	Unmatched int `json:"unmatched,omitempty"`
}

// Error is a refusal of the API.
type Error struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
}

// Error says what the farm said.
func (e *Error) Error() string { return e.Message }
