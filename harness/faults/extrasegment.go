package faults

import "github.com/issuerd/issuerd/issuers/issuer"

// ExtraSegment has a fourth part in every token, which makes it no signed token any more.
type ExtraSegment struct {
	Segment string `json:"segment" about:"the part; empty: e30, which is an empty object"`

	When
}

// Name is the fault's in scenarios.
func (ExtraSegment) Name() string { return "extra-segment" }

// tamper implements the fault.
func (f ExtraSegment) tamper() (issuer.Tamper, error) {
	segment := f.Segment
	if segment == "" {
		segment = encode([]byte("{}"))
	}
	return issuer.Tamper{Token: func(signed issuer.Signed) (string, error) { return signed.Compact + "." + segment, nil }}, nil
}
