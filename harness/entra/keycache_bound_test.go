package entra

import (
	"strconv"
	"testing"
	"time"
)

// TestKeyCacheIsBounded fills the cache with more issuers than it holds.
func TestKeyCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newKeyCache(nil, time.Now)
	c.entry("busy").flights = map[string]*flight{"": new(flight)}
	for i := range 2 * maxIssuers {
		c.entry(strconv.Itoa(i))
	}
	if len(c.issuers) > maxIssuers {
		t.Errorf("%d issuers, the bound is %d", len(c.issuers), maxIssuers)
	}
	if c.issuers["busy"] == nil {
		t.Error("an issuer that is being fetched was dropped")
	}
}
