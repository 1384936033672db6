package entra

import (
	"crypto/sha1" // x5t is defined as a SHA-1 thumbprint
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// checkCertificateNamed is about assertions in the style of certificate credentials, whose issuer is the client itself.
func checkCertificateNamed(x *exchange, c *Check) *Error {
	a := x.assertion
	c.Want = "x5t#S256, x5t or kid"
	x.signIn.CredentialType = CredentialCertificate
	if a.header.thumbprint("x5t#S256") == "" && a.header.thumbprint("x5t") == "" && a.kid == "" {
		return refuse(5002723)
	}
	return nil
}

func checkCertificateClient(x *exchange, c *Check) *Error {
	c.Want, c.Got = x.app.ClientID, x.assertion.issuer
	if !strings.EqualFold(x.assertion.issuer, x.app.ClientID) {
		return refuse(700021)
	}
	return nil
}

// checkCertificateAudience accepts the tenant's token endpoints and issuers, by id and as they were called. MSAL sends
// the token endpoint; which others Entra accepts is inferred.
func checkCertificateAudience(x *exchange, c *Check) *Error {
	c.Got = strings.Join(x.assertion.audiences, ", ")
	accepted := []string{x.base.issuer(&x.view), sharedIssuerV1 + x.view.Tenant.ID + "/"}
	for _, host := range []string{x.base.url, "https://" + x.view.Cloud.Login} {
		for _, tenant := range []string{x.view.Tenant.ID, x.tenant} {
			for _, path := range []string{"/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/"} {
				accepted = append(accepted, host+"/"+tenant+path)
			}
		}
	}
	c.Want = accepted[2]
	if len(x.assertion.audiences) != 1 || !slices.Contains(accepted, x.assertion.audiences[0]) {
		return refuse(700023)
	}
	return nil
}

// checkCertificate finds the certificate that the header names and verifies with it.
func checkCertificate(x *exchange, c *Check) *Error {
	a := x.assertion
	c.Got = a.header.thumbprint("x5t#S256") + a.header.thumbprint("x5t")
	const (
		unknown = "The certificate with identifier used to sign the client assertion is not registered on application."
		expired = "The certificate with identifier used to sign the client assertion is expired on application."
		bad     = "Client assertion contains an invalid signature."
	)
	refusal := func(problem, reason, key string) *Error {
		return refuse(700027, "problem", problem, "reason", reason, "key", key, "appId", x.app.ClientID)
	}
	var found *x509.Certificate
	for _, text := range x.app.Certificates {
		certificate, err := directory.ParseCertificate(text)
		if err == nil && a.names(certificate) { // they were parsed when the application was validated
			found = certificate
		}
	}
	if found == nil {
		c.Note = "the application has " + fmt.Sprint(len(x.app.Certificates)) + " certificates"
		key := "," // a header with a kid only has no thumbprint
		if b, err := base64.RawURLEncoding.DecodeString(a.header.thumbprint("x5t")); err == nil && len(b) > 0 {
			key = ", Thumbprint of key used by client: '" + strings.ToUpper(hex.EncodeToString(b)) + "',"
		}
		return refusal(unknown, "The key was not found", key)
	}
	sum := sha1.Sum(found.Raw)
	x.signIn.Thumbprint = strings.ToUpper(hex.EncodeToString(sum[:]))
	const date = "01/02/2006 15:04:05"
	key := ", Thumbprint of key used by client: '" + x.signIn.Thumbprint + "'," +
		" Found key 'Start=" + found.NotBefore.UTC().Format(date) + ", End=" + found.NotAfter.UTC().Format(date) + "',"
	if _, err := a.jws.Verify(found.PublicKey); err != nil {
		return refusal(bad, "Key was found, but use of the key to verify the signature failed", key)
	}
	if x.now.Before(found.NotBefore) || x.now.After(found.NotAfter) {
		c.Want = found.NotBefore.UTC().Format(time.RFC3339) + " to " + found.NotAfter.UTC().Format(time.RFC3339)
		return refusal(expired, "The key used is expired", key)
	}
	c.Want = x.signIn.Thumbprint
	return nil
}

// names says whether the header names a certificate: by thumbprint, or by a kid that is one, in base64url or
// hexadecimal.
func (a *assertion) names(certificate *x509.Certificate) bool {
	old, current := sha1.Sum(certificate.Raw), sha256.Sum256(certificate.Raw)
	encode := base64.RawURLEncoding.EncodeToString
	if t := a.header.thumbprint("x5t#S256"); t != "" {
		return t == encode(current[:])
	}
	if t := a.header.thumbprint("x5t"); t != "" {
		return t == encode(old[:])
	}
	return a.kid == encode(old[:]) || strings.EqualFold(a.kid, hex.EncodeToString(old[:]))
}
