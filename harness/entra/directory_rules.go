package entra

import (
	"crypto/sha1" // name-based GUIDs (RFC 9562, version 5) are defined over SHA-1
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Entra's limits on federated identity credentials, from the Microsoft Graph
// reference of federatedIdentityCredential.
const (
	maxCredentials = 20
	minNameLength  = 3
	maxNameLength  = 120
	maxFieldLength = 600 // issuer, subject, audience, description; in characters
)

// zeroGUID is never the id of anything.
const zeroGUID = "00000000-0000-0000-0000-000000000000"

// newTenantRecord checks a tenant and fills in what is missing, without its
// applications.
func newTenantRecord(t Tenant) (*tenantRecord, error) {
	if t.DisplayName == "" && len(t.Domains) > 0 {
		t.DisplayName = t.Domains[0]
	}
	if t.DisplayName == "" {
		t.DisplayName = t.ID
	}
	if t.DisplayName == "" {
		return nil, errors.New("entra: tenant: no display name, domain or id")
	}
	c, err := cloudNamed(t.Cloud)
	if err != nil {
		return nil, fmt.Errorf("entra: tenant %q: %w", t.DisplayName, err)
	}
	t.Cloud = c.name
	t.ID, err = idOr(t.ID, "tenant", t.DisplayName)
	if err != nil {
		return nil, fmt.Errorf("entra: tenant %q: id: %w", t.DisplayName, err)
	}
	t.Domains = slices.Clone(t.Domains)
	for i, domain := range t.Domains {
		if !isDomain(domain) {
			return nil, fmt.Errorf("entra: tenant %q: %q is not a domain name", t.DisplayName, domain)
		}
		for _, other := range t.Domains[:i] {
			if strings.EqualFold(other, domain) {
				return nil, fmt.Errorf("entra: tenant %q: domain %q twice", t.DisplayName, domain)
			}
		}
	}
	t.Applications = nil
	return &tenantRecord{tenant: t, cloud: c, byClient: make(map[string]*Application)}, nil
}

// add checks an application, fills in its ids and adds it.
func (r *tenantRecord) add(a Application) error {
	if a.Name == "" {
		return fmt.Errorf("entra: tenant %q: application without a name", r.tenant.DisplayName)
	}
	added := Application{
		Name: a.Name, NoServicePrincipal: a.NoServicePrincipal, Disabled: a.Disabled,
		IdentifierURIs: slices.Clone(a.IdentifierURIs),
	}
	for _, id := range []struct {
		kind  string
		given string
		into  *string
	}{
		{"client", a.ClientID, &added.ClientID},
		{"application", a.ObjectID, &added.ObjectID},
		{"service principal", a.ServicePrincipalID, &added.ServicePrincipalID},
	} {
		var err error
		if *id.into, err = idOr(id.given, id.kind, r.tenant.ID, a.Name); err != nil {
			return fmt.Errorf("entra: application %q: %s id: %w", a.Name, id.kind, err)
		}
	}
	for _, other := range r.apps {
		if other.Name == a.Name {
			return fmt.Errorf("entra: tenant %q already has an application named %q", r.tenant.DisplayName, a.Name)
		}
		if strings.EqualFold(other.ClientID, added.ClientID) || strings.EqualFold(other.ObjectID, added.ObjectID) {
			return fmt.Errorf("entra: application %q: application %q has the same client id or object id", a.Name, other.Name)
		}
	}
	for i, uri := range added.IdentifierURIs {
		if uri == "" || slices.Contains(added.IdentifierURIs[:i], uri) {
			return fmt.Errorf("entra: application %q: identifier URI %q empty or twice", a.Name, uri)
		}
		if r.cloud.serviceOf(uri) != nil {
			return fmt.Errorf("entra: application %q: identifier URI %q belongs to %s", a.Name, uri, r.cloud.serviceOf(uri).name)
		}
		for _, other := range r.apps {
			if slices.Contains(other.IdentifierURIs, uri) {
				return fmt.Errorf("entra: application %q: application %q has the identifier URI %q", a.Name, other.Name, uri)
			}
		}
	}
	for _, c := range a.Credentials {
		if err := addCredential(&added, c); err != nil {
			return err
		}
	}
	r.apps = append(r.apps, &added)
	r.byClient[strings.ToLower(added.ClientID)] = &added
	return nil
}

// addCredential checks a credential and appends it to the application's.
func addCredential(a *Application, c Credential) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("entra: application %q: credential %q: "+format, append([]any{a.Name, c.Name}, args...)...)
	}
	switch {
	case !isCredentialName(c.Name):
		return fail("the name must have %d to %d letters, digits, - and _, the first a letter or a digit", minNameLength, maxNameLength)
	case c.Matching != "":
		return fail("flexible matching expressions are not emulated: give a subject instead of matching %q", c.Matching)
	case c.Issuer == "":
		return fail("no issuer")
	case c.Subject == "":
		return fail("no subject")
	case len(c.Audiences) != 1:
		return fail("federated identity credentials must have exactly one audience, this one has %d", len(c.Audiences))
	case c.Audiences[0] == "":
		return fail("the audience is empty")
	case len(a.Credentials) >= maxCredentials:
		return fail("the application already has %d federated identity credentials, the limit", maxCredentials)
	}
	for _, field := range []struct{ name, value string }{
		{"issuer", c.Issuer}, {"subject", c.Subject}, {"audience", c.Audiences[0]}, {"description", c.Description},
	} {
		if n := utf8.RuneCountInString(field.value); n > maxFieldLength {
			return fail("the %s has %d characters, the limit is %d", field.name, n, maxFieldLength)
		}
	}
	var err error
	if c.ID, err = idOr(c.ID, "credential", a.ObjectID, c.Name); err != nil {
		return fail("id: %w", err)
	}
	for _, other := range a.Credentials {
		switch {
		case other.Name == c.Name:
			return fail("the name is taken")
		case strings.EqualFold(other.ID, c.ID):
			return fail("the id %q is taken by credential %q", c.ID, other.Name)
		case other.Issuer == c.Issuer && other.Subject == c.Subject:
			return fail("the combination of issuer %q and subject %q must be unique for the application, credential %q has it", c.Issuer, c.Subject, other.Name)
		}
	}
	c.Audiences = slices.Clone(c.Audiences)
	a.Credentials = append(a.Credentials, c)
	return nil
}

// idOr checks a given GUID, or derives one from the names when it is empty:
// the same names always give the same id.
func idOr(given string, names ...string) (string, error) {
	if given == "" {
		return nameGUID(names...), nil
	}
	if !isGUID(given) || given == zeroGUID {
		return "", fmt.Errorf("%q is not a usable GUID", given)
	}
	return strings.ToLower(given), nil
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

// isGUID says whether s has the form 8-4-4-4-12.
func isGUID(s string) bool {
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

// isDomain says whether s is a DNS name of at least two labels.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool { return !isWord(r) && r != '-' }) {
			return false
		}
	}
	return true
}

func isCredentialName(s string) bool {
	if len(s) < minNameLength || len(s) > maxNameLength || !isWord(rune(s[0])) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !isWord(r) && r != '-' && r != '_' })
}

func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
