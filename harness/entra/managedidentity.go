package entra

import (
	"fmt"
	"time"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// identityLifetime is how long tokens of managed identities live: 24 hours, which is documented.
const identityLifetime = 24 * time.Hour

// ManagedIdentityToken returns the access token that a user-assigned managed identity of a tenant, named by client id,
// gets for a resource on the host it is assigned to, such as api://AzureADTokenExchange, and when it expires. No
// credential is involved. The error wraps [directory.ErrNotFound] when there is no such tenant or identity, and is an
// [*Error] when there is no such resource.
func (s *Server) ManagedIdentityToken(tenantID, clientID, resource string) (token string, expiresAt time.Time, err error) {
	now := s.now()
	view := s.directory.View(tenantID, now)
	if view.Tenant == nil {
		return "", time.Time{}, fmt.Errorf("entra: tenant %q: %w", tenantID, directory.ErrNotFound)
	}
	app := view.Client(clientID)
	if app == nil || app.Identity == nil {
		return "", time.Time{}, fmt.Errorf("entra: tenant %q: managed identity %q: %w", view.Tenant.DisplayName, clientID, directory.ErrNotFound)
	}
	x := &exchange{
		server: s, now: now, view: view, app: app, random: s.randomness(),
		base: base{url: "https://" + view.Cloud.Login, cloud: view.Cloud},
	}
	x.resource.name = resource
	if refusal := checkResource(x, &Check{}); refusal != nil {
		return "", time.Time{}, refusal
	}
	x.signIn.UTI = x.random.uti()
	token, err = x.issue()
	return token, x.now.Add(x.lifetime()), err
}
