package entra

import "slices"

// check is one comparison. It fills in what was compared, and returns the
// refusal when it fails.
type check struct {
	name  string
	run   func(*exchange, *Check) *Error
	about path
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
	{"method", checkMethod, always},
	{"form", checkForm, always},
	{"tenant", checkTenant, always},
	{"grant type", checkGrantType, always},
	{"parameters", checkParameters, always},
	{"credential presented", checkCredentialPresented, always},
	{"B2C policy", checkB2C, always},
	{"assertion format", checkFormat, always},
	{"assertion type", checkType, always},
	{"assertion header", checkHeader, always},
	{"assertion algorithm", checkAlgorithm, always},
	{"assertion claims", checkClaims, always},
	{"application", checkApplication, always},
	{"regional host", checkRegion, always},
	{"client secret", checkSecret, always},
	{"certificate named", checkCertificateNamed, certificated},
	{"certificate assertion's client", checkCertificateClient, certificated},
	{"certificate assertion's audience", checkCertificateAudience, certificated},
	{"certificate", checkCertificate, certificated},
	{"federated credentials", checkHasCredentials, federated},
	{"federation allowed", checkFederationAllowed, federated},
	{"issuer", checkIssuer, federated},
	{"token of Entra", checkEntraToken, federated},
	{"audience and subject", checkAudienceAndSubject, federated},
	{"kind of Entra's token", checkEntraTokenKind, federated},
	{"claim policy", checkClaimPolicy, federated},
	{"issuer metadata", checkMetadata, federated},
	{"signing key", checkKey, federated},
	{"signature", checkSignature, federated},
	{"lifetime", checkLifetime, federated},
	{"valid time", checkValidTime, always},
	{"scope", checkScope, always},
	{"resource", checkResource, always},
	{"assignment", checkAssignment, always},
	{"Conditional Access", checkConditionalAccess, always},
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
		if about := list[i].about; about == federated && x.isCertificate || about == certificated && !x.isCertificate {
			continue
		}
		record := Check{Name: list[i].name}
		refusal := list[i].run(x, &record)
		if record.OK = refusal == nil; !record.OK {
			record.Code = refusal.Code
		}
		for _, text := range []*string{&record.Want, &record.Got, &record.Note} {
			*text = HideTokens(*text)
		}
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
