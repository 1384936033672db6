package issuertest

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/zitadel/oidc/v3/pkg/client"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// serve puts a handler behind TLS and returns a client for which every host is that server, so that canonical URLs
// work.
func serve(t testing.TB, handler http.Handler) *http.Client {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport.TLSClientConfig.RootCAs = roots
	transport.TLSClientConfig.ServerName = "example.com" // the name in httptest's certificate
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// audience returns the audiences of a token.
func audience(claims issuer.Claims) []string {
	switch aud := claims["aud"].(type) {
	case string:
		return []string{aud}
	case []string:
		return aud
	case []any:
		var all []string
		for _, one := range aud {
			all = append(all, fmt.Sprint(one))
		}
		return all
	}
	return nil
}

// testGoOIDC verifies with coreos/go-oidc, discovery included, on the clock of the test.
func testGoOIDC(b *bench) {
	iss := b.issuer()
	ctx := gooidc.ClientContext(b.Context(), serve(b, iss))
	provider, err := gooidc.NewProvider(ctx, iss.URL())
	if err != nil {
		b.Fatal(err)
	}
	token := b.mint(iss, nil)
	config := &gooidc.Config{
		Now:             func() time.Time { return b.now },
		SkipIssuerCheck: b.removes("iss"),
		SkipExpiryCheck: b.removes("exp"),
	}
	if aud := audience(token.Claims); len(aud) > 0 {
		config.ClientID = aud[0]
	} else {
		config.SkipClientIDCheck = true
	}
	if _, err := provider.Verifier(config).Verify(ctx, token.Raw); err != nil {
		b.Errorf("go-oidc: %v\n%v", err, token.Claims)
	}
	if !config.SkipExpiryCheck { // the test above can fail
		b.now = b.now.Add(366 * 24 * time.Hour)
		if _, err := provider.Verifier(config).Verify(ctx, token.Raw); err == nil {
			b.Error("go-oidc: accepted a token a year later")
		}
	}
}

// testZitadel verifies with zitadel/oidc. Its VerifyIDToken is for the relying party of a login: it reads the wall
// clock, wants exactly the client as azp, and wants iss, sub, aud, iat and exp. Where a platform's tokens are not like
// that (Google's azp is the account's id, a SPIFFE token has no iss, a Cognito access token has no aud), the library's
// single checks that apply are used instead.
func testZitadel(b *bench) {
	iss, err := issuer.New(b.platform, issuer.WithPreset(b.preset.Name), issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		b.Fatal(err)
	}
	httpClient := serve(b, iss)
	discovered, err := client.Discover(b.Context(), iss.URL(), httpClient)
	if err != nil {
		b.Fatal(err)
	}
	keys := rp.NewRemoteKeySet(httpClient, discovered.JwksURI)
	algs := discovered.IDTokenSigningAlgValuesSupported
	token := b.mint(iss, nil)
	aud := audience(token.Claims)

	if fitsLogin(token.Claims, aud) {
		verifier := rp.NewIDTokenVerifier(discovered.Issuer, aud[0], keys, rp.WithSupportedSigningAlgorithms(algs...))
		if _, err := rp.VerifyIDToken[*oidc.IDTokenClaims](b.Context(), token.Raw, verifier); err != nil {
			b.Errorf("zitadel: %v\n%v", err, token.Claims)
		}
		return
	}
	claims := new(oidc.TokenClaims)
	payload, err := oidc.ParseToken(token.Raw, claims)
	if err != nil {
		b.Fatal(err)
	}
	if !b.removes("iss") {
		if err := oidc.CheckIssuerWithISSVerifier(claims, discovered.Issuer, nil); err != nil {
			b.Errorf("zitadel: %v", err)
		}
	}
	if len(aud) > 0 {
		if err := oidc.CheckAudience(claims, aud[0]); err != nil {
			b.Errorf("zitadel: %v", err)
		}
	}
	if !b.removes("exp") {
		if err := oidc.CheckExpiration(claims, 0); err != nil {
			b.Errorf("zitadel: %v", err)
		}
	}
	if err := oidc.CheckSignature(b.Context(), token.Raw, payload, claims, algs, keys); err != nil {
		b.Errorf("zitadel: %v", err)
	}
}

func fitsLogin(claims issuer.Claims, aud []string) bool {
	for _, name := range []string{"iss", "sub", "iat", "exp"} {
		if claims[name] == nil {
			return false
		}
	}
	azp, has := claims["azp"]
	return len(aud) == 1 && (!has || azp == aud[0])
}

// verifySignature checks a token's signature with a key set fetched now.
func verifySignature(client *http.Client, iss *issuer.Issuer, token issuer.Token) error {
	ctx := gooidc.ClientContext(context.Background(), client)
	if _, err := gooidc.NewRemoteKeySet(ctx, iss.JWKSURL()).VerifySignature(ctx, token.Raw); err != nil {
		return fmt.Errorf("token signed by %q: %w", token.Header["kid"], err)
	}
	return nil
}

// published reports whether the key set lists a key.
func published(b *bench, client *http.Client, iss *issuer.Issuer, kid any) bool {
	b.Helper()
	response, err := client.Get(iss.JWKSURL())
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	var set struct{ Keys []struct{ KID string } }
	decode(b, response.Body, &set)
	return slices.ContainsFunc(set.Keys, func(k struct{ KID string }) bool { return k.KID == kid })
}
