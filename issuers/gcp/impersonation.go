package gcp

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// impersonateVariable is the variable of a workload that names, between commas, the service accounts beside its own
// that it may impersonate: e-mail addresses, each with =UNIQUEID after it unless the id that is derived from the
// address will do. It is ours; at Google these are grants of the role Service Account Token Creator on each of them.
const impersonateVariable = "ISSUERD_IMPERSONATE"

// maxImpersonated bounds them.
const maxImpersonated = 100

// principal is a service account with the key that Google keeps for it.
type principal struct {
	account
	own *ownKey
}

var (
	serviceAccount = regexp.MustCompile(`^[a-z0-9.-]{1,64}@[a-z0-9.-]{1,200}\.gserviceaccount\.com$`)
	uniqueIDForm   = regexp.MustCompile(`^[0-9]{21}$`)
)

// readImpersonated reads the variable.
func readImpersonated(value string) ([]*principal, error) {
	if value == "" {
		return nil, nil
	}
	var all []*principal
	for item := range strings.SplitSeq(value, ",") {
		email, id, given := strings.Cut(strings.TrimSpace(item), "=")
		if !given {
			id = derivedID(email)
		}
		if !serviceAccount.MatchString(email) || !uniqueIDForm.MatchString(id) {
			return nil, fmt.Errorf("gcp: %s: %q: want the e-mail address of a service account, such as deploy@contoso.iam.gserviceaccount.com, "+
				"and if you like = and its unique id of 21 digits", impersonateVariable, item)
		}
		all = append(all, &principal{account{email, id}, new(ownKey)})
	}
	if len(all) > maxImpersonated {
		return nil, fmt.Errorf("gcp: %s: %d accounts, want at most %d", impersonateVariable, len(all), maxImpersonated)
	}
	return all, nil
}

// derivedID is a unique id for an address, always the same: 21 digits that begin with 1, as real ones do.
func derivedID(email string) string {
	sum := sha256.Sum256([]byte(email))
	digits := new(big.Int).Mod(new(big.Int).SetBytes(sum[:]), new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil))
	return fmt.Sprintf("1%020s", digits.String())
}

// principal finds an account by its e-mail address or unique id, or returns nil.
func (a *api) principal(name string) *principal {
	for _, p := range a.principals {
		if p.is(name) {
			return p
		}
	}
	return nil
}

// mayImpersonate tells whether an account may act as another. The workload's may act as itself and as those that its
// variable names; nobody has granted those anything.
func (a *api) mayImpersonate(from, to *principal) bool {
	return from == a.principals[0] && to != nil
}
