package faults

// Case is one thing that can be wrong: a fault with parameters, and what Entra answers to a sign-in that meets it.
type Case struct {
	Group    Group
	About    string // a phrase, by which a reader finds it
	Fault    Parameters
	Code     int    // of the AADSTS error; 0: none
	Source   string // where it is seen that this cause has this code; empty: it is inferred
	Scenario string // the name of one that has the fault, or of a test of this package where there can be none
}

// Group is what a case is about.
type Group string

// The groups, in the order of the catalogue.
const (
	DiscoveryGroup Group = "Discovery document"
	KeySetGroup    Group = "Key set"
	TLSGroup       Group = "TLS"
	TokenGroup     Group = "Tokens"
	NativeGroup    Group = "Token API of the platform"
)

// The scenarios that several cases share.
const (
	discoveryScenario  = "generic/aadsts501661-discovery-document"
	tlsScenario        = "generic/aadsts501661-certificate"
	reachScenario      = "generic/aadsts90061-key-set-out-of-reach"
	unreadableScenario = "generic/aadsts900612-key-set-unreadable"
	notListedScenario  = "generic/aadsts7000272-key-not-listed"
	rotationScenario   = "kubernetes/aadsts7000272-keys-at-rotation"
	oddScenario        = "generic/odd-documents"
	timesScenario      = "generic/aadsts700024-token-times"
	algorithmScenario  = "generic/aadsts5002738-forged-algorithm"
	malformedScenario  = "generic/aadsts50027-malformed-token"
	forgedScenario     = "generic/aadsts7000274-forged-signature"
)

type set = map[string]any

