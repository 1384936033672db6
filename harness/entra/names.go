package entra

import (
	"crypto/rand"
	"crypto/sha1" // name-based GUIDs (RFC 9562, version 5) are defined over SHA-1
	"encoding/hex"
	"io"
	"regexp"
	"strings"
)

// Entra's limits on federated identity credentials, from the Microsoft Graph
// reference of federatedIdentityCredential.
const (
	MaxCredentials = 20  // of an application or a managed identity
	MaxFieldLength = 600 // of issuer, subject, audience and description; in characters
	minNameLength  = 3
	maxNameLength  = 120
)

// ValidCredentialName tells whether a federated identity credential can have a name.
func ValidCredentialName(name string) bool {
	if len(name) < minNameLength || len(name) > maxNameLength || !isWord(rune(name[0])) {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return !isWord(r) && r != '-' && r != '_' })
}

// Names in Azure, as its naming rules have them.
var (
	groupName    = regexp.MustCompile(`^[-\w._()]{0,89}[-\w_()]$`)
	identityName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$`)
)

// ValidGroupName tells whether a resource group can have a name.
func ValidGroupName(name string) bool { return groupName.MatchString(name) }

// ValidIdentityName tells whether a user-assigned managed identity can have a name.
func ValidIdentityName(name string) bool { return identityName.MatchString(name) }

// Location is a region's name as Azure returns it: clients may give "West Europe" for westeurope.
func Location(given string) string { return strings.ToLower(strings.ReplaceAll(given, " ", "")) }

// NewGUID is a random version 4 GUID. Ids are no secrets, so a source that fails is replaced by the system's, which cannot.
func NewGUID(source io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(source, b[:]); err != nil {
		_, _ = rand.Read(b[:])
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return formatGUID(b)
}

// nameGUID is a version 5 GUID over the names.
func nameGUID(names ...string) string {
	sum := sha1.Sum([]byte("https://login.microsoftonline.com\x00" + strings.Join(names, "\x00")))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return formatGUID([16]byte(sum[:16]))
}

// formatGUID writes 16 bytes as 8-4-4-4-12 hexadecimal digits.
func formatGUID(b [16]byte) string {
	var out [36]byte
	hex.Encode(out[0:8], b[0:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:36], b[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// IsGUID says whether s has the form 8-4-4-4-12.
func IsGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
