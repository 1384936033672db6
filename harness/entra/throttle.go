package entra

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxThrottled bounds the clients that are counted at the same time, to protect this process.
const maxThrottled = 4096

// retryAfter is how many seconds Entra tells throttled clients to wait.
const retryAfter = 60

// throttle counts the token requests of each client in the current minute.
type throttle struct {
	mu     sync.Mutex
	minute int64
	counts map[string]int // by the ids of tenant and client
}

// throttled counts a request, and says whether the client has made more in this minute than option throttleAfter lets
// it. Clients that the directory does not have are not counted.
func (s *Server) throttled(tenant, clientID string, now time.Time) bool {
	view := s.directory.View(tenant, now)
	limit := view.Options.ThrottleAfter
	if limit == 0 {
		return false
	}
	client := view.Client(clientID)
	return client != nil && s.throttle.tooMany(view.Tenant.ID+"/"+client.ClientID, now, limit)
}

func (t *throttle) tooMany(client string, now time.Time, limit int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if minute := now.Unix() / 60; t.counts == nil || minute != t.minute {
		t.minute, t.counts = minute, make(map[string]int)
	}
	if _, counted := t.counts[client]; !counted && len(t.counts) >= maxThrottled {
		return false
	}
	t.counts[client]++
	return t.counts[client] > limit
}

// refuseThrottled answers as was seen for client_credentials
// (AzureAD/microsoft-authentication-library-for-dotnet#2855): no JSON, no code. The content type is inferred.
func (s *Server) refuseThrottled(w http.ResponseWriter, x *exchange) {
	const body = "Too Many Requests"
	x.signIn.Status = http.StatusTooManyRequests
	s.record(x.signIn)
	header := w.Header()
	header.Set("Retry-After", strconv.Itoa(retryAfter))
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = io.WriteString(w, body) // the client may have gone away
}
