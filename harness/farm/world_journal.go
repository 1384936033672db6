package farm

import (
	"net/url"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/plane"
)

// Journal returns the entries that are asked for. It does not wait. In a farm with a state directory, they are there
// before they are returned.
func (w *World) Journal(q control.JournalQuery) control.Journal {
	found := w.journal.find(q)
	_ = w.keepJournal() // it is logged; what the disk has no place for can be read all the same
	return found
}

// JournalChanged returns a channel that the next entry of the journal closes, or the world's end. Whoever waits for an
// entry asks for it before looking at the journal, so that none is missed.
func (w *World) JournalChanged() <-chan struct{} { return w.journal.next() }

// signIns are the last token requests for a tenant, oldest first.
func (w *World) signIns(tenantID string) []entra.SignIn {
	found := w.journal.signInsOf(tenantID)
	_ = w.keepJournal() // as in Journal
	return found
}

// signedIn takes the emulator's record of a token request into the journal.
func (w *World) signedIn(in entra.SignIn) {
	in = w.server.clipSignIn(in)
	e := control.Entry{Time: in.Time, Plane: plane.Entra, Status: in.Status, SignIn: &in}
	w.mu.RLock()
	if iss := w.issuers[in.Issuer]; iss != nil {
		e.Platform = iss.Platform().Name
	}
	w.mu.RUnlock()
	w.journal.add(e)
	w.waiting.tell(in)
}

// answered takes a request into the journal, and logs it.
func (w *World) answered(e control.Entry) {
	e.Time = w.clock.now()
	w.usage.count(0, w.server.opts.Now())
	w.journal.add(w.server.logRequest(e))
}

// logRequest logs a request that was answered, and returns the entry without the secrets that its sender may have put
// in. Headers and queries may hold credentials, so an entry has neither.
func (s *Server) logRequest(e control.Entry) control.Entry {
	for _, text := range []*string{&e.Method, &e.URL, &e.Agent} {
		*text = clip(s.secrets.hideForeign(*text))
	}
	s.opts.Log.Debug("request", "plane", e.Plane, "method", e.Method, "url", e.URL, "status", e.Status, "platform", e.Platform, "route", e.Route)
	return e
}

// maxText bounds a text in the journal. It is more than any field of a sign-in that can succeed.
const maxText = 2048

// clip shortens what anybody may send, so that the journal stays small whatever is sent.
func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

// hiddenPath is the path of a URL as it was sent, or if that holds a secret, which may be escaped in any way, decoded
// and without it.
func (s *Server) hiddenPath(u *url.URL) string {
	const depth = 4 // of escapes in escapes
	path := u.EscapedPath()
	for range depth {
		decoded, err := url.PathUnescape(path)
		if err != nil || decoded == path {
			break
		}
		path = decoded
	}
	if hidden := s.secrets.hideForeign(path); hidden != path {
		return hidden
	}
	return u.EscapedPath()
}

// clipSignIn hides secrets in every text that a sign-in takes from its request, and shortens it. Key ids and subjects
// may look like secrets, and are what the record is read for.
func (s *Server) clipSignIn(in entra.SignIn) entra.SignIn {
	safe := func(text string) string { return clip(s.secrets.hide(text)) }
	for _, text := range []*string{
		&in.CorrelationID, &in.Tenant, &in.ClientID, &in.GrantType, &in.Scope, &in.Resource, &in.Issuer, &in.Subject, &in.KeyID,
		&in.Agent,
	} {
		*text = safe(*text)
	}
	audiences := 0
	in.Audience = slices.Clone(in.Audience)
	for i := range in.Audience {
		in.Audience[i] = safe(in.Audience[i])
		if audiences += len(in.Audience[i]); audiences > maxText {
			in.Audience = append(in.Audience[:i], "…")
			break
		}
	}
	in.Checks = slices.Clone(in.Checks)
	for i := range in.Checks {
		c := &in.Checks[i]
		c.Want, c.Got, c.Note = safe(c.Want), safe(c.Got), safe(c.Note)
		c.Compared = slices.Clone(c.Compared)
		for j := range c.Compared {
			compared := &c.Compared[j]
			compared.Want, compared.Got = safe(compared.Want), safe(compared.Got)
		}
	}
	return in
}
