package apiserver

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// createOptions are what the query of a request says about the creation of an object.
type createOptions struct {
	dryRun          bool
	fieldValidation string // ignoreFields, warnFields or strictFields
}

// What is done about members of a body that are not known or are there twice.
const (
	ignoreFields = "Ignore"
	warnFields   = "Warn"
	strictFields = "Strict"
)

// maxManager is how many bytes the name of a field manager may have.
const maxManager = 128

// readOptions has the checks and texts of k8s.io/apimachinery v0.36.3, pkg/apis/meta/v1/validation. The error is a
// *status.
func readOptions(query url.Values) (createOptions, error) {
	var wrong []cause
	manager := query.Get("fieldManager")
	if len(manager) > maxManager {
		wrong = append(wrong, cause{"FieldValueTooLong", fmt.Sprintf("Too long: may not be more than %d bytes", maxManager), "fieldManager"})
	}
	for i, r := range manager {
		if !unicode.IsPrint(r) {
			wrong = append(wrong, cause{"FieldValueInvalid",
				fmt.Sprintf("Invalid value: %q: invalid character %#U (at position %d)", manager, r, i), "fieldManager"})
		}
	}
	dryRun := query["dryRun"]
	if slices.ContainsFunc(dryRun, func(value string) bool { return value != "All" }) {
		have, err := json.Marshal(dryRun)
		if err != nil {
			return createOptions{}, internal(err)
		}
		wrong = append(wrong, notSupported("dryRun", string(have), "All"))
	}
	validation := query.Get("fieldValidation")
	if known := []string{"", ignoreFields, strictFields, warnFields}; !slices.Contains(known, validation) {
		wrong = append(wrong, notSupported("fieldValidation", strconv.Quote(validation), known...))
	}
	if len(wrong) > 0 {
		return createOptions{}, invalidFields(resource{group: tableGroup, name: "CreateOptions"}, "", wrong...)
	}
	if validation == "" {
		validation = warnFields
	}
	return createOptions{dryRun: len(dryRun) > 0, fieldValidation: validation}, nil
}

// notSupported refuses a value that is not one of those known; value is as it is quoted in the text.
func notSupported(field, value string, known ...string) cause {
	quoted := make([]string, len(known))
	for i, name := range known {
		quoted[i] = strconv.Quote(name)
	}
	return cause{"FieldValueNotSupported", "Unsupported value: " + value + ": supported values: " + strings.Join(quoted, ", "), field}
}
