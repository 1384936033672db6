package arm

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// cloudOf is the cloud whose host was called, or "" when it is another, such as the address of a farm.
func cloudOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, cloud := range directory.CloudNames() {
		if url, err := directory.ManagementURL(cloud); err == nil && strings.EqualFold(url, "https://"+host) {
			return cloud
		}
	}
	return ""
}

// audiences are those that a token for the host called may have. At a host that is no cloud's own that is any cloud's,
// and the URL called.
func audiences(r *http.Request) []string {
	cloud := cloudOf(r)
	if cloud != "" {
		return managementAudiences(cloud)
	}
	all := []string{"https://" + r.Host}
	for _, cloud := range directory.CloudNames() {
		all = append(all, managementAudiences(cloud)...)
	}
	return all
}

func managementAudiences(cloud string) []string {
	all, err := directory.ManagementAudiences(cloud)
	if err != nil {
		return nil // the directory has all the clouds
	}
	return append(all, directory.ManagementAppID)
}

// authenticate checks the token. Texts: MicrosoftDocs' monitor reference (missing),
// hashicorp/terraform-provider-azurerm#20867 (expired), hashicorp/go-azure-helpers#51 (audience),
// Azure/azure-powershell#27882 (invalid).
func (c *call) authenticate() error {
	accepted := audiences(c.r)
	bearer, err := c.api.server.Bearer(c.r, accepted...)
	c.bearer = bearer
	var refusal *apiError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, entra.ErrNoToken):
		refusal = fail(http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
		if c.r.Header.Get("Authorization") != "" { // inferred
			refusal.Message = "Authentication failed. The 'Authorization' header is provided in an invalid format."
		}
	case errors.Is(err, entra.ErrTokenExpired):
		const american = "1/2/2006 3:04:05 PM"
		refusal = fail(http.StatusUnauthorized, "ExpiredAuthenticationToken", "The access token expiry UTC time '%s' is earlier than current UTC time '%s'.",
			bearer.Expires.UTC().Format(american), c.api.now().UTC().Format(american))
	case errors.Is(err, entra.ErrTokenAudience):
		refusal = fail(http.StatusUnauthorized, "InvalidAuthenticationTokenAudience",
			"The access token has been obtained for wrong audience or resource '%s'. It should exactly match with one of the allowed audiences %s.",
			bearer.Audience, quoteAudiences(accepted))
	case errors.Is(err, entra.ErrMalformed):
		refusal = fail(http.StatusUnauthorized, "InvalidAuthenticationToken", "The access token is invalid.")
	default:
		return err
	}
	refusal.challenge = c.loginURL()
	return refusal
}

// quoteAudiences lists each audience with and without a slash, as the error does: the management.core ones first.
func quoteAudiences(accepted []string) string {
	var quoted []string
	for _, audience := range accepted {
		if strings.HasPrefix(audience, "https://") {
			quoted = append(quoted, "'"+audience+"/','"+audience+"'")
		}
	}
	slices.SortStableFunc(quoted, func(a, b string) int {
		core := func(s string) int { return strings.Index(s+"//management.core.", "//management.core.") }
		return core(a) - core(b)
	})
	return strings.Join(quoted, ",")
}

// loginURL is where the caller should sign in: at the tenant of the subscription that the path names, if there is one.
// Seen for the public cloud (login.windows.net); for the others the host is inferred.
func (c *call) loginURL() string {
	cloud, tenant := cloudOf(c.r), ""
	if found, sub := c.api.subscription(c.vars); sub != nil {
		tenant = found.ID
		if cloud != "" {
			cloud = found.Cloud
		}
	}
	return loginBase(cloud, c.r) + "/" + tenant
}

// loginBase is the login host that Azure Resource Manager tells the clients of a cloud.
func loginBase(cloud string, r *http.Request) string {
	switch cloud {
	case "":
		return "https://" + r.Host
	case "public":
		return "https://login.windows.net"
	}
	url, err := directory.LoginURL(cloud)
	if err != nil {
		return "" // the directory has all the clouds
	}
	return url
}

// subscription finds the one that a path names, directly or in its scope, with its tenant.
func (a *API) subscription(vars map[string]string) (directory.Tenant, *directory.Subscription) {
	id := subscriptionID(vars)
	for _, tenant := range a.directory.Tenants() {
		for i := range tenant.Subscriptions {
			if strings.EqualFold(tenant.Subscriptions[i].ID, id) {
				return tenant, &tenant.Subscriptions[i]
			}
		}
	}
	return directory.Tenant{}, nil
}

