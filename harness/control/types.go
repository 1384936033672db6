package control

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/plane"
)

// DefaultWorld is the id of the world that is there from the start.
const DefaultWorld = "default"

// Duration is a time.Duration, in JSON as text, "10m", or as a number of seconds.
type Duration = document.Duration

// Audience is who a token is for: in JSON a string or a list of them. Nil: what the platform does without one.
type Audience []string

// UnmarshalJSON reads a string or a list of strings.
func (a *Audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = Audience{one}
		if string(raw) == "null" {
			*a = nil
		}
		return nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("want a string or a list of strings, got %s", raw)
	}
	*a = list
	return nil
}

// List is a part of a list.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // what the parameter after takes for the next part; empty: this is the last
}

// Info says where the planes of a process are.
type Info struct {
	Version string                 `json:"version"`
	Planes  map[plane.Plane]string `json:"planes"` // host:port by plane
	CA      string                 `json:"ca"`     // the farm's root certificate, PEM
}

// Platform is one that issuers may be of.
type Platform struct {
	Name       string   `json:"name"`  // what IssuerSpec.Platform says
	Title      string   `json:"title"` // what people call it
	URL        string   `json:"url"`   // the canonical one of its main issuer
	Presets    []Preset `json:"presets"`
	Algorithms []string `json:"algorithms"` // that its issuers can be told to sign with
	// workloads can be started: its own token API is impersonated
	Workloads bool `json:"workloads"`
}

// Preset is a context that a platform mints in.
type Preset struct {
	Name  string `json:"name"`
	About string `json:"about"`
	URL   string `json:"url"` // the canonical one of the issuer that mints in it
}

// OfEntra stands for Entra itself in the place of an issuer, where faults are meant.
const OfEntra = "entra"

// FaultKind is a fault that issuers may have, or Entra.
type FaultKind struct {
	Name       string           `json:"name"`
	About      string           `json:"about"`
	Place      string           `json:"place"` // where it is met: documents, handshakes, tokens or native, of issuers; entra
	Parameters []FaultParameter `json:"parameters"`
}

// FaultParameter is a parameter of a fault.
type FaultParameter struct {
	Name  string `json:"name"`
	Type  string `json:"type"` // of JSON: string, integer, number, boolean, object
	About string `json:"about"`
	// the words that a string may be; empty: any
	Values []string `json:"values,omitempty"`
}

// WorldSpec asks for a world of its own.
type WorldSpec struct {
	Name   string    `json:"name"`             // for the journal; ids of the world's directory derive from it
	Start  time.Time `json:"start,omitzero"`   // what Entra's clock says at the start; zero: the real time
	Frozen bool      `json:"frozen,omitempty"` // the clocks stand still until they are moved or set free
	Skew   Duration  `json:"skew,omitempty"`   // how far the issuers' clock is ahead of Entra's
	Cloud  string    `json:"cloud,omitempty"`  // public, usgov or china, of tenants that do not say; empty: public

	// the directory to begin with, the world's own tenant first; empty: Contoso with nothing in it
	Tenants []directory.Tenant `json:"tenants,omitempty"`
	Options *directory.Options `json:"options,omitempty"` // all of them; nil: the defaults
}

