package entra

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // x5t is defined as a SHA-1 thumbprint
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// SigningKey is what access tokens are signed with. The same key of the same time always has the same certificate.
type SigningKey struct {
	Key  crypto.Signer // RSA of 2048 bits; safe for concurrent use
	Made time.Time     // by the server's clock; zero: just now
}

// signingKey signs access tokens; every tenant shares it, as in Entra.
type signingKey struct {
	signer     jose.OpaqueSigner
	id         string // kid and x5t: the certificate's SHA-1 thumbprint in base64url
	jwkMembers string // kty to x5c of its JWK, in Entra's order
	headerV1   string // the token header, base64url, with the dot behind it
	headerV2   string
}

// lazyKey makes the signing key when it is first needed. An error is not kept:
// the next call tries again.
type lazyKey struct {
	generate func() (SigningKey, error)
	now      func() time.Time

	mu  sync.Mutex
	key *signingKey
}

func (l *lazyKey) get() (*signingKey, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.key != nil {
		return l.key, nil
	}
	made, err := l.generate()
	if err != nil {
		return nil, fmt.Errorf("entra: make signing key: %w", err)
	}
	if made.Made.IsZero() {
		made.Made = l.now()
	}
	key, err := newSigningKey(made.Key, made.Made)
	if err != nil {
		return nil, err
	}
	l.key = key
	return key, nil
}

// newSigningKey wraps the key in the self-signed certificate that x5c shows.
func newSigningKey(private crypto.Signer, now time.Time) (*signingKey, error) {
	public, ok := private.Public().(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("entra: the signing key is a %T, want an RSA key", private)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "accounts.accesscontrol.windows.net"},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.AddDate(5, 0, 0),
	}
	// An RSA PKCS #1 v1.5 signature takes no randomness.
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		return nil, fmt.Errorf("entra: certificate of the signing key: %w", err)
	}
	thumbprint := sha1.Sum(der)
	id := base64.RawURLEncoding.EncodeToString(thumbprint[:])
	encode := base64.RawURLEncoding.EncodeToString
	exponent := big.NewInt(int64(public.E)).Bytes()
	return &signingKey{
		signer: cryptosigner.Opaque(private),
		id:     id,
		jwkMembers: `"kty":"RSA","use":"sig","kid":"` + id + `","x5t":"` + id +
			`","n":"` + encode(public.N.Bytes()) + `","e":"` + encode(exponent) +
			`","x5c":["` + base64.StdEncoding.EncodeToString(der) + `"]`,
		headerV1: encode([]byte(`{"typ":"JWT","alg":"RS256","x5t":"`+id+`","kid":"`+id+`"}`)) + ".",
		headerV2: encode([]byte(`{"typ":"JWT","alg":"RS256","kid":"`+id+`"}`)) + ".",
	}, nil
}

// graphHeader is the header of a token for Microsoft Graph, as a token of 2023 has it (cloudfoundry/uaa#2493), whose
// nonce has 32 bytes.
func (k *signingKey) graphHeader(nonce string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","nonce":"`+nonce+`","alg":"RS256","x5t":"`+k.id+`","kid":"`+k.id+`"}`)) + "."
}

// hashNonce is what a token for Microsoft Graph is signed with in place of its nonce
// (justinlettau/azure-ad-verify-token#5).
func hashNonce(nonce string) string {
	hash := sha256.Sum256([]byte(nonce))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// signForGraph returns a token as Microsoft Graph gets it: the header has a nonce, and the signature is over the header
// with the nonce's hash. So nobody verifies it who does not know that, as nobody but Graph is meant to
// (AzureAD/azure-activedirectory-identitymodel-extensions-for-dotnet#609,
// #853). That the tokens of today are signed so too is inferred.
func (k *signingKey) signForGraph(nonce string, payload []byte) (string, error) {
	signed := k.graphHeader(hashNonce(nonce))
	token, err := k.sign(signed, payload)
	if err != nil {
		return "", err
	}
	return k.graphHeader(nonce) + strings.TrimPrefix(token, signed), nil
}

// verify returns the payload of a token of sign or signForGraph.
func (k *signingKey) verify(token string) ([]byte, error) {
	header, rest, _ := strings.Cut(token, ".")
	if h, err := readHeader(header); err == nil {
		if nonce := h.text("nonce"); header+"." == k.graphHeader(nonce) {
			token = k.graphHeader(hashNonce(nonce)) + rest
		}
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	return jws.Verify(k.signer.Public().Key)
}

// sign returns the compact token of a header (with its dot) and a payload.
func (k *signingKey) sign(header string, payload []byte) (string, error) {
	input := make([]byte, 0, len(header)+base64.RawURLEncoding.EncodedLen(len(payload))+1+342)
	input = append(input, header...)
	input = base64.RawURLEncoding.AppendEncode(input, payload)
	signature, err := k.signer.SignPayload(input, jose.RS256)
	if err != nil {
		return "", fmt.Errorf("entra: sign access token: %w", err)
	}
	input = append(input, '.')
	return string(base64.RawURLEncoding.AppendEncode(input, signature)), nil
}
