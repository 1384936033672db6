package directory

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// tenantRecord is a tenant with its indexes. It is replaced, never changed, so that a reader may keep it after the
// directory's lock is gone.
type tenantRecord struct {
	tenant   Tenant
	cloud    *Cloud
	options  Options                 // those that it was validated under
	byClient map[string]*Application // by lower-case client id: applications, and managed identities as such
	// by lower-case client id: what a client was before changes that may not have spread yet, oldest first
	before map[string][]version
	edited map[string]edit // by credential id: federated credentials that were changed in place
}

// version is a client before a change.
type version struct {
	client  *Application // nil: it did not exist
	changed time.Time
	edited  map[string]edit // of its federated credentials, as the record had them then
}

// edit is a federated credential before it was changed in place.
type edit struct {
	credential Credential
	changed    time.Time
}

// names are what a tenant can be called by.
func (r *tenantRecord) names() []string {
	names := []string{strings.ToLower(r.tenant.ID)}
	for _, domain := range r.tenant.Domains {
		names = append(names, strings.ToLower(domain))
	}
	return names
}

// index fills byClient.
func (r *tenantRecord) index() {
	r.byClient = make(map[string]*Application, len(r.tenant.Applications)+len(r.tenant.ManagedIdentities))
	for i := range r.tenant.Applications {
		a := &r.tenant.Applications[i]
		r.byClient[strings.ToLower(a.ClientID)] = a
	}
	for i := range r.tenant.ManagedIdentities {
		m := &r.tenant.ManagedIdentities[i]
		r.byClient[strings.ToLower(m.ClientID)] = &Application{
			Name: m.Name, ClientID: m.ClientID, ServicePrincipalID: m.PrincipalID, AppRoleAssignments: m.AppRoleAssignments, Credentials: m.Credentials,
			Identity: m,
		}
	}
}

// resource finds the application that a resource string names, by identifier URI or client id, as it has spread by now,
// or nil.
func (r *tenantRecord) resource(resource string, now time.Time, o Options) *Application {
	named := func(a *Application) bool {
		return a != nil && a.Identity == nil && (strings.EqualFold(a.ClientID, resource) || slices.Contains(a.IdentifierURIs, resource))
	}
	for i := range r.tenant.Applications {
		a := &r.tenant.Applications[i]
		if len(r.before) > 0 {
			a, _ = r.spread(strings.ToLower(a.ClientID), now, o)
		}
		if named(a) {
			return a
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.before)) { // those that were removed
		if a, _ := r.spread(id, now, o); r.byClient[id] == nil && named(a) {
			return a
		}
	}
	return nil
}

// remember keeps of the record that this one replaces what may be asked for until the change has spread.
func (r *tenantRecord) remember(old *tenantRecord, now time.Time, o Options) {
	if o.PropagationDelay > 0 {
		r.before = make(map[string][]version)
		for id, versions := range old.before {
			versions = slices.DeleteFunc(slices.Clone(versions), func(v version) bool { return !spreading(now, v.changed, o.PropagationDelay) })
			if len(versions) > 0 {
				r.before[id] = versions
			}
		}
		for id, client := range old.byClient {
			if !reflect.DeepEqual(client, r.byClient[id]) {
				r.before[id] = append(r.before[id], version{client, now, old.edited})
			}
		}
		for id := range r.byClient {
			if old.byClient[id] == nil {
				r.before[id] = append(r.before[id], version{nil, now, nil})
			}
		}
	}
	if o.StaleEdits > 0 {
		r.edited = make(map[string]edit)
		for id, client := range r.byClient {
			if was := old.byClient[id]; was != nil {
				r.rememberEdits(old, was.Credentials, client.Credentials, now, o)
			}
		}
	}
}

func (r *tenantRecord) rememberEdits(old *tenantRecord, was, is []Credential, now time.Time, o Options) {
	for _, c := range is {
		i := slices.IndexFunc(was, func(o Credential) bool { return o.ID == c.ID })
		if i < 0 {
			continue
		}
		if stale, known := old.edited[c.ID]; known && spreading(now, stale.changed, o.StaleEdits) {
			r.edited[c.ID] = stale // the copies still hold what was before the first edit
		} else if !reflect.DeepEqual(was[i], c) {
			r.edited[c.ID] = edit{was[i], now}
		}
	}
}

// spreading tells whether a change was made less than a while ago. One that was made later, by a clock that has been set
// back since, has spread.
func spreading(now, changed time.Time, while time.Duration) bool {
	ago := now.Sub(changed)
	return ago >= 0 && ago < while
}

// spread is the client as it has spread by now, or nil, and which of its federated credentials were changed in place by
// then.
func (r *tenantRecord) spread(clientID string, now time.Time, o Options) (*Application, map[string]edit) {
	for _, v := range r.before[clientID] {
		if spreading(now, v.changed, o.PropagationDelay) {
			return v.client, v.edited
		}
	}
	return r.byClient[clientID], r.edited
}

// replica is the client as the sign-in service sees it now, federated credentials that were changed in place included,
// or nil.
func (r *tenantRecord) replica(clientID string, now time.Time, o Options) *Application {
	client, edited := r.spread(clientID, now, o)
	if client == nil || len(edited) == 0 {
		return client
	}
	seen := *client
	seen.Credentials = slices.Clone(client.Credentials)
	for i, c := range seen.Credentials {
		if stale, ok := edited[c.ID]; ok && spreading(now, stale.changed, o.StaleEdits) {
			seen.Credentials[i] = stale.credential
		}
	}
	return &seen
}
