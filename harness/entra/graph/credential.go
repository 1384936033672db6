package graph

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/expression"
)

const (
	credentialType     = "microsoft.graph.federatedIdentityCredential"
	credentialResource = "FederatedIdentityCredential"
)

// credentialEntity is a federated identity credential, with the members in the order of recordings of the Azure CLI
// (2022). Only beta has the expression.
func credentialEntity(c directory.Credential, beta bool) object {
	entity := object{
		{"id", c.ID}, {"name", c.Name}, {"issuer", c.Issuer}, {"subject", orNull(c.Subject)}, {"description", orNull(c.Description)},
		{"audiences", list(c.Audiences)},
	}
	if !beta {
		return entity
	}
	var matching any
	if c.Matching != "" {
		matching = object{{"value", c.Matching}, {"languageVersion", expression.LanguageVersion}}
	}
	return append(entity, member{"claimsMatchingExpression", matching})
}

// exampleCredential has a value of every property that can be filtered by.
func exampleCredential(beta bool) object {
	return credentialEntity(directory.Credential{Subject: "x", Description: "x", Audiences: []string{"x"}, Matching: "x"}, beta)
}

// setCredential applies the properties of a POST or PATCH. In v1.0 the expression is left alone, so that a credential
// with nothing but one lacks a subject there; that is what Azure/azure-cli#32816 reports.
//
// Today's rules count for a credential whose issuer or expression changes, whatever its age.
func setCredential(cr *directory.Credential, body map[string]any, beta bool) *refusal {
	issuer, matching := cr.Issuer, cr.Matching
	for _, name := range slices.Sorted(maps.Keys(body)) {
		value := body[name]
		var target *string
		switch {
		case strings.Contains(name, "@odata."), name == "id", name == "claimsMatchingExpression" && !beta:
			continue
		case name == "claimsMatchingExpression":
			if bad := setExpression(cr, value); bad != nil {
				return bad
			}
			continue
		case name == "audiences":
			audiences, ok := stringValues(value)
			if !ok {
				return invalidValue(name, credentialResource)
			}
			cr.Audiences = audiences
			continue
		case name == "name":
			target = &cr.Name
		case name == "issuer":
			target = &cr.Issuer
		case name == "subject":
			target = &cr.Subject
		case name == "description":
			target = &cr.Description
		default:
			// The text of Microsoft's OData library; inferred for Microsoft Graph.
			return badRequest("The property '%s' does not exist on type '%s'. Make sure to only use property names that are defined by the type.", name, credentialType)
		}
		text, bad := stringValue(name, value, credentialResource)
		if bad != nil {
			return bad
		}
		*target = text
	}
	if cr.Issuer != issuer || cr.Matching != matching {
		cr.Created = time.Time{}
	}
	return nil
}

func setExpression(cr *directory.Credential, value any) *refusal {
	switch value := value.(type) {
	case nil:
		cr.Matching = ""
	case map[string]any:
		text, isString := value["value"].(string)
		version, given := value["languageVersion"]
		if number, _ := version.(float64); !isString || text == "" || given && number != expression.LanguageVersion {
			return invalidValue("claimsMatchingExpression", credentialResource)
		}
		if !given {
			return valueRequired("languageVersion", "FederatedIdentityExpression")
		}
		cr.Matching = text
	default:
		return unexpectedNode(value, "StartObject")
	}
	return nil
}

// invalidCredential is a rule of federated identity credentials that was broken. The code was seen for two of them, for
// the others it is inferred, as their texts are.
func invalidCredential(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, codeInvalidCredential, format, args...)
}

