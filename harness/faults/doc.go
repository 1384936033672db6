// Package faults is the list of things that can be wrong with an issuer: a document that can't be fetched, a key set
// without the key that signs, a bad certificate, a token that has expired or is signed by another, a token API that
// refuses. A fault has a name and parameters, as in a scenario:
//
//	issuer:
//	  platform: kubernetes
//	  faults:
//	    - unreachable: {document: jwks}
//
// There is a file for each fault: a struct whose JSON members are its parameters, with a method tamper. To add one,
// write that file and add a line to [All], cases to [Catalogue], each with the scenario that plays it, and what Entra
// makes of them to the behaviours of the test.
//
// Faults are made up here on purpose and impersonate nothing; what Entra answers to them is in harness/entra.
package faults