// World is what one test sees: issuers with their keys, a directory, a clock and a journal of its own.
type World struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`             // as it was asked for
	Tenant string    `json:"tenant"`           // the id of its Entra tenant
	Now    time.Time `json:"now"`              // Entra's clock
	Frozen bool      `json:"frozen,omitempty"` // the clocks stand still
	Skew   Duration  `json:"skew,omitempty"`   // how far the issuers' clock is ahead of Entra's
	// The environment of a workload with managed identities, as in Azure App Service: IDENTITY_ENDPOINT, at the Entra
	// plane as the farm itself sees it ("": that listens nowhere), and IDENTITY_HEADER, a secret.
	IdentityEndpoint string `json:"identityEndpoint,omitempty"`
	IdentityHeader   string `json:"identityHeader,omitempty"`
}

// IssuerSpec asks for an issuer. An issuer that is there already, with the same URL, platform and algorithm, is the
// answer, and stays as it is but for the faults, if any are asked for: they take the place of those in force.
type IssuerSpec struct {
	Platform string         `json:"platform,omitempty"` // such as github; empty: the one that Define defines
	Preset   string         `json:"preset,omitempty"`   // empty: the platform's first
	URL      string         `json:"url,omitempty"`      // empty: the canonical one
	ByPath   bool           `json:"byPath,omitempty"`   // the URL is one below that of the issuer plane
	Alg      string         `json:"alg,omitempty"`      // empty: what the platform signs with
	Claims   map[string]any `json:"claims,omitempty"`   // over the preset's; null removes one

	// Define is an issuer file as JSON: a platform of the issuer's own, which no list has.
	Define json.RawMessage `json:"define,omitempty"`
	// Keys are what it signs with: private keys, as PEM text, or as a JSON Web Key or a set of them. Empty: keys that
	// are made. An issuer that is there already must have been given them too.
	Keys   Keys    `json:"keys,omitempty"`
	Faults []Fault `json:"faults,omitempty"`
}

// Keys are private keys: PEM text in a JSON string, a JSON Web Key or a set of them. They print as nothing.
type Keys json.RawMessage

// Issuer is an issuer of a world.
type Issuer struct {
	URL string `json:"url"`
	// what refers to it in other requests, with the preset and claims that it was asked for with; the URL refers to it
	// as at first
	Ref      string `json:"ref"`
	Platform string `json:"platform"`
	JWKS     string `json:"jwks"`
}

// Key is a key of an issuer, without what is secret.
type Key struct {
	Issuer    string    `json:"issuer"` // its URL
	KID       string    `json:"kid"`
	Alg       string    `json:"alg"`
	Created   time.Time `json:"created"`
	Retired   time.Time `json:"retired,omitzero"` // when another took its place; zero: it has not been rotated away
	Signs     bool      `json:"signs,omitempty"`  // tokens are signed with it now
	Published bool      `json:"published"`        // the JWKS lists it
}

// PublishSpec puts a key into its issuer's JWKS, or takes it out, whether tokens are signed with it or not.
type PublishSpec struct {
	Issuer string `json:"issuer" jsonschema:"required"` // as in MintSpec
	// empty: to publish, the keys that sign; to withdraw, those that others have taken the place of
	KID       string `json:"kid"`
	Published bool   `json:"published" jsonschema:"required"`
}

// Fault is a fault of an issuer, or of Entra, by name, with its parameters.
type Fault struct {
	Name       string         `json:"name" jsonschema:"required"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// FaultsSpec sets the faults of an issuer, or of Entra; those not named end.
type FaultsSpec struct {
	Issuer string  `json:"issuer" jsonschema:"required"` // as in MintSpec; entra: those of Entra's own
	Faults []Fault `json:"faults" jsonschema:"required"`
}

