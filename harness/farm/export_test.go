package farm

import (
	"log"
	"log/slog"

	"github.com/issuerd/issuerd/harness/entra"
)

// SignIns is what Entra's sign-in log of a tenant has.
func SignIns(w *World, tenantID string) []entra.SignIn { return w.signIns(tenantID) }

// ErrorLog is where the farm's HTTP servers write what goes wrong.
func ErrorLog(logger *slog.Logger) *log.Logger { return newHTTPServer(nil, logger).ErrorLog }
