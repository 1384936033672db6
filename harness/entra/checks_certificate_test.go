package entra_test

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// certify makes a certificate of a key, valid for a year from a day before the tests' time.
func certify(key *rsa.PrivateKey, from time.Time) []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "deployer"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return der
}

func inPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// certificate gives the application a certificate of the issuer's key, and the issuer's header what names it.
func certificate(from time.Time, header func(old, current string) map[string]any) func(*rig) {
	return func(r *rig) {
		der := certify(issuerKey(), from)
		set(func(a *directory.Application) { a.Certificates = []string{inPEM(der)} })(r)
		old, current := sha1.Sum(der), sha256.Sum256(der)
		delete(r.issuer.header, "kid")
		encode := base64.RawURLEncoding.EncodeToString
		maps.Copy(r.issuer.header, header(encode(old[:]), encode(current[:])))
	}
}

func byX5T(old, _ string) map[string]any        { return map[string]any{"x5t": old} }
func byX5T256(_, current string) map[string]any { return map[string]any{"x5t#S256": current} }
func byKeyID(old, _ string) map[string]any      { return map[string]any{"kid": old} }
func byHexKeyID(old, _ string) map[string]any {
	b, err := base64.RawURLEncoding.DecodeString(old)
	if err != nil {
		panic(err)
	}
	return map[string]any{"kid": strings.ToUpper(hex.EncodeToString(b))}
}

var lastYear = start.AddDate(0, -6, 0)

// own presents an assertion of the application itself, changed by the pairs; nil removes one.
func own(changes map[string]any) func(*rig) *http.Request {
	return func(r *rig) *http.Request {
		claims := r.claims(map[string]any{"iss": r.app.ClientID, "sub": r.app.ClientID, "aud": tokenURL})
		maps.Copy(claims, changes)
		maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
		return r.present(r.issuer.mint(claims))
	}
}

const registered = "see configured keys for app Id '{appId}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query request URL, such as 'https://graph.microsoft.com/beta/applications/{appId}']."

// certificateRefusals present assertions in the style of certificate credentials.
var certificateRefusals = []refusal{
	{name: "certificate assertion that names no key", code: 5002723, oauth: "invalid_client", status: 401, request: own(nil), prepare: func(r *rig) { delete(r.issuer.header, "kid") },
		text: "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header."},
	{name: "certificate assertion of another app", code: 700021, oauth: "invalid_client", status: 401, request: own(map[string]any{"iss": foreignTenant, "sub": foreignTenant})},
	{name: "certificate assertion for another audience", code: 700023, oauth: "invalid_client", status: 401, prepare: certificate(lastYear, byX5T), request: own(map[string]any{"aud": exchangeAudience})},
	{name: "certificate assertion for several audiences", code: 700023, oauth: "invalid_client", status: 401, prepare: certificate(lastYear, byX5T),
		request: own(map[string]any{"aud": []string{tokenURL, exchangeAudience}})},
	{name: "certificate assertion for an audience twice", code: 700023, oauth: "invalid_client", status: 401, prepare: certificate(lastYear, byX5T),
		request: own(map[string]any{"aud": []string{tokenURL, tokenURL}})},
	{name: "certificate assertion, kid only", code: 700027, oauth: "invalid_client", status: 401, request: own(nil),
		text: "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Please visit the Azure Portal, Graph Explorer or directly use MS Graph to " + registered},
	{name: "certificate that is not registered", code: 700027, oauth: "invalid_client", status: 401, request: own(nil), prepare: func(r *rig) {
		r.issuer.header["x5t"] = base64.RawURLEncoding.EncodeToString([]byte{0xd0, 0x29, 0x53, 0x83})
	}, text: "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: 'D0295383', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to " + registered},
	{name: "certificate that is not registered, named by one byte", code: 700027, oauth: "invalid_client", status: 401, request: own(nil),
		prepare: header("x5t", "AA"), says: []string{"[Reason - The key was not found., Thumbprint of key used by client: '00', Please visit"}},
	{name: "certificate that is not registered, named by what is no base64url", code: 700027, oauth: "invalid_client", status: 401, request: own(nil),
		prepare: header("x5t", "AAAA!"), says: []string{"[Reason - The key was not found., Please visit"}},
	{name: "certificate of this key that is named by another thumbprint", code: 700027, oauth: "invalid_client", status: 401, request: own(nil),
		prepare: certificate(lastYear, func(string, string) map[string]any { return map[string]any{"x5t": "0ClTgw"} })},
	{name: "certificate of this key that is named by another SHA-256 thumbprint", code: 700027, oauth: "invalid_client", status: 401, request: own(nil),
		prepare: certificate(lastYear, func(string, string) map[string]any { return map[string]any{"x5t#S256": "0ClTgw"} })},
	{name: "certificate of this key that is named by another kid", code: 700027, oauth: "invalid_client", status: 401, request: own(nil),
		prepare: certificate(lastYear, func(string, string) map[string]any { return map[string]any{"kid": "d0295383"} })},
	{name: "certificate of another key", code: 700027, oauth: "invalid_client", status: 401, request: own(nil), prepare: func(r *rig) {
		certificate(lastYear, byX5T256)(r)
		r.issuer.key = anotherKey()
	}},
	{name: "certificate that has expired", code: 700027, oauth: "invalid_client", status: 401, request: own(nil), prepare: certificate(start.AddDate(-2, 0, 0), byX5T), says: []string{
		"AADSTS700027: The certificate with identifier used to sign the client assertion is expired on application. [Reason - The key used is expired., Thumbprint of key used by client: '",
		"', Found key 'Start=02/08/2024 00:24:38, End=02/08/2025 00:24:38', Please visit the Azure Portal",
	}},
	{name: "certificate that is not valid yet", code: 700027, oauth: "invalid_client", status: 401, request: own(nil),
		prepare: certificate(start.Add(time.Second), byX5T), says: []string{"[Reason - The key used is expired.,", "Found key 'Start=02/08/2026 00:24:39,"}},
	{name: "certificate assertion without iat that has expired", code: 700024, oauth: "invalid_client", status: 401, prepare: certificate(lastYear, byX5T),
		request: own(map[string]any{"iat": nil, "nbf": start.Unix() - 1200, "exp": start.Unix() - 600}),
		says:    []string{"assertion valid from 1970-01-01T00:00:00.0000000Z, expiry time of assertion 2026-02-08T00:14:38.0000000Z."}},
	{name: "certificate assertion that has expired", code: 700024, oauth: "invalid_client", status: 401, prepare: certificate(lastYear, byX5T),
		request: own(map[string]any{"iat": start.Unix() - 1200, "nbf": start.Unix() - 1200, "exp": start.Unix() - 600})},
}

