package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// restDocumentation is where the REST API's errors send their reader; the real ones name the route's own page.
const restDocumentation = "https://docs.github.com/rest"

// bodyLimit bounds a request; the real limit is not known, nor what GitHub says beyond it.
const bodyLimit = 1 << 20

// restError is an error of the REST API. Its texts are documented for the API as a whole
// (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api); that these routes have the same is
// inferred.
type restError struct {
	Message          string `json:"message"`
	DocumentationURL string `json:"documentation_url"`
	Status           string `json:"status"`
}

func refused(status int, message string) (int, any) {
	return status, restError{message, restDocumentation, strconv.Itoa(status)}
}

func fail(w http.ResponseWriter, status int, message string) {
	status, answer := refused(status, message)
	reply(w, status, answer)
}

func notFound(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusNotFound, "Not Found") }

// object is the body of a request.
type object map[string]any

// readObject reads the body of a request, whatever its content type; it returns false when it has answered the request
// itself.
func readObject(w http.ResponseWriter, r *http.Request) (object, bool) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		fail(w, http.StatusRequestEntityTooLarge, http.StatusText(http.StatusRequestEntityTooLarge))
		return nil, false
	case err != nil: // the client has hung up
		return nil, false
	}
	var body object
	var wrongType *json.UnmarshalTypeError
	switch err := json.Unmarshal(text, &body); {
	case errors.As(err, &wrongType), err == nil && body == nil, len(text) == 0:
		fail(w, http.StatusBadRequest, "Body should be a JSON object")
		return nil, false
	case err != nil:
		fail(w, http.StatusBadRequest, "Problems parsing JSON")
		return nil, false
	}
	return body, true
}

func (o object) has(member string) bool {
	_, has := o[member]
	return has
}

func (o object) reader() *bodyReader { return &bodyReader{body: o} }

// bodyReader reads the members of a body and collects what is wrong with them. The texts are those of the Ruby library
// json_schema, which GitHub's errors follow: 'For 'properties/active', "true" is not a boolean.' is recorded, of other
// routes.
type bodyReader struct {
	body   object
	errors []string
}

func (r *bodyReader) fault(pointer, format string, args ...any) {
	r.errors = append(r.errors, "For '"+pointer+"', "+fmt.Sprintf(format, args...))
}

// required wants a member.
func (r *bodyReader) required(member string) {
	if !r.body.has(member) {
		r.errors = append(r.errors, fmt.Sprintf("%q wasn't supplied.", member))
	}
}

// boolean reads a member that may be absent.
func (r *bodyReader) boolean(member string, into *bool) {
	if !r.body.has(member) {
		return
	}
	value, ok := r.body[member].(bool)
	if !ok {
		r.fault("properties/"+member, "%s is not a boolean.", inspect(r.body[member]))
		return
	}
	*into = value
}

// claimKey is what a claim key may look like: letters, digits and underscores.
var claimKey = regexp.MustCompile(`^[a-zA-Z0-9_]+$`)

// keys reads a list of claim keys that may be absent.
func (r *bodyReader) keys(member string, into *[]string) {
	if !r.body.has(member) {
		return
	}
	pointer := "properties/" + member
	list, ok := r.body[member].([]any)
	if !ok {
		r.fault(pointer, "%s is not an array.", inspect(r.body[member]))
		return
	}
	var keys []string
	for _, item := range list {
		switch key, ok := item.(string); {
		case !ok:
			r.fault(pointer+"/items", "%s is not a string.", inspect(item))
		case !claimKey.MatchString(key):
			r.fault(pointer+"/items", "%s does not match /%s/.", key, claimKey)
		case slices.Contains(keys, key):
			r.fault(pointer, "Duplicate items are not allowed.")
			return
		default:
			keys = append(keys, key)
		}
	}
	*into = keys
}

// refused is the answer when something is wrong with the body.
func (r *bodyReader) refused() (int, any) {
	return refused(http.StatusUnprocessableEntity, "Invalid request.\n\n"+strings.Join(r.errors, "\n"))
}

// inspect writes a value as Ruby does; an object inside would look otherwise there.
func inspect(value any) string {
	if value == nil {
		return "nil"
	}
	text, err := json.Marshal(value)
	if err != nil { // it comes from JSON
		return fmt.Sprint(value)
	}
	return string(text)
}
