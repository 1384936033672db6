package farm

import (
	"log"
	"log/slog"
	"maps"
	"slices"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
)

// SignIns is what Entra's sign-in log of a tenant has.
func SignIns(w *World, tenantID string) []entra.SignIn { return w.signIns(tenantID) }

// ErrorLog is where the farm's HTTP servers write what goes wrong.
func ErrorLog(logger *slog.Logger) *log.Logger {
	return newHTTPServer(nil, 0, logger).ErrorLog
}

// Hide hides a credential in a text.
func Hide(credential, text string) string {
	var s secrets
	s.add(credential)
	return s.hide(text)
}

// CredentialsOf are the credentials in a workload's environment.
func CredentialsOf(env map[string]string) []string { return credentialsOf(env) }

// KeptSignIns has a journal take a number of sign-ins of each tenant, one tenant after the other, and returns which are
// kept.
func KeptSignIns(tenants []string, each int) map[string][]entra.SignIn {
	var j journal
	for _, tenant := range tenants {
		for n := range each {
			j.add(control.Entry{SignIn: &entra.SignIn{TenantID: tenant, Status: n}})
		}
	}
	kept := map[string][]entra.SignIn{}
	for _, tenant := range tenants {
		kept[tenant] = j.signInsOf(tenant)
	}
	return kept
}

// Waiting is how many wait for a time of the world's clock.
func Waiting(w *World) int {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	return len(w.clock.alarms)
}

// WorldsOf are the worlds of a farm.
func WorldsOf(s *Server) []*World {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.worlds))
}

// Answered has the journal of a world take an entry.
func Answered(w *World, e control.Entry) { w.answered(e) }

// LoseDisk has no change of a farm be kept from now on.
func LoseDisk(s *Server) error { return s.store.Close() }

// KeptEntries is how many entries of a world's journal are on the disk.
func KeptEntries(w *World) int {
	names, _ := w.shelf.below("journal")
	return len(names)
}
