package graph

import (
	"fmt"
	"net/http"
)

// The codes of the error member.
const (
	codeBadRequest         = "BadRequest"
	codeInvalidToken       = "InvalidAuthenticationToken"
	codeRequestBadRequest  = "Request_BadRequest"
	codeResourceNotFound   = "Request_ResourceNotFound"
	codeUnsupportedQuery   = "Request_UnsupportedQuery"
	codeRequestDenied      = "Authorization_RequestDenied"
	codeMultipleObjects    = "Request_MultipleObjectsWithSameKeyValue"
	codeInvalidCredential  = "InvalidFederatedIdentityCredentialValue"
	codePermissionMissing  = "Authentication_MSGraphPermissionMissing"
	codeObjectSizeExceeded = "Directory_ResourceSizeExceeded"
)

// refusal is an error as Microsoft Graph answers it. It is an error so that a change of the directory can end with one.
type refusal struct {
	status  int
	code    string
	message string
}

func (e *refusal) Error() string { return e.code + ": " + e.message }

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// badRequest is what the part of Microsoft Graph in front of the directory finds wrong with a request.
func badRequest(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, codeBadRequest, format, args...)
}

// invalidRequest is what the directory itself finds wrong.
func invalidRequest(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, codeRequestBadRequest, format, args...)
}

func unsupportedQuery(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, codeUnsupportedQuery, format, args...)
}

// notFound is seen in recordings of the Azure CLI.
func notFound(key string) *refusal {
	return refuse(http.StatusNotFound, codeResourceNotFound,
		"Resource '%s' does not exist or one of its queried reference-property objects are not present.", key)
}

func denied() *refusal {
	return refuse(http.StatusForbidden, codeRequestDenied, "Insufficient privileges to complete the operation.")
}

// invalidValue is the directory's text for a property that it does not take; seen for appId of ServicePrincipal.
func invalidValue(property, resource string) *refusal {
	return invalidRequest("Invalid value specified for property '%s' of resource '%s'.", property, resource)
}

func valueRequired(property, resource string) *refusal {
	return invalidRequest("A value is required for property '%s' of resource '%s'.", property, resource)
}

func immutable(property string) *refusal {
	return invalidRequest("Property '%s' is read-only and cannot be set.", property)
}

func taken(property string) *refusal {
	return invalidRequest("Another object with the same value for property %s already exists.", property)
}