// FaultSpec puts one fault of an issuer, or of Entra, in force, in place of the one of that name.
type FaultSpec struct {
	Issuer     string         `json:"issuer" jsonschema:"required"` // as in MintSpec; entra: one of Entra's own
	Name       string         `json:"name" jsonschema:"required"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// FaultInForce is a fault of an issuer of a world, or of its Entra.
type FaultInForce struct {
	Issuer     string         `json:"issuer"` // its URL; entra: of Entra's own
	Name       string         `json:"name"`
	Parameters map[string]any `json:"parameters,omitempty"`
	Hits       int            `json:"hits"` // how many answers and tokens it has changed since it was put in force
}

// MintSpec asks an issuer for a token.
type MintSpec struct {
	// the issuer's Ref, or its URL, or the name of a platform: the platform's issuer at the canonical URL, or the only
	// one of it in the world
	Issuer   string         `json:"issuer" jsonschema:"required"`
	Preset   string         `json:"preset,omitempty"`   // another preset of the same issuer
	Audience Audience       `json:"audience,omitempty"` // empty: what the platform does then
	Lifetime Duration       `json:"lifetime,omitempty"` // zero: the platform's; negative: it ended before it began
	Expired  bool           `json:"expired,omitempty"`  // minted so long ago that it has been expired for an hour
	Claims   map[string]any `json:"claims,omitempty"`   // null removes one
	Header   map[string]any `json:"header,omitempty"`   // members of the JOSE header, before it is signed; null removes one
	Tampered *Tampering     `json:"tampered,omitempty"`
}

// Tampering is what somebody changes in a token who can't sign it again.
type Tampering struct {
	Header map[string]any `json:"header,omitempty"` // members; null removes one
	Claims map[string]any `json:"claims,omitempty"` // members; null removes one
}

// Minted is a token with what it says. From a Client, whole numbers in it are an int64, or a uint64 if they need one.
type Minted struct {
	Token  string         `json:"token"`
	Header map[string]any `json:"header"`
	Claims map[string]any `json:"claims"`
}

// DecodeSpec asks what a token says.
type DecodeSpec struct {
	Token string `json:"token" jsonschema:"required"`
}

// Decoded is what a token says. Nobody has verified it.
type Decoded struct {
	Header map[string]any       `json:"header"`
	Claims map[string]any       `json:"claims"`
	Times  map[string]time.Time `json:"times"` // the claims that are times: exp, iat, nbf and such
}

// RotateSpec asks an issuer for a new signing key.
type RotateSpec struct {
	Issuer  string `json:"issuer" jsonschema:"required"` // as in MintSpec; a Ref's preset says which key is replaced
	Publish *bool  `json:"publish,omitempty"`            // whether the JWKS lists it; nil: it does
	SameKID bool   `json:"sameKid,omitempty"`            // it has the kid of the key whose place it takes, in the JWKS too
}

// Rotated is the answer to RotateSpec.
type Rotated struct {
	KID string `json:"kid"`
}

// ClockSpec changes the clocks of a world, the issuers' and Entra's alike. First they are set, then moved.
type ClockSpec struct {
	Set     time.Time `json:"set,omitzero"`      // what Entra's clock says now; zero: no change
	Advance Duration  `json:"advance,omitempty"` // not negative
	Freeze  *bool     `json:"freeze,omitempty"`  // whether they stand still from now on; nil: no change
}

// ApplicationSpec asks for an application in the world's tenant.
type ApplicationSpec struct {
	Name               string                 `json:"name" jsonschema:"required"`
	NoServicePrincipal bool                   `json:"noServicePrincipal,omitempty"`
	Credentials        []directory.Credential `json:"credentials,omitempty"`
}

// Application is an application of a world.
type Application struct {
	Name        string                 `json:"name"`
	Tenant      string                 `json:"tenant"`
	ClientID    string                 `json:"clientId"`
	ObjectID    string                 `json:"objectId"`
	Credentials []directory.Credential `json:"credentials"`
}

// CredentialChange changes a federated credential in place: what is not empty takes the place of what was there.
type CredentialChange struct {
	ID          string    `json:"id,omitempty"`   // as it is: a credential keeps its id
	Name        string    `json:"name,omitempty"` // as it is: a credential keeps its name
	Issuer      string    `json:"issuer,omitempty"`
	Subject     string    `json:"subject,omitempty"` // instead of an expression
	Audiences   []string  `json:"audiences,omitempty"`
	Description string    `json:"description,omitempty"`
	Matching    string    `json:"matching,omitempty"` // instead of a subject: a flexible expression
	Created     time.Time `json:"createdDateTime,omitzero"`
}

// SignInSpec asks Entra for an access token, as a client does.
type SignInSpec struct {
	Application string    `json:"application" jsonschema:"required"` // its name or client id, or those of a managed identity
	Tenant      string    `json:"tenant,omitempty"`                  // an id or a domain; empty: the world's
	Assertion   string    `json:"assertion,omitempty"`               // the token to present; empty: the one of Mint
	Mint        *MintSpec `json:"mint,omitempty"`                    // the token to mint and to present; its audience is the cloud's unless given
	Scope       string    `json:"scope,omitempty"`                   // empty: Microsoft Graph's
}

// SignedIn is what Entra answered, and why.
type SignedIn struct {
	Status      int            `json:"status"`           // of HTTP
	Token       string         `json:"token,omitempty"`  // the access token; empty: Entra refused
	Header      map[string]any `json:"header,omitempty"` // of the access token
	Claims      map[string]any `json:"claims,omitempty"`
	Error       string         `json:"error,omitempty"` // the OAuth error
	Code        int            `json:"code,omitempty"`  // AADSTS
	Description string         `json:"description,omitempty"`
	Assertion   *Decoded       `json:"assertion,omitempty"` // what was presented; nil: that is no JWT
	SignIn      entra.SignIn   `json:"signIn"`              // with the checks that were made
}

// WorkloadSpec asks for a workload of a platform: somebody who asks the platform's own API for tokens.
type WorkloadSpec struct {
	Issuer string         `json:"issuer" jsonschema:"required"` // of the issuer that vouches for it, as in MintSpec
	Preset string         `json:"preset,omitempty"`             // the context it runs in; empty: the issuer's
	Claims map[string]any `json:"claims,omitempty"`             // what is particular to it; null removes one
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
	ID       string            `json:"id"`            // for ending it
	Platform string            `json:"platform"`      // whose workload it is
	Issuer   string            `json:"issuer"`        // the URL of the issuer that vouches for it
	Base     string            `json:"base"`          // the URL of its token API
	Env      map[string]string `json:"env,omitempty"` // what the platform puts into its environment; not in a list
	Now      time.Time         `json:"now"`           // what the issuers' clock said at its start
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

	// Platform is whose route answered, a platform of issuers.All() or "entra"; of a sign-in, whose token was shown.
	// Route is the route as its documentation has it,
	// "POST /api/v1/namespaces/{namespace}/serviceaccounts/{name}/token" or "sts GetWebIdentityToken", and "discovery"
	// or "jwks" for the documents of issuers. Either is empty where there is none.
	Platform string `json:"platform,omitempty"`
	Issuer   string `json:"issuer,omitempty"` // of a document: the URL of the issuer whose it is
	Route    string `json:"route,omitempty"`
	Agent    string `json:"agent,omitempty"` // User-Agent

	// Injected are the names of the faults that have changed the answer.
	Injected []string `json:"injected,omitempty"`
}

// JournalQuery asks for entries of a journal: those for which everything holds that is not zero.
type JournalQuery struct {
	After   int  // numbers above this one
	Limit   int  // how many at most, the oldest of them; zero: 1,000, which is as many as are kept
	SignIns bool // sign-ins only
	Failed  bool // refused sign-ins, and requests that were answered with 400 or more, or not at all
	Code    int  // sign-ins that this AADSTS code refused
	// Trace is a trace id or a correlation id, as a refusal prints them: the sign-ins that have it
	Trace    string
	Plane    plane.Plane
	Platform string
	Issuer   string // the URL of an issuer: sign-ins with its tokens, and requests for its documents
	Route    string
	// how long to wait for the first one, if there is none yet, by the real time; at most a minute
	Wait time.Duration
}

// Journal is what happened in a world.
type Journal struct {
	Entries []Entry `json:"entries"`
	// the number of the last entry that was looked at: JournalQuery.After for those that follow
	Last    int `json:"last"`
	Dropped int `json:"dropped,omitempty"` // how many entries were too old to be kept

	// Unmatched counts the requests since the world's start for what no issuer and no service has. They are logged and
	// not kept: anybody can send as many as they like.
	Unmatched int `json:"unmatched,omitempty"`
}

// FoundSignIn is the sign-in of a trace id, in whatever world it was.
type FoundSignIn struct {
	World string `json:"world"` // the id
	Entry Entry  `json:"entry"`
	// what is known of the code that refused it; nil: it was not refused with one
	Code *entra.Code `json:"code,omitempty"`
}

// Error is a refusal of the API.
type Error struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
	Member  string `json:"member,omitempty"` // of the request that is wrong, such as audience or claims.sub
	Hint    string `json:"hint,omitempty"`   // what to do
}

// Error says what the farm said.
func (e *Error) Error() string { return e.Message }
