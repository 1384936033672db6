package issuercheck

import (
	"context"
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// tokenChecks are those of a sign-in that are about the token and not about whom it is shown to.
var tokenChecks = map[string]bool{
	"assertion format": true, "assertion type": true, "assertion header": true, "assertion algorithm": true, "assertion claims": true,
	"issuer metadata": true, "signing key": true, "signature": true, "lifetime": true, "valid time": true,
}

// token is about a token of the issuer: the checks of a sign-in, as far as they are about the token. A key set that was
// fetched verifies it.
func (c *checking) token(ctx context.Context, jwks []byte) error {
	if c.options.Token == "" {
		return nil
	}
	found, err := entra.Examine(ctx, entra.Evidence{Time: c.Time, Assertion: c.options.Token, JWKS: jwks, Options: &c.rules})
	if err != nil {
		return fmt.Errorf("issuercheck: token: %w", err)
	}
	if iss := found.SignIn.Issuer; iss != "" && iss != c.Issuer {
		c.bad("token", 700211, fmt.Sprintf("the token's iss is %q, not %q: %s", iss, c.Issuer, unlike(iss, c.Issuer)), "credentials must have the iss of the tokens, byte for byte")
	}
	passed := 0
	for _, check := range found.Checks {
		if !tokenChecks[check.Name] {
			continue
		}
		switch {
		case check.Unknown != "":
			c.warn("token", check.Name+": not known without "+check.Unknown, "")
		case check.OK:
			passed++
		default:
			c.bad("token", check.Code, check.Name+": "+why(check), fix(check.Code))
		}
	}
	if passed == len(tokenChecks) {
		c.ok("token", fmt.Sprintf("all %d checks of a sign-in that are about the token pass", passed))
	}
	if audience := strings.Join(found.SignIn.Audience, ", "); audience != "" && directory.CloudOfAudience(audience) == nil {
		c.warn("token", fmt.Sprintf("its audience is %q: a credential must have the same", audience), "ask for api://AzureADTokenExchange, which is the usual one in the public cloud")
	}
	return nil
}

// why is what a check that failed has to say.
func why(c entra.Check) string {
	var parts []string
	if c.Want != "" || c.Got != "" {
		parts = append(parts, fmt.Sprintf("want %q, got %q", c.Want, c.Got))
	}
	if c.Note != "" {
		parts = append(parts, c.Note)
	}
	if row, ok := entra.Lookup(c.Code); ok && len(parts) == 0 {
		parts = append(parts, row.Cause)
	}
	return strings.Join(parts, "; ")
}

func fix(code int) string {
	row, _ := entra.Lookup(code)
	return row.Fix
}
