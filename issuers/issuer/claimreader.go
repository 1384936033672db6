package issuer

import (
	"fmt"
	"strconv"
)

// ClaimReader reads the given claims that a platform makes other claims from. It keeps the first error, so that
// Platform.Claims looks at Err once, at its end. It is not safe for concurrent use.
type ClaimReader struct {
	Platform string // for the error
	Claims   Claims // usually Request.Claims
	Err      error
}

// Text returns a claim as it is written inside another claim: texts as they are, numbers and booleans as in JSON. It
// returns fallback for a claim that is absent or that has no such form; the latter is an error.
func (r *ClaimReader) Text(name, fallback string) string {
	switch value := r.Claims[name].(type) {
	case nil:
		return fallback
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case int, int64, uint64:
		return fmt.Sprint(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	default:
		if r.Err == nil {
			r.Err = fmt.Errorf("%s: claim %q: want a string, got %T", r.Platform, name, value)
		}
		return fallback
	}
}

// Text returns the member of that name, empty when there is none or it is not a string.
func Text(members map[string]any, name string) string {
	s, _ := members[name].(string)
	return s
}
