package keyfile

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// maxFile is how large a file may be, in bytes: enough for a hundred keys.
const maxFile = 1 << 20

// Read reads the private keys of a file, one or more. The warning, if there is one, says that others on this machine
// may read them too; it is for the user to see. Errors begin with the file's name.
func Read(fsys fs.FS, name string) (keys []issuer.SigningKey, warning string, err error) {
	src, err := document.ReadFile(fsys, name, maxFile)
	if err != nil {
		return nil, "", err
	}
	if keys, err = Parse(src); err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, "", err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 { // Windows has other permissions, which the mode does not show
		warning = fmt.Sprintf("%s: others on this machine may have the private key in it, as its mode is %04o: chmod 600 %s", name, info.Mode().Perm(), name)
	}
	return keys, warning, nil
}

// Parse reads private keys of PEM or JSON, one or more. A byte order mark in front, as editors on Windows write it, is
// left out.
func Parse(src []byte) (keys []issuer.SigningKey, err error) {
	switch text := bytes.TrimSpace(bytes.TrimPrefix(src, []byte("\ufeff"))); {
	case bytes.HasPrefix(text, []byte("{")):
		keys, err = parseJWK(text)
	case bytes.Contains(text, []byte("-----BEGIN ")):
		keys, err = parsePEM(text)
	default:
		err = errors.New("want a private key, as PEM (-----BEGIN PRIVATE KEY-----) or as a JSON Web Key; this is neither")
	}
	if err != nil {
		return nil, err
	}
	for n, key := range keys {
		err := key.Validate()
		if err == nil {
			err = validateParts(key.Key)
		}
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", n+1, err)
		}
	}
	return keys, nil
}

// validateParts says whether the private part of an ECDSA key is that of its public part, as a JSON Web Key need not
// have it: a token that is signed with one and verified with another is refused everywhere. RSA keys were validated
// when they were parsed.
func validateParts(key crypto.Signer) error {
	pair, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil
	}
	private, err := pair.ECDH()
	if err != nil {
		return err
	}
	public, err := pair.PublicKey.ECDH()
	if err != nil {
		return err
	}
	if !private.PublicKey().Equal(public) {
		return errors.New("its private part (d) is not that of its public part (x, y)")
	}
	return nil
}

// parsePEM reads blocks of PEM. The text before and after them is not looked at, as usual.
func parsePEM(rest []byte) ([]issuer.SigningKey, error) {
	var keys []issuer.SigningKey
	var certificates []*x509.Certificate
	var others []string // types of blocks that are neither
	for number := 1; ; number++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		key, certificate, err := parseBlock(block)
		switch {
		case err != nil:
			return nil, fmt.Errorf("PEM block %d, %s: %w", number, block.Type, err)
		case key != nil:
			keys = append(keys, issuer.SigningKey{Key: key})
		case certificate != nil:
			certificates = append(certificates, certificate)
		default:
			others = append(others, block.Type)
		}
	}
	if len(keys) == 0 {
		if len(certificates) > 0 {
			others = append(others, "CERTIFICATE")
		}
		if len(others) == 0 {
			return nil, errors.New("the PEM block can't be decoded: its lines or its end are damaged")
		}
		return nil, fmt.Errorf("want a private key (PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY); the PEM blocks are %s", strings.Join(slices.Compact(others), ", "))
	}
	for n := range keys {
		for _, certificate := range certificates {
			if sameKey(certificate.PublicKey, keys[n].Key.Public()) {
				keys[n].Certificate = certificate
			}
		}
	}
	return keys, nil
}

// parseBlock reads a private key or a certificate; all results are nil for a block of another type, such as EC
// PARAMETERS.
func parseBlock(block *pem.Block) (key crypto.Signer, certificate *x509.Certificate, err error) {
	if strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") || block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, nil, errors.New("the key is encrypted: write it without a passphrase, as with openssl pkey -in FILE -out FILE.decrypted")
	}
	var parsed any
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	case "CERTIFICATE":
		certificate, err = x509.ParseCertificate(block.Bytes)
		return nil, certificate, err
	default:
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok { // X25519
		return nil, nil, fmt.Errorf("a key of type %T can't sign", parsed)
	}
	return signer, nil, nil
}

func sameKey(a, b crypto.PublicKey) bool {
	comparable, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && comparable.Equal(b)
}

// parseJWK reads a JSON Web Key, or a set of them.
func parseJWK(src []byte) ([]issuer.SigningKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(src, &set); err != nil {
		return nil, fmt.Errorf("a JSON Web Key: %w", err)
	}
	if set.Keys == nil {
		set.Keys = []json.RawMessage{src}
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("want a private key; the set of JSON Web Keys is empty")
	}
	keys := make([]issuer.SigningKey, len(set.Keys))
	for n, raw := range set.Keys {
		var jwk jose.JSONWebKey
		if err := jwk.UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("JSON Web Key %d: %w", n+1, err)
		}
		signer, ok := jwk.Key.(crypto.Signer)
		switch {
		case jwk.IsPublic():
			return nil, fmt.Errorf("JSON Web Key %d: want a private key; this is a public one, without the member d", n+1)
		case jwk.Use != "" && jwk.Use != "sig":
			return nil, fmt.Errorf("JSON Web Key %d: want a key for signatures; its use is %q", n+1, jwk.Use)
		case !ok:
			return nil, fmt.Errorf("JSON Web Key %d: want kty RSA or EC; a key of type %T is not for signatures that others verify", n+1, jwk.Key)
		}
		keys[n] = issuer.SigningKey{Key: signer, ID: jwk.KeyID, Alg: jose.SignatureAlgorithm(jwk.Algorithm)}
		if len(jwk.Certificates) > 0 {
			keys[n].Certificate = jwk.Certificates[0]
		}
	}
	return keys, nil
}
