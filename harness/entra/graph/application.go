package graph

import (
	"maps"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

const applicationType = "microsoft.graph.application"

// applicationEntity is an application as Microsoft Graph shows it, with the members in the order of a recording of the
// Azure CLI (2025-04).
func applicationEntity(t *directory.Tenant, a *directory.Application) object {
	entity := object{
		{"id", a.ObjectID},
		{"deletedDateTime", nil},
		{"appId", a.ClientID},
		{"applicationTemplateId", nil},
		{"disabledByMicrosoftStatus", nil},
		{"createdDateTime", stamp(a.Created)},
		{"displayName", a.Name},
		{"description", nil},
		{"groupMembershipClaims", nil},
		{"identifierUris", list(a.IdentifierURIs)},
		{"isDeviceOnlyAuthSupported", nil},
		{"isFallbackPublicClient", nil},
		{"nativeAuthenticationApisEnabled", nil},
		{"notes", nil},
		{"publisherDomain", publisherDomain(t)},
		{"serviceManagementReference", nil},
		{"signInAudience", "AzureADMyOrg"},
		{"tags", []any{}},
		{"tokenEncryptionKeyId", nil},
		{"uniqueName", orNull(a.UniqueName)},
		{"samlMetadataUrl", nil},
		{"defaultRedirectUri", nil},
		{"certification", nil},
		{"optionalClaims", nil},
		{"servicePrincipalLockConfiguration", nil},
		{"requestSignatureVerification", nil},
		{"addIns", []any{}},
		{"api", object{
			{"acceptMappedClaims", nil},
			{"knownClientApplications", []any{}},
			{"requestedAccessTokenVersion", tokenVersion(a)},
			{"oauth2PermissionScopes", []any{}},
			{"preAuthorizedApplications", []any{}},
		}},
		{"appRoles", appRoleEntities(a.AppRoles)},
		{"info", infoEntity()},
		{"keyCredentials", keyCredentialEntities(a)},
		{"parentalControlSettings", object{{"countriesBlockedForMinors", []any{}}, {"legalAgeGroupRule", "Allow"}}},
		{"passwordCredentials", []any{}},
		{"publicClient", object{{"redirectUris", []any{}}}},
		{"requiredResourceAccess", []any{}},
		{"verifiedPublisher", verifiedPublisherEntity()},
		{"web", object{
			{"homePageUrl", nil},
			{"logoutUrl", nil},
			{"redirectUris", []any{}},
			{"implicitGrantSettings", object{{"enableAccessTokenIssuance", false}, {"enableIdTokenIssuance", false}}},
			{"redirectUriSettings", []any{}},
		}},
		{"spa", object{{"redirectUris", []any{}}}},
	}
	stored := maps.Clone(a.Properties)
	delete(stored, "owners") // a relationship
	delete(stored, principalProperties)
	delete(stored, "keyCredentials")
	return entity.overlay(stored)
}

func publisherDomain(t *directory.Tenant) any {
	if len(t.Domains) == 0 {
		return nil
	}
	return t.Domains[0]
}

func tokenVersion(a *directory.Application) any {
	if a.TokenVersion == 0 {
		return nil
	}
	return a.TokenVersion
}

func infoEntity() object {
	return object{{"logoUrl", nil}, {"marketingUrl", nil}, {"privacyStatementUrl", nil}, {"supportUrl", nil}, {"termsOfServiceUrl", nil}}
}

func verifiedPublisherEntity() object {
	return object{{"displayName", nil}, {"verifiedPublisherId", nil}, {"addedDateTime", nil}}
}

func appRoleEntities(roles []directory.AppRole) []object {
	out := make([]object, len(roles))
	for i, r := range roles {
		out[i] = object{
			{"allowedMemberTypes", memberTypes(r)},
			{"description", orNull(r.Description)},
			{"displayName", orNull(r.DisplayName)},
			{"id", r.ID},
			{"isEnabled", !r.Disabled},
			{"origin", "Application"},
			{"value", orNull(r.Value)},
		}
	}
	return out
}

// memberTypes are who may have a role.
func memberTypes(r directory.AppRole) []string {
	if len(r.MemberTypes) == 0 {
		return []string{"Application"}
	}
	return r.MemberTypes
}

// readOnly are properties of an application that a client may repeat, as it read them, and not change.
var readOnly = []string{
	"createdDateTime", "deletedDateTime", "publisherDomain", "disabledByMicrosoftStatus", "applicationTemplateId", "certification", "verifiedPublisher",
}

// setApplication applies the properties of a POST or PATCH. What the directory has no place for is kept as it is.
func setApplication(t *directory.Tenant, a *directory.Application, body map[string]any, beta bool) *refusal {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		known, value := applicationProperties[name], body[name]
		switch {
		case strings.Contains(name, "@odata."), slices.Contains(readOnly, name):
			continue // annotations; and what the service decides
		case name == "id" || name == "appId":
			current := map[string]string{"id": a.ObjectID, "appId": a.ClientID}[name]
			if text, isString := value.(string); value != nil && (!isString || text != "" && !strings.EqualFold(text, current)) {
				return immutable(name)
			}
			continue
		case slices.Contains(applicationRelations, name):
			if value != nil {
				return invalidValue(name, "Application")
			}
			continue
		case known == 0 || !beta && slices.Contains(betaApplicationProperties, name):
			return unknownProperty(name)
		}
		if bad := validateKind(known, name, value, "Application"); bad != nil {
			return bad
		}
		if bad := setApplicationProperty(t, a, name, value); bad != nil {
			return bad
		}
	}
	return nil
}

