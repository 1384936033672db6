package explain

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
)

// publishedKeys are the kids of the issuer's set, from the check that did not find the one that was presented.
func publishedKeys(checks []entra.Check) (kids []string, refused bool) {
	i := slices.IndexFunc(checks, func(c entra.Check) bool { return c.Code == 7000272 })
	if i < 0 {
		return nil, false
	}
	if checks[i].Want != "" {
		kids = strings.Split(checks[i].Want, ", ")
	}
	return kids, true
}

// hexForm is the kid of a set that a printed one is the hexadecimal form of: of its characters, or of the bytes that it
// is the base64url of, as a thumbprint is. Entra has been seen to print kids so (Azure/azure-workload-identity#1232).
func hexForm(printed string, kids []string) (kid string, is bool) {
	for _, kid := range kids {
		if kid == "" {
			continue
		}
		if strings.EqualFold(printed, fmt.Sprintf("%x", kid)) {
			return kid, true
		}
		if raw, err := base64.RawURLEncoding.DecodeString(kid); err == nil && strings.EqualFold(printed, fmt.Sprintf("%x", raw)) {
			return kid, true
		}
	}
	return "", false
}

// keysInWords says which keys the set has beside the one that was not found.
func keysInWords(kid string, kids []string) string {
	has := "none that Entra can use"
	if len(kids) > 0 {
		list := make([]string, len(kids))
		for i, one := range kids {
			list[i] = fmt.Sprintf("%q", visible(one))
		}
		has = strings.Join(list, ", ")
	}
	return fmt.Sprintf("the assertion's kid %q is not among the issuer's keys; the set that is given here has %s", visible(kid), has)
}
