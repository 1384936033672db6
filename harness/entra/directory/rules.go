package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/entra/expression"
)

// ruleError is an error about a part of a tenant.
type ruleError struct {
	path string // of the part below the tenant, as in applications[0].credentials[1]
	err  error
}

// BrokenRule is the first of the rules that an error of [Directory.AddTenant] or [Directory.Change] says are broken, and where in the
// tenant, as in applications[0].credentials[1]; the path is empty where that is not known.
func BrokenRule(err error) (path string, first error) {
	var rule *ruleError
	if errors.As(err, &rule) {
		return rule.path, rule.err
	}
	return "", err
}

func (e *ruleError) Error() string { return e.err.Error() }
func (e *ruleError) Unwrap() error { return e.err }

// at says where in a tenant the errors are: below a path, and further below where they say so themselves. It keeps nil.
func at(path string, err error) error {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range list.Unwrap() {
			all = append(all, at(path, one))
		}
		return errors.Join(all...)
	}
	if rule, ok := err.(*ruleError); ok {
		return &ruleError{path + "." + rule.path, rule.err}
	}
	if err == nil {
		return nil
	}
	return &ruleError{path, err}
}

// newTenantRecord validates a tenant and everything in it under the options that there are now, fills in the ids that are missing, and takes it over.
func newTenantRecord(t Tenant, o Options) (*tenantRecord, error) {
	r := &tenantRecord{cloud: PublicCloud, options: o}
	broken := []error{r.validateTenant(&t)}
	r.tenant = t
	taken := taken{}
	for i := range t.Applications {
		broken = append(broken, at(fmt.Sprintf("applications[%d]", i), r.validateApplication(&t.Applications[i], taken)))
	}
	for _, validate := range []func() error{
		r.validateSubscriptions, r.validateIdentities, r.validateAppRoleAssignments, r.validateRoleAssignments, r.validatePolicies, r.validateCertificates,
	} {
		broken = append(broken, validate())
	}
	if err := errors.Join(broken...); err != nil {
		return nil, err
	}
	r.index()
	return r, nil
}

// validateTenant validates the tenant itself, fills in its names and id, and finds its cloud.
func (r *tenantRecord) validateTenant(t *Tenant) error {
	if t.DisplayName == "" && len(t.Domains) > 0 {
		t.DisplayName = t.Domains[0]
	}
	if t.DisplayName == "" {
		t.DisplayName = t.ID
	}
	if t.DisplayName == "" {
		return errors.New("directory: tenant: no display name, domain or id")
	}
	var broken []error
	fail := func(path, format string, args ...any) {
		broken = append(broken, at(path, fmt.Errorf("directory: tenant %q: "+format, append([]any{t.DisplayName}, args...)...)))
	}
	if c, err := cloudNamed(t.Cloud); err != nil {
		fail("cloud", "%w", err)
	} else {
		r.cloud, t.Cloud = c, c.Name
	}
	var err error
	if t.ID, err = idOr(t.ID, "tenant", t.DisplayName); err != nil {
		fail("id", "id: %w", err)
	}
	for i, domain := range t.Domains {
		path := fmt.Sprintf("domains[%d]", i)
		if !IsDomain(domain) {
			fail(path, "%q is not a domain name", domain)
		}
		for _, other := range t.Domains[:i] {
			if strings.EqualFold(other, domain) {
				fail(path, "domain %q twice", domain)
			}
		}
	}
	return errors.Join(broken...)
}

// taken has the names of what the applications of a tenant have, by what it is: each has it for itself.
type taken map[[2]string]string

// by is the application that has a thing of a kind already; else "", and from now on it is this one.
func (t taken) by(kind, what, application string) string {
	key := [2]string{kind, what}
	if other, is := t[key]; is {
		return other
	}
	t[key] = application
	return ""
}

// validateApplication validates an application against those before it and fills in its ids.
func (r *tenantRecord) validateApplication(a *Application, taken taken) error {
	if a.Name == "" {
		return fmt.Errorf("directory: tenant %q: application without a name", r.tenant.DisplayName)
	}
	for _, id := range []struct {
		kind string
		id   *string
	}{{"client", &a.ClientID}, {"application", &a.ObjectID}, {"service principal", &a.ServicePrincipalID}} {
		var err error
		if *id.id, err = idOr(*id.id, id.kind, r.tenant.ID, a.Name); err != nil {
			return fmt.Errorf("directory: application %q: %s id: %w", a.Name, id.kind, err)
		}
	}
	for _, id := range [][2]string{{"client id", a.ClientID}, {"object id", a.ObjectID}, {"service principal", a.ServicePrincipalID}} {
		if other := taken.by(id[0], id[1], a.Name); other != "" {
			return fmt.Errorf("directory: application %q: application %q has the same client id, object id or service principal, "+
				"or both have one name and no ids", a.Name, other)
		}
	}
	if a.UniqueName != "" {
		if other := taken.by("unique name", a.UniqueName, a.Name); other != "" {
			return fmt.Errorf("directory: application %q: application %q has the unique name %q", a.Name, other, a.UniqueName)
		}
	}
	for i, uri := range a.IdentifierURIs {
		if uri == "" || slices.Contains(a.IdentifierURIs[:i], uri) {
			return fmt.Errorf("directory: application %q: identifier URI %q empty or twice", a.Name, uri)
		}
		if service := r.cloud.Service(uri); service != nil {
			return fmt.Errorf("directory: application %q: identifier URI %q belongs to %s", a.Name, uri, service.Name)
		}
		if other := taken.by("identifier URI", uri, a.Name); other != "" {
			return fmt.Errorf("directory: application %q: application %q has the identifier URI %q", a.Name, other, uri)
		}
	}
	if a.TokenVersion < 0 || a.TokenVersion > 2 {
		return fmt.Errorf("directory: application %q: token version %d (have 1 and 2)", a.Name, a.TokenVersion)
	}
	for i := range a.AppRoles {
		role := &a.AppRoles[i]
		var err error
		if role.ID, err = idOr(role.ID, "app role", a.ObjectID, role.Value); err != nil {
			return fmt.Errorf("directory: application %q: app role %q: id: %w", a.Name, role.Value, err)
		}
		for _, other := range a.AppRoles[:i] {
			if role.ID == other.ID || role.Value != "" && role.Value == other.Value {
				return fmt.Errorf("directory: application %q: app role %q twice", a.Name, role.Value)
			}
		}
	}
	return r.validateCredentials(a.Credentials, fmt.Sprintf("application %q", a.Name), a.ObjectID, false)
}

