package graph

import (
	"crypto/sha1" // what a thumbprint is
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// keyCredential is a certificate as keyCredentials has it. The directory keeps the certificate, which sign-ins use, and
// beside it the other members with the certificate's base64 in key.
type keyCredential struct {
	certificate *x509.Certificate
	members     map[string]any
}

// keyCredentials are an application's. Certificates that were not given to Microsoft Graph have an id of their
// thumbprint.
func keyCredentials(a *directory.Application) []keyCredential {
	given, _ := a.Properties["keyCredentials"].([]any)
	var all []keyCredential
	for _, text := range a.Certificates {
		certificate, err := directory.ParseCertificate(text)
		if err != nil {
			continue // the directory has parsed it once
		}
		key := base64.StdEncoding.EncodeToString(certificate.Raw)
		i := slices.IndexFunc(given, func(one any) bool { members, _ := one.(map[string]any); return members["key"] == key })
		if i >= 0 {
			all = append(all, keyCredential{certificate, given[i].(map[string]any)})
			continue
		}
		all = append(all, keyCredential{certificate, map[string]any{"key": key, "keyId": keyID(certificate)}})
	}
	return all
}

// keyID is the id of a certificate that was given none.
func keyID(certificate *x509.Certificate) string {
	sum := sha1.Sum(certificate.Raw)
	return uuid.UUID(sum[:16]).String()
}

// keyCredentialEntities leave the key out: Microsoft Graph has it only for those who select keyCredentials of a single
// application.
func keyCredentialEntities(a *directory.Application) []object {
	entities := []object{}
	for _, k := range keyCredentials(a) {
		sum := sha1.Sum(k.certificate.Raw)
		entity := object{
			{"customKeyIdentifier", strings.ToUpper(hex.EncodeToString(sum[:]))},
			{"displayName", k.certificate.Subject.String()},
			{"endDateTime", stamp(k.certificate.NotAfter)},
			{"key", nil},
			{"keyId", ""},
			{"startDateTime", stamp(k.certificate.NotBefore)},
			{"type", "AsymmetricX509Cert"},
			{"usage", "Verify"},
		}
		for i := range entity {
			if value, set := k.members[entity[i].name]; set && entity[i].name != "key" {
				entity[i].value = value
			}
		}
		entities = append(entities, entity)
	}
	return entities
}

// setKeyCredentials replaces the certificates of an application. One that is there already is named by its keyId, and
// needs no key. Only certificates to verify with are taken: private and symmetric keys are secrets, which must not be
// stored. The text about usage was seen (microsoftgraph/msgraph-sdk-java#1823), and that about a change
// (Azure/active-directory-dotnet-graphapi-b2bportal-web#8); that both come for these reasons, and the others, is
// inferred.
func setKeyCredentials(a *directory.Application, value any) *refusal {
	if value == nil {
		return nil
	}
	given, _ := value.([]any)
	before := keyCredentials(a)
	stored, certificates := []any{}, []string{}
	for _, one := range given {
		members, _ := withoutAnnotations(one).(map[string]any)
		text := func(name string) string { s, _ := members[name].(string); return s }
		was := slices.IndexFunc(before, func(k keyCredential) bool {
			id, _ := k.members["keyId"].(string)
			return strings.EqualFold(id, text("keyId"))
		})
		var certificate *x509.Certificate
		switch {
		case !strings.EqualFold(text("type"), "AsymmetricX509Cert"):
			return invalidValue("keyCredentials", "Application")
		case !strings.EqualFold(text("usage"), "Verify"):
			return invalidRequest(`The value for the property "usage" in one of your credentials is invalid. Acceptable values are Sign, Verify.`)
		case text("keyId") != "" && !directory.IsGUID(text("keyId")):
			return invalidValue("keyCredentials", "Application")
		case text("key") != "":
			if certificate = readCertificate(text("key")); certificate == nil {
				return invalidValue("keyCredentials", "Application")
			}
			if was >= 0 && !certificate.Equal(before[was].certificate) {
				return invalidRequest("Update to existing credential with KeyId '%s' is not allowed.", text("keyId"))
			}
		case was < 0:
			return invalidValue("keyCredentials", "Application")
		}
		keep := map[string]any{}
		if was >= 0 {
			certificate, keep = before[was].certificate, before[was].members
		}
		encoded := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
		if slices.Contains(certificates, encoded) {
			return invalidValue("keyCredentials", "Application")
		}
		if was < 0 {
			for _, name := range []string{"customKeyIdentifier", "displayName", "endDateTime", "keyId", "startDateTime"} {
				if text(name) != "" {
					keep[name] = text(name)
				}
			}
			if keep["keyId"] == nil {
				keep["keyId"] = keyID(certificate)
			}
			keep["key"] = base64.StdEncoding.EncodeToString(certificate.Raw)
		}
		stored, certificates = append(stored, keep), append(certificates, encoded)
	}
	a.Certificates = certificates
	setProperty(a, "keyCredentials", stored)
	return nil
}

// readCertificate reads base64 of DER, or of PEM as Terraform sends it, or returns nil. It is one that the directory
// takes.
func readCertificate(key string) *x509.Certificate {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil
	}
	switch block, rest := pem.Decode(raw); {
	case block == nil:
		raw = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	case len(strings.TrimSpace(string(rest))) > 0:
		return nil
	}
	certificate, err := directory.ParseCertificate(string(raw))
	if err != nil {
		return nil
	}
	return certificate
}
