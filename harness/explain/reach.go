package explain

import (
	"errors"
	"net"
	"net/http"
	"sync"
)

// reach passes requests on, and keeps why a server could not be reached at all. That says something about this machine,
// and nothing about what Entra gets. It is safe for concurrent use.
type reach struct {
	next http.RoundTripper

	mu     sync.Mutex
	failed error // the first; nil: each request came to its server
}

// reaching is a client like another, whose requests are watched.
func reaching(client *http.Client) (*http.Client, *reach) {
	watch := &reach{next: client.Transport}
	if watch.next == nil {
		watch.next = http.DefaultTransport
	}
	watched := *client
	watched.Transport = watch
	return &watched, watch
}

// RoundTrip implements [http.RoundTripper].
func (r *reach) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err != nil && isUnreached(err) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.failed == nil {
			r.failed = err
		}
	}
	return response, err
}

// unreached is why a server could not be reached; nil: all were.
func (r *reach) unreached() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// isUnreached tells errors of a name that is not known, of a connection that did not come about, and of one that took
// too long, from those of a server that answered, such as for its certificate.
func isUnreached(err error) bool {
	var unknown *net.DNSError
	var connection *net.OpError
	var slow net.Error
	return errors.As(err, &unknown) || errors.As(err, &connection) && (connection.Op == "dial" || connection.Op == "proxyconnect") || errors.As(err, &slow) && slow.Timeout()
}