func setApplicationProperty(t *directory.Tenant, a *directory.Application, name string, value any) *refusal {
	switch {
	case name == "displayName":
		text, _ := value.(string)
		if text == "" {
			return valueRequired(name, "Application")
		}
		a.Name = text
	case name == "uniqueName":
		text, _ := value.(string)
		switch {
		case a.UniqueName != "" && text != a.UniqueName:
			return immutable(name)
		case slices.ContainsFunc(t.Applications, func(other directory.Application) bool {
			return text != "" && other.UniqueName == text && other.ObjectID != a.ObjectID
		}):
			return taken(name)
		}
		a.UniqueName = text
	case name == "identifierUris":
		return setIdentifierURIs(t, a, value)
	case name == "appRoles":
		return setAppRoles(a, value)
	case name == "passwordCredentials":
		return noSecrets(value)
	case name == "keyCredentials":
		return setKeyCredentials(a, value)
	case name == "api":
		api, _ := value.(map[string]any)
		api = maps.Clone(api)
		if version, given := api["requestedAccessTokenVersion"]; given {
			number, _ := version.(float64)
			if version != nil && number != 1 && number != 2 {
				return invalidValue("requestedAccessTokenVersion", "Application")
			}
			a.TokenVersion = int(number)
			delete(api, "requestedAccessTokenVersion")
		}
		mergeProperty(a, name, api)
	case value == nil:
		delete(a.Properties, name)
	default:
		if below, isObject := value.(map[string]any); isObject {
			mergeProperty(a, name, below)
		} else {
			setProperty(a, name, withoutAnnotations(value))
		}
	}
	return nil
}

// withoutAnnotations copies a value and leaves out members such as @odata.type, which Terraform gives everything.
func withoutAnnotations(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, below := range value {
			if !strings.Contains(name, "@odata.") {
				out[name] = withoutAnnotations(below)
			}
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, below := range value {
			out[i] = withoutAnnotations(below)
		}
		return out
	}
	return value
}

// mergeProperty changes the members of an object that are given and leaves the others.
func mergeProperty(a *directory.Application, name string, with map[string]any) {
	stored, _ := a.Properties[name].(map[string]any)
	merged := maps.Clone(stored)
	if merged == nil {
		merged = map[string]any{}
	}
	for below, value := range with {
		switch {
		case strings.Contains(below, "@odata."):
		case value == nil:
			delete(merged, below) // back to what it is without
		default:
			merged[below] = withoutAnnotations(value)
		}
	}
	setProperty(a, name, merged)
}

// stringValue is a string, or "" for null.
func stringValue(name string, value any, resource string) (string, *refusal) {
	switch value := value.(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	}
	return "", invalidValue(name, resource)
}

