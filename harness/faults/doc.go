// Package faults is the list of things that can be wrong with an issuer: a document that can't be fetched, a discovery
// document with other members, a JWKS that isn't one, a token whose header says something odd, a token API that
// refuses. A fault has a name and parameters, as in a scenario:
//
//	issuer:
//	  platform: kubernetes
//	  faults:
//	    - unreachable: {document: jwks}
//
// There is a file for each fault: a struct whose JSON members are its parameters, with a method tamper. To add one,
// write that file and add a line to [All].
//
// Faults are made up here on purpose and impersonate nothing; what Entra answers to them is in harness/entra.
package faults
