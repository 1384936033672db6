package entra

import "slices"

// check is one comparison. It fills in what was compared, and returns the
// refusal when it fails.
type check struct {
	name  string
	run   func(*exchange, *Check) *Error
	about path
	needs need // what it cannot do without; [Examine] may not have it
}

// path tells which assertions a check is about.
type path int

const (
	always       path = iota
	federated         // those of an issuer
	certificated      // those that a client has signed with a certificate of its own
)

// checks are all of them in Entra's order, the first failure ends the request.
// What is known of the order: the issuer is matched before it is contacted;
// 700211, then 700212 and 700213, then 501661 and 90061, then 7000272 is what
// people see while they fix things, and a tenant's policy on a claim is looked at
// once the subject has matched. The rest is inferred. That an assertion of
// Entra's is refused after the issuer matched follows from
// AzureAD/microsoft-authentication-library-for-python#739, where an Entra token
// got 700211. Option timeBeforeSignature moves the last two of the time.
var checks = []check{
	{"method", checkMethod, always, theRequest},
	{"form", checkForm, always, theRequest},
	{"tenant", checkTenant, always, theTenant | theDirectory},
	{"grant type", checkGrantType, always, theRequest},
	{"parameters", checkParameters, always, theRequest},
	{"credential presented", checkCredentialPresented, always, theRequest},
	{"B2C policy", checkB2C, always, theRequest},
	{"assertion format", checkFormat, always, theToken},
	{"assertion type", checkType, always, theToken},
	{"assertion header", checkHeader, always, theToken},
	{"assertion algorithm", checkAlgorithm, always, theToken},
	{"assertion claims", checkClaims, always, theToken},
	{"application", checkApplication, always, theDirectory | theClient | theRecord},
	{"regional host", checkRegion, always, theRequest | theApplication},
	{"client secret", checkSecret, always, theRequest},
	{"certificate named", checkCertificateNamed, certificated, theClaims},
	{"certificate assertion's client", checkCertificateClient, certificated, theClient | theApplication},
	{"certificate assertion's audience", checkCertificateAudience, certificated, theRequest | theTenant | theAudience | theApplication},
	{"certificate", checkCertificate, certificated, theDirectory | theClaims | theTime | theApplication},
	{"federated credentials", checkHasCredentials, federated, theCredentials | theApplication},
	{"federation allowed", checkFederationAllowed, federated, theDirectory | theRecord},
	{"issuer", checkIssuer, federated, theCredentials | theFirst | theIssuer | theApplication},
	{"token of Entra", checkEntraToken, federated, theIssuer | theApplication},
	{"audience and subject", checkAudienceAndSubject, federated, theCredentials | theFirst | theApplication},
	{"kind of Entra's token", checkEntraTokenKind, federated, theRecord},
	{"claim policy", checkClaimPolicy, federated, theDirectory | theClaims | theRecord},
	{"issuer metadata", checkMetadata, federated, theIssuer | theKeys},
	{"signing key", checkKey, federated, theKeyID | theKeysRead},
	{"signature", checkSignature, federated, theClaims | theSigningKey},
	{"lifetime", checkLifetime, federated, theDates},
	{"valid time", checkValidTime, always, theDates | theTime},
	{"scope", checkScope, always, theRequest},
	{"resource", checkResource, always, theDirectory | theScope | theRecord},
	{"assignment", checkAssignment, always, theDirectory | theScope | theApplication},
	{"Conditional Access", checkConditionalAccess, always, theDirectory | theRequest | theApplication},
}

// timeFirst are the checks in the order of option timeBeforeSignature.
var timeFirst = func() []check {
	named := func(name string) int { return slices.IndexFunc(checks, func(c check) bool { return c.name == name }) }
	key, time, scope := named("issuer metadata"), named("lifetime"), named("scope")
	return slices.Concat(checks[:key], checks[time:scope], checks[key:time], checks[scope:])
}()

// run makes the checks until one fails and records each.
func (x *exchange) run() *Error {
	list := checks
	for i := 0; i < len(list); i++ {
		if !x.concerns(&list[i]) {
			continue
		}
		record, refusal := x.make(&list[i])
		x.signIn.Checks = append(x.signIn.Checks, record)
		if refusal != nil {
			return refusal
		}
		if x.view.Options.TimeBeforeSignature {
			list = timeFirst // which begins like checks: the options are known before the orders part
		}
	}
	return nil
}

// concerns tells whether a check is about the kind of assertion that was presented.
func (x *exchange) concerns(c *check) bool {
	switch c.about {
	case federated:
		return !x.isCertificate
	case certificated:
		return x.isCertificate
	}
	return true
}

// make makes a check, and its record.
func (x *exchange) make(c *check) (Check, *Error) {
	record := Check{Name: c.name}
	refusal := c.run(x, &record)
	if record.OK = refusal == nil; !record.OK {
		record.Code = refusal.Code
	}
	for _, text := range []*string{&record.Want, &record.Got, &record.Note} {
		*text = HideTokens(*text)
	}
	for i := range record.Compared {
		record.Compared[i].hideTokens()
	}
	return record, refusal
}

// hideTokens takes tokens out of the two sides.
func (c *Comparison) hideTokens() { c.Want, c.Got = HideTokens(c.Want), HideTokens(c.Got) }
