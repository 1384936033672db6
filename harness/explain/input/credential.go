package input

import (
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// The fields of a credential that Unknown and Masked name.
const (
	fieldName      = "name"
	fieldIssuer    = "issuer"
	fieldSubject   = "subject"
	fieldAudiences = "audiences"
	fieldMatching  = "matching"
)

// isCredential tells whether a map is a federated credential as Microsoft Graph, Azure Resource Manager's properties and
// the Azure CLI have it. One of which a little is missing, as in a body that is refused, is one too.
func isCredential(m *document.Node) bool {
	who := m.Get("subject") != nil || m.Get("claimsMatchingExpression") != nil || m.Get("matching") != nil
	return m.Get("issuer") != nil && who && (m.Get("audiences") != nil || m.Get("name") != nil || len(m.Entries) <= 3) ||
		who && has(m, "audiences", "name") || has(m, "issuer", "audiences", "name")
}

// fromJSON reads a map that isCredential.
func (f *Found) fromJSON(m *document.Node, form Form) Credential {
	c := Credential{Place: m.Start(), Form: form}
	c.ID = str(m.Get("id"))
	c.Description = str(m.Get("description"))
	c.Created, _ = time.Parse(time.RFC3339, str(m.Get("createdDateTime")))
	c.set(fieldName, firstNode(m, []string{"name", "displayName", "azureName", "federatedIdentityCredentialResourceName"}))
	c.set(fieldIssuer, m.Get("issuer"))
	c.set(fieldSubject, m.Get("subject"))
	c.set(fieldAudiences, m.Get("audiences"))
	c.set(fieldMatching, firstNode(m, []string{"claimsMatchingExpression", "matching"}))
	if c.Subject == "" && c.Matching == "" {
		c.unknown(fieldSubject, "(missing)")
		if n := m.Get("subject"); n != nil && n.Value == nil {
			c.unknown(fieldSubject, "null")
			f.note("A credential has neither subject nor expression: it is a flexible one, whose expression only the beta version of Microsoft Graph shows.")
		}
	}
	if strings.HasPrefix(c.ID, "/subscriptions/") {
		c.inAzure(c.ID)
		c.ID = ""
	}
	return c
}

// inAzure takes the id of a credential of a managed identity, or of the identity, apart.
func (c *Credential) inAzure(id string) {
	c.ManagedIdentity = true
	parts := strings.Split(id, "/")
	for i, part := range parts {
		if strings.EqualFold(part, "userAssignedIdentities") && i+1 < len(parts) {
			c.AppName = parts[i+1]
			c.ResourceID = strings.Join(parts[:i+2], "/")
		}
	}
}

// set puts the value of a field into a credential.
func (c *Credential) set(field string, n *document.Node) {
	if n == nil {
		return
	}
	value := str(n)
	switch field {
	case fieldName:
		c.Name = value
	case fieldIssuer:
		c.Issuer = value
	case fieldSubject:
		c.Subject = value
	case fieldMatching:
		if n.Kind == document.Map {
			value = str(n.Get("value"))
		}
		c.Matching = value
	case fieldAudiences:
		c.Audiences = texts(n)
		for _, audience := range c.Audiences {
			c.mask(field, audience)
		}
		return
	}
	c.mask(field, value)
}

// texts are the texts of a list, or a text alone.
func texts(n *document.Node) []string {
	if n == nil || n.Kind == document.Scalar {
		if s := str(n); s != "" {
			return []string{s}
		}
		return nil
	}
	list := []string{}
	for _, item := range n.Items {
		if s, ok := item.Value.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// masked tells whether a value, or a part of it, is hidden by who gave it.
func masked(value string) bool { return value != "" && paste.Masked(value) }

// mask names a field whose value is hidden.
func (c *Credential) mask(field, value string) {
	if masked(value) {
		if c.Masked == nil {
			c.Masked = map[string]string{}
		}
		c.Masked[field] = value
	}
}

// unknown names a field whose value the input does not say literally.
func (c *Credential) unknown(field, expression string) {
	if c.Unknown == nil {
		c.Unknown = map[string]string{}
	}
	c.Unknown[field] = strings.TrimSpace(document.Redact(expression))
}

// of says whose a credential is. What it knows itself stays.
func (c *Credential) of(a Application) {
	for _, pair := range []struct{ to, from *string }{
		{&c.AppName, &a.Name}, {&c.ClientID, &a.ClientID}, {&c.ObjectID, &a.ObjectID}, {&c.ResourceID, &a.ResourceID},
	} {
		if *pair.to == "" {
			*pair.to = *pair.from
		}
	}
	c.ManagedIdentity = c.ManagedIdentity || a.ManagedIdentity
}