// subscriptionID is the part of a path that names a subscription, or "".
func subscriptionID(vars map[string]string) string {
	if scope := strings.Split(vars["scope"], "/"); len(scope) > 1 && strings.EqualFold(scope[0], "subscriptions") {
		return scope[1]
	}
	return vars["sub"]
}

// findSubscription finds the subscription of the path, and refuses tokens of other tenants than its own.
func (c *call) findSubscription() error {
	id := subscriptionID(c.vars)
	if id == "" {
		tenant, err := c.api.directory.Tenant(c.bearer.TenantID)
		c.tenant = tenant
		return err
	}
	if !directory.IsGUID(id) {
		return fail(http.StatusBadRequest, "InvalidSubscriptionId", "The provided subscription identifier '%s' is malformed or invalid.", id)
	}
	if c.tenant, c.sub = c.api.subscription(c.vars); c.sub == nil {
		return fail(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", id)
	}
	if c.tenant.ID != c.bearer.TenantID {
		// Azure/LogicAppsUX#9068 (2026) and many others.
		refusal := fail(http.StatusUnauthorized, "InvalidAuthenticationTokenTenant",
			"The access token is from the wrong issuer 'https://sts.windows.net/%s/'. It must match the tenant 'https://sts.windows.net/%s/' associated with this "+
				"subscription. Please use the authority (URL) 'https://login.windows.net/%[2]s' to get the token. Note, if the subscription is transferred to "+
				"another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just "+
				"transferred your subscription and see this error message, please try back later.", c.bearer.TenantID, c.tenant.ID)
		refusal.challenge = c.loginURL()
		return refusal
	}
	return nil
}

// authorize refuses what no role of the caller permits. The action and the scope are those of the path, with its
// letters' case.
func (c *call) authorize() error {
	action, scope := target(c.r.Method, c.r.URL.Path)
	if c.allowed(action, scope) {
		return nil
	}
	return c.denied(action, scope)
}

func (c *call) denied(action, scope string) error {
	return fail(http.StatusForbidden, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' "+
		"or the scope is invalid. If access was recently granted, please refresh your credentials.", c.bearer.ClientID, c.bearer.ObjectID, action, scope)
}

// authorizeList is authorize for lists over a subscription, of which callers see what they may: only those without any
// role are refused. Inferred from what az group list shows to those who have a role on one group.
func (c *call) authorizeList() error {
	if c.vars["group"] == "" && c.hasRole(c.sub) {
		return nil
	}
	return c.authorize()
}

// allowed tells whether a role of the caller permits an action over a scope.
func (c *call) allowed(action, scope string) bool {
	return c.sub != nil && slices.ContainsFunc(c.sub.RoleAssignments, func(a directory.RoleAssignment) bool {
		role := directory.Role(a.Role)
		return a.Principal == c.bearer.ObjectID && role != nil && covers(absolute(c.sub, a), scope) && role.Allows(action)
	})
}

// hasRole tells whether the caller has any role in a subscription.
func (c *call) hasRole(s *directory.Subscription) bool {
	return slices.ContainsFunc(s.RoleAssignments, func(a directory.RoleAssignment) bool { return a.Principal == c.bearer.ObjectID })
}

// absolute is the whole scope of a role assignment.
func absolute(s *directory.Subscription, a directory.RoleAssignment) string {
	return "/subscriptions/" + s.ID + a.Scope
}

// covers tells whether a scope is another one or above it.
func covers(scope, other string) bool {
	scope, other = strings.ToLower(scope), strings.ToLower(other)
	return scope == other || strings.HasPrefix(other, scope+"/")
}

// operations are how actions end.
var operations = map[string]string{http.MethodPut: "write", http.MethodPatch: "write", http.MethodDelete: "delete", http.MethodPost: "action"}

// target is the action of a request and the scope it is over, as in AuthorizationFailed: the path of what is read or
// written, and of lists that of what they are in.
func target(method, path string) (action, scope string) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	namespace, types := "Microsoft.Resources", segments
	for i := len(segments) - 3; i >= 0; i-- { // "providers", a namespace and a type at least
		if i%2 == 0 && strings.EqualFold(segments[i], "providers") {
			namespace, types = segments[i+1], segments[i+2:]
			break
		}
	}
	var kind []string
	for i := 0; i < len(types); i += 2 {
		kind = append(kind, types[i])
	}
	operation := operations[method]
	if operation == "" {
		operation = "read"
	}
	if len(types)%2 == 1 {
		segments = segments[:len(segments)-1]
	}
	return namespace + "/" + strings.Join(kind, "/") + "/" + operation, "/" + strings.Join(segments, "/")
}
