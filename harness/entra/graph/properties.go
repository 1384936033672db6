package graph

import (
	"slices"
	"strings"
)

// kind is the JSON type of a property.
type kind int

const (
	kindString kind = iota + 1
	kindBool
	kindStrings // a list
	kindObject
	kindObjects // a list
)

// applicationProperties are those of an application that can be written: of v1.0 from the models of msgraph-sdk-go
// 1.89; of those that only beta has (windows, orgRestrictions, migrationStatus) the list may be incomplete. Microsoft
// Graph refuses names that it does not know; what it says was seen with groups (pnp/PnP-Sites-Core#1807).
var applicationProperties = map[string]kind{
	"addIns": kindObjects, "api": kindObject, "appRoles": kindObjects, "authenticationBehaviors": kindObject, "defaultRedirectUri": kindString,
	"description": kindString, "displayName": kindString, "groupMembershipClaims": kindString, "identifierUris": kindStrings, "info": kindObject,
	"isDeviceOnlyAuthSupported": kindBool, "isFallbackPublicClient": kindBool, "keyCredentials": kindObjects,
	"nativeAuthenticationApisEnabled": kindString, "notes": kindString, "oauth2RequirePostResponse": kindBool, "optionalClaims": kindObject,
	"parentalControlSettings": kindObject, "passwordCredentials": kindObjects, "publicClient": kindObject, "requestSignatureVerification": kindObject,
	"requiredResourceAccess": kindObjects, "samlMetadataUrl": kindString, "serviceManagementReference": kindString,
	"servicePrincipalLockConfiguration": kindObject, "signInAudience": kindString, "spa": kindObject, "tags": kindStrings,
	"tokenEncryptionKeyId": kindString, "uniqueName": kindString, "web": kindObject,
	"migrationStatus": kindString, "orgRestrictions": kindStrings, "windows": kindObject,
}

// betaApplicationProperties are those of them that v1.0 does not have.
var betaApplicationProperties = []string{"migrationStatus", "orgRestrictions", "windows"}

// applicationRelations are what an application has beside properties; onPremisesPublishing of beta is a property that
// may hold passwords. None can be written with the application here.
var applicationRelations = []string{
	"appManagementPolicies", "createdOnBehalfOf", "extensionProperties", "federatedIdentityCredentials", "homeRealmDiscoveryPolicies", "logo",
	"onPremisesPublishing", "owners", "synchronization", "tokenIssuancePolicies", "tokenLifetimePolicies",
}

// principalPropertyKinds are those of a service principal that can be written, in the same way.
var principalPropertyKinds = map[string]kind{
	"accountEnabled": kindBool, "addIns": kindObjects, "alternativeNames": kindStrings, "appRoleAssignmentRequired": kindBool,
	"customSecurityAttributes": kindObject, "description": kindString, "errorUrl": kindString, "homepage": kindString, "info": kindObject,
	"isAuthorizationServiceEnabled": kindBool, "keyCredentials": kindObjects, "loginUrl": kindString, "logoutUrl": kindString, "notes": kindString,
	"notificationEmailAddresses": kindStrings, "passwordCredentials": kindObjects, "preferredSingleSignOnMode": kindString,
	"preferredTokenSigningKeyEndDateTime": kindString, "preferredTokenSigningKeyThumbprint": kindString, "replyUrls": kindStrings,
	"samlMetadataUrl": kindString, "samlSingleSignOnSettings": kindObject, "tags": kindStrings, "tokenEncryptionKeyId": kindString,
}

// validateKind refuses values of another type. The texts are inferred.
func validateKind(k kind, name string, value any, resource string) *refusal {
	ok := value == nil
	switch k {
	case kindString:
		_, isString := value.(string)
		ok = ok || isString
	case kindBool:
		_, isBool := value.(bool)
		ok = ok || isBool
	case kindStrings:
		_, isStrings := stringValues(value)
		ok = ok || isStrings
	case kindObject:
		if _, isObject := value.(map[string]any); !ok && !isObject {
			return unexpectedNode(value, "StartObject")
		}
		return nil
	case kindObjects:
		given, isList := value.([]any)
		if !ok && !isList {
			return unexpectedNode(value, "StartArray")
		}
		ok = !slices.ContainsFunc(given, func(one any) bool { _, isObject := one.(map[string]any); return !isObject })
	}
	if !ok {
		return invalidValue(name, resource)
	}
	return nil
}

// unexpectedNode is what Microsoft's OData library says about a value that is no object or list, where it wants one.
func unexpectedNode(value any, want string) *refusal {
	node := "PrimitiveValue"
	switch value.(type) {
	case []any:
		node = "StartArray"
	case map[string]any:
		node = "StartObject"
	}
	return badRequest("An unexpected '%s' node was found when reading from the JSON reader. A '%s' node was expected.", node, want)
}

func unknownProperty(name string) *refusal { return invalidRequest("Invalid property '%s'.", name) }

// noSecrets refuses client secrets, which are not emulated and none of which may be stored. The text was seen with a
// service principal (MicrosoftDocs/azure-docs#59275).
func noSecrets(value any) *refusal {
	if values, _ := value.([]any); len(values) > 0 {
		return invalidRequest("New password credentials must be generated using service actions.")
	}
	return nil
}

// allowsURI tells whether an application may have an identifier URI:
// https://learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions and identifierUriConfiguration of the
// reference. A URL needs a verified domain or one below it, or the id of the tenant or the application in its path.
// What begins with api:, and what has no host, is let through: which of those a tenant refuses is up to its policies,
// which are not emulated. That an application whose requestedAccessTokenVersion is 2 may use any domain, which was
// reported in 2021 (MicrosoftDocs/azure-docs#82762), is not followed: no documentation has it.
func allowsURI(uri, tenantID, clientID string, domains []string) bool {
	scheme, rest, hasHost := strings.Cut(strings.ToLower(uri), "://")
	if !hasHost || scheme == "api" {
		return true
	}
	authority, path, _ := strings.Cut(rest, "/")
	host, _, _ := strings.Cut(authority, ":")
	for _, domain := range domains {
		if domain = strings.ToLower(domain); host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	segments := strings.Split(path, "/")
	return slices.Contains(segments, strings.ToLower(tenantID)) || slices.Contains(segments, strings.ToLower(clientID))
}
