package arm_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra/arm"
)

// FuzzRequest sends anything as Owner: every answer is JSON or has no body, and none is the server's fault.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/subscriptions", "", "")
	f.Add("PUT", identityPath+"/fresh", "", `{"location":"westeurope"}`)
	f.Add("PUT", identityPath+"/worker/federatedIdentityCredentials/abc", "", credentialBody)
	f.Add("DELETE", groupPath+assignmentsAt+"/"+assignmentName, "", "")
	f.Add("PUT", groupPath+assignmentsAt+"/"+assignmentName, "", `{"properties":{"roleDefinitionId":"/x/`+readerRole+`","principalId":"`+assignmentName+`"}}`)
	f.Add("GET", subscriptionAt+assignmentsAt, "principalId eq 'x' and atScope()", "")
	f.Add("GET", "//providers/Microsoft.Authorization/roleAssignments/providers", "x", "{")
	f.Add("GET", "/x"+definitionsAt, "", "")
	r := newRig(f, nil)
	token := r.token("Owner", management)
	handler := arm.New(arm.Config{Server: r.server, Now: r.clock})
	f.Fuzz(func(t *testing.T, method, path, filter, body string) {
		target := &url.URL{Path: path, RawQuery: url.Values{"api-version": {"2025-05-31-preview"}, "$filter": {filter}}.Encode()}
		req := &http.Request{
			Method: method, URL: target, Host: "management.azure.com", Header: http.Header{"Authorization": {"Bearer " + token}},
			Body: http.NoBody,
		}
		req = req.WithContext(t.Context())
		if body != "" {
			req.Body = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)).Body
		}
		handler.Route(req)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		if w.Code < 200 || w.Code > 499 {
			t.Errorf("%s %q: status %d", method, path, w.Code)
		}
		if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q: body %q", method, path, w.Body)
		}
	})
}