// validateCredential validates a new or changed credential against the rules. before is what it was (nil: it is new),
// others are the application's other credentials.
func validateCredential(t *directory.Tenant, cr, before *directory.Credential, others []directory.Credential, o directory.Options) *refusal {
	for _, required := range []struct {
		name    string
		missing bool
	}{
		{"name", cr.Name == ""}, {"issuer", cr.Issuer == ""}, {"audiences", len(cr.Audiences) == 0 || cr.Audiences[0] == ""},
		{"subject", cr.Subject == "" && cr.Matching == ""},
	} {
		if required.missing {
			return invalidRequest("Property '%s' cannot be empty.", required.name)
		}
	}
	switch {
	case !directory.ValidCredentialName(cr.Name):
		return invalidCredential("FederatedIdentityCredential name '%s' is not a valid URI last segment.", cr.Name)
	case len(cr.Audiences) != 1:
		return invalidCredential("Federated identity credentials must have exactly one audience.") // the text of Azure Resource Manager
	case cr.Subject != "" && cr.Matching != "":
		return invalidCredential("The properties subject and claimsMatchingExpression are mutually exclusive.")
	}
	for _, field := range []struct{ name, value string }{
		{"issuer", cr.Issuer}, {"subject", cr.Subject}, {"audiences", cr.Audiences[0]}, {"description", cr.Description},
	} {
		if utf8.RuneCountInString(field.value) > directory.MaxFieldLength {
			return invalidValue(field.name, credentialResource)
		}
	}
	if cr.Matching != "" {
		if bad := validateExpression(t, cr, o); bad != nil {
			return bad
		}
	}
	if bad := validateIssuer(t, cr, before); bad != nil {
		return bad
	}
	for _, other := range others {
		switch {
		case other.Name == cr.Name:
			return refuse(http.StatusConflict, codeMultipleObjects, "FederatedIdentityCredential with name %s already exists.", cr.Name)
		case cr.Subject != "" && other.Issuer == cr.Issuer && other.Subject == cr.Subject:
			return invalidCredential("The combination of issuer and subject must be unique for the application. Issuer %s and Subject: %s already exist. "+
				"paramName: FederatedIdentityCredential.Subject, paramValue: %s, objectType: Microsoft.Online.DirectoryServices.Application",
				cr.Issuer, cr.Subject, cr.Subject)
		}
	}
	if before == nil && len(others) >= directory.MaxCredentials {
		return refuse(http.StatusForbidden, codeObjectSizeExceeded,
			"The size of the object has exceeded its limit. Please reduce the number of values and retry your request.")
	}
	return nil
}

// validateExpression refuses expressions. The text for a rule was seen with GitHub's claims; of that for a cloud
// without expressions the part of [directory.ErrNoExpressions] was seen, the words before it are inferred; for a broken
// expression it is inferred.
func validateExpression(t *directory.Tenant, cr *directory.Credential, o directory.Options) *refusal {
	const invalid = "The FederatedIdentityCredential.ClaimsMatchingExpression.Value is invalid. "
	err := directory.ValidateMatching(t.Cloud, *cr, false, o)
	var syntax *expression.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, directory.ErrNoExpressions):
		return invalidCredential("Federated identity credential %s", directory.ErrNoExpressions)
	case errors.As(err, &syntax):
		return invalidCredential(invalid+"Syntax error at position %d: expected %s.", syntax.Offset+1, syntax.Want)
	}
	return invalidCredential(invalid+"Rule exception: Expression configured for issuer '%s' either lacks all required claims or contains unallowed claims.", cr.Issuer)
}

// validateIssuer applies the tenant's policy, which is about issuers that are new or changed, and what is documented
// for Entra as an issuer: its subject must be an object of the tenant.
func validateIssuer(t *directory.Tenant, cr, before *directory.Credential) *refusal {
	isNew := before == nil || before.Issuer != cr.Issuer
	if allowed := t.Policies.AllowedIssuers; isNew && len(allowed) > 0 && !slices.Contains(allowed, cr.Issuer) {
		return invalidCredential("Issuer '%s' is not allowed as per assigned policy.", cr.Issuer) // the last words were seen
	}
	login, err := directory.LoginURL(t.Cloud)
	if err != nil || cr.Issuer != login+"/"+t.ID+"/v2.0" || cr.Subject == "" {
		return nil
	}
	if principalByID(t, cr.Subject) == nil {
		return invalidCredential("The subject '%s' does not exist in the tenant.", cr.Subject)
	}
	return nil
}

// findCredential finds one by the key of a URL: an id, a name, or name='…'.
func findCredential(credentials []directory.Credential, key string) (int, *refusal) {
	name, value := splitKey(key)
	if name != "" && name != "name" && name != "id" {
		return 0, noKey(name, credentialType)
	}
	i := slices.IndexFunc(credentials, func(c directory.Credential) bool {
		return name != "name" && strings.EqualFold(c.ID, value) || name != "id" && c.Name == value
	})
	switch {
	case i >= 0:
		return i, nil
	case directory.IsGUID(value):
		return 0, notFound(value)
	}
	return 0, refuse(http.StatusNotFound, codeResourceNotFound, "FederatedIdentityCredential with name %s not found.", value) // reported without its body
}