// Catalogue are the cases, by group. A test has the emulator meet each one.
var Catalogue = []Case{
	{DiscoveryGroup, "connection closed", Unreachable{Document: "discovery"}, 501661, "Azure/login#283", "github/aadsts501661-enterprise-server-unreachable"},
	{DiscoveryGroup, "status 404", Status{Document: "discovery", Code: 404}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "slow", Delay{Document: "discovery", By: "45s"}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "stall before the headers", Stall{Document: "discovery"}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "stall after the headers", Stall{Document: "discovery", After: "headers"}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "stall after half of the body", Stall{Document: "discovery", After: "half"}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "truncated", Truncated{Document: "discovery"}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "truncated, the connection broken off", Truncated{Document: "discovery", BreakOff: true}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "HTML in place of JSON", HTML{Document: "discovery"}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "redirect", Redirect{Document: "discovery"}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "huge", Huge{Document: "discovery"}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "wrong content type", ContentType{Type: "text/plain"}, 0, "", oddScenario},
	{DiscoveryGroup, "wrong issuer", Discovery{Set: set{"issuer": "https://other.example"}}, 501661, "", discoveryScenario},
	{DiscoveryGroup, "missing member", Discovery{Set: set{"jwks_uri": nil}}, 501661, "", discoveryScenario},

	{KeySetGroup, "connection closed", Unreachable{Document: "jwks"}, 90061, "", "kubernetes/aadsts90061-jwks-unreachable"},
	{KeySetGroup, "status 503", Status{Document: "jwks"}, 90061, "", reachScenario},
	{KeySetGroup, "slow", Delay{Document: "jwks", By: "45s"}, 90061, "", reachScenario},
	{KeySetGroup, "stall before the headers", Stall{Document: "jwks"}, 90061, "", reachScenario},
	{KeySetGroup, "stall after the headers", Stall{Document: "jwks", After: "headers"}, 90061, "", reachScenario},
	{KeySetGroup, "stall after half of the body", Stall{Document: "jwks", After: "half"}, 90061, "", reachScenario},
	{KeySetGroup, "truncated, the connection broken off", Truncated{Document: "jwks", BreakOff: true}, 90061, "", reachScenario},
	{KeySetGroup, "redirect", Redirect{Document: "jwks", Code: 301, To: "https://keys.example/jwks"}, 90061, "", reachScenario},
	{KeySetGroup, "huge", Huge{Document: "jwks"}, 90061, "", reachScenario},
	{KeySetGroup, "HTML in place of JSON", HTML{Document: "jwks"}, 900612, "", unreadableScenario},
	{KeySetGroup, "truncated", Truncated{Document: "jwks"}, 900612, "", unreadableScenario},
	{KeySetGroup, "invalid, not a key set", JWKS{Body: "<html>"}, 900612, "an OpenShift log of 2025", "kubernetes/aadsts900612-jwks-broken"},
	{KeySetGroup, "empty list", JWKS{Body: `{"keys":[]}`}, 7000272, "", notListedScenario},
	{KeySetGroup, "101 keys, the signer last", ExtraKeys{Count: 100}, 7000272, "Microsoft documents that 100 are kept; the code is inferred", notListedScenario},
	{KeySetGroup, "keys without kid", JWKS{Set: set{"kid": nil}}, 7000272, "", notListedScenario},
	{KeySetGroup, "two keys of one kid", DuplicateKID{}, 900612, "", unreadableScenario},
	{KeySetGroup, "wrong use", JWKS{Set: set{"use": "enc"}}, 7000272, "", notListedScenario},
	{KeySetGroup, "wrong alg", JWKS{Set: set{"alg": "RS512"}}, 5002730, "", "generic/aadsts5002730-key-for-another-algorithm"},
	{KeySetGroup, "stale, of before the last rotation", StaleJWKS{}, 7000272, "Azure/azure-workload-identity#1232, whose cause is not certain", rotationScenario},
	{KeySetGroup, "key withdrawn at its rotation", WithdrawnKeys{}, 7000272, "", rotationScenario},
	{KeySetGroup, "private members published", PrivateKey{}, 0, "", oddScenario},

	{TLSGroup, "expired certificate", TLS{Certificate: "expired"}, 501661, "", tlsScenario},
	{TLSGroup, "certificate not yet valid", TLS{Certificate: "not-yet-valid"}, 501661, "", tlsScenario},
	{TLSGroup, "certificate of another name", TLS{Certificate: "wrong-name"}, 501661, "", tlsScenario},
	{TLSGroup, "unknown certificate authority", TLS{Certificate: "unknown-authority"}, 501661, "", tlsScenario},
	{TLSGroup, "self-signed certificate", TLS{Certificate: "self-signed"}, 501661, "", tlsScenario},
	{TLSGroup, "incomplete chain", TLS{Certificate: "incomplete-chain"}, 501661, "", tlsScenario},
	{TLSGroup, "TLS 1.1 at most", TLS{Version: "1.1"}, 501661, "", tlsScenario},

	{TokenGroup, "expired", ExpiredToken{}, 700024, "Azure/login#180", timesScenario},
	{TokenGroup, "in the future", FutureToken{}, 700024, "", timesScenario},
	{TokenGroup, "missing claim", Claims{Set: set{"sub": nil}}, 90014, "", "generic/aadsts90014-claim-missing"},
	{TokenGroup, "no iat", Claims{Set: set{"iat": nil}}, 70023, "MicrosoftDocs/azure-docs#86915", "generic/aadsts70023-no-iat"},
	{TokenGroup, "alg none", Algorithm{Alg: "none"}, 5002738, "", algorithmScenario},
	{TokenGroup, "HS256 with the public key as the secret", Algorithm{Alg: "HS256"}, 5002738, "", algorithmScenario},
	{TokenGroup, "ES256", Algorithm{Alg: "ES256"}, 5002738, "AzureAD/microsoft-identity-web#3467", algorithmScenario},
	{TokenGroup, "wrong kid", Header{Set: set{"kid": "nobody"}}, 7000272, "Azure/azure-workload-identity#1232", "generic/aadsts7000272-unknown-key-id"},
	{TokenGroup, "no kid", Header{Set: set{"kid": nil}}, 7000272, "Azure/azure-workload-identity#616", "kubernetes/aadsts7000272-no-key-id"},
	{TokenGroup, "typ at+jwt", Header{Set: set{"typ": "at+jwt"}}, 5002727, "a log of 2021", "generic/aadsts5002727-header-type"},
	{TokenGroup, "crit", Header{Set: set{"crit": []any{"exp"}}}, 5002726, "", "generic/aadsts5002726-extra-header"},
	{TokenGroup, "member twice in the payload", DuplicateMembers{}, 50027, "", malformedScenario},
	{TokenGroup, "member twice in the header", DuplicateMembers{Part: "header"}, 50027, "", malformedScenario},
	{TokenGroup, "extra segment", ExtraSegment{}, 50027, "", malformedScenario},
	{TokenGroup, "signed by another issuer", ForeignSignature{}, 7000274, "", forgedScenario},
	{TokenGroup, "header rewritten", Tampered{Set: set{"typ": nil}}, 7000274, "", "generic/aadsts7000274-header-rewritten"},
	{TokenGroup, "payload changed", Tampered{Claims: set{"jti": "other"}}, 7000274, "", forgedScenario},
	{TokenGroup, "corrupted signature", CorruptedSignature{}, 7000274, "", forgedScenario},
	{TokenGroup, "request token in place of the ID token", RequestToken{}, 90014, "", "github/aadsts90014-request-token"},
	{TokenGroup, "unparseable", UnparseableToken{}, 50027, "", malformedScenario},

	{NativeGroup, "refused", NativeStatus{Code: 403}, 0, "", "github/native-refused"},
	{NativeGroup, "answer without the token", NativeReply{Set: set{"value": nil}}, 0, "", "github/native-refused"},
	{NativeGroup, "slow", NativeDelay{By: "1m"}, 0, "", "github/native-refused"},
	{NativeGroup, "stall", NativeStall{}, 0, "", "TestNativeHoldsBack"}, // a scenario would wait for it
}
