package control

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// stream stands for an answer of server-sent events, which is sent while it comes about.
type stream struct{}

// heartbeat is how often a stream without news says that it is still there.
const heartbeat = 15 * time.Second

// followEntries sends the entries of a journal that match as server-sent events, those that are there and those to come,
// until the client goes, the world ends or the process stops. It reads the journal as fast as the client reads the
// stream and keeps nothing itself: what a slow client misses is what the journal no longer has, and an event says how
// much that is.
func (c *call) followEntries(w LiveWorld, q JournalQuery) (stream, error) {
	if id := c.Header.Get("Last-Event-ID"); id != "" { // of a client that comes back
		if !isNumber.allows(id) {
			return stream{}, &Error{Message: fmt.Sprintf("control: Last-Event-ID %q: want %s", id, isNumber.want()), Member: "Last-Event-ID"}
		}
		q.After, _ = strconv.Atoi(id)
	}
	header := c.writer.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	c.writer.WriteHeader(http.StatusOK)
	for {
		changed := w.JournalChanged()
		found := w.Journal(q)
		if err := c.sendEntries(found); err != nil {
			return stream{}, nil // the client has gone
		}
		q.After = max(q.After, found.Last)
		beat := make(chan struct{})
		stop := c.server.after(heartbeat, func() { close(beat) })
		select {
		case <-changed:
			stop()
		case <-beat:
			if _, err := io.WriteString(c.writer, ": nothing new\n\n"); err != nil {
				return stream{}, nil // the client has gone
			}
		case <-c.Context().Done():
			stop()
			return stream{}, nil
		case <-c.server.Stopping:
			stop()
			return stream{}, nil
		}
		var err error
		if w, err = c.world(); err != nil {
			_ = c.event("end", "", Error{Message: err.Error()}) // the client may have gone
			return stream{}, nil
		}
	}
}

// sendEntries sends a part of a journal.
func (c *call) sendEntries(part Journal) error {
	if err := issuer.Prolong(c.writer, heartbeat); err != nil {
		return err
	}
	if part.Dropped > 0 {
		if err := c.event("dropped", "", droppedEntries{part.Dropped}); err != nil {
			return err
		}
	}
	for _, e := range part.Entries {
		if err := c.event("", strconv.Itoa(e.Seq), e); err != nil {
			return err
		}
	}
	return http.NewResponseController(c.writer).Flush()
}

// droppedEntries is what an event says of entries that were too old to be kept.
type droppedEntries struct {
	Dropped int `json:"dropped"`
}

// event sends one event. One without a name is a message, as browsers call it.
func (c *call) event(name, id string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	text := "data: " + string(raw) + "\n\n"
	if id != "" {
		text = "id: " + id + "\n" + text
	}
	if name != "" {
		text = "event: " + name + "\n" + text
	}
	_, err = io.WriteString(c.writer, text)
	return err
}
