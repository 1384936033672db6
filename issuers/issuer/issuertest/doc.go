// Package issuertest is what every platform must pass, and what the tests of a platform share.
//
// [Run] checks a platform in all its presets the way a relying party sees it: over TLS, at the canonical URLs, with two
// independent OpenID Connect libraries (coreos/go-oidc and zitadel/oidc). [Replay] mints a recorded token of the real
// service again and compares. A platform's test begins so:
//
//	func TestConformance(t *testing.T) { issuertest.Run(t, github.Platform) }
//
//	func TestRecorded(t *testing.T) {
//		issuertest.Replay(t, github.Platform, issuertest.Recorded{
//			File:   "testdata/push.json",
//			Preset: "branch",
//		})
//	}
//
// It does not know what a platform's claims ought to be: that is in the recorded documents beside each platform.
package issuertest