func TestCertificateAccepted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		header func(string, string) map[string]any
		aud    string
	}{
		"x5t":             {byX5T, tokenURL},
		"x5t#S256, PS256": {byX5T256, "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"},
		"kid":             {byKeyID, "https://login.microsoftonline.com/{tenant}/v2.0"},
		"hexadecimal kid": {byHexKeyID, "https://sts.windows.net/{tenant}/"},
		"v1.0 endpoint":   {byX5T, "https://login.microsoftonline.com/{tenant}/oauth2/token"},
		"tenant":          {byX5T, "https://login.microsoftonline.com/{tenant}/"},
		"another host":    {byX5T, "https://127.0.0.1:8445/{tenant}/oauth2/v2.0/token"},
		"as called":       {byX5T, "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			certificate(lastYear, tt.header)(r)
			if strings.HasSuffix(name, "PS256") {
				r.issuer.header["alg"] = "PS256"
			}
			request := own(map[string]any{"aud": strings.ReplaceAll(tt.aud, "{tenant}", r.tenant.ID)})(r)
			if name == "another host" {
				request.Host = "127.0.0.1:8445"
			}
			got := r.do(request)
			if got.status != http.StatusOK || got.signIn.CredentialType != entra.CredentialCertificate || got.signIn.FederatedCredentialID != "" || len(got.signIn.Thumbprint) != 40 {
				t.Errorf("body %s, sign-in %+v", got.raw, got.signIn)
			}
			if n := r.issuer.count(); n != 0 {
				t.Errorf("%d requests to an issuer", n)
			}
			elsewhere := own(map[string]any{"aud": strings.ReplaceAll(tt.aud, "{tenant}", r.tenant.ID)})(r)
			elsewhere.Host = "127.0.0.1:8445"
			if got := r.do(elsewhere); got.status != http.StatusOK {
				t.Errorf("at another address: %s", got.raw)
			}
		})
	}
}

// TestCertificateRecord: the record has every audience that came, and the thumbprint that names the certificate.
func TestCertificateRecord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	certificate(lastYear, byX5T256)(r)
	named := r.issuer.header["x5t#S256"]
	for name, tt := range map[string]struct {
		audience any
		want     string
	}{
		"certificate assertion's audience": {[]string{tokenURL, exchangeAudience}, tokenURL + ", " + exchangeAudience},
		"certificate":                      {tokenURL, named.(string)},
	} {
		checks := r.do(own(map[string]any{"aud": tt.audience})(r)).signIn.Checks
		if i := slices.IndexFunc(checks, func(c entra.Check) bool { return c.Name == name }); i < 0 || checks[i].Got != tt.want {
			t.Errorf("%s: recorded %+v, want that %s came", name, checks, tt.want)
		}
	}
	r.issuer.header["x5t#S256"] = "x"
	checks := r.do(own(nil)(r)).signIn.Checks
	if last := checks[len(checks)-1]; last.Note != "the application has 1 certificates" {
		t.Errorf("of a certificate that is not registered: recorded %+v", last)
	}
	certificate(start.AddDate(-2, 0, 0), byX5T256)(r)
	checks = r.do(own(nil)(r)).signIn.Checks
	if last := checks[len(checks)-1]; last.Want != "2024-02-08T00:24:38Z to 2025-02-08T00:24:38Z" {
		t.Errorf("of a certificate that has expired: recorded %+v", last)
	}
}
