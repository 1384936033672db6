package farm

import (
	"net/http"

	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// visit is a request to the world as its journal and its faults see it, of a workload if there is one. What is held
// back ends with the world and the server, and with whatever else is ending.
func (w *World) visit(r *http.Request, workload string, ending ...<-chan struct{}) *issuer.Visit {
	return &issuer.Visit{
		Workload: workload, ClientID: r.Header.Get(plane.ClientHeader), Now: w.issuerNow, Alarm: w.issuerAlarm,
		Ending: append(ending, w.ending, w.server.stopped),
	}
}
