// Package keyfile reads files with private keys for issuers, so that an issuer has the same keys after a restart. A
// file is PEM or JSON:
//
//   - PEM with one or more private keys: PKCS #8 (PRIVATE KEY), PKCS #1 (RSA PRIVATE KEY) or SEC 1 (EC PRIVATE KEY). A
//     certificate beside them is published with the key that it is for, where the platform publishes one.
//   - a private JSON Web Key (RFC 7517), or a set of them. Its kid is the key's, its alg the only algorithm that the
//     key signs with, and the first certificate of its x5c is published as one in PEM is.
//
// Keys that are encrypted, public keys, symmetric keys and those that no platform signs with are errors. Errors repeat
// no part of a key.
package keyfile
