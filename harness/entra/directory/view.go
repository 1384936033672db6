package directory

import (
	"strings"
	"time"
)

// View is a tenant as the sign-in service sees it at one time, which need not be as the directory has it: a change may
// take time to spread ([Options].PropagationDelay, [Options].StaleEdits). A view stays as it is when the directory
// changes. What it points to is the directory's own, and must not be changed.
type View struct {
	Tenant  *Tenant // as the directory has it; nil: there is no such tenant
	Cloud   *Cloud  // of the tenant; nil: there is no such tenant
	Options Options // of the directory

	record *tenantRecord
	now    time.Time
}

// View returns a tenant, named by id or domain, as the sign-in service sees it at a time. Of a tenant that the
// directory does not have, it has the options only, no client and no resource.
func (d *Directory) View(tenant string, now time.Time) View {
	d.mu.RLock()
	defer d.mu.RUnlock()
	v := View{Options: d.optionsLocked(), now: now}
	if v.record = d.names[strings.ToLower(tenant)]; v.record != nil {
		v.Tenant, v.Cloud = &v.record.tenant, v.record.cloud
	}
	return v
}

// Client returns the application or the managed identity with a client id, or nil. A managed identity comes as an
// application whose [Application.Identity] is set.
func (v *View) Client(clientID string) *Application {
	if v.record == nil {
		return nil
	}
	return v.record.replica(strings.ToLower(clientID), v.now, v.Options)
}

// Resource returns the application that a resource is named by, with an identifier URI or its client id, or nil.
func (v *View) Resource(name string) *Application {
	if v.record == nil {
		return nil
	}
	return v.record.resource(name, v.now, v.Options)
}
