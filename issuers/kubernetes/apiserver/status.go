package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// status is the Status object that an API server answers a refusal with; clients print its message. It is an error.
type status struct {
	Kind       string   `json:"kind"`
	APIVersion string   `json:"apiVersion"`
	Metadata   struct{} `json:"metadata"`
	Status     string   `json:"status"`
	Message    string   `json:"message"`
	Reason     string   `json:"reason"`
	Details    *details `json:"details,omitempty"`
	Code       int      `json:"code"`
}

// details say what the refusal is about.
type details struct {
	Name   string  `json:"name,omitempty"`
	Group  string  `json:"group,omitempty"`
	Kind   string  `json:"kind,omitempty"`
	Causes []cause `json:"causes,omitempty"`
}

// cause is what is wrong with one field.
type cause struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Field   string `json:"field"`
}

// Error is the message, which is what a user reads.
func (s *status) Error() string { return s.Message }

func failure(code int, reason, message string, about *details) *status {
	return &status{Kind: "Status", APIVersion: "v1", Status: "Failure", Message: message, Reason: reason, Details: about, Code: code}
}

// resource is a plural name in an API group, as in "tokenreviews.authentication.k8s.io".
type resource struct{ group, name string }

func (r resource) String() string {
	if r.group == "" {
		return r.name
	}
	return r.name + "." + r.group
}

// The constructors below have the texts of k8s.io/apimachinery v0.37.2, pkg/api/errors, where no other source is named.

func unauthorized() *status {
	return failure(http.StatusUnauthorized, "Unauthorized", "Unauthorized", nil)
}

func badRequest(format string, args ...any) *status {
	return failure(http.StatusBadRequest, "BadRequest", fmt.Sprintf(format, args...), nil)
}

func forbidden(of resource, name, why string) *status {
	message := "forbidden: " + why
	switch {
	case of.name != "" && name != "":
		message = fmt.Sprintf("%s %q is %s", of, name, message)
	case of.name != "":
		message = fmt.Sprintf("%s is %s", of, message)
	}
	return failure(http.StatusForbidden, "Forbidden", message, &details{Name: name, Group: of.group, Kind: of.name})
}

func notFound(of resource, name string) *status {
	return failure(http.StatusNotFound, "NotFound", fmt.Sprintf("%s %q not found", of, name), &details{Name: name, Group: of.group, Kind: of.name})
}

func alreadyExists(of resource, name string) *status {
	return failure(http.StatusConflict, "AlreadyExists", fmt.Sprintf("%s %q already exists", of, name),
		&details{Name: name, Group: of.group, Kind: of.name})
}

func conflict(of resource, name, why string) *status {
	return failure(http.StatusConflict, "Conflict", fmt.Sprintf("Operation cannot be fulfilled on %s %q: %s", of, name, why),
		&details{Name: name, Group: of.group, Kind: of.name})
}

// required and invalid refuse one field of an object; value is as it is quoted in the text.
func required(kind resource, name, field, why string) *status {
	return invalidField(kind, name, field, "FieldValueRequired", "Required value: "+why)
}

func invalid(kind resource, name, field, value, why string) *status {
	return invalidField(kind, name, field, "FieldValueInvalid", "Invalid value: "+value+": "+why)
}

func invalidField(kind resource, name, field, reason, body string) *status {
	return invalidFields(kind, name, cause{Reason: reason, Message: body, Field: field})
}

// invalidFields takes the kind in resource's form, as in "TokenRequest.authentication.k8s.io", and one cause or more.
func invalidFields(kind resource, name string, causes ...cause) *status {
	var texts []string
	for _, c := range causes {
		if text := c.Field + ": " + c.Message; !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	text := strings.Join(texts, ", ")
	if len(texts) > 1 {
		text = "[" + text + "]"
	}
	return failure(http.StatusUnprocessableEntity, "Invalid", fmt.Sprintf("%s %q is invalid: %s", kind, name, text),
		&details{Name: name, Group: kind.group, Kind: kind.name, Causes: causes})
}

// noRoute and noMethod are what the router of an API server says about a path in a group that it has, and a method.
// [inferred]
func noRoute() *status {
	return failure(http.StatusNotFound, "NotFound", "the server could not find the requested resource", &details{})
}

func noMethod() *status {
	return failure(http.StatusMethodNotAllowed, "MethodNotAllowed", "the server does not allow this method on the requested resource", &details{})
}

func unsupported() *status {
	return failure(http.StatusUnsupportedMediaType, "UnsupportedMediaType",
		"the body of the request was in an unknown format - accepted media types include: "+
			strings.Join([]string{jsonType, "application/yaml", protobufType}, ", "), nil)
}

// notAcceptable lists the one type there is here; an API server has yaml and protobuf too.
func notAcceptable() *status {
	return failure(http.StatusNotAcceptable, "NotAcceptable", "only the following media types are accepted: "+jsonType, nil)
}

func tooLarge() *status {
	return failure(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
		"Request entity too large: limit is "+strconv.Itoa(maxBody), nil)
}

func internal(err error) *status {
	return failure(http.StatusInternalServerError, "InternalError", "Internal error occurred: "+err.Error(),
		&details{Causes: []cause{{Message: err.Error()}}})
}

// answer writes an object as JSON.
func answer(w http.ResponseWriter, code int, object any) {
	body, err := json.Marshal(object)
	if err != nil { // every object here is made of strings and numbers
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("Cache-Control", "no-cache, private")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // the client has gone; there is nobody to tell
}

// refuse writes a status.
func refuse(w http.ResponseWriter, s *status) {
	if s.Code == http.StatusForbidden {
		w.Header().Set("X-Content-Type-Options", "nosniff")
	}
	answer(w, s.Code, s)
}
