// Package e2e holds the tests that span packages: who may import whom, and the binary as its users run it. The folder
// clients is a Go module of its own with the official SDKs, and bench measures speed and size.
package e2e
