package directory

import (
	"crypto/sha1" // name-based GUIDs (RFC 9562, version 5) are defined over SHA-1
	"io"
	"regexp"
	"strings"

	"github.com/google/uuid"
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

// ZeroGUID is never the id of anything. As the role of an assignment it stands for default access.
const ZeroGUID = "00000000-0000-0000-0000-000000000000"

// NewGUID is a random version 4 GUID. Ids are no secrets, so a source that fails is replaced by the system's, which
// cannot.
func NewGUID(source io.Reader) string {
	id, err := uuid.NewRandomFromReader(source)
	if err != nil {
		id = uuid.New()
	}
	return id.String()
}

// nameGUID is a version 5 GUID over the names.
func nameGUID(names ...string) string {
	sum := sha1.Sum([]byte("https://login.microsoftonline.com\x00" + strings.Join(names, "\x00")))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return uuid.UUID(sum[:16]).String()
}

// IsGUID says whether s has the form 8-4-4-4-12.
func IsGUID(s string) bool { return len(s) == len(ZeroGUID) && uuid.Validate(s) == nil }
