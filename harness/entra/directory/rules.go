package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/entra/expression"
)

// newTenantRecord validates a tenant and everything in it under the options that there are now, fills in the ids that
// are missing, and takes it over. The error joins a [*RuleError] for each rule that is broken.
func newTenantRecord(t Tenant, o Options) (*tenantRecord, error) {
	r := &tenantRecord{cloud: PublicCloud, options: o}
	var broken []error
	all := rules{broken: &broken}
	r.validateTenant(&t, all)
	r.tenant = t
	taken := taken{}
	for i := range t.Applications {
		a := &t.Applications[i]
		if a.Name == "" {
			all.item("applications", i, "tenant %q: ", t.DisplayName).add("displayName", "application without a name")
		}
		r.validateApplication(a, taken, all.item("applications", i, "application %q: ", a.Name))
	}
	for _, validate := range []func(rules){
		r.validateSubscriptions, r.validateIdentities, r.validateAppRoleAssignments, r.validateRoleAssignments, r.validatePolicies, r.validateCertificates,
	} {
		validate(all)
	}
	if err := errors.Join(broken...); err != nil {
		return nil, err
	}
	r.index()
	return r, nil
}

// validateTenant validates the tenant itself, fills in its names and id, and finds its cloud.
func (r *tenantRecord) validateTenant(t *Tenant, rules rules) {
	if t.DisplayName == "" && len(t.Domains) > 0 {
		t.DisplayName = t.Domains[0]
	}
	if t.DisplayName == "" {
		t.DisplayName = t.ID
	}
	if t.DisplayName == "" {
		rules.add("displayName", "tenant: no display name, domain or id")
	}
	rules = rules.in("", "tenant %q: ", t.DisplayName)
	if c, err := CloudNamed(t.Cloud); err != nil {
		rules.add("cloud", "%w", err)
	} else {
		r.cloud, t.Cloud = c, c.Name
	}
	rules.id(&t.ID, "id", "id", "tenant", t.DisplayName)
	for i, domain := range t.Domains {
		path := fmt.Sprintf("domains[%d]", i)
		if !IsDomain(domain) {
			rules.add(path, "%q is not a domain name", domain)
		}
		if slices.ContainsFunc(t.Domains[:i], func(other string) bool { return strings.EqualFold(other, domain) }) {
			rules.add(path, "domain %q twice", domain)
		}
	}
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
func (r *tenantRecord) validateApplication(a *Application, taken taken, rules rules) {
	for _, id := range []struct {
		key, kind string
		id        *string
	}{{"clientId", "client", &a.ClientID}, {"objectId", "application", &a.ObjectID}, {"servicePrincipalId", "service principal", &a.ServicePrincipalID}} {
		if !rules.id(id.id, id.key, id.kind+" id", id.kind, r.tenant.ID, a.Name) || a.Name == "" {
			continue
		}
		if other := taken.by(id.kind, *id.id, a.Name); other != "" {
			rules.add(id.key, "application %q has the same client id, object id or service principal, or both have one name and no ids", other)
			break // with one name and no ids, it has all three
		}
	}
	if a.UniqueName != "" {
		if other := taken.by("unique name", a.UniqueName, a.Name); other != "" {
			rules.add("uniqueName", "application %q has the unique name %q", other, a.UniqueName)
		}
	}
	for i, uri := range a.IdentifierURIs {
		path := fmt.Sprintf("identifierUris[%d]", i)
		if uri == "" || slices.Contains(a.IdentifierURIs[:i], uri) {
			rules.add(path, "identifier URI %q empty or twice", uri)
		} else if service := r.cloud.Service(uri); service != nil {
			rules.add(path, "identifier URI %q belongs to %s", uri, service.Name)
		} else if other := taken.by("identifier URI", uri, a.Name); other != "" {
			rules.add(path, "application %q has the identifier URI %q", other, uri)
		}
	}
	if a.TokenVersion < 0 || a.TokenVersion > 2 {
		rules.add("tokenVersion", "token version %d (have 1 and 2)", a.TokenVersion)
	}
	for i := range a.AppRoles {
		role := &a.AppRoles[i]
		rules := rules.item("appRoles", i, "app role %q: ", role.Value)
		if rules.id(&role.ID, "id", "id", "app role", a.ObjectID, role.Value) && slices.ContainsFunc(a.AppRoles[:i], func(other AppRole) bool {
			return role.ID == other.ID || role.Value != "" && role.Value == other.Value
		}) {
			rules.add("value", "it is there twice")
		}
	}
	r.validateCredentials(a.Credentials, a.ObjectID, false, rules)
}

// validateCredentials validates the federated identity credentials of an application or a managed identity, and fills
// in their ids.
func (r *tenantRecord) validateCredentials(credentials []Credential, ownerID string, identity bool, rules rules) {
	for i := range credentials {
		c := &credentials[i]
		rules := rules.item("credentials", i, "credential %q: ", c.Name)
		if i == MaxCredentials {
			rules.add("", "the application already has %d federated identity credentials, the limit", MaxCredentials)
			return // each is compared with all before it
		}
		validateCredential(r.cloud.Name, c, identity, r.options, rules)
		if rules.id(&c.ID, "id", "id", "credential", ownerID, c.Name) {
			validateAmong(c, credentials[:i], rules)
		}
	}
}

// validateAmong validates a credential against those before it.
func validateAmong(c *Credential, before []Credential, rules rules) {
	for _, other := range before {
		switch {
		case other.Name == c.Name:
			rules.add("name", "the name is taken")
		case other.ID == c.ID:
			rules.add("id", "the id %q is taken by credential %q", c.ID, other.Name)
		case c.Issuer != "" && c.Subject != "" && other.Issuer == c.Issuer && other.Subject == c.Subject:
			rules.add("subject", "the combination of issuer %q and subject %q must be unique for the application, credential %q has it",
				c.Issuer, c.Subject, other.Name)
		default:
			continue
		}
		return
	}
}

// ValidateCredential validates a credential by itself, as [ValidateMatching] does its expression. The error joins a
// [*RuleError] for each rule that is broken, with a path below the credential.
func ValidateCredential(cloud string, c Credential, identity bool, o Options) error {
	var broken []error
	validateCredential(cloud, &c, identity, o, rules{of: fmt.Sprintf("credential %q: ", c.Name), broken: &broken})
	return errors.Join(broken...)
}

func validateCredential(cloud string, c *Credential, identity bool, o Options, rules rules) {
	if !ValidCredentialName(c.Name) {
		rules.add("name", "the name must have %d to %d letters, digits, - and _, the first a letter or a digit", minNameLength, maxNameLength)
	}
	if c.Issuer == "" {
		rules.add("issuer", "no issuer")
	}
	switch {
	case c.Subject == "" && c.Matching == "":
		rules.add("subject", "no subject, and no matching expression")
	case c.Subject != "" && c.Matching != "":
		rules.add("subject", "a subject and a matching expression: give one of them")
	case c.Matching != "":
		if err := ValidateMatching(cloud, *c, identity, o); err != nil {
			rules.add("matching", "%w", err)
		}
	}
	if len(c.Audiences) != 1 {
		rules.add("audiences", "federated identity credentials must have exactly one audience, this one has %d", len(c.Audiences))
	} else if c.Audiences[0] == "" {
		rules.add("audiences[0]", "the audience is empty")
	}
	for _, field := range []struct{ key, name, value string }{
		{"issuer", "issuer", c.Issuer}, {"subject", "subject", c.Subject}, {"audiences[0]", "audience", strings.Join(c.Audiences, "")},
		{"description", "description", c.Description},
	} {
		if n := utf8.RuneCountInString(field.value); n > MaxFieldLength {
			rules.add(field.key, "the %s has %d characters, the limit is %d", field.name, n, MaxFieldLength)
		}
	}
}

// ErrNoExpressions is the refusal of a flexible expression in a cloud that has no flexible credentials. Its text was
// seen in defenseunicorns/uds-core#1495, as the answer of Microsoft Graph in Azure Government.
var ErrNoExpressions = errors.New("matching via expression is not currently supported for this cloud")

// ValidateMatching validates the matching expression of a credential, under the options, in a cloud. With identity, the
// credential is for a managed identity, and else for an application. The error is, or wraps, [ErrNoExpressions], an
// [*expression.SyntaxError] or an [*expression.RuleError].
func ValidateMatching(cloud string, c Credential, identity bool, o Options) error {
	in, err := CloudNamed(cloud)
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

// id validates a given GUID, or derives one from the names when it is empty: the same names always give the same id. It
// tells whether the id can be used.
func (r rules) id(id *string, path, what string, names ...string) bool {
	if *id == "" {
		*id = nameGUID(names...)
		return true
	}
	if !IsGUID(*id) || *id == ZeroGUID {
		r.add(path, "%s: %q is not a usable GUID", what, *id)
		return false
	}
	*id = strings.ToLower(*id)
	return true
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
