package arm

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
)

type credential struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Properties credentialProperties `json:"properties"`
}

type credentialProperties struct {
	Issuer    string      `json:"issuer"`
	Subject   string      `json:"subject,omitempty"`
	Audiences []string    `json:"audiences"`
	Matching  *expression `json:"claimsMatchingExpression,omitempty"`
}

type expression struct {
	Value           string `json:"value"`
	LanguageVersion int    `json:"languageVersion"`
}

func credentialReply(m entra.ManagedIdentity, c entra.Credential) credential {
	p := credentialProperties{Issuer: c.Issuer, Subject: c.Subject, Audiences: c.Audiences}
	if c.Matching != "" {
		p.Matching = &expression{c.Matching, 1}
	}
	return credential{
		ID: identityID(m) + "/federatedIdentityCredentials/" + c.Name, Name: c.Name, Type: entra.IdentityType + "/federatedIdentityCredentials", Properties: p,
	}
}

// parent finds the identity of the path, after what precedes every request to its credentials, and the index of the api-version. Whatever
// stands below as documented is in MicrosoftDocs/entra-docs, docs/workload-id/workload-identity-federation-considerations.md, which gives
// messages; the codes that it leaves out are inferred.
func (c *call) parent() (*entra.ManagedIdentity, int, error) {
	v, err := c.identityVersion(credentialsSince, "userAssignedIdentities/federatedIdentityCredentials")
	if err == nil {
		_, err = c.inGroup()
	}
	if err != nil {
		return nil, 0, err
	}
	i := c.findIdentity(&c.tenant)
	if i < 0 {
		return nil, 0, errNoParent
	}
	return &c.tenant.ManagedIdentities[i], v, nil
}

// errNoParent has a documented message.
var errNoParent = fail(http.StatusNotFound, "NotFound", "The parent user-assigned identity doesn't exist.")

func (c *call) listCredentials() (reply, error) {
	m, _, err := c.parent()
	if err != nil {
		return reply{}, err
	}
	var all []credential
	for _, f := range m.Credentials {
		all = append(all, credentialReply(*m, f))
	}
	return okList(all)
}

// findCredential finds the credential of the path, or returns -1.
func (c *call) findCredential(m *entra.ManagedIdentity) int {
	return slices.IndexFunc(m.Credentials, func(f entra.Credential) bool { return strings.EqualFold(f.Name, c.vars["name"]) })
}

func (c *call) getCredential() (reply, error) {
	m, _, err := c.parent()
	if err != nil {
		return reply{}, err
	}
	i := c.findCredential(m)
	if i < 0 { // inferred
		return reply{}, fail(http.StatusNotFound, "NotFound", "The federated identity credential '%s' was not found.", c.vars["name"])
	}
	return ok(credentialReply(*m, m.Credentials[i]))
}

var credentialNames = regexp.MustCompile(`^[a-zA-Z0-9]{1}[a-zA-Z0-9-_]{2,119}$`)

// readCredential reads the credential of a request.
func (c *call) readCredential(v int) (entra.Credential, error) {
	none := entra.Credential{}
	var body struct {
		Properties *struct {
			Issuer    string      `json:"issuer"`
			Subject   string      `json:"subject"`
			Audiences []string    `json:"audiences"`
			Matching  *expression `json:"claimsMatchingExpression"`
		} `json:"properties"`
	}
	if !credentialNames.MatchString(c.vars["name"]) { // documented
		return none, badRequest("Federated Identity Credential name '%s' is invalid.", c.vars["name"])
	}
	if err := c.decode(&body); err != nil {
		return none, err
	}
	p := body.Properties
	if p == nil { // documented
		return none, badRequest("Federated Identity Credential from HTTP body has empty properties")
	}
	f := entra.Credential{Name: c.vars["name"], Issuer: p.Issuer, Subject: p.Subject, Audiences: p.Audiences}
	if p.Matching != nil && v >= flexibleSince {
		f.Matching = p.Matching.Value
	}
	switch {
	case f.Issuer == "" || f.Subject == "" && f.Matching == "" || len(f.Audiences) == 0 || slices.Contains(f.Audiences, ""): // zioproto/istio-aks-example#6
		return none, badRequest("The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.")
	case len(f.Audiences) > 1: // documented
		return none, badRequest("Federated identity credentials must have exactly one audience.")
	}
	return f, nil
}

func badRequest(format string, args ...any) error {
	return fail(http.StatusBadRequest, "BadRequest", format, args...)
}

// maxCredentials is how many credentials an identity can have, as documented.
const maxCredentials = 20

// unsupported are the regions whose identities cannot have credentials, as documented in 2026. The list changes.
var unsupported = []string{"malaysiasouth", "newzealandnorth"}

// putCredential creates a credential or changes the one there.
func (c *call) putCredential() (reply, error) {
	m, v, err := c.parent()
	if err != nil {
		return reply{}, err
	}
	want, err := c.readCredential(v)
	if err != nil {
		return reply{}, err
	}
	if slices.Contains(unsupported, m.Location) {
		return reply{}, fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The request format was unexpected: Support for federated identity credentials not enabled.")
	}
	status := http.StatusOK
	var written credential
	err = c.write(m, func(m *entra.ManagedIdentity) error {
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
		case len(m.Credentials) >= maxCredentials: // inferred
			return badRequest("Too many Federated Identity Credentials: a managed identity can have at most %d.", maxCredentials)
		default:
			status, want.ID, want.Created = http.StatusCreated, c.api.newGUID(), c.api.now().UTC().Truncate(time.Second)
			m.Credentials = append(m.Credentials, want)
		}
		written = credentialReply(*m, want)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status, written}, nil
}

// deleteCredential answers 204 when there was nothing to delete.
func (c *call) deleteCredential() (reply, error) {
	m, _, err := c.parent()
	if err != nil {
		return reply{}, err
	}
	status := http.StatusNoContent
	err = c.write(m, func(m *entra.ManagedIdentity) error {
		if i := c.findCredential(m); i >= 0 {
			status = http.StatusOK
			m.Credentials = slices.Delete(m.Credentials, i, i+1)
		}
		return nil
	})
	return reply{status, nil}, err
}

// write changes the credentials of an identity. Like Azure it does one such change at a time, and refuses another meanwhile:
// pulumi/pulumi-azure-native#4343; a delete counts as one, hashicorp/terraform-provider-azurerm#29242.
func (c *call) write(m *entra.ManagedIdentity, change func(*entra.ManagedIdentity) error) error {
	if !c.api.begin(m.PrincipalID) {
		return fail(http.StatusConflict, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
			"Too many Federated Identity Credentials are written concurrently for the managed identity '%s'. Concurrent Federated Identity Credentials writes under the "+
				"same managed identity are not supported.", strings.ToLower(identityID(*m)))
	}
	defer c.api.end(m.PrincipalID)
	c.api.hold(c.r.Context(), identityID(*m))
	return c.change(func(t *entra.Tenant, _ *entra.Subscription) error {
		i := c.findIdentity(t)
		if i < 0 {
			return errNoParent
		}
		return change(&t.ManagedIdentities[i])
	})
}

// begin marks an identity as being written to, or returns false when it is already.
func (a *API) begin(principal string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.writing[principal] {
		return false
	}
	a.writing[principal] = true
	return true
}

func (a *API) end(principal string) {
	a.mu.Lock()
	defer a.mu.Unlock()
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
