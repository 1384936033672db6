package faults

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// ExtraKeys lists keys of nobody's before those of the issuer: Entra keeps the first 100 of a set.
type ExtraKeys struct {
	Count int `json:"count" about:"how many, up to 10000; 0 means 100"`

	When
}

// Name is the fault's in scenarios.
func (ExtraKeys) Name() string { return "extra-keys" }

// maxExtraKeys bounds how long the list gets.
const maxExtraKeys = 10000

// tamper implements the fault.
func (f ExtraKeys) tamper() (issuer.Tamper, error) {
	count := cmp.Or(f.Count, 100)
	if count < 0 || count > maxExtraKeys {
		return issuer.Tamper{}, fmt.Errorf("count %d: want 1 to %d keys", count, maxExtraKeys)
	}
	return changeKeys(func(keys []map[string]any) []map[string]any {
		extra := make([]map[string]any, count)
		for i := range extra {
			extra[i] = nobodysKey(fmt.Sprintf("extra-%d", i+1), i)
		}
		return slices.Concat(extra, keys)
	}), nil
}
