// Package plane is the four sides of a farm, and how their names are found. Whoever talks to a farm needs this package;
// only who starts one needs harness/farm.
//
// The planes are apart because their dangers are:
//
//   - [Issuer]: discovery documents and key sets, for anyone. Only this plane may ever be made public.
//   - [Workload]: the platforms' own token APIs, for the holder of that platform's credential.
//   - [Entra]: the login service, Microsoft Graph and Azure Resource Manager, which ask for what the real ones ask for.
//   - [Control]: the management API, for the bearer of the farm's token.
//
// A farm answers under real names, such as token.actions.githubusercontent.com ([RealNames]). A [Resolver] takes a
// client there:
//
//	resolver, err := plane.NewResolver(map[plane.Plane]string{plane.Issuer: "127.0.0.1:8443", plane.Entra: "127.0.0.1:8445"}, root, nil)
//	if err != nil {
//		return err
//	}
//	defer resolver.Close()
//	client := &http.Client{Transport: resolver.Transport("default")}
//	client.Get("https://token.actions.githubusercontent.com/.well-known/openid-configuration")
package plane
