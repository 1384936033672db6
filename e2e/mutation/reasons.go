package main

// reasons say of survivors why no test can notice them, by their key as the run prints it.
var reasons = map[string]string{
	// An expression that can't be read is refused when the credential is made, so none can reach a sign-in.
	"harness/entra/match.go matchSubject: err == nil → true": "every expression was read when its credential was made",
	// The record and the error print whole seconds, and tenths of a microsecond that are always zero.
	"harness/entra/checks_issuer.go checkValidTime: 0 → 0 + 1":     printed,
	"harness/entra/checks_issuer.go checkValidTime: 0 → 0 + 1 (2)": printed,
	"harness/entra/checks_issuer.go checkValidTime: 0 → 0 + 1 (3)": printed,
}

const printed = "a nanosecond more is not printed"
