package directory

import (
	"slices"
	"strings"
)

// RoleDefinition is a built-in role of Azure.
type RoleDefinition struct {
	ID             string // a GUID
	Name           string // as in "Reader"
	Description    string
	Actions        []string // of the control plane; * stands for any text
	NotActions     []string // exceptions to Actions
	DataActions    []string // of the resources themselves, which are not emulated
	NotDataActions []string
}

// Roles are the built-in roles of Azure that there are here, as Microsoft documents them (MicrosoftDocs/azure-docs,
// articles/role-based-access-control/built-in-roles, July 2026). It must not be changed.
var Roles = []RoleDefinition{
	{
		ID: "b24988ac-6180-42a0-ab88-20f7382dd24c", Name: "Contributor",
		Description: "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.",
		Actions:     []string{"*"},
		NotActions: []string{
			"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action",
			"Microsoft.Blueprint/blueprintAssignments/write", "Microsoft.Blueprint/blueprintAssignments/delete",
			"Microsoft.Compute/galleries/share/action", "Microsoft.Purview/consents/write", "Microsoft.Purview/consents/delete",
			"Microsoft.Resources/deploymentStacks/manageDenySetting/action", "Microsoft.Subscription/cancel/action", "Microsoft.Subscription/enable/action",
		},
	},
	{
		ID: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", Name: "Owner",
		Description: "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
		Actions:     []string{"*"},
	},
	{
		ID: "acdd72a7-3385-48ef-bd42-f606fba81ae7", Name: "Reader",
		Description: "View all resources, but does not allow you to make any changes.",
		Actions:     []string{"*/read"},
	},
	{
		ID: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", Name: "User Access Administrator",
		Description: "Lets you manage user access to Azure resources.",
		Actions:     []string{"*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"},
	},
	{
		ID: "f58310d9-a9f6-439a-9e8d-f62e7b41a168", Name: "Role Based Access Control Administrator",
		Description: "Manage access to Azure resources by assigning roles using Azure RBAC. This role does not allow you to manage access using other ways, such as Azure Policy.",
		Actions: []string{
			"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read", "Microsoft.Support/*",
		},
	},
	{
		ID: "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", Name: "Managed Identity Contributor",
		Description: "Create, Read, Update, and Delete User Assigned Identity",
		Actions: []string{
			"Microsoft.ManagedIdentity/userAssignedIdentities/read", "Microsoft.ManagedIdentity/userAssignedIdentities/write",
			"Microsoft.ManagedIdentity/userAssignedIdentities/delete",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
			"Microsoft.ManagedIdentity/userAssignedIdentities/revokeTokens/action",
			"Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.Resources/subscriptions/resourceGroups/read",
			"Microsoft.Resources/deployments/*", "Microsoft.Support/*",
		},
	},
	{
		ID: "f1a07417-d97a-45cb-824c-7a7467783830", Name: "Managed Identity Operator",
		Description: "Read and Assign User Assigned Identity",
		Actions: []string{
			"Microsoft.ManagedIdentity/userAssignedIdentities/*/read", "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
			"Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.Resources/subscriptions/resourceGroups/read",
			"Microsoft.Resources/deployments/*", "Microsoft.Support/*",
		},
	},
	{
		ID: "21090545-7ca7-4776-b22c-e363652d74d2", Name: "Key Vault Reader",
		Description: "Read metadata of key vaults and its certificates, keys, and secrets. Cannot read sensitive values such as secret contents or key material. Only works for key vaults that use the 'Azure role-based access control' permission model.",
		Actions: []string{
			"Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.Resources/deployments/*",
			"Microsoft.Resources/subscriptions/resourceGroups/read", "Microsoft.Support/*", "Microsoft.KeyVault/checkNameAvailability/read",
			"Microsoft.KeyVault/deletedVaults/read", "Microsoft.KeyVault/locations/*/read", "Microsoft.KeyVault/vaults/*/read",
			"Microsoft.KeyVault/operations/read",
		},
		DataActions: []string{"Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"},
	},
	{
		ID: "4633458b-17de-408a-b874-0445c86b69e6", Name: "Key Vault Secrets User",
		Description: "Read secret contents. Only works for key vaults that use the 'Azure role-based access control' permission model.",
		DataActions: []string{
			"Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
		},
	},
}

// Role finds a built-in role by its name or id, or returns nil.
func Role(nameOrID string) *RoleDefinition {
	i := slices.IndexFunc(Roles, func(r RoleDefinition) bool {
		return strings.EqualFold(r.ID, nameOrID) || strings.EqualFold(r.Name, nameOrID)
	})
	if i < 0 {
		return nil
	}
	return &Roles[i]
}

// Allows tells whether the role permits an action of the control plane, such as Microsoft.KeyVault/vaults/read.
func (r *RoleDefinition) Allows(action string) bool {
	matches := func(pattern string) bool { return matchAction(pattern, action) }
	return slices.ContainsFunc(r.Actions, matches) && !slices.ContainsFunc(r.NotActions, matches)
}

// matchAction compares without regard to case. That a /*/ also stands for a single slash is inferred: Managed Identity
// Operator, with userAssignedIdentities/*/read, can read the identities themselves.
func matchAction(pattern, action string) bool {
	pattern, action = strings.ToLower(pattern), strings.ToLower(action)
	return matchStars(pattern, action) || matchStars(strings.ReplaceAll(pattern, "/*/", "/"), action)
}

// matchStars matches the stars of a pattern with any text, each as early as it can.
func matchStars(pattern, text string) bool {
	first, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		if !ok {
			return false
		}
		_, text, ok = strings.Cut(text, part)
	}
	return ok && strings.HasSuffix(text, parts[len(parts)-1])
}
