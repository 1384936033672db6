package control

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/plane"
)

// parameter is one of a query.
type parameter struct {
	name  string
	kind  parameterKind
	about string
}

// parameterKind is what the text of a parameter must be.
type parameterKind int

// The kinds there are.
const (
	isText     parameterKind = iota
	isNumber                 // whole and not negative
	isBoolean                // true or false
	isDuration               // 10s, or seconds, and not negative
	isPlane                  // the name of a plane
)

// want says what a parameter of the kind looks like.
func (k parameterKind) want() string {
	return map[parameterKind]string{
		isNumber: "a whole number, 0 or more", isBoolean: "true or false", isDuration: `a duration such as "10s" or a number of seconds, 0 or more`,
		isPlane: "issuer, workload, entra or control",
	}[k]
}

// allows tells whether a text is of the kind.
func (k parameterKind) allows(text string) bool {
	switch k {
	case isNumber:
		n, err := strconv.Atoi(text)
		return err == nil && n >= 0
	case isBoolean:
		return text == "true" || text == "false"
	case isDuration:
		d, err := parseDuration(text)
		return err == nil && d >= 0
	case isPlane:
		return slices.Contains(plane.All, plane.Plane(text))
	}
	return true
}

// readQuery reads a query, and refuses parameters that the route does not have, and values that they do not take.
func readQuery(raw string, known []parameter) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, &Error{Message: "control: query: " + err.Error(), Hint: "escape it as URLs are escaped: curl -G --data-urlencode does so"}
	}
	names := make([]string, len(known))
	for i, p := range known {
		names[i] = p.name
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		given, i := values[name], slices.Index(names, name)
		switch {
		case i < 0:
			return nil, &Error{Message: fmt.Sprintf("control: query: unknown parameter %q", name), Member: name, Hint: meant(name, names)}
		case len(given) > 1:
			return nil, &Error{Message: fmt.Sprintf("control: query: parameter %s is there %d times", name, len(given)), Member: name}
		case !known[i].kind.allows(given[0]):
			return nil, &Error{Message: fmt.Sprintf("control: query: %s=%q: want %s", name, given[0], known[i].kind.want()), Member: name}
		}
	}
	return values, nil
}

// text is a parameter of the query; empty when it is not there.
func (c *call) text(name string) string { return c.query.Get(name) }

// number is a parameter of kind isNumber; 0 when it is not there.
func (c *call) number(name string) int {
	n, _ := strconv.Atoi(c.query.Get(name)) // readQuery has looked
	return n
}

// yes is a parameter of kind isBoolean; false when it is not there.
func (c *call) yes(name string) bool { return c.query.Get(name) == "true" }

// duration is a parameter of kind isDuration; 0 when it is not there.
func (c *call) duration(name string) time.Duration {
	d, _ := parseDuration(c.query.Get(name)) // readQuery has looked
	return d
}

// parseDuration reads "10s" and "10", which is as much.
func parseDuration(text string) (time.Duration, error) {
	quoted := text
	if strings.Trim(text, "0123456789.-") != "" || text == "" {
		quoted = strconv.Quote(text)
	}
	var d Duration
	err := d.UnmarshalJSON([]byte(quoted))
	return time.Duration(d), err
}
