package main

// Why no test can notice a change.
const (
	constant  = "the call fails for words that are not in a list of constants, and gets those that are"
	validated = "the directory has validated it when it took it over"
	key       = "making a key does not fail"
	printed   = "a nanosecond more is not printed"
	read      = "the payload was read as an object before"
	second    = "what comes next refuses the same, in the same words"
	same      = "what is then done comes to the same"
)

// reasons say of survivors why no test can notice them, by their key as the run prints it.
var reasons = map[string]string{
	`harness/entra/arm/auth.go cloudOf: err == nil → true (2)`:                          constant,
	`harness/entra/arm/auth.go managementAudiences: err != nil → false`:                 constant,
	`harness/entra/arm/auth.go loginBase: err != nil → false`:                           constant,
	`harness/entra/arm/auth.go loginBase: "" → "mutant" (2)`:                            constant,
	`harness/entra/arm/auth.go authenticate: err == nil → false`:                        same + ": no error is none of the errors, and is returned",
	`harness/entra/arm/auth.go authenticate: errors.Is(err, entra.ErrMalformed) → true`: key,
	`harness/entra/arm/auth.go authenticate: return err → no error`:                     key,
	`harness/entra/arm/auth.go allowed: role != nil → true`:                             validated,
	`harness/entra/arm/auth.go target: i >= 0 → >`:                                      same + ": a path that begins with providers is authorized by no role",
	`harness/entra/arm/auth.go target: 0 → 0 + 1`:                                       same + ": a path that begins with providers is authorized by no role",
	`harness/entra/assertion.go readClaims: "payload" → ""`:                             read,
	`harness/entra/assertion.go readClaims: err != nil → false`:                         read,
	`harness/entra/assertion.go readClaims: return err → no error`:                      read,
	`harness/entra/bearer.go Bearer: err != nil → false`:                                key,
	`harness/entra/bearer.go Bearer: return Bearer{}, err → no error`:                   key,
	`harness/entra/bearer.go Bearer: err == nil → true`:                                 second + ": what is not verified is no payload",
	`harness/entra/checks_certificate.go checkCertificate: err == nil → true`:           validated,
	`harness/entra/checks_time.go checkValidTime: 0 → 0 + 1`:                            printed,
	`harness/entra/checks_time.go checkValidTime: 0 → 0 + 1 (2)`:                        printed,
	`harness/entra/checks_time.go checkValidTime: 0 → 0 + 1 (3)`:                        printed,
	`harness/entra/expression/issuer.go ValidateIssuer: " or " → ""`:                    same + ": a claim that takes two operators takes all",
	`harness/entra/graph/auth.go mayWrite: c.has(applicationOwnedBy) → true`:            second + ": the route asks for one of the two permissions",
	`harness/entra/graph/auth.go owners: isString → true`:                               same + ": an owner without an id is nobody",
	`harness/entra/checks_matching.go matchSubject: err == nil → true`:                  validated,
}
