package generic

import "time"

// The types of this file are the vocabulary of an issuer file. Their json tags are its keys, and their doc comments are
// the descriptions in the JSON schema, so they are written for the author of a file.

// File is a token issuer as an issuer file has it. Its first service is described by the keys of the file's first level,
// and so is what its presets have in common.
type File struct {
	// Platform is the word for the issuer in commands, scenarios and paths: lower-case letters, digits and dashes.
	Platform string `json:"platform" jsonschema:"required"`
	// Title is what people call it. Default: platform.
	Title string `json:"title,omitempty"`
	// About says in one line how a job gets its token, for documentation.
	About string `json:"about,omitempty"`
	// Sources are where the facts are from, such as the URLs of documentation.
	Sources []string `json:"sources,omitempty"`
	// Assumed names what is not known of the real issuer, and is as usual here.
	Assumed []string `json:"assumed,omitempty" jsonschema:"enum=audience,enum=claims,enum=document,enum=header,enum=http,enum=jti,enum=jwk,enum=jwks,enum=keys,enum=kid,enum=lifetime,enum=notBefore,enum=payload,enum=subject,enum=url"`
	// Limits are sentences about what is not faithful, or not here.
	Limits []string `json:"limits,omitempty"`

	Service
	// Services are further issuers of the platform, with their names. What one does not say is as on the first level.
	Services []NamedService `json:"services,omitempty"`

	Context
	// Presets are the contexts that tokens are made in, such as a job on a branch; the first is the default.
	Presets []Preset `json:"presets" jsonschema:"required,minItems=1,maxItems=100"`

	definition any // what was read, without places
}

// Service is one issuer: where it is, what it publishes and how it signs.
type Service struct {
	// URL is the issuer's URL, byte for byte as in iss.
	URL string `json:"url" jsonschema:"required"`
	// Discovery is the path of the discovery document below url. Default: /.well-known/openid-configuration, which is
	// where Entra looks.
	Discovery string `json:"discovery,omitempty"`
	// JWKS is the path of the key set below url, or a URL on another host. Default: /.well-known/jwks.json.
	JWKS string `json:"jwks,omitempty"`
	// Document has members of the discovery document over the usual ones; null removes one. {issuer} in a text stands
	// for url without a slash at its end. issuer and jwks_uri follow from url and jwks.
	Document map[string]any `json:"document,omitempty"`
	// Indent is the indentation of both documents for each level. Default: one line.
	Indent string `json:"indent,omitempty"`
	// HTTP says how both documents are served.
	HTTP HTTP `json:"http,omitempty"`
	// Keys are the keys in the order of the key set, at most 8. Default: one of RS256.
	Keys []Key `json:"keys,omitempty" jsonschema:"minItems=1,maxItems=8"`
	// KeySet is a name: services of the platform that have the same one, at one host, have the same keys.
	KeySet string `json:"keySet,omitempty"`
	// Overlap is how long a key stays in the key set after another took over. Default: for ever.
	Overlap time.Duration `json:"overlap,omitempty" document:"nonzero"`
	// Typ is typ in a token's header; "" leaves it out. Default: JWT.
	Typ *string `json:"typ,omitempty"`
	// Order is the order of members.
	Order Order `json:"order,omitempty"`
	// Lifetime is the time from iat to exp. Default: 1h.
	Lifetime time.Duration `json:"lifetime,omitempty" document:"nonzero"`
	// NotBefore is the time from iat to nbf, such as 0s or -5s. Default: tokens have no nbf.
	NotBefore *time.Duration `json:"notBefore,omitempty"`
	// JTI gives tokens a jti, a random UUID.
	JTI *bool `json:"jti,omitempty"`
}

// NamedService is another issuer of the platform.
type NamedService struct {
	// Name is the word for it in presets and paths.
	Name string `json:"name" jsonschema:"required"`
	Service
}

// HTTP says how the discovery document and the key set are served.
type HTTP struct {
	// DiscoveryType is the Content-Type of the discovery document. Default: application/json.
	DiscoveryType string `json:"discoveryType,omitempty"`
	// JWKSType is the Content-Type of the key set. Default: application/json.
	JWKSType string `json:"jwksType,omitempty"`
	// CacheControl is the Cache-Control of both. Default: they have none.
	CacheControl string `json:"cacheControl,omitempty"`
	// JWKSCacheControl is the Cache-Control of the key set, where it has another.
	JWKSCacheControl string `json:"jwksCacheControl,omitempty"`
	// CORS says whether pages of other origins may read them: any-origin or none. Default: not known.
	CORS string `json:"cors,omitempty" jsonschema:"enum=any-origin,enum=none"`
}

