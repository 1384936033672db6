package graph

import (
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// The application permissions of Microsoft Graph that something here asks for.
const (
	applicationRead      = "Application.Read.All"
	applicationReadWrite = "Application.ReadWrite.All"
	applicationOwnedBy   = "Application.ReadWrite.OwnedBy"
	assignmentReadWrite  = "AppRoleAssignment.ReadWrite.All"
	directoryRead        = "Directory.Read.All"
	directoryReadWrite   = "Directory.ReadWrite.All"
	organizationRead     = "Organization.Read.All"
	organizationWrite    = "Organization.ReadWrite.All"
	auditLogRead         = "AuditLog.Read.All"
)

// readers may read applications and service principals.
var readers = []string{applicationRead, applicationReadWrite, applicationOwnedBy, directoryRead, directoryReadWrite}

// has tells whether the caller's token has one of the permissions.
func (c *call) has(permissions ...string) bool {
	return slices.ContainsFunc(permissions, func(p string) bool { return slices.Contains(c.bearer.Roles, p) })
}

// need refuses callers whose tokens have none of the permissions.
func (c *call) need(permissions ...string) error {
	if !c.has(permissions...) {
		return denied()
	}
	return nil
}

// mayWrite refuses callers who may not change an application or its service principal: those without
// Application.ReadWrite.All must own it.
func (c *call) mayWrite(a *directory.Application) error {
	if c.has(applicationReadWrite) || c.has(applicationOwnedBy) && owns(a, c.bearer.ObjectID) {
		return nil
	}
	return denied()
}

// owners are the object ids of an application's owners. The directory keeps them with the other properties.
func owners(a *directory.Application) []string {
	stored, _ := a.Properties["owners"].([]any)
	var ids []string
	for _, one := range stored {
		if id, isString := one.(string); isString {
			ids = append(ids, id)
		}
	}
	return ids
}

func setOwners(a *directory.Application, ids []string) {
	stored := make([]any, len(ids))
	for i, id := range ids {
		stored[i] = id
	}
	setProperty(a, "owners", stored)
}

func owns(a *directory.Application, id string) bool {
	return slices.ContainsFunc(owners(a), func(owner string) bool { return strings.EqualFold(owner, id) })
}

func setProperty(a *directory.Application, name string, value any) {
	if a.Properties == nil {
		a.Properties = map[string]any{}
	}
	a.Properties[name] = value
}
