// Command gen writes docs/fidelity.md: what issuerd does like the real services and what not. Everything in it comes
// from the code: the platforms of issuers.All(), the paragraphs "Not faithful" of their packages, and of harness/entra
// the codes, the checks and the options; and from what the tests of e2e/clients have seen, in their
// testdata/conformance.json: which routes the official clients have asked. Nothing in it depends on the time or on
// chance, and its test fails when the page is out of date; make generate refreshes it.
//
//	go run ./docs/gen -root . >docs/fidelity.md
//
// It also writes docs/faults.md, from the catalogue of harness/faults:
//
//	go run ./docs/gen -faults >docs/faults.md
package main
