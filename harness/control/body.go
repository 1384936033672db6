package control

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/issuerd/issuerd/harness/document"
)

// maxBody bounds a request's body in bytes. No JSON of the API comes near it.
const maxBody = 1 << 20

// file is the body of a request that is no JSON of the API: a file as it is.
type file []byte

// The media types of a body. A request without one is taken for the right one, and so is what curl -d says by itself.
var (
	jsonTypes = []string{"application/json"}
	fileTypes = []string{"application/yaml", "application/x-yaml", "text/yaml", "application/json"}
)

// anyType is what curl -d and --data-binary say a body is, whatever it is.
const anyType = "application/x-www-form-urlencoded"

// read reads the body of a request. The schema is that of JSON.
func (c *call) read(into any, schema func() *jsonschema.Schema) error {
	limit, types := int64(maxBody), jsonTypes
	switch into.(type) {
	case *empty:
		return nil
	case *file:
		limit, types = document.MaxSize, fileTypes
	}
	if err := checkType(c.Header.Get("Content-Type"), types); err != nil {
		return err
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.writer, c.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &Error{Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("control: request body: more than %d bytes", tooLarge.Limit)}
	}
	if err != nil {
		return &Error{Message: "control: request body: " + err.Error()}
	}
	if into, ok := into.(*file); ok {
		*into = raw
		return nil
	}
	return decode(raw, schema(), into)
}

// checkType refuses a body that says it is something else.
func checkType(header string, want []string) error {
	if header == "" {
		return nil
	}
	given, _, err := mime.ParseMediaType(header)
	if err == nil && (given == anyType || slices.Contains(want, given)) {
		return nil
	}
	return &Error{
		Status: http.StatusUnsupportedMediaType, Member: "Content-Type",
		Message: fmt.Sprintf("control: request body: want Content-Type %s, got %q", strings.Join(want, " or "), header),
	}
}
