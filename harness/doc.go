// Package harness puts a farm of token issuers and an emulator of Microsoft Entra into a Go test in one line.
//
//	func TestDeploy(t *testing.T) {
//		farm := harness.New(t)
//		github := farm.Issuer(harness.IssuerSpec{Platform: "github", Preset: "environment"})
//		app := farm.App("deployer", harness.Credential{
//			Name: "production", Issuer: github.URL, Subject: "repo:octo-org/octo-repo:environment:prod",
//		})
//		token := github.Mint(harness.MintSpec{Audience: []string{"api://AzureADTokenExchange"}})
//		access, err := app.Exchange(token.Token)
//		if err != nil {
//			t.Fatal(err)
//		}
//		fmt.Println(access.Claims["appid"])
//	}
//
// [Farm.Client] is for code under test: it reaches every issuer and Entra under their real names. What the emulator does and does not do
// like Entra is told in harness/entra, and for each platform in its folder below issuers.
package harness
