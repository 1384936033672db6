package issuer

import (
	"net/http"
	"regexp"

	"github.com/gorilla/mux"
)

// SetRoute tells which route answers a request, by the name that the platform's documentation has for it; the last one
// told counts. Nothing happens where nobody asks.
func SetRoute(r *http.Request, name string) {
	if v := visitOf(r); v != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.route = name
	}
}

// pathPattern is what a variable of a path template must match.
var pathPattern = regexp.MustCompile(`\{([a-z]+):(?:[^{}]|\{[^{}]*\})*\}`)

// TellRoute is a middleware of mux that tells the route as method and path template.
func TellRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if template, err := mux.CurrentRoute(r).GetPathTemplate(); err == nil {
			SetRoute(r, r.Method+" "+pathPattern.ReplaceAllString(template, "{$1}"))
		}
		next.ServeHTTP(w, r)
	})
}
