// Package dockertest builds the image of the source at hand, for tests of what runs it:
//
//	func TestFarm(t *testing.T) {
//		image := dockertest.Image(t)
//		c, err := docker.Run(t.Context(), image)
//		...
//	}
//
// A test that calls it is skipped where no container engine answers, unless ISSUERD_REQUIRE_DOCKER is 1, which makes
// that a failure.
package dockertest
