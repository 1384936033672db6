package issuercheck

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/wording"
)

// maxKeys is how many signing keys Entra looks at, which is documented.
const maxKeys = 100

// minKeyBits is the least size of an RSA key that signs (RFC 7518, section 3.3).
const minKeyBits = 2048

// entry is what is looked at of an entry of a key set.
type entry struct {
	Type      string   `json:"kty"`
	ID        string   `json:"kid"`
	Algorithm string   `json:"alg"`
	Use       string   `json:"use"`
	X5C       []string `json:"x5c"`
	Private   string   `json:"d"`
	Prime     string   `json:"p"`
	Secret    string   `json:"k"`
}

// keys is about the key set, which a sign-in reads whole or not at all.
func (c *checking) keys(raw []byte) {
	read := entra.ReadIssuer(c.Issuer, nil, raw, c.rules)
	if code, reason := read.Refusal(c.rules); code != 0 {
		c.bad("keys", code, reason, "publish a JWK Set with RSA keys; one broken entry spoils it all, which is inferred")
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(raw, &set) != nil {
		return // which the refusal says
	}
	usable, seen := 0, 0
	for _, raw := range set.Keys {
		var e entry
		if json.Unmarshal(raw, &e) != nil {
			continue
		}
		key := Key{ID: e.ID, Type: e.Type, Algorithm: e.Algorithm, Use: e.Use, X5C: len(e.X5C), Private: e.Private != "" || e.Prime != "" || e.Secret != ""}
		var parsed jose.JSONWebKey
		if parsed.UnmarshalJSON(raw) == nil {
			public := parsed.Public() // a private one is published by mistake
			if rsaKey, ok := public.Key.(*rsa.PublicKey); ok {
				key.Bits = rsaKey.N.BitLen()
			}
		}
		if e.Use == "" || e.Use == "sig" {
			seen++
		}
		key.Why = c.useless(key, read, seen)
		if key.Usable = key.Why == ""; key.Usable {
			usable++
		}
		c.Keys = append(c.Keys, key)
	}
	if read.Keys != nil { // else no key is used at all
		c.sayKeys(usable, seen)
	}
}

// useless says why no token that the key signs is accepted; empty: one may be. seen is how many signing keys there were
// up to it.
func (c *checking) useless(k Key, read entra.IssuerDocuments, seen int) string {
	switch {
	case k.ID == "":
		return "it has no kid, by which a token names it"
	case k.Type != "RSA":
		return "it is no RSA key"
	case k.Use != "" && k.Use != "sig":
		return fmt.Sprintf("its use is %q, not sig", k.Use)
	case seen > maxKeys:
		return fmt.Sprintf("it comes after the first %d keys", maxKeys)
	case k.Algorithm != "" && !strings.HasPrefix(k.Algorithm, "RS") && !strings.HasPrefix(k.Algorithm, "PS"):
		return fmt.Sprintf("its alg is %q", k.Algorithm)
	case k.Bits < minKeyBits:
		return fmt.Sprintf("it has %d bits, fewer than %d", k.Bits, minKeyBits)
	case read.Keys != nil && read.Keys[k.ID] == nil:
		return "a sign-in does not find it by its kid"
	}
	return ""
}

// sayKeys sums up the keys.
func (c *checking) sayKeys(usable, seen int) {
	for _, k := range c.Keys {
		if k.Private {
			c.warn("keys", fmt.Sprintf("the key %q is published with its private members: anybody can sign with it, and Entra takes what they sign", k.ID), "withdraw it at once, and publish the public members of another")
		}
		if k.Why == "" {
			continue
		}
		code := 7000272
		if k.Type != "" && k.Type != "RSA" {
			code = 5002738
		}
		c.warn("keys", fmt.Sprintf("no token can be accepted that the key %q signs: %s (AADSTS%d)", k.ID, k.Why, code), "")
	}
	switch {
	case len(c.Keys) == 0:
		c.bad("keys", 7000272, "the key set is empty", "publish the key that signs")
		return
	case usable == 0:
		code := 7000272
		if !slices.ContainsFunc(c.Keys, func(k Key) bool { return k.Type == "RSA" }) {
			code = 5002738 // which comes before a key is looked for
		}
		c.bad("keys", code, "no key of the set can verify a token for Entra", "publish the RSA key that signs, with its kid")
		return
	}
	c.ok("keys", fmt.Sprintf("%s, of which %d can verify tokens", wording.Count(len(c.Keys), "key"), usable))
	if seen > maxKeys {
		c.warn("keys", fmt.Sprintf("%s: Entra looks at the first %d", wording.Count(seen, "signing key"), maxKeys), "withdraw old ones")
	}
}

// rotation is about what happens when the issuer takes another key: keys are fetched again about once an hour, so that
// the next one has to be published well before it signs.
func (c *checking) rotation() {
	if x := c.recorder.last("jwks"); x != nil && x.cache != "" {
		c.ok("rotation", fmt.Sprintf("the key set says Cache-Control %q; that Entra heeds it is not known, and users report up to an hour", x.cache))
	}
	now := usableIDs(c.Keys)
	if c.earlier == nil {
		if len(now) == 1 {
			c.warn("rotation", "there is one key that can verify tokens: when another begins to sign before it has been published for a while, sign-ins fail (AADSTS7000272)",
				"publish the next key an hour and more before it signs, and the old one until its last token has expired")
		}
		return
	}
	kept, gone := 0, 0
	for _, e := range c.earlier {
		if now[e.ID] {
			kept++
		} else {
			gone++
		}
	}
	switch {
	case kept == 0:
		c.bad("rotation", 7000272, "no key of the earlier set is there any more: tokens that those have signed are refused, and new ones too until Entra fetches the keys again",
			"let the old and the new keys overlap for at least an hour, and the lifetime of a token")
	case gone > 0:
		c.ok("rotation", fmt.Sprintf("%s of the earlier set kept, %d withdrawn", wording.Count(kept, "key"), gone))
	default:
		c.ok("rotation", "every key of the earlier set is still there")
	}
}

// readEarlier reads a key set that the issuer published earlier.
func readEarlier(raw []byte) ([]entry, error) {
	if raw == nil {
		return nil, nil
	}
	var set struct {
		Keys []entry `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) == 0 {
		return nil, errors.New("issuercheck: the earlier key set is no JWK Set with keys in it: want {\"keys\": […]}, as the issuer has published it")
	}
	return set.Keys, nil
}

func usableIDs(keys []Key) map[string]bool {
	ids := map[string]bool{}
	for _, k := range keys {
		if k.Usable {
			ids[k.ID] = true
		}
	}
	return ids
}
