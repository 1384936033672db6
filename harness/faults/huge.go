package faults

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Huge fills a document up with spaces, which mean nothing in JSON.
type Huge struct {
	Document string `json:"document" about:"discovery or jwks; empty: both" values:"discovery jwks"`
	Bytes    int    `json:"bytes" about:"how long it is then, up to 67108864; 0 means 2097152"`

	When
}

// maxHuge is as much as a fault may have a farm send at a time.
const maxHuge = 64 << 20

// Name is the fault's in scenarios.
func (Huge) Name() string { return "huge" }

// tamper implements the fault.
func (f Huge) tamper() (issuer.Tamper, error) {
	size := cmp.Or(f.Bytes, 2<<20)
	if size < 0 || size > maxHuge {
		return issuer.Tamper{}, fmt.Errorf("bytes %d: want 1 to %d", size, maxHuge)
	}
	return issuer.Tamper{Covers: covering(f.Document), Document: func(_ string, body []byte) ([]byte, error) {
		if len(body) >= size {
			return body, nil
		}
		return append(bytes.Clone(body), bytes.Repeat([]byte(" "), size-len(body))...), nil
	}}, nil
}
