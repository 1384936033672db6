// Package farm puts the issuers, the Entra emulator and the management API on listeners: the four planes
// (harness/plane), the two ways to be addressed, and TLS from an authority of the farm's own (harness/farm/ca).
//
// A [Server] has one [World] from the start and makes more on demand; each has its own issuers, keys, directory, clock
// and journal, and a request picks one with a header (plane.WorldHeader) or reaches the default one.
//
//	s, err := farm.Start(farm.Options{})
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	client := &http.Client{Transport: s.Transport(control.DefaultWorld)}
//	client.Get("https://token.actions.githubusercontent.com/.well-known/openid-configuration")
//
// Canonical addressing: the farm answers for the real host names. The transport above is a plane.Resolver: it takes
// every name the farm impersonates to the farm's listener, and no other name anywhere. By path: the same issuers below
// the farm's own address, such as https://127.0.0.1:8443/github, for clients that take a base URL; Entra is at the root
// of its own listener, because clients drop a path from the authority, and Microsoft Graph and Azure Resource Manager
// are beside it, told apart by the first segment of their paths.
//
// The Entra plane also has /msi/token (harness/entra/msi), where workloads with a managed identity get their tokens as
// in Azure App Service: control.World says what to put into IDENTITY_ENDPOINT and IDENTITY_HEADER.
//
// On the workload plane each workload (see [World.StartWorkload]) finds its platform's own token API below an address
// of its own, /w/ID.
//
// No private key is in two worlds. A world that nobody uses any more may end by itself (Options.IdleWorlds), and gives
// its keys back.
//
// Not faithful: the emulator reaches issuers through the farm's resolver, so an issuer outside the farm is unreachable
// to it, unless Options.Reach names its host. As from the internet, names that only a private network resolves (.local,
// .svc, .internal, private addresses) are unreachable to it too, though the farm serves them to others. Of loopback, it
// reaches the farm's own issuer plane alone.
package farm
