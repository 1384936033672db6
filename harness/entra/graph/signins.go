package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

const signInType = "microsoft.graph.signIn"

// signInEntity is a sign-in of a service principal or a managed identity. v1.0 has few of the properties, and none
// about credentials.
func signInEntity(t *directory.Tenant, s entra.SignIn, beta bool) object {
	entity := object{
		{"id", s.TraceID},
		{"createdDateTime", stamp(s.Time)},
		{"userDisplayName", ""},
		{"userPrincipalName", ""},
		{"userId", ""},
		{"appId", s.ClientID},
		{"appDisplayName", s.AppName},
		{"ipAddress", s.IPAddress},
		{"clientAppUsed", nil},
		{"correlationId", s.CorrelationID},
		{"conditionalAccessStatus", conditionalAccess(s)},
		{"isInteractive", false},
		{"riskDetail", "none"},
		{"riskLevelAggregated", "none"},
		{"riskLevelDuringSignIn", "none"},
		{"riskState", "none"},
		{"riskEventTypes", []any{}},
		{"resourceDisplayName", orNull(s.ResourceName)},
		{"resourceId", orNull(s.ResourceID)},
		{"status", object{{"errorCode", s.Code}, {"failureReason", failureReason(s)}, {"additionalDetails", nil}}},
		{"deviceDetail", object{{"deviceId", ""}, {"displayName", nil}, {"operatingSystem", ""}, {"browser", ""}, {"isCompliant", nil}, {"isManaged", nil}, {"trustType", nil}}},
		{"location", object{{"city", nil}, {"state", nil}, {"countryOrRegion", nil}, {"geoCoordinates", object{{"altitude", nil}, {"latitude", nil}, {"longitude", nil}}}}},
		{"appliedConditionalAccessPolicies", appliedPolicies(t, s)},
	}
	if !beta {
		return entity
	}
	return append(entity, object{
		{"userType", nil},
		{"userAgent", orNull(s.Agent)},
		{"authenticationProtocol", "none"},
		{"incomingTokenType", "none"},
		{"authenticationProcessingDetails", []any{}},
		{"processingTimeInMilliseconds", int(s.Duration.Milliseconds())},
		{"clientCredentialType", credentialKind(s)},
		{"federatedCredentialId", s.FederatedCredentialID},
		{"servicePrincipalId", s.ServicePrincipalID},
		{"servicePrincipalName", s.AppName},
		{"servicePrincipalCredentialKeyId", nil},
		{"servicePrincipalCredentialThumbprint", s.Thumbprint},
		{"signInEventTypes", []string{eventType(s)}},
		{"resourceServicePrincipalId", orNull(s.ResourceServicePrincipalID)},
		{"resourceTenantId", t.ID},
		{"resourceOwnerTenantId", resourceOwner(t, s)},
		{"homeTenantId", t.ID},
		{"appOwnerTenantId", t.ID},
		{"uniqueTokenIdentifier", s.UTI},
		{"autonomousSystemNumber", 0},
		{"managedServiceIdentity", managedIdentity(t, s)},
	}...)
}

func conditionalAccess(s entra.SignIn) string {
	if s.ConditionalAccess == "" {
		return "notApplied"
	}
	return s.ConditionalAccess
}

// failureReason is the error's text without what changes from one sign-in to the next. Inferred, but for the one of
// Conditional Access.
func failureReason(s entra.SignIn) string {
	switch s.Code {
	case 0:
		return "Other."
	case 53003:
		return "Access has been blocked due to Conditional Access policies."
	}
	for _, code := range entra.Codes {
		if code.Number == s.Code {
			return code.Message
		}
	}
	return "Other."
}

func appliedPolicies(t *directory.Tenant, s entra.SignIn) []object {
	for _, policy := range t.Policies.ConditionalAccess {
		if s.BlockedBy != "" && policy.ID == s.BlockedBy {
			return []object{{
				{"id", policy.ID}, {"displayName", policy.Name}, {"enforcedGrantControls", []string{"Block"}}, {"enforcedSessionControls", []any{}}, {"result", "failure"},
			}}
		}
	}
	return []object{}
}

// eventType is the kind of event that the log files a sign-in under.
func eventType(s entra.SignIn) string {
	if s.ManagedIdentity {
		return "managedIdentity"
	}
	return "servicePrincipal"
}

func credentialKind(s entra.SignIn) string {
	if s.CredentialType == "" {
		return string(entra.CredentialNone)
	}
	return string(s.CredentialType)
}

// resourceOwner is the tenant that the resource's application belongs to.
func resourceOwner(t *directory.Tenant, s entra.SignIn) any {
	switch p := principalByID(t, s.ResourceServicePrincipalID); {
	case p == nil:
		return nil
	case p.service != nil:
		return microsoftTenant
	}
	return t.ID
}

func managedIdentity(t *directory.Tenant, s entra.SignIn) any {
	p := principalByID(t, s.ServicePrincipalID)
	if p == nil || p.identity == nil {
		return object{{"msiType", "none"}, {"associatedResourceId", ""}, {"federatedTokenId", ""}, {"federatedTokenIssuer", ""}}
	}
	return object{
		{"msiType", "userAssigned"}, {"associatedResourceId", p.identity.ResourceID()}, {"federatedTokenId", ""}, {"federatedTokenIssuer", s.Issuer},
	}
}

// signInEntities are the sign-ins of the caller's tenant, the newest first. Those of clients that the tenant does not
// have are in no tenant's log.
func (c *call) signInEntities() (*directory.Tenant, []object, error) {
	if !c.has(auditLogRead) {
		// Public test reports begin like this, in place of the older
		// "Calling principal does not have required MSGraph permissions"; the longest of them breaks off after "to c",
		// and the rest is inferred.
		return nil, nil, refuse(http.StatusForbidden, codePermissionMissing,
			"The principal does not have required Microsoft Graph permission(s): %s to call this API.", auditLogRead)
	}
	t, err := c.tenant()
	if err != nil {
		return nil, nil, err
	}
	var all []object
	for _, s := range c.signIns(t.ID) {
		if strings.EqualFold(s.TenantID, t.ID) && s.ServicePrincipalID != "" {
			all = append(all, signInEntity(t, s, c.isBeta()))
		}
	}
	slices.Reverse(all)
	return t, all, nil
}

// listSignIns lists interactive sign-ins only, of which there are none, unless the filter names event types. Only beta
// has that property.
func listSignIns(c *call) (*answer, error) {
	t, all, err := c.signInEntities()
	if err != nil {
		return nil, err
	}
	example := signInEntity(t, entra.SignIn{ResourceName: "x", ResourceID: "x", ResourceServicePrincipalID: "x", Agent: "x"}, c.isBeta())
	if c.options.filter != "" {
		f, bad := parseFilter(c.options.filter, signInType, example)
		if bad != nil {
			return nil, bad
		}
		if !slices.Contains(f.names, "signInEventTypes") {
			all = nil
		}
	} else {
		all = nil
	}
	return c.collection("auditLogs/signIns", signInType, example, all)
}

func getSignIn(c *call) (*answer, error) {
	_, all, err := c.signInEntities()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(o object) bool { return strings.EqualFold(o.text("id"), c.vars["signIn"]) })
	if i < 0 {
		return nil, notFound(c.vars["signIn"])
	}
	return c.entity(http.StatusOK, "auditLogs/signIns", signInType, all[i])
}
