package farm

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
)

// journalSize is how many entries a world keeps. It bounds the memory of a farm that runs for days.
const journalSize = 1000

// journal keeps the last entries of a world.
type journal struct {
	mu      sync.Mutex
	entries []control.Entry // a ring once it is full
	last    int             // the number of the newest entry
}

func (j *journal) add(e control.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.Seq = j.last
	if len(j.entries) < journalSize {
		j.entries = append(j.entries, e)
		return
	}
	j.entries[(j.last-1)%journalSize] = e
}

// after returns the entries numbered above seq, oldest first, and how many of those are no longer kept.
func (j *journal) after(seq int) control.Journal {
	j.mu.Lock()
	defer j.mu.Unlock()
	seq = max(seq, 0)
	gone := j.last - len(j.entries) // the number of the newest entry that is no longer kept
	out := control.Journal{Entries: []control.Entry{}, Dropped: max(gone-seq, 0)}
	for n := max(seq, gone); n < j.last; n++ {
		out.Entries = append(out.Entries, j.entries[n%journalSize])
	}
	return out
}

// answered takes a request into the journal, and logs it.
func (w *World) answered(e control.Entry) {
	e.Time = w.clock.now()
	for _, text := range []*string{&e.Method, &e.URL, &e.Route, &e.Agent} {
		*text = clip(*text)
	}
	w.server.logRequest(e)
	w.journal.add(e)
}

// logRequest logs a request that was answered. Headers and queries may hold credentials, so an entry has neither.
func (s *Server) logRequest(e control.Entry) {
	s.opts.Log.Debug("request", "plane", e.Plane, "method", e.Method, "url", e.URL, "status", e.Status, "platform", e.Platform, "route", e.Route)
}

// maxText bounds a text in the journal. It is more than any field of a sign-in that can succeed.
const maxText = 2048

// clip hides tokens in what anybody may send, and shortens it, so that the journal stays small whatever is sent.
func clip(text string) string {
	text = entra.HideTokens(text)
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

// hiddenPath is the path of a URL as it was sent, or if that holds a token, which may be escaped in any way, decoded and without it.
func hiddenPath(u *url.URL) string {
	const depth = 4 // of escapes in escapes
	path := u.EscapedPath()
	for range depth {
		decoded, err := url.PathUnescape(path)
		if err != nil || decoded == path {
			break
		}
		path = decoded
	}
	if hidden := entra.HideTokens(path); hidden != path {
		return hidden
	}
	return u.EscapedPath()
}

// clipSignIn is clip for every text that a sign-in takes from its request.
func clipSignIn(in entra.SignIn) entra.SignIn {
	for _, text := range []*string{
		&in.CorrelationID, &in.Tenant, &in.ClientID, &in.GrantType, &in.Scope, &in.Resource, &in.Issuer, &in.Subject, &in.KeyID,
		&in.Agent,
	} {
		*text = clip(*text)
	}
	audiences := 0
	in.Audience = slices.Clone(in.Audience)
	for i := range in.Audience {
		in.Audience[i] = clip(in.Audience[i])
		if audiences += len(in.Audience[i]); audiences > maxText {
			in.Audience = append(in.Audience[:i], "…")
			break
		}
	}
	in.Checks = slices.Clone(in.Checks)
	for i := range in.Checks {
		c := &in.Checks[i]
		c.Want, c.Got, c.Note = clip(c.Want), clip(c.Got), clip(c.Note)
	}
	return in
}
