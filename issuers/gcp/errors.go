package gcp

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// apiError is an error of Google's APIs.
type apiError struct {
	Code    int           `json:"code"` // the HTTP status
	Message string        `json:"message"`
	Status  string        `json:"status"` // google.rpc.Code
	Details []errorDetail `json:"details,omitempty"`

	challenge string // WWW-Authenticate
}

// errorDetail is google.rpc.ErrorInfo or google.rpc.BadRequest.
type errorDetail struct {
	Type            string            `json:"@type"`
	Reason          string            `json:"reason,omitempty"`
	Domain          string            `json:"domain,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
	FieldViolations []fieldViolation  `json:"fieldViolations,omitempty"`
}

type fieldViolation struct {
	Field       string `json:"field,omitempty"`
	Description string `json:"description"`
}

const (
	expectedCredential = "Expected OAuth 2 access token, login cookie or other valid authentication credential. " +
		"See https://developers.google.com/identity/sign-in/web/devconsole-project."
	realm = `Bearer realm="https://accounts.google.com/"`
)

// errorInfo names a method of the IAM Credentials API.
func errorInfo(reason, method string) []errorDetail {
	return []errorDetail{{
		Type: "type.googleapis.com/google.rpc.ErrorInfo", Reason: reason, Domain: "googleapis.com",
		Metadata: map[string]string{"method": "google.iam.credentials.v1.IAMCredentials." + method, "service": "iamcredentials.googleapis.com"},
	}}
}

// missingCredential and invalidCredential: the messages are seen in public threads of many Google APIs, the reasons in
// some of them. The challenges are inferred.
func missingCredential(method string) *apiError {
	return &apiError{
		Code: http.StatusUnauthorized, Status: "UNAUTHENTICATED", Details: errorInfo("CREDENTIALS_MISSING", method), challenge: realm,
		Message: "Request is missing required authentication credential. " + expectedCredential,
	}
}

func invalidCredential(method, reason string) *apiError {
	return &apiError{
		Code: http.StatusUnauthorized, Status: "UNAUTHENTICATED", Details: errorInfo(reason, method), challenge: realm + `, error="invalid_token"`,
		Message: "Request had invalid authentication credentials. " + expectedCredential,
	}
}

func insufficientScopes(method string) *apiError {
	return &apiError{
		Code: http.StatusForbidden, Status: "PERMISSION_DENIED", Details: errorInfo("ACCESS_TOKEN_SCOPE_INSUFFICIENT", method),
		Message:   "Request had insufficient authentication scopes.",
		challenge: realm + `, error="insufficient_scope", scope="` + credentialScopes[0] + " " + credentialScopes[1] + `"`,
	}
}

// permissionDenied is seen for iam.serviceAccounts.getAccessToken in google-github-actions/auth#340; that the other
// permissions are refused in the same words is inferred.
func permissionDenied(permission string) *apiError {
	return &apiError{
		Code: http.StatusForbidden, Status: "PERMISSION_DENIED", Message: "Permission '" + permission + "' denied on resource (or it may not exist).",
		Details: []errorDetail{{
			Type: "type.googleapis.com/google.rpc.ErrorInfo", Reason: "IAM_PERMISSION_DENIED", Domain: "iam.googleapis.com",
			Metadata: map[string]string{"permission": permission},
		}},
	}
}

// unknownAccount is what the IAM API says, seen in hashicorp/terraform-provider-google#9249; that the IAM Credentials
// API uses the same words is inferred.
func unknownAccount(name string) *apiError {
	return &apiError{Code: http.StatusNotFound, Status: "NOT_FOUND", Message: "Not found; Gaia id not found for email " + name}
}

// invalidArgument is seen in google-github-actions/auth#144, for a scope that there is not.
func invalidArgument() *apiError {
	return &apiError{Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Message: "Request contains an invalid argument."}
}

// badRequest is an error of the JSON reader that Google's APIs share.
func badRequest(field, message string) *apiError {
	return &apiError{
		Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Message: message,
		Details: []errorDetail{{
			Type: "type.googleapis.com/google.rpc.BadRequest", FieldViolations: []fieldViolation{{Field: field, Description: message}},
		}},
	}
}

// Error is the message.
func (e *apiError) Error() string { return e.Message }

func (e *apiError) write(w http.ResponseWriter) {
	if e.challenge != "" {
		w.Header().Set("WWW-Authenticate", e.challenge)
	}
	writeJSON(w, e.Code, map[string]*apiError{"error": e})
}

// writeJSON writes an answer of Google's APIs: indented, with the headers of its front end.
func writeJSON(w http.ResponseWriter, status int, value any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		internalError(w, err)
		return
	}
	writeBody(w, status, body.Bytes())
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "private")
	h.Set("Server", "ESF")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("X-XSS-Protection", "0")
	h["Vary"] = []string{"Origin", "X-Origin", "Referer"}
	write(w, status, body)
}
