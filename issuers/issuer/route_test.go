package issuer_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func TestTellRoute(t *testing.T) {
	t.Parallel()
	router := mux.NewRouter()
	router.Use(issuer.TellRoute)
	router.HandleFunc("/{collection:[a-z]{3}}/plans/{plan:7}", func(http.ResponseWriter, *http.Request) {}).Methods(http.MethodGet)
	router.HandleFunc("/api", func(_ http.ResponseWriter, r *http.Request) { issuer.SetRoute(r, "sts GetCallerIdentity") })
	for path, want := range map[string]string{"/abc/plans/7": "GET /{collection}/plans/{plan}", "/api": "sts GetCallerIdentity", "/abc/plans/8": ""} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		visit := new(issuer.Visit)
		router.ServeHTTP(httptest.NewRecorder(), visit.Begin(r))
		if route := visit.Route(); route != want {
			t.Errorf("%s: route %q, want %q", path, route, want)
		}
		router.ServeHTTP(httptest.NewRecorder(), r) // nobody asks
	}
}
