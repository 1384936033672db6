// Package harness puts a farm of token issuers and an emulator of Microsoft Entra into a Go test in one line.
//
//	func TestDeploy(t *testing.T) {
//		farm := harness.New(t)
//		github := farm.MustAddIssuer(harness.IssuerSpec{Platform: "github", Preset: "environment"})
//		app := farm.MustAddApp("deployer", harness.Credential{
//			Name: "production", Issuer: github.URL, Subject: "repo:octo-org/octo-repo:environment:prod",
//		})
//		token := github.MustMint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}})
//		access, err := app.Exchange(token.Token)
//		if err != nil {
//			t.Fatal(err)
//		}
//		fmt.Println(access.Claims["appid"])
//	}
//
// # How code under test reaches the farm
//
// The farm has one world, the test's, and listens on loopback. Every request reaches that world:
//
//   - of [Farm.Client], an http.Client that finds every issuer and Entra under their real names;
//   - of a client that takes an address: [Farm.URL], and [IssuerSpec.ByPath] for issuers whose URL is such an address.
//     It must trust [Farm.CA];
//   - of a program in a process of its own: [Farm.Env], [App.Env] and [Workload.Env] lead it there;
//   - of a server of one's own around [Farm.Handler].
//
// [Farm.Now] is for a verifier that is to share the farm's clock.
//
// # Errors
//
// Only [New] and the methods called Must end the test, and belong on its goroutine. All others return errors and are
// for any goroutine. After the test they say that the farm has been stopped.
//
// What the emulator does and does not do like Entra is told in harness/entra, and for each platform in its folder below
// issuers.
package harness
