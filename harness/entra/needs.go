package entra

import (
	"slices"
	"strings"
)

// need is what a check looks at. A server has all of it; whoever examines a request that was made elsewhere may not.
type need uint32

// What checks look at.
const (
	theRequest     need = 1 << iota // its method, host, form and address
	theTenant                       // which one it is
	theDirectory                    // all of the tenant: its applications, policies and name
	theClient                       // which application it is
	theCredentials                  // the application's federated credentials
	theToken                        // the whole assertion
	theClaims                       // all of its claims, once they are read
	theIssuer                       // of the assertion, like those down to theDates
	theSubject
	theAudience
	theKeyID
	theDates       // iat and exp
	theTime        // when the request was made
	theKeys        // what the issuer publishes
	theKeysRead    // those that were read
	theSigningKey  // the one of them that the header names
	theRecord      // the tenant that was found
	theApplication // the application or managed identity that was found
	theScope       // what the token is asked for
	theFirst       // at least one federated credential
)

// needNames are the words for them, in their order.
var needNames = []string{
	"the token request", "the tenant", "the directory", "the client id", "the application's federated credentials", "the token", "all claims of the token",
	"the token's issuer", "the token's subject", "the token's audience", "the token's key id", "the token's times", "when the token was presented",
	"the issuer's keys", "the issuer's keys", "the key that signed", "the tenant", "the application", "the scope", "a federated credential",
}

// String lists what is needed, in words.
func (n need) String() string {
	var names []string
	for i, name := range needNames {
		if n&(1<<i) != 0 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// claimNeed is what a claim is known by.
func claimNeed(claim string) need {
	switch claim {
	case "iss":
		return theIssuer
	case "sub":
		return theSubject
	case "aud":
		return theAudience
	}
	return theClaims
}
