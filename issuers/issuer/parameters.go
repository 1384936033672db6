package issuer

import (
	"fmt"
	"strconv"
)

// Parameters reads the parameters that a platform makes other claims from. It keeps the first error, so that Platform.Claims
// looks at Err once, at its end. It is not safe for concurrent use.
type Parameters struct {
	Platform string // for the error
	Values   Claims // usually Request.Params
	Err      error
}

// Text returns a parameter as it is written inside another claim: texts as they are, numbers and booleans as in JSON. It returns
// fallback for a parameter that is absent or that has no such form; the latter is an error.
func (p *Parameters) Text(name, fallback string) string {
	switch value := p.Values[name].(type) {
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
		if p.Err == nil {
			p.Err = fmt.Errorf("%s: claim %q: want a string, got %T", p.Platform, name, value)
		}
		return fallback
	}
}