func stringValues(value any) ([]string, bool) {
	values, isList := value.([]any)
	out := make([]string, 0, len(values))
	for _, one := range values {
		text, isString := one.(string)
		if !isString {
			return nil, false
		}
		out = append(out, text)
	}
	return out, isList
}

func setIdentifierURIs(t *directory.Tenant, a *directory.Application, value any) *refusal {
	uris, ok := stringValues(value)
	if !ok || slices.Contains(uris, "") {
		return invalidValue("identifierUris", "Application")
	}
	for _, uri := range uris {
		if !slices.Contains(a.IdentifierURIs, uri) && !allowsURI(uri, t.ID, a.ClientID, t.Domains) {
			// hashicorp/terraform-provider-azuread#1392, Azure/Industrial-IoT#1432
			return refuse(400, "HostNameNotOnVerifiedDomain",
				"Values of identifierUris property must use a verified domain of the organization or its subdomain: '%s'", uri)
		}
	}
	for i := range t.Applications {
		other := &t.Applications[i]
		if other.ObjectID != a.ObjectID && slices.ContainsFunc(uris, func(uri string) bool { return slices.Contains(other.IdentifierURIs, uri) }) {
			return taken("identifierUris")
		}
	}
	a.IdentifierURIs = uris
	return nil
}

func setAppRoles(a *directory.Application, value any) *refusal {
	given, isList := value.([]any)
	if !isList {
		return unexpectedNode(value, "StartArray")
	}
	var roles []directory.AppRole
	for _, one := range given {
		role, _ := one.(map[string]any)
		text := func(name string) string { s, _ := role[name].(string); return s }
		enabled, hasEnabled := role["isEnabled"].(bool)
		if !directory.IsGUID(text("id")) || text("id") == directory.ZeroGUID || text("displayName") == "" {
			return invalidValue("appRoles", "Application")
		}
		members, ok := stringValues(role["allowedMemberTypes"])
		if !ok || len(members) == 0 {
			return invalidValue("appRoles", "Application")
		}
		roles = append(roles, directory.AppRole{
			ID: strings.ToLower(text("id")), Value: text("value"), DisplayName: text("displayName"), Description: text("description"),
			Disabled: hasEnabled && !enabled, MemberTypes: members,
		})
	}
	for _, was := range a.AppRoles {
		left := slices.ContainsFunc(roles, func(r directory.AppRole) bool { return r.ID == was.ID })
		if !left && !was.Disabled {
			// Seen in reports about the Azure CLI and Terraform; code inferred.
			return refuse(400, "CannotDeleteOrUpdateEnabledEntitlement", "Permission (scope or role) cannot be deleted or updated unless disabled first.")
		}
	}
	a.AppRoles = roles
	return nil
}

// findApplication finds one by the key of a URL: an object id, appId='…' or uniqueName='…'.
func findApplication(t *directory.Tenant, key string) (*directory.Application, *refusal) {
	name, value := splitKey(key)
	var matches func(a *directory.Application) bool
	switch name {
	case "", "id":
		if !directory.IsGUID(value) {
			return nil, invalidRequest("Invalid object identifier '%s'.", value)
		}
		matches = func(a *directory.Application) bool { return strings.EqualFold(a.ObjectID, value) }
	case "appId":
		matches = func(a *directory.Application) bool { return strings.EqualFold(a.ClientID, value) }
	case "uniqueName":
		matches = func(a *directory.Application) bool { return a.UniqueName != "" && a.UniqueName == value }
	default:
		return nil, noKey(name, applicationType)
	}
	for i := range t.Applications {
		if matches(&t.Applications[i]) {
			return &t.Applications[i], nil
		}
	}
	return nil, notFound(value)
}

// splitKey takes appId='x' apart; a key that is only a value has no name.
func splitKey(key string) (name, value string) {
	name, value, named := strings.Cut(key, "=")
	if !named {
		return "", key
	}
	return name, unquote(value)
}

// unquote takes the quotes off a string, inside of which two stand for one.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	}
	return s
}

// noKey is what Microsoft's OData library says; inferred for Microsoft Graph.
func noKey(name, typeName string) *refusal {
	return badRequest("The key property '%s' was not found on type '%s'.", name, typeName)
}
