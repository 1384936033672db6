// Package issuercheck says whether Microsoft Entra would accept an issuer: whether its documents can be reached, are as
// they must be, and have keys that a token can be verified with. It fetches and reads them with the code of the emulated
// sign-in, harness/entra, so that it finds what a sign-in would refuse; beside that it says what a sign-in does not, such
// as that an address is not one of the internet, or that a certificate ends next week.
//
// It asks the issuer for its discovery document and for its keys, and nobody for anything else.
package issuercheck