// validateCredentials validates the federated identity credentials of an owner, as in `application "deployer"`, which may be a managed
// identity, and fills in their ids.
func (r *tenantRecord) validateCredentials(credentials []Credential, owner, ownerID string, identity bool) error {
	var broken []error
	for i := range credentials {
		c := &credentials[i]
		if err := r.validateCredential(c, credentials[:i], ownerID, identity); err != nil {
			broken = append(broken, at(fmt.Sprintf("credentials[%d]", i), fmt.Errorf("directory: %s: credential %q: %w", owner, c.Name, err)))
		}
	}
	return errors.Join(broken...)
}

func (r *tenantRecord) validateCredential(c *Credential, before []Credential, ownerID string, identity bool) error {
	switch {
	case !ValidCredentialName(c.Name):
		return fmt.Errorf("the name must have %d to %d letters, digits, - and _, the first a letter or a digit", minNameLength, maxNameLength)
	case c.Issuer == "":
		return errors.New("no issuer")
	case c.Subject == "" && c.Matching == "":
		return errors.New("no subject, and no matching expression")
	case len(c.Audiences) != 1:
		return fmt.Errorf("federated identity credentials must have exactly one audience, this one has %d", len(c.Audiences))
	case c.Audiences[0] == "":
		return errors.New("the audience is empty")
	case len(before) >= MaxCredentials:
		return fmt.Errorf("the application already has %d federated identity credentials, the limit", MaxCredentials)
	}
	for _, field := range []struct{ name, value string }{
		{"issuer", c.Issuer}, {"subject", c.Subject}, {"audience", c.Audiences[0]}, {"description", c.Description},
	} {
		if n := utf8.RuneCountInString(field.value); n > MaxFieldLength {
			return fmt.Errorf("the %s has %d characters, the limit is %d", field.name, n, MaxFieldLength)
		}
	}
	if c.Matching != "" {
		if c.Subject != "" {
			return errors.New("a subject and a matching expression: give one of them")
		}
		if err := ValidateMatching(r.cloud.Name, *c, identity, r.options); err != nil {
			return err
		}
	}
	var err error
	if c.ID, err = idOr(c.ID, "credential", ownerID, c.Name); err != nil {
		return fmt.Errorf("id: %w", err)
	}
	for _, other := range before {
		switch {
		case other.Name == c.Name:
			return errors.New("the name is taken")
		case other.ID == c.ID:
			return fmt.Errorf("the id %q is taken by credential %q", c.ID, other.Name)
		case c.Subject != "" && other.Issuer == c.Issuer && other.Subject == c.Subject:
			return fmt.Errorf("the combination of issuer %q and subject %q must be unique for the application, credential %q has it",
				c.Issuer, c.Subject, other.Name)
		}
	}
	return nil
}

// ErrNoExpressions is the refusal of a flexible expression in a cloud that has no flexible credentials. Its text was
// seen in defenseunicorns/uds-core#1495, as the answer of Microsoft Graph in Azure Government.
var ErrNoExpressions = errors.New("matching via expression is not currently supported for this cloud")

// ValidateMatching validates the matching expression of a credential, under the options, in a cloud. With identity, the
// credential is for a managed identity, and else for an application. The error is, or wraps, [ErrNoExpressions], an
// [*expression.SyntaxError] or an [*expression.RuleError].
func ValidateMatching(cloud string, c Credential, identity bool, o Options) error {
	in, err := cloudNamed(cloud)
	if err != nil {
		return err
	}
	if in.noExpressions {
		return fmt.Errorf("%w (%s)", ErrNoExpressions, in.Name)
	}
	e, err := expression.Parse(c.Matching)
	switch {
	case err != nil:
		return err
	case identity:
		return e.ValidateIdentityIssuer(c.Issuer, c.Created, o.GitLabRequires)
	}
	return e.ValidateIssuer(c.Issuer, c.Created, o.GitLabRequires)
}

// idOr validates a given GUID, or derives one from the names when it is empty:
// the same names always give the same id.
func idOr(given string, names ...string) (string, error) {
	if given == "" {
		return nameGUID(names...), nil
	}
	if !IsGUID(given) || given == ZeroGUID {
		return "", fmt.Errorf("%q is not a usable GUID", given)
	}
	return strings.ToLower(given), nil
}

// IsDomain says whether s is a DNS name of at least two labels.
func IsDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool { return !isWord(r) && r != '-' }) {
			return false
		}
	}
	return true
}

func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
