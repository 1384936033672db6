package farm_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
)

// heap is what is in use after everything that is not has been collected.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what has finalizers goes in the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemoryOfWorlds makes worlds with an issuer and an application, without any key, and deletes them. It is alone:
// other tests' memory would be counted.
func TestMemoryOfWorlds(t *testing.T) {
	s := start(t, farm.Options{})
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	populate := func(n int) []string {
		ids := []string{}
		for i := range n {
			w := newWorld(t, s, control.WorldSpec{Name: fmt.Sprint("world ", i)})
			addIssuer(t, w, control.IssuerSpec{Platform: "github"})
			addApp(t, w, githubURL, subject)
			ids = append(ids, w.Describe().ID)
		}
		return ids
	}
	remove := func(ids []string) {
		for _, id := range ids {
			if err := manager.DeleteWorld(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove(populate(10)) // what is made once is made
	before := heap()
	var each []int64
	for _, n := range []int{10, 1000} {
		ids := populate(n)
		each = append(each, (heap()-before)/int64(n))
		remove(ids)
	}
	const limit = 60 << 10
	if each[1] > limit {
		t.Errorf("a world takes %d bytes of 1,000, want at most %d", each[1], limit)
	}
	if left := heap() - before; left > 2<<20 {
		t.Errorf("%d bytes are left after every world was deleted", left)
	}
	t.Logf("bytes a world: %d of 10, %d of 1,000", each[0], each[1])
}
