package gcp

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// signOn is the name in the certificates of Google's keys for ID tokens (unconfirmed).
const signOn = "federated-signon.system.gserviceaccount.com"

// certificateLife is how long the certificates are good for (inferred: Google's keys change within weeks).
const certificateLife = 17 * 24 * time.Hour

// certificates is the key set as X.509 certificates. An issuer does not give its private keys away, so that they can't
// sign themselves, as Google's do: a throw-away key does that.
type certificates struct {
	mu     sync.Mutex
	jwks   []byte // what body was made from
	body   []byte
	until  time.Time // when body is made anew, although jwks is the same
	signer *ecdsa.PrivateKey
}

// render returns an object of key id and PEM. While the key set stays as it is, so does this for a week.
func (c *certificates) render(jwks []byte, now time.Time) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.body != nil && bytes.Equal(c.jwks, jwks) && now.Before(c.until) {
		return c.body, nil
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, fmt.Errorf("gcp: key set: %w", err)
	}
	if c.signer == nil {
		var err error
		if c.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, fmt.Errorf("gcp: certificates: %w", err)
		}
	}
	all := map[string]string{}
	for _, key := range set.Keys {
		cert, err := certificate(signOn, key.Key, c.signer, now)
		if err != nil {
			return nil, err
		}
		all[key.KeyID] = string(cert)
	}
	body, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("gcp: certificates: %w", err)
	}
	c.jwks, c.body, c.until = bytes.Clone(jwks), append(body, '\n'), now.Add(7*24*time.Hour)
	return c.body, nil
}

// certificate is a PEM certificate of a public key.
func certificate(name string, public crypto.PublicKey, signer crypto.Signer, now time.Time) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("gcp: certificate: %w", err)
	}
	serial := sha1.Sum(der)
	serial[0] &= 0x7f // RFC 5280: positive
	begin := now.UTC().Truncate(24 * time.Hour)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:8]), Subject: pkix.Name{CommonName: name},
		NotBefore: begin, NotAfter: begin.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, public, signer)
	if err != nil {
		return nil, fmt.Errorf("gcp: certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), nil
}

// ownKey is the key that Google keeps for a service account, made when it is first needed.
type ownKey struct {
	once   sync.Once
	err    error
	id     string // 40 lower-case hex digits
	public crypto.PublicKey
	signer jose.OpaqueSigner
	key    crypto.Signer
}

func (k *ownKey) load() (*ownKey, error) {
	k.once.Do(func() {
		if k.key, k.err = issuer.GenerateKey(jose.RS256); k.err != nil {
			return
		}
		k.public, k.signer = k.key.Public(), cryptosigner.Opaque(k.key)
		k.id = issuer.HexKID(issuer.KeyInfo{Public: k.public})
	})
	return k, k.err
}

// signJWT signs a payload with the header that Google gives it.
func (k *ownKey) signJWT(payload []byte) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "kid": k.id, "typ": "JWT"})
	if err != nil {
		return "", fmt.Errorf("gcp: sign: %w", err)
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString(header) + "." + enc.EncodeToString(payload)
	signature, err := k.signer.SignPayload([]byte(signed), jose.RS256)
	if err != nil {
		return "", fmt.Errorf("gcp: sign: %w", err)
	}
	return signed + "." + enc.EncodeToString(signature), nil
}

// serveKeys is /oauth2/v3/certs: the issuer's own bytes.
func (a *api) serveKeys(w http.ResponseWriter, _ *http.Request) {
	jwks, err := a.workload.Issuer.JWKS()
	if err != nil {
		internalError(w, err)
		return
	}
	writeBody(w, http.StatusOK, jwks)
}

// serveCertificates is /oauth2/v1/certs.
func (a *api) serveCertificates(w http.ResponseWriter, _ *http.Request) {
	jwks, err := a.workload.Issuer.JWKS()
	if err != nil {
		internalError(w, err)
		return
	}
	body, err := a.certs.render(jwks, a.workload.Now())
	if err != nil {
		internalError(w, err)
		return
	}
	writeBody(w, http.StatusOK, body)
}

// serveOwnKey is an account's own key as a JWKS (the path is unconfirmed).
func (a *api) serveOwnKey(w http.ResponseWriter, r *http.Request) {
	key, ok := a.ownKeyFor(w, r)
	if !ok {
		return
	}
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.public, KeyID: key.id, Algorithm: "RS256", Use: "sig"}}})
}

// serveOwnCertificate is an account's own key as a certificate that it has signed itself (the path is unconfirmed).
func (a *api) serveOwnCertificate(w http.ResponseWriter, r *http.Request) {
	key, ok := a.ownKeyFor(w, r)
	if !ok {
		return
	}
	cert, err := certificate(a.principal(mux.Vars(r)["account"]).email, key.public, key.key, a.workload.Now())
	if err != nil {
		internalError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{key.id: string(cert)})
}

// ownKeyFor finds the key of the account in the path, or answers itself.
func (a *api) ownKeyFor(w http.ResponseWriter, r *http.Request) (*ownKey, bool) {
	p := a.principal(mux.Vars(r)["account"])
	if p == nil {
		notFound(w, r)
		return nil, false
	}
	key, err := p.own.load()
	if err != nil {
		internalError(w, err)
		return nil, false
	}
	return key, true
}
