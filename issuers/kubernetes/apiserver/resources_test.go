package apiserver_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// discoveryAccept is what kubectl 1.32 sends for the documents of API discovery: the aggregated form first.
const discoveryAccept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," +
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

// TestResources compares API discovery, byte for byte, with k8s.io/kubernetes, api/discovery, as far as there is
// something here.
func TestResources(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "pod", nil)
	base, err := url.Parse(c.base)
	if err != nil {
		t.Fatal(err)
	}
	const v1 = `{"groupVersion":"authentication.k8s.io/v1","version":"v1"}`
	group := `"name":"authentication.k8s.io","versions":[` + v1 + `],"preferredVersion":` + v1 + `}`
	account := "Bearer " + c.token(tokenPath, `{}`)
	for path, want := range map[string]string{
		"/api":                        `{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"` + base.Host + `"}]}`,
		"/apis":                       `{"kind":"APIGroupList","apiVersion":"v1","groups":[{` + group + `]}`,
		"/apis/authentication.k8s.io": `{"kind":"APIGroup","apiVersion":"v1",` + group,
		"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"serviceaccounts","singularName":"serviceaccount",` +
			`"namespaced":true,"kind":"ServiceAccount","verbs":["create","get","list"],"shortNames":["sa"],"storageVersionHash":"pbx9ZvyFpBE="},` +
			`{"name":"serviceaccounts/token","singularName":"","namespaced":true,"group":"authentication.k8s.io","version":"v1",` +
			`"kind":"TokenRequest","verbs":["create"]}]}`,
		"/apis/authentication.k8s.io/v1": `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"authentication.k8s.io/v1","resources":[` +
			`{"name":"selfsubjectreviews","singularName":"selfsubjectreview","namespaced":false,"kind":"SelfSubjectReview","verbs":["create"]},` +
			`{"name":"tokenreviews","singularName":"tokenreview","namespaced":false,"kind":"TokenReview","verbs":["create"]}]}`,
	} {
		r, err := http.NewRequest(http.MethodGet, c.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", account)
		r.Header.Set("Accept", discoveryAccept)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want+"\n", string(body)); diff != "" || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d (-want +got):\n%s", path, response.StatusCode, diff)
		}
		if code, _, _ := c.call(http.MethodGet, path+"/", "", "Authorization", account); code != http.StatusOK {
			t.Errorf("%s/: %d, want 200", path, code)
		}
		code, refused, _ := c.call(http.MethodGet, path, "", "Authorization", "")
		message := `forbidden: User "system:anonymous" cannot get path "` + path + `"`
		if code != http.StatusForbidden || refused["message"] != message {
			t.Errorf("%s anonymously: %d %v, want 403 %s", path, code, refused["message"], message)
		}
	}
	code, body, _ := c.call(http.MethodGet, "/openapi/v3", "", "Authorization", account)
	if code != http.StatusNotFound || body["text"] != "404 page not found\n" {
		t.Errorf("/openapi/v3: %d %v, want 404", code, body)
	}
}

// TestTable has the table that kubectl get prints, at several ages.
func TestTable(t *testing.T) {
	t.Parallel()
	const (
		asTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
		day     = 24 * time.Hour
	)
	c := newCluster(t, "pod", nil)
	for _, tt := range []struct {
		age  time.Duration
		want string
	}{
		{0, "0s"}, {119 * time.Second, "119s"}, {2 * time.Minute, "2m"}, {9*time.Minute + 59*time.Second, "9m59s"}, {179 * time.Minute, "179m"},
		{3 * time.Hour, "3h"}, {7*time.Hour + 59*time.Minute, "7h59m"}, {47 * time.Hour, "47h"}, {2 * day, "2d"}, {8*day - time.Hour, "7d23h"},
		{8 * day, "8d"}, {729 * day, "729d"}, {730 * day, "2y"}, {8*365*day - day, "7y364d"}, {9 * 365 * day, "9y"},
	} {
		c.advance(tt.age - c.clock().Sub(start))
		_, list, _ := c.call(http.MethodGet, accountsPath, "", "Accept", asTable)
		_, one, _ := c.call(http.MethodGet, accountsPath+"/default", "", "Accept", asTable)
		var columns, rows []any
		for _, column := range list["columnDefinitions"].([]any) {
			columns = append(columns, column.(map[string]any)["name"])
		}
		for _, row := range list["rows"].([]any) {
			rows = append(rows, row.(map[string]any)["cells"])
		}
		want := []any{"Table", "meta.k8s.io/v1", []any{"Name", "Secrets", "Age"}, []any{
			[]any{"default", 0.0, tt.want}, []any{"workload-identity-sa", 0.0, tt.want},
		}, list["rows"].([]any)[:1]}
		if diff := cmp.Diff(want, []any{list["kind"], list["apiVersion"], columns, rows, one["rows"]}); diff != "" {
			t.Errorf("age %v (-want +got):\n%s", tt.age, diff)
		}
		about := one["rows"].([]any)[0].(map[string]any)["object"].(map[string]any)
		if about["kind"] != "PartialObjectMetadata" || about["metadata"].(map[string]any)["name"] != "default" {
			t.Errorf("the row is about %v, want the account's metadata", about)
		}
	}
	for accept, want := range map[string]string{
		"application/json":                                   "ServiceAccountList",
		"application/json, */*":                              "ServiceAccountList",
		"application/json, " + asTable:                       "ServiceAccountList",
		"application/json;as=PartialObjectMetadataList;v=v1": "Status",
		strings.Split(asTable, ",")[0]:                       "Table",
	} {
		if code, list, _ := c.call(http.MethodGet, accountsPath, "", "Accept", accept); list["kind"] != want {
			t.Errorf("%s: %d %v, want a %s", accept, code, list["kind"], want)
		}
	}
}
