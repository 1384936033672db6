package generic

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

const (
	usualKID       = "{thumbprint}"
	certificateKID = "certificate"
)

// kidStyles are what a placeholder in the form of a key id stands for.
var kidStyles = map[string]func(issuer.KeyInfo) string{
	"thumbprint":   issuer.ThumbprintKID,
	"pkix":         issuer.PKIXKID,
	"hex":          issuer.HexKID,
	"hex32":        func(info issuer.KeyInfo) string { return issuer.HexKID(info)[:32] },
	certificateKID: issuer.CertificateKID,
	"base64":       issuer.Base64KID,
	"alphanumeric": issuer.AlphanumericKID,
	"uuid":         issuer.UUIDKID(""),
	"number":       issuer.NumberedKID("", 0),
}

var kidPlaceholder = regexp.MustCompile(`\{([^{}]*)\}`)

// kidNames are the placeholders in the form of a key id.
func kidNames(form string) []string {
	var names []string
	for _, found := range kidPlaceholder.FindAllStringSubmatch(form, -1) {
		names = append(names, found[1])
	}
	return names
}

func kidStyleNames() string {
	return "{" + strings.Join(slices.Sorted(maps.Keys(kidStyles)), "}, {") + "}"
}

// kidOf is a value for issuer.KeySpec.KID.
func kidOf(form string) func(issuer.KeyInfo) string {
	return func(info issuer.KeyInfo) string {
		return kidPlaceholder.ReplaceAllStringFunc(form, func(name string) string { return kidStyles[strings.Trim(name, "{}")](info) })
	}
}
