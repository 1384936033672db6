package farm

import "github.com/issuerd/issuerd/harness/entra"

// SignIns is what Entra's sign-in log of a tenant has.
func SignIns(w *World, tenantID string) []entra.SignIn { return w.signIns(tenantID) }
