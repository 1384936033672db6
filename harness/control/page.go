package control

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
)

// How many items a part of a list has: unless asked otherwise, and at most.
const (
	pageSize    = 100
	maxPageSize = 1000
)

// paged are the parameters of a route that answers with a list.
var paged = []parameter{
	{"limit", isNumber, "How many items at most: 100 by default, at most 1,000."},
	{"after", isText, "The member next of the part before."},
}

// listed is how a list is paged: in the order of a key, which no two items have in common and none ever changes. The
// cursor is the key of the last item. So what is added or removed between two parts moves no other item.
func listed[T any](c *call, items []T, key func(T) string) (List[T], error) {
	limit := cmp.Or(c.number("limit"), pageSize)
	if limit > maxPageSize {
		return List[T]{}, &Error{Message: fmt.Sprintf("control: query: limit=%d: want at most %d", limit, maxPageSize), Member: "limit", Hint: "ask for the next part with after"}
	}
	after, err := base64.RawURLEncoding.DecodeString(c.text("after"))
	if err != nil {
		return List[T]{}, &Error{Message: fmt.Sprintf("control: query: after=%q: want the member next of a part of this list", c.text("after")), Member: "after"}
	}
	items = slices.SortedFunc(slices.Values(items), func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	if len(after) > 0 {
		items = items[firstAbove(items, string(after), key):]
	}
	if len(items) <= limit {
		return List[T]{Items: append([]T{}, items...)}, nil
	}
	items = items[:limit]
	return List[T]{Items: items, Next: base64.RawURLEncoding.EncodeToString([]byte(key(items[limit-1])))}, nil
}

// firstAbove is the index of the first of sorted items whose key is above a key.
func firstAbove[T any](items []T, above string, key func(T) string) int {
	n, found := slices.BinarySearchFunc(items, above, func(item T, above string) int { return cmp.Compare(key(item), above) })
	if found {
		n++
	}
	return n
}
