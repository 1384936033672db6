package scenario

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/wording"
)

// FindIdentity finds a managed identity by its name, with its tenant's id, the scenario's tenant first. The error lists
// those there are.
func FindIdentity(tenants []directory.Tenant, name string) (tenant string, found directory.ManagedIdentity, err error) {
	var names []string
	for _, t := range tenants {
		for _, m := range t.ManagedIdentities {
			if m.Name == name {
				return t.ID, m, nil
			}
			names = append(names, strconv.Quote(m.Name))
		}
	}
	return "", directory.ManagedIdentity{}, fmt.Errorf("no managed identity %q (%s)", name, wording.Have(strconv.Quote(name), names))
}

// Validate tells whether the request can be made: its host is one of Entra's, and method and headers are those of HTTP.
// The loader has checked it, except for what is known only when the step runs. The error is a [*KeyError].
func (e *Exchange) Validate() error {
	if cloud, _ := directory.CloudOfHost(e.Host); cloud == nil && e.Host != "" {
		return &KeyError{Key: "host", Err: fmt.Errorf("exchange: host %q is none of Entra's login hosts (%s)", e.Host, wording.Have(e.Host, directory.LoginHosts()))}
	}
	return validateRequest("exchange", e.Method, e.Headers)
}

// Validate tells whether the call can be made: its URL leads to a host that is reached, there is a token to present,
// and method and headers are those of HTTP. token tells whether there is one or the file says which to present. The
// error is a [*KeyError].
func (c *Call) Validate(token bool, reached func(host string) bool) error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "":
		return &KeyError{Key: "url", Err: fmt.Errorf("call: %q is not the URL of a resource, such as https://graph.microsoft.com/v1.0/applications", c.URL)}
	case !reached(u.Hostname()):
		return &KeyError{Key: "url", Err: fmt.Errorf("call: nothing of the emulator is at the host %q", u.Hostname())}
	case !token:
		return &KeyError{Err: errors.New(`call: there is no access token: get one in an exchange before, say which one to present, or write token: "" for none`)}
	}
	return validateRequest("call", c.Method, c.Headers)
}

// httpToken is what methods and the names of headers are made of (RFC 9110, section 5.6.2).
var httpToken = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func validateRequest(kind, method string, headers map[string]string) error {
	if method != "" && !httpToken.MatchString(method) {
		return &KeyError{Key: "method", Err: fmt.Errorf("%s: %q is no HTTP method, such as POST", kind, method)}
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if !httpToken.MatchString(name) {
			return &KeyError{Key: "headers", Err: fmt.Errorf("%s: %q is no name of an HTTP header", kind, name)}
		}
		if strings.ContainsFunc(headers[name], func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return &KeyError{Key: "headers", Err: fmt.Errorf("%s: header %s: there is a control character in its value", kind, name)}
		}
	}
	return nil
}

// hostname is a host without its port, in lower case.
func hostname(host string) string {
	return strings.ToLower((&url.URL{Host: host}).Hostname())
}
