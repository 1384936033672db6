package arm

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

type credential struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Properties credentialProperties `json:"properties"`
}

type credentialProperties struct {
	Issuer    string    `json:"issuer"`
	Subject   string    `json:"subject,omitempty"`
	Audiences []string  `json:"audiences"`
	Matching  *matching `json:"claimsMatchingExpression,omitempty"`
}

type matching struct {
	Value   string `json:"value"`
	Version int    `json:"languageVersion"`
}

func (c *call) credential(m directory.ManagedIdentity, f directory.Credential) credential {
	p := credentialProperties{Issuer: f.Issuer, Subject: f.Subject, Audiences: f.Audiences}
	if f.Matching != "" && c.flexible() {
		p.Matching = &matching{f.Matching, languageVersion}
	}
	return credential{
		ID: m.ResourceID() + "/federatedIdentityCredentials/" + f.Name, Name: f.Name, Type: directory.IdentityType + "/federatedIdentityCredentials", Properties: p,
	}
}

// flexible tells whether the api-version has claims matching expressions.
func (c *call) flexible() bool { return slices.Contains(flexibleVersions, c.version) }

// languageVersion is the only one of claims matching expressions, as Microsoft documents them.
const languageVersion = 1

// parent finds the identity of the path, after what precedes every request to its credentials. Whatever stands below as
// documented is in MicrosoftDocs/entra-docs, docs/workload-id/workload-identity-federation-considerations.md, which
// gives messages; the codes that it leaves out are inferred.
func (c *call) parent() (*directory.ManagedIdentity, error) {
	err := c.validateVersion(credentialsSince, "userAssignedIdentities/federatedIdentityCredentials")
	if err == nil {
		_, err = c.inGroup()
	}
	if err != nil {
		return nil, err
	}
	i := c.findIdentity(&c.tenant)
	if i < 0 {
		return nil, errNoParent
	}
	return &c.tenant.ManagedIdentities[i], nil
}

// errNoParent has a documented message.
var errNoParent = fail(http.StatusNotFound, "NotFound", "The parent user-assigned identity doesn't exist.")

// listCredentials answers with at most $top credentials, from where $skiptoken says. The form of the token is ours; the
// texts are inferred.
func (c *call) listCredentials() (reply, error) {
	m, err := c.parent()
	if err != nil {
		return reply{}, err
	}
	start, top := 0, len(m.Credentials)
	for _, number := range []struct {
		name    string
		value   *int
		atLeast int
	}{{"$top", &top, 1}, {"$skiptoken", &start, 0}} {
		given := option(c.r, number.name)
		if given == "" {
			continue
		}
		if *number.value, err = strconv.Atoi(given); err != nil || *number.value < number.atLeast {
			return reply{}, badRequest("The value '%s' of the query parameter '%s' is invalid.", given, number.name)
		}
	}
	page := list[credential]{Value: []credential{}}
	rest := m.Credentials[min(start, len(m.Credentials)):]
	for _, f := range rest[:min(top, len(rest))] {
		page.Value = append(page.Value, c.credential(*m, f))
	}
	if len(rest) > top {
		query := url.Values{"api-version": {c.version}, "$top": {strconv.Itoa(top)}, "$skiptoken": {strconv.Itoa(start + top)}}
		page.Next = "https://" + c.r.Host + c.r.URL.EscapedPath() + "?" + query.Encode()
	}
	return ok(page)
}

// findCredential finds the credential of the path, or returns -1.
func (c *call) findCredential(m *directory.ManagedIdentity) int {
	return slices.IndexFunc(m.Credentials, func(f directory.Credential) bool { return strings.EqualFold(f.Name, c.vars["name"]) })
}

func (c *call) getCredential() (reply, error) {
	m, err := c.parent()
	if err != nil {
		return reply{}, err
	}
	i := c.findCredential(m)
	if i < 0 { // inferred
		return reply{}, fail(http.StatusNotFound, "NotFound", "The federated identity credential '%s' was not found.", c.vars["name"])
	}
	return ok(c.credential(*m, m.Credentials[i]))
}

// readCredential reads the credential of a request.
func (c *call) readCredential() (directory.Credential, error) {
	none := directory.Credential{}
	var body struct {
		Properties *struct {
			Issuer    string    `json:"issuer"`
			Subject   string    `json:"subject"`
			Audiences []string  `json:"audiences"`
			Matching  *matching `json:"claimsMatchingExpression"`
		} `json:"properties"`
	}
	if !directory.ValidCredentialName(c.vars["name"]) { // documented
		return none, badRequest("Federated Identity Credential name '%s' is invalid.", c.vars["name"])
	}
	if err := c.decode(&body); err != nil {
		return none, err
	}
	p := body.Properties
	if p == nil { // documented
		return none, badRequest("Federated Identity Credential from HTTP body has empty properties")
	}
	f := directory.Credential{Name: c.vars["name"], Issuer: p.Issuer, Subject: p.Subject, Audiences: p.Audiences}
	if p.Matching != nil && c.flexible() {
		if f.Matching = p.Matching.Value; p.Matching.Version != languageVersion { // inferred
			return none, badRequest("Federated Identity Credential claims matching expression must have language version %d.", languageVersion)
		}
	}
	switch {
	case f.Issuer == "" || f.Subject == "" && f.Matching == "" || len(f.Audiences) == 0 || slices.Contains(f.Audiences, ""): // zioproto/istio-aks-example#6
		return none, badRequest("The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.")
	case len(f.Audiences) > 1: // documented
		return none, badRequest("Federated identity credentials must have exactly one audience.")
	}
	return f, c.validateValues(f)
}

