// Package container is a testcontainers-go module: it runs the farm's image for a test, and makes it something that
// scenarios and clients run against.
//
//	c, err := container.Run(ctx, container.DefaultImage)
//	testcontainers.CleanupContainer(t, c)
//	if err != nil {
//		t.Fatal(err)
//	}
//	target, err := c.Target(ctx)
//	world, err := target.Control.CreateWorld(ctx, control.WorldSpec{Name: "demo"})
//	client := &http.Client{Transport: target.Transport(world.ID)}
//	client.Get("https://token.actions.githubusercontent.com/.well-known/openid-configuration")
//
// The image is built with make image; it is in no registry. The farm in it is the one that issuerd serve starts, so it
// behaves as it does anywhere else. The canonical names resolve for clients that use the target's transport; an address
// by path, such as https://127.0.0.1:8443/github, names the port in the container and not the published one.
//
// The four ports are published on the loopback address when the engine is on this machine. With an engine elsewhere
// they have to be published on all of that machine's addresses, as testcontainers does by default: the issuer plane is
// for anyone, the others ask for a credential or, Entra, for an assertion.
//
// Everything that testcontainers reads from its environment works, such as TESTCONTAINERS_HOST_OVERRIDE, and
// TESTCONTAINERS_RYUK_DISABLED, without which the library needs its Ryuk image too. See
// https://golang.testcontainers.org/.
//
// The command issuerd does not use this package but the one below it, which says why.
package container
