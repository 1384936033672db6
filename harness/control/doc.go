// Package control is the management API of a farm: what a test or a scenario run tells it to do, and what it reads
// back. It is the only way a target is driven, so that a scenario cannot pass against the process it runs in and fail
// against a container.
//
// The API is JSON over HTTP on the control plane, and every request carries the bearer token that the farm printed at
// its start. Everything happens in a world of its own ([WorldSpec]): issuers with their keys, a directory, a clock and
// a journal.
//
//	c := &control.Client{URL: "http://127.0.0.1:8446", Token: os.Getenv("ISSUERD_CONTROL_TOKEN")}
//	world, err := c.CreateWorld(ctx, control.WorldSpec{Name: "demo"})
//	iss, err := c.AddIssuer(ctx, world.ID, control.IssuerSpec{Platform: "github", Preset: "environment"})
//	minted, err := c.Mint(ctx, world.ID, control.MintSpec{Issuer: iss.Ref, Audience: []string{"api://AzureADTokenExchange"}})
//
// An issuer that is asked for twice is one issuer with the same keys. The Ref of each answer mints with the preset and
// claims that were asked for; see [IssuerSpec].
//
// The world "default" is the one that clients reach which do not name one. Tokens leave this API (that is what minting
// is); they never reach the journal.
package control
