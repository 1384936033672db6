package graph_test

import (
	"net/http/httptest"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/graph"
)

// TestRoute names the routes as the journal shows them.
func TestRoute(t *testing.T) {
	t.Parallel()
	api := graph.New(graph.Config{Server: entra.New(entra.Config{})})
	for _, tt := range []struct{ method, path, want string }{
		{"GET", "/v1.0/applications?$filter=appId%20eq%20'x'", "GET /v1.0/applications"},
		{"GET", "/beta/applications(appId='x')/federatedIdentityCredentials/y", "GET /beta/applications/{app}/federatedIdentityCredentials/{credential}"},
		{"PATCH", "/beta/Applications/x/federatedIdentityCredentials(name='y')", "PATCH /beta/applications/{app}/federatedIdentityCredentials/{credential}"},
		{"PUT", "/v1.0/applications", ""},
		{"GET", "/v1.0/nothing", ""},
		{"GET", "/v1.0//applications", ""},
	} {
		if got := api.Route(httptest.NewRequest(tt.method, tt.path, nil)); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.method, tt.path, got, tt.want)
		}
	}
}
