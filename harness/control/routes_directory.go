package control

import "github.com/issuerd/issuerd/harness/entra/directory"

// directoryRoutes are about Entra: the directory of a world, its applications and their sign-ins.
var directoryRoutes = []route{
	onWorld("listApplications", "GET", "/applications", "Lists the applications of the world's tenant by name.", paged,
		func(c *call, w LiveWorld, _ empty) (List[Application], error) {
			return listed(c, w.Applications(), func(a Application) string { return a.Name + " " + a.ClientID })
		}),
	onWorld("addApplication", "POST", "/applications", "Makes an application in the world's tenant.", nil,
		func(_ *call, w LiveWorld, spec ApplicationSpec) (Application, error) { return w.AddApplication(spec) }).example(`{"name": "demo"}`),
	onWorld("getApplication", "GET", "/applications/{application}", "Describes an application by its client id or name.", nil,
		func(c *call, w LiveWorld, _ empty) (Application, error) {
			return w.Application(c.variable("application"))
		}),
	onWorld("removeApplication", "DELETE", "/applications/{application}", "Takes an application away.", nil,
		func(c *call, w LiveWorld, _ empty) (empty, error) {
			return empty{}, w.RemoveApplication(c.variable("application"))
		}),
	onWorld("listCredentials", "GET", "/applications/{application}/credentials", "Lists the federated credentials of an application by name.", paged,
		func(c *call, w LiveWorld, _ empty) (List[directory.Credential], error) {
			app, err := w.Application(c.variable("application"))
			if err != nil {
				return List[directory.Credential]{}, err
			}
			return listed(c, app.Credentials, func(f directory.Credential) string { return f.Name })
		}),
	onWorld("addCredential", "POST", "/applications/{application}/credentials", "Gives an application a federated credential.", nil,
		func(c *call, w LiveWorld, f directory.Credential) (directory.Credential, error) {
			return w.AddCredential(c.variable("application"), f)
		}).example(`{"name": "main", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:octo-org/octo-repo:ref:refs/heads/main", "audiences": ["api://AzureADTokenExchange"]}`),
	onWorld("updateCredential", "PATCH", "/applications/{application}/credentials/{credential}",
		"Changes a federated credential in place: what is given takes the place of what was there.", nil,
		func(c *call, w LiveWorld, change CredentialChange) (directory.Credential, error) {
			return w.UpdateCredential(c.variable("application"), c.variable("credential"), directory.Credential(change))
		}).example(`{"subject": "repo:octo-org/octo-repo:environment:production"}`),
	onWorld("removeCredential", "DELETE", "/applications/{application}/credentials/{credential}", "Takes a federated credential away.", nil,
		func(c *call, w LiveWorld, _ empty) (empty, error) {
			return empty{}, w.RemoveCredential(c.variable("application"), c.variable("credential"))
		}),
	onWorld("signIn", "POST", "/sign-ins",
		"Asks Entra for an access token as a client does, and says which checks it made. A refusal of Entra's is an answer, too.", nil,
		func(c *call, w LiveWorld, spec SignInSpec) (SignedIn, error) { return w.SignIn(c.Context(), spec) }).example(`{"application": "demo", "mint": {"issuer": "github"}}`),
	onWorld("getDirectory", "GET", "/directory", "Reads Entra's directory as it is now.", nil,
		func(_ *call, w LiveWorld, _ empty) (directory.File, error) { return w.Directory(), nil }),
	onWorld("applyDirectory", "PUT", "/directory", "Puts a directory file, YAML or JSON, in the place of the directory.",
		[]parameter{{"name", isText, "What the file's problems call it; left out: directory."}},
		func(c *call, w LiveWorld, f file) (directory.File, error) {
			return w.ApplyDirectory(c.text("name"), f)
		}).example("tenants:\n  - displayName: Contoso\n    applications:\n      - displayName: deployer\n"),
}
