package issuer

import (
	"context"
	"net/http"
	"regexp"

	"github.com/gorilla/mux"
)

// routeKey is, in a request's context, where its route is told.
type routeKey struct{}

// WithRoute makes a context for a request, and where the name of the route that answers it will be once it is answered:
// empty if none does.
func WithRoute(ctx context.Context) (context.Context, *string) {
	route := new(string)
	return context.WithValue(ctx, routeKey{}, route), route
}

// SetRoute tells which route answers a request, by the name that the platform's documentation has for it; the last one
// told counts. Nothing happens where nobody asks.
func SetRoute(r *http.Request, name string) {
	if route, ok := r.Context().Value(routeKey{}).(*string); ok {
		*route = name
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
