package control

// ofIssuer narrows a list to what belongs to one issuer.
var ofIssuer = parameter{"issuer", isText, "The ref or the URL of an issuer, or the name of its platform; left out: all issuers."}

// issuerRoutes are about the issuers of a world, their keys, faults and tokens.
var issuerRoutes = []route{
	onWorld("listIssuers", "GET", "/issuers", "Lists the issuers of a world by URL.", paged,
		func(c *call, w LiveWorld, _ empty) (List[Issuer], error) {
			return listed(c, w.Issuers(), func(i Issuer) string { return i.URL })
		}),
	onWorld("addIssuer", "POST", "/issuers", "Adds an issuer: a platform's, with a preset, at its canonical URL or another.", nil,
		func(_ *call, w LiveWorld, spec IssuerSpec) (Issuer, error) { return w.AddIssuer(spec) }).example(`{"platform": "github", "preset": "branch"}`),
	onWorld("listKeys", "GET", "/keys", "Lists the keys of an issuer, the oldest first, or those of all.", withPage(ofIssuer),
		func(c *call, w LiveWorld, _ empty) (List[Key], error) {
			keys, err := w.Keys(c.text("issuer"))
			if err != nil {
				return List[Key]{}, err
			}
			return listed(c, keys, keyOrder)
		}),
	onWorld("publishKey", "PUT", "/keys", "Puts a key into its issuer's JWKS or takes it out, and lists the issuer's keys.", nil,
		func(_ *call, w LiveWorld, spec PublishSpec) (List[Key], error) {
			keys, err := w.Publish(spec)
			return List[Key]{Items: keys}, err
		}).example(`{"issuer": "github", "published": false}`),
	onWorld("rotate", "POST", "/rotations", "Gives an issuer a new signing key, which its JWKS lists unless told otherwise.", nil,
		func(_ *call, w LiveWorld, spec RotateSpec) (Rotated, error) { return w.Rotate(spec) }).example(`{"issuer": "github"}`),
	onWorld("mint", "POST", "/tokens", "Has an issuer sign a token.", nil,
		func(_ *call, w LiveWorld, spec MintSpec) (Minted, error) { return w.Mint(spec) }).example(`{"issuer": "github", "audience": "api://AzureADTokenExchange", "lifetime": "10m"}`),
	onWorld("listFaults", "GET", "/faults", "Lists the faults in force of an issuer or of Entra, or of all, with their hits.", withPage(ofIssuer),
		func(c *call, w LiveWorld, _ empty) (List[FaultInForce], error) {
			faults, err := w.Faults(c.text("issuer"))
			if err != nil {
				return List[FaultInForce]{}, err
			}
			return listed(c, faults, func(f FaultInForce) string { return f.Issuer + " " + f.Name })
		}),
	onWorld("setFaults", "PUT", "/faults", "Sets the faults of an issuer, or of Entra. Those not named end.", nil,
		func(_ *call, w LiveWorld, spec FaultsSpec) (empty, error) { return empty{}, w.SetFaults(spec) }).example(`{"issuer": "github", "faults": [{"name": "unreachable"}]}`),
	onWorld("setFault", "POST", "/faults", "Puts one fault of an issuer, or of Entra, in force, in place of the one of that name.", nil,
		func(_ *call, w LiveWorld, spec FaultSpec) (FaultInForce, error) { return w.SetFault(spec) }).example(`{"issuer": "github", "name": "jwks", "parameters": {"body": "{\"keys\":[]}"}}`),
	onWorld("clearFault", "DELETE", "/faults/{fault}", "Ends a fault of an issuer, or of Entra.", []parameter{
		{"issuer", isText, "Wanted: the ref or the URL of the issuer, or the name of its platform."}},
		func(c *call, w LiveWorld, _ empty) (empty, error) {
			return empty{}, w.ClearFault(c.text("issuer"), c.variable("fault"))
		}),
}

// withPage are parameters of a route that answers with a list.
func withPage(more ...parameter) []parameter { return append(more, paged...) }

// keyOrder has the keys of each issuer by their age.
func keyOrder(k Key) string {
	return k.Issuer + " " + k.Created.UTC().Format("2006-01-02T15:04:05.000000000") + " " + k.KID
}
