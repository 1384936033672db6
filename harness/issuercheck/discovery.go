package issuercheck

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// metadata are the members of a discovery document that there is something to say about.
type metadata struct {
	Issuer        string   `json:"issuer"`
	JWKSURI       string   `json:"jwks_uri"`
	Authorization *string  `json:"authorization_endpoint"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
}

// discovery is about the members of the discovery document; nil: it is no such document.
func (c *checking) discovery(raw []byte, x *transfer) *metadata {
	m := new(metadata)
	if err := json.Unmarshal(raw, m); err != nil {
		text := "the discovery document is not a JSON object with members of the right types"
		if strings.HasPrefix(strings.TrimSpace(string(raw)), "<") {
			text = "there is HTML in the place of the discovery document"
		}
		c.bad("discovery", fetchCode, text, "serve the document at "+strings.TrimSuffix(c.Issuer, "/")+discoveryPath)
		return nil
	}
	if m.Issuer != c.Issuer {
		c.bad("discovery", fetchCode, fmt.Sprintf("the document's issuer is %q, not %q: %s", m.Issuer, c.Issuer, unlike(m.Issuer, c.Issuer)),
			"make issuer, the tokens' iss and the credential's issuer the same, byte for byte")
	} else {
		c.ok("discovery", "the document's issuer is the URL, byte for byte")
	}
	if u, err := url.Parse(m.JWKSURI); m.JWKSURI != "" && (err != nil || u.Scheme != "https") {
		c.bad("discovery", 90061, fmt.Sprintf("jwks_uri is %q, which is no https URL", withoutPassword(m.JWKSURI)), "give the keys an https URL")
	}
	if m.Authorization != nil && *m.Authorization == "" {
		c.warn("discovery", "authorization_endpoint is empty",
			"leave it out: one report had 501661 with it and with an empty subject_types_supported; documents of SPIRE's have it and work")
	}
	if m.Algorithms != nil && !slices.ContainsFunc(m.Algorithms, func(alg string) bool { return strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS") }) {
		c.warn("discovery", fmt.Sprintf("id_token_signing_alg_values_supported has no RSA algorithm: %s", strings.Join(m.Algorithms, ", ")),
			"sign with RS256: Entra takes RSA signatures only (AADSTS5002738)")
	}
	return m
}

// withoutPassword hides the password of a URL, if it has one.
func withoutPassword(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text
	}
	return u.Redacted()
}

// unlike says in words how two issuers differ.
func unlike(a, b string) string {
	switch {
	case a == "":
		return "it has none"
	case strings.TrimRight(a, "/") == strings.TrimRight(b, "/"):
		return "they differ in the final slash"
	case strings.EqualFold(a, b):
		return "they differ in case"
	case strings.TrimSpace(a) == strings.TrimSpace(b):
		return "they differ in white space"
	}
	return "they are two issuers"
}