// validateValues validates what a credential says. That Azure refuses such values is documented
// (Azure/azure-rest-api-specs has the issuer's format, the reference of Microsoft Graph the lengths), its texts are
// inferred.
func (c *call) validateValues(f directory.Credential) error {
	for _, field := range []struct{ name, value string }{{"issuer", f.Issuer}, {"subject", f.Subject}, {"audience", f.Audiences[0]}} {
		if utf8.RuneCountInString(field.value) > directory.MaxFieldLength {
			return badRequest("Federated Identity Credential %s must not be longer than %d characters.", field.name, directory.MaxFieldLength)
		}
	}
	if issuer, err := url.Parse(f.Issuer); err != nil || issuer.Scheme == "" || issuer.Host == "" {
		return badRequest("Federated Identity Credential issuer '%s' is not a valid URI.", f.Issuer)
	}
	if f.Matching == "" {
		return nil
	}
	if f.Subject != "" {
		return badRequest("Federated Identity Credential must specify either 'subject' or 'claimsMatchingExpression'.")
	}
	err := directory.ValidateMatching(c.tenant.Cloud, f, true, c.api.directory.Options())
	if errors.Is(err, directory.ErrNoExpressions) {
		err = directory.ErrNoExpressions // without the cloud's name, which is for directory files
	}
	if err != nil {
		return badRequest("Federated Identity Credential claims matching expression is invalid: %s.", plainly(err))
	}
	return nil
}

func badRequest(format string, args ...any) error {
	return fail(http.StatusBadRequest, "BadRequest", format, args...)
}

// unsupported are the regions whose identities cannot have credentials, as documented in 2026. The list changes.
var unsupported = []string{"malaysiasouth", "newzealandnorth"}

// putCredential creates a credential or changes the one there.
func (c *call) putCredential() (reply, error) {
	m, err := c.parent()
	if err != nil {
		return reply{}, err
	}
	want, err := c.readCredential()
	if err != nil {
		return reply{}, err
	}
	if slices.Contains(unsupported, m.Location) {
		// The space before the colon is what the Azure CLI prints of the answer; Microsoft's page has none.
		return reply{}, fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The request format was unexpected : Support for federated identity credentials not enabled.")
	}
	status := http.StatusOK
	var written credential
	err = c.write(m, func(m *directory.ManagedIdentity) error {
		at := c.findCredential(m)
		for i, other := range m.Credentials {
			if i != at && want.Subject != "" && other.Issuer == want.Issuer && other.Subject == want.Subject { // documented
				return badRequest("Issuer and subject combination already exists for this Managed Identity.")
			}
		}
		switch {
		case at >= 0:
			want.Name, want.ID, want.Created = m.Credentials[at].Name, m.Credentials[at].ID, m.Credentials[at].Created
			m.Credentials[at] = want
		case len(m.Credentials) >= directory.MaxCredentials: // inferred
			return badRequest("Too many Federated Identity Credentials: a managed identity can have at most %d.", directory.MaxCredentials)
		default:
			status, want.ID, want.Created = http.StatusCreated, c.api.newGUID(), c.api.now().UTC().Truncate(time.Second)
			m.Credentials = append(m.Credentials, want)
		}
		written = c.credential(*m, want)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status, written}, nil
}

// deleteCredential answers 204 when there was nothing to delete.
func (c *call) deleteCredential() (reply, error) {
	m, err := c.parent()
	if err != nil {
		return reply{}, err
	}
	status := http.StatusNoContent
	err = c.write(m, func(m *directory.ManagedIdentity) error {
		if i := c.findCredential(m); i >= 0 {
			status = http.StatusOK
			m.Credentials = slices.Delete(m.Credentials, i, i+1)
		}
		return nil
	})
	return reply{status, nil}, err
}

// write changes the credentials of an identity. Like Azure it does one such change at a time, and refuses another
// meanwhile: pulumi/pulumi-azure-native#4343; a delete counts as one, hashicorp/terraform-provider-azurerm#29242.
func (c *call) write(m *directory.ManagedIdentity, change func(*directory.ManagedIdentity) error) error {
	ctx, began := c.api.begin(c.r.Context(), m.PrincipalID)
	if !began {
		return fail(http.StatusConflict, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
			"Too many Federated Identity Credentials are written concurrently for the managed identity '%s'. Concurrent Federated Identity Credentials writes under the "+
				"same managed identity are not supported.", strings.ToLower(m.ResourceID()))
	}
	defer c.api.end(m.PrincipalID)
	c.api.hold(ctx, m.ResourceID())
	return c.change(func(t *directory.Tenant, _ *directory.Subscription) error {
		i := c.findIdentity(t)
		if i < 0 {
			return errNoParent
		}
		return change(&t.ManagedIdentities[i])
	})
}

// begin marks an identity as being written to, or returns false when it is already. The context that it returns ends
// when another write is refused, which is all that this one takes its time for, or with the request.
func (a *API) begin(ctx context.Context, principal string) (context.Context, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if finish := a.writing[principal]; finish != nil {
		finish()
		return ctx, false
	}
	ctx, a.writing[principal] = context.WithCancel(ctx)
	return ctx, true
}

func (a *API) end(principal string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writing[principal]()
	delete(a.writing, principal)
}

// wait is what a write takes, in real time: a client that writes at once must find the first write under way.
func (a *API) wait(ctx context.Context, _ string) {
	timer := time.NewTimer(a.directory.Options().IdentityWriteTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