// Key is one key of the key set.
type Key struct {
	// Alg is the algorithm that it signs with; an RSA key has 2048 bits. Default: RS256.
	Alg string `json:"alg,omitempty" jsonschema:"enum=RS256,enum=RS384,enum=RS512,enum=PS256,enum=PS384,enum=PS512,enum=ES256,enum=ES384,enum=ES512"`
	// KID is the form of the key id, with one of {thumbprint} (RFC 7638), {pkix}, {hex} (40 digits), {hex32},
	// {certificate}, {base64}, {alphanumeric}, {uuid} and {number}, which counts from 0. Default: {thumbprint}.
	KID string `json:"kid,omitempty"`
	// Signs marks the key that signs. Default: the first.
	Signs bool `json:"signs,omitempty"`
	// Certificate gives it a self-signed certificate, which the key set has as x5c and x5t.
	Certificate *Certificate `json:"certificate,omitempty"`
	// NoAlg leaves alg out of the key set.
	NoAlg bool `json:"noAlg,omitempty"`
	// NoUse leaves use out of the key set.
	NoUse bool `json:"noUse,omitempty"`
}

// Certificate describes a self-signed certificate.
type Certificate struct {
	// CommonName is that of its subject.
	CommonName string `json:"commonName" jsonschema:"required,minLength=1"`
	// Age is how old it is when the key is first used. Default: 0s.
	Age time.Duration `json:"age,omitempty"`
	// Life is the time from its begin to its end. Default: 8760h, a year.
	Life time.Duration `json:"life,omitempty" document:"nonzero"`
}

// Order is the order of members. Names that are not listed follow alphabetically, and an empty list makes all
// alphabetical.
type Order struct {
	// Document is that of the discovery document. Default: as the usual members stand.
	Document []string `json:"document,omitempty"`
	// JWK is that of a key in the key set. Default: kty, n, e, kid, use, alg.
	JWK []string `json:"jwk,omitempty"`
	// Header is that of a token's header. Default: typ, alg, kid.
	Header []string `json:"header,omitempty"`
	// Payload is that of a token's claims, at every depth. Default: alphabetical.
	Payload []string `json:"payload,omitempty"`
}

// Context is what tokens say, and how a job gets one.
type Context struct {
	// Claims are the values of claims; types matter. null removes a claim.
	Claims map[string]any `json:"claims,omitempty"`
	// Derived are claims that are made from others: {ref} is the text of the claim ref, {host iss} the host of a URL,
	// {dir project_path} what is before the last slash, {bare id} a text without braces around it.
	Derived map[string]string `json:"derived,omitempty"`
	// Exceptions are other forms of derived claims; the first that applies counts.
	Exceptions []Exception `json:"exceptions,omitempty" jsonschema:"maxItems=100"`
	// Audience says what aud is.
	Audience Audience `json:"audience,omitempty"`
	// Variable is the environment variable in which a job finds its token. Default: the platform delivers none here.
	Variable string `json:"variable,omitempty"`
}

// Exception is another form of a derived claim where some claim has a certain value.
type Exception struct {
	// Claim is the name of the derived claim.
	Claim string `json:"claim" jsonschema:"required,minLength=1"`
	// Form is what it is made from, as in derived.
	Form string `json:"form" jsonschema:"required"`
	// Where is the claim that decides.
	Where string `json:"where" jsonschema:"required,minLength=1"`
	// Is is what its text is, or begins with where this ends in *.
	Is string `json:"is" jsonschema:"required"`
}

// Audience says what aud is.
type Audience struct {
	// Default is the form of aud when a job asks for none. Default: api://AzureADTokenExchange.
	Default string `json:"default,omitempty"`
	// Asked is how audiences that a job asks for are written: always a string, which refuses several; a string for one
	// and an array for several; always an array; or refused, where a job has no choice. Default: string-or-array.
	Asked string `json:"asked,omitempty" jsonschema:"enum=string,enum=string-or-array,enum=array,enum=refused"`
}

// Preset is a context that tokens are made in. What it says goes over the first level of the file: claims one by one,
// and the forms of a derived claim together.
type Preset struct {
	// Name is the word for it in commands and scenarios: lower-case letters, digits and dashes.
	Name string `json:"name" jsonschema:"required"`
	// About says in one line what it is.
	About string `json:"about,omitempty"`
	// Service is the name of the service that mints. Default: the one of the first level.
	Service string `json:"service,omitempty"`
	// Key is the number of the key that signs, from 1. Default: the service's.
	Key int `json:"key,omitempty" jsonschema:"minimum=1,maximum=8"`
	// Lifetime is the time from iat to exp. Default: the service's.
	Lifetime time.Duration `json:"lifetime,omitempty" document:"nonzero"`
	// NotBefore is the time from iat to nbf. Default: the service's.
	NotBefore *time.Duration `json:"notBefore,omitempty"`
	Context
}
