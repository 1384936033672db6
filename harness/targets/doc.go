// Package targets is what scenarios run against, as data: the control plane to drive it with, a transport that reaches
// its names, and what it can do. A farm in this process, a farm somewhere else and a farm in a container differ in
// nothing but these values.
//
//	t, err := targets.InProcess(farm.Options{})
//	if err != nil {
//		return err
//	}
//	defer t.Close()
//	world, err := t.Control.CreateWorld(ctx, control.WorldSpec{Name: "demo"})
//	client := &http.Client{Transport: t.Transport(world.ID)}
//
// The real Entra as a target is not here yet.
package targets
