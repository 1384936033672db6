// Package ca is the certificate authority of a farm, which is made at the farm's start and dies with it.
//
//	authority, err := ca.New([]string{"issuer.contoso.com"}, time.Now)
//	if err != nil {
//		return err
//	}
//	server := &http.Server{TLSConfig: authority.TLSConfig()}
//	server.ListenAndServeTLS("", "")
//
// A client that trusts the root, [Authority.RootPEM], trusts the farm as a server with the impersonated names and for
// nothing else: not for clients, code, mail or URIs. The names are X.509 name constraints of the intermediate that
// signs for servers. Constraints on the root alone would be ignored by Java; with those on the intermediate, Go,
// OpenSSL, Node, Python and Java refuse a name outside them.
//
// The key of the root is gone when New returns, so that nobody can make another intermediate.
package ca
