package control

import (
	"fmt"
	"net/http"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// maxWait bounds JournalQuery.Wait.
const maxWait = time.Minute

// matching are the parameters that say which entries of a journal are meant.
var matching = []parameter{
	{"after", isNumber, "Only entries with a number above this one."},
	{"signIns", isBoolean, "Only sign-ins."},
	{"failed", isBoolean, "Only refused sign-ins, and requests that were answered with 400 or more."},
	{"code", isNumber, "Only sign-ins that this AADSTS code refused."},
	{"trace", isText, "Only sign-ins with this trace id or correlation id."},
	{"plane", isPlane, "Only requests on this plane, and sign-ins on that of Entra."},
	{"platform", isText, "Only requests that this platform answered, and sign-ins with its tokens."},
	{"issuer", isText, "Only sign-ins with tokens of the issuer with this URL, and requests for its documents."},
	{"route", isText, "Only requests for this route, such as jwks."},
}

// journalRoutes are about the journal of a world.
var journalRoutes = []route{
	onFarm("findSignIn", "GET", "/v1/sign-ins/{trace}",
		"Finds the sign-in with a trace id or correlation id, in whatever world it was, the newest of them, and explains its code.", nil,
		func(c *call, _ empty) (FoundSignIn, error) { return c.findSignIn(c.variable("trace")) }),
	onWorld("getJournal", "GET", "/journal", "Reads entries of a world's journal, the oldest first, or waits for the next one.",
		append([]parameter{
			{"limit", isNumber, "How many entries at most, the oldest of them: 1,000 by default, which is as many as are kept."},
			{"wait", isDuration, "How long to wait for an entry if there is none, at most 1m."},
		}, matching...),
		func(c *call, w LiveWorld, _ empty) (Journal, error) {
			q, err := c.journalQuery()
			if err != nil {
				return Journal{}, err
			}
			return c.awaitEntries(w, q)
		}),
	onWorld("followJournal", "GET", "/journal/events",
		"Follows a world's journal as server-sent events: an entry each, with its number as the id. Last-Event-ID goes on from there.", matching,
		func(c *call, w LiveWorld, _ empty) (stream, error) {
			q, err := c.journalQuery()
			if err != nil {
				return stream{}, err
			}
			return c.followEntries(w, q)
		}),
}

// findSignIn looks for the newest sign-in with a trace id or a correlation id in all worlds, the default one first.
func (c *call) findSignIn(trace string) (FoundSignIn, error) {
	for _, described := range c.server.Worlds() {
		w, err := c.server.World(described.ID)
		if err != nil {
			continue // it has ended since
		}
		entries := w.Journal(JournalQuery{Trace: trace}).Entries
		if len(entries) == 0 {
			continue
		}
		found := FoundSignIn{World: described.ID, Entry: entries[len(entries)-1]}
		if code, ok := entra.Lookup(found.Entry.SignIn.Code); ok {
			found.Code = &code
		}
		return found, nil
	}
	return FoundSignIn{}, &Error{
		Status: http.StatusNotFound, Message: fmt.Sprintf("control: no sign-in has the trace id or correlation id %q", trace),
		Hint: "a farm keeps the last 1,000 entries of a world, and a world's end is that of its journal",
	}
}

// journalQuery reads the query of a request.
func (c *call) journalQuery() (JournalQuery, error) {
	q := JournalQuery{
		After: c.number("after"), Limit: c.number("limit"), SignIns: c.yes("signIns"), Failed: c.yes("failed"), Code: c.number("code"), Trace: c.text("trace"),
		Plane: plane.Plane(c.text("plane")), Platform: c.text("platform"), Issuer: c.text("issuer"), Route: c.text("route"),
		Wait: c.duration("wait"),
	}
	if q.Wait > maxWait {
		return q, &Error{Message: fmt.Sprintf("control: query: wait=%s: want at most %s", c.text("wait"), Duration(maxWait)), Member: "wait"}
	}
	return q, nil
}

// after is Server.After.
func (s *Server) after(d time.Duration, f func()) (stop func() bool) {
	if s.After != nil {
		return s.After(d, f)
	}
	return time.AfterFunc(d, f).Stop
}

// awaitEntries reads a journal. When there is no entry that matches, it waits for one as long as the query says, or
// until the client goes, the world ends or the process stops.
func (c *call) awaitEntries(w LiveWorld, q JournalQuery) (Journal, error) {
	over := make(chan struct{})
	if q.Wait > 0 {
		stop := c.server.after(q.Wait, func() { close(over) })
		defer stop()
		if err := issuer.Prolong(c.writer, q.Wait); err != nil {
			return Journal{}, err
		}
	}
	dropped := 0
	for {
		changed := w.JournalChanged()
		found := w.Journal(q)
		dropped += found.Dropped
		found.Dropped = dropped
		if len(found.Entries) > 0 || q.Wait == 0 {
			return found, nil
		}
		q.After = max(q.After, found.Last)
		select {
		case <-changed:
		case <-over:
			return found, nil
		case <-c.Context().Done():
			return found, nil
		case <-c.server.Stopping:
			return found, nil
		}
		var err error
		if w, err = c.world(); err != nil { // it may have ended
			return Journal{}, err
		}
	}
}
