package control

import (
	"net/http"
	"strings"
)

// Matches tells whether an entry is one of those that the query asks for. Limit and Wait are no part of that.
func (q JournalQuery) Matches(e Entry) bool {
	signIn := e.SignIn
	switch {
	case e.Seq <= q.After,
		q.SignIns && signIn == nil,
		q.Failed && !e.failed(),
		q.Code != 0 && (signIn == nil || signIn.Code != q.Code),
		q.Trace != "" && (signIn == nil || !strings.EqualFold(signIn.TraceID, q.Trace) && !strings.EqualFold(signIn.CorrelationID, q.Trace)),
		q.Plane != "" && e.Plane != q.Plane,
		q.Platform != "" && e.Platform != q.Platform,
		q.Issuer != "" && e.Issuer != q.Issuer && (signIn == nil || signIn.Issuer != q.Issuer),
		q.Route != "" && e.Route != q.Route:
		return false
	}
	return true
}

// failed tells a sign-in that was refused, and a request that was answered with 400 or more or not at all.
func (e Entry) failed() bool {
	return e.Status == 0 || e.Status >= http.StatusBadRequest || e.SignIn != nil && e.SignIn.Code != 0
}
