package control_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
)

// events is a stream of server-sent events that is being read.
type events struct {
	t     *testing.T
	lines *bufio.Reader
}

// follow opens the events of the journal of a world and returns when the journal has been looked at.
func (w *journalWorld) follow(ctx context.Context, t *testing.T, client *control.Client, query, lastID string) *events {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, client.URL+"/v1/worlds/x/journal/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("status %d, Content-Type %q", resp.StatusCode, got)
	}
	<-w.looked
	return &events{t, bufio.NewReader(resp.Body)}
}

// next is the next event or comment, with its lines joined by a bar, or why there is none.
func (e *events) next() string {
	e.t.Helper()
	var lines []string
	for {
		line, err := e.lines.ReadString('\n')
		if err != nil {
			return err.Error()
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			return strings.Join(lines, "|")
		}
		lines = append(lines, line)
	}
}

func (e *events) want(want string) {
	e.t.Helper()
	if diff := cmp.Diff(want, e.next()); diff != "" {
		e.t.Errorf("event (-want +got):\n%s", diff)
	}
}

const noTime = `"time":"0001-01-01T00:00:00Z","plane":""`

// TestEvents follows a journal from before its first entry to the world's end.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newJournalWorld()
	client, _ := w.serve(t)
	w.add("jwks")
	w.add("discovery")
	all, keys := w.follow(t.Context(), t, client, "", ""), w.follow(t.Context(), t, client, "?route=jwks", "")
	for _, stream := range []*events{all, keys} {
		stream.want(`id: 1|data: {"seq":1,` + noTime + `,"route":"jwks"}`)
	}
	all.want(`id: 2|data: {"seq":2,` + noTime + `,"route":"discovery"}`)
	w.add("jwks")
	for _, stream := range []*events{all, keys} {
		stream.want(`id: 3|data: {"seq":3,` + noTime + `,"route":"jwks"}`)
	}
	w.follow(t.Context(), t, client, "?route=jwks", "1").want(`id: 3|data: {"seq":3,` + noTime + `,"route":"jwks"}`)
	w.follow(t.Context(), t, client, "?route=jwks&after=1", "").want(`id: 3|data: {"seq":3,` + noTime + `,"route":"jwks"}`)
	w.end()
	for _, stream := range []*events{all, keys} {
		stream.want(`event: end|data: {"error":"no such world"}`)
		stream.want(io.EOF.Error())
	}
}

// TestSlowReader says what a reader of events has missed.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	w := newJournalWorld()
	client, stop := w.serve(t)
	stream := w.follow(t.Context(), t, client, "", "")
	w.mu.Lock()
	w.dropped = 3
	w.mu.Unlock()
	w.add("jwks")
	stream.want(`event: dropped|data: {"dropped":3}`)
	stream.want(`id: 1|data: {"seq":1,` + noTime + `,"route":"jwks"}`)
	<-w.asked
	<-w.asked
	w.mu.Lock()
	beat := w.timeout
	w.mu.Unlock()
	beat()
	stream.want(": nothing new")
	stop()
	stream.want(io.EOF.Error())
}

// TestEventsEndWithTheirReader says that nothing goes on for a reader that has gone.
func TestEventsEndWithTheirReader(t *testing.T) {
	t.Parallel()
	w := newJournalWorld()
	client, _ := w.serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	stream := w.follow(ctx, t, client, "", "")
	<-w.asked
	cancel()
	if got := stream.next(); !strings.Contains(got, context.Canceled.Error()) {
		t.Errorf("the stream goes on with %q", got)
	}
	<-w.stopped
}

func TestBadEvents(t *testing.T) {
	t.Parallel()
	w := newJournalWorld()
	client, _ := w.serve(t)
	for query, want := range map[string]string{"?limit=1": `unknown parameter \"limit\"`, "?wait=1s": `unknown parameter \"wait\"`, "?after=x": `after=\"x\"`} {
		if code, body, _ := send(t, "GET", client.URL+"/v1/worlds/x/journal/events"+query, "Bearer "+token, nil); code != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, %s", query, code, body)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, client.URL+"/v1/worlds/x/journal/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Last-Event-ID", "-1")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), `"member":"Last-Event-ID"`) {
		t.Errorf("a number below 0: status %d, %s", resp.StatusCode, body)
	}
}
