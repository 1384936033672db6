package runner

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// certificate is what an application signs its own assertions with.
type certificate struct {
	key        *rsa.PrivateKey
	pem        string
	thumbprint string // x5t#S256
}

// ownCertificate is one for all cases of a process, made when the first asks for it. Its key stays here.
var ownCertificate = sync.OnceValues(newCertificate)

func newCertificate() (*certificate, error) {
	made, err := issuer.GenerateKey(jose.RS256)
	if err != nil {
		return nil, err
	}
	key, ok := made.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("runner: a %T for RS256, want an RSA key", made)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuerd scenario"},
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), // valid at any time a case may play at
		NotAfter:  time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return &certificate{
		key: key, pem: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		thumbprint: base64.RawURLEncoding.EncodeToString(sum[:]),
	}, nil
}

// certificateLifetime is that of the assertions that MSAL makes.
const certificateLifetime = 10 * time.Minute

// mintCertificate makes an assertion as an application with a certificate does, in the form that Microsoft documents
// (https://learn.microsoft.com/entra/identity-platform/certificate-credentials): PS256, x5t#S256, and the token
// endpoint as audience.
func (p *play) mintCertificate(ctx context.Context, m *scenario.Mint) (map[string]any, error) {
	own, err := ownCertificate()
	if err != nil {
		return nil, err
	}
	world, err := p.client.World(ctx, p.world.ID) // to know the time
	if err != nil {
		return nil, err
	}
	login, err := directory.LoginURL(p.cloud)
	if err != nil {
		return nil, err
	}
	lifetime := m.Lifetime
	if lifetime == 0 {
		lifetime = certificateLifetime
	}
	p.requests++
	claims := map[string]any{
		"aud": or(m.Audience, login+"/"+p.tenants[0].ID+"/oauth2/v2.0/token"), "iss": p.app.ClientID, "sub": p.app.ClientID,
		"jti": correlationID(p.title(), p.requests), "iat": world.Now.Unix(), "nbf": world.Now.Add(min(lifetime, 0)).Unix(), "exp": world.Now.Add(lifetime).Unix(),
	}
	header, err := certificateHeader(own.thumbprint, m.Header)
	if err != nil {
		return nil, err
	}
	change(claims, m.Claims)
	token, err := own.sign(header, claims)
	if err != nil {
		return nil, err
	}
	return p.minted(token)
}

// certificateHeader is the header of an assertion, with members over it. The certificate's key signs with two
// algorithms.
func certificateHeader(thumbprint string, over map[string]any) (map[string]any, error) {
	header := map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}
	change(header, over)
	if alg, _ := header["alg"].(string); alg != "RS256" && alg != "PS256" {
		return nil, &scenario.KeyError{Key: "header.alg", Err: fmt.Errorf("mint: a certificate signs with RS256 or PS256, not %q", alg)}
	}
	return header, nil
}

// change puts members over others; null removes one.
func change(members, with map[string]any) {
	maps.Copy(members, with)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
}

// sign makes a compact JWS whose header has exactly these members.
func (c *certificate) sign(header, claims map[string]any) (string, error) {
	alg, _ := header["alg"].(string)
	options := &jose.SignerOptions{}
	for name, value := range header {
		if name != "alg" {
			options.WithHeader(jose.HeaderKey(name), value)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: c.key}, options)
	if err != nil {
		return "", fmt.Errorf("mint: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("mint: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("mint: %w", err)
	}
	return signed.CompactSerialize()
}
