package control_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
)

// manyWorlds is a control plane with as many worlds as a test likes.
type manyWorlds struct{ ids []string }

func (m *manyWorlds) worlds() []control.World {
	var all []control.World
	for _, id := range m.ids {
		all = append(all, control.World{ID: id})
	}
	return all
}

// get reads a part of a list.
func get(t *testing.T, url string) (page control.List[control.World]) {
	t.Helper()
	code, body, _ := send(t, "GET", url, "Bearer "+token, nil)
	if err := json.Unmarshal([]byte(body), &page); code != 200 || err != nil {
		t.Fatalf("%s: status %d, %s", url, code, body)
	}
	return page
}

// TestPages reads a list in parts while others add to it and take from it.
func TestPages(t *testing.T) {
	t.Parallel()
	farm := &manyWorlds{ids: []string{"k", "default", "b", "h", "e", "n"}}
	server := httptest.NewServer((&control.Server{Token: token, Worlds: farm.worlds}).Handler())
	t.Cleanup(server.Close)
	changes := []func(){
		func() { farm.ids = append(farm.ids, "a", "c") },                                                       // before and behind the cursor
		func() { farm.ids = slices.DeleteFunc(farm.ids, func(s string) bool { return s == "c" || s == "k" }) }, // the cursor's own, and one to come
		func() {},
		func() {},
	}
	var got []string
	after := ""
	for _, change := range changes {
		page := get(t, server.URL+"/v1/worlds?limit=2&after="+after)
		for _, w := range page.Items {
			got = append(got, w.ID)
		}
		change()
		if after = page.Next; after == "" {
			break
		}
	}
	// none twice, and of those that were there all the time none is lost
	if diff := cmp.Diff("default b c e h n", strings.Join(got, " ")); diff != "" {
		t.Errorf("worlds (-want +got):\n%s", diff)
	}
}

// TestPageSizes reads a list of more than a part has, in parts of the sizes there are.
func TestPageSizes(t *testing.T) {
	t.Parallel()
	farm := &manyWorlds{}
	for n := range 2500 {
		farm.ids = append(farm.ids, fmt.Sprintf("%04d", n))
	}
	server := httptest.NewServer((&control.Server{Token: token, Worlds: farm.worlds}).Handler())
	t.Cleanup(server.Close)
	for query, want := range map[string]int{"": 100, "?limit=0": 100, "?limit=1": 1, "?limit=1000": 1000} {
		if page := get(t, server.URL+"/v1/worlds"+query); len(page.Items) != want || page.Next == "" {
			t.Errorf("%q: %d items, next %q; want %d and one", query, len(page.Items), page.Next, want)
		}
	}
	all, err := (&control.Client{URL: server.URL, Token: token}).Worlds(t.Context())
	if err != nil || len(all) != 2500 || all[0].ID != "0000" || all[2499].ID != "2499" {
		t.Errorf("%d worlds, error %v; want all of them in order", len(all), err)
	}
	farm.ids = nil
	if code, body, _ := send(t, "GET", server.URL+"/v1/worlds", "Bearer "+token, nil); code != 200 || strings.TrimSpace(body) != `{"items":[]}` {
		t.Errorf("no worlds: status %d, %s", code, body)
	}
}
