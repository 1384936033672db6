package entra_test

import (
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
)

// TestPlaceOf: every code that is answered has a place, and the others have none. That the places are right is tested
// with every request that is refused: see examined.
func TestPlaceOf(t *testing.T) {
	t.Parallel()
	for _, code := range entra.Codes {
		place, ok := entra.PlaceOf(code.Number)
		discovery := code.Number == 50049 // instance discovery answers it
		if ok != (code.Answered && !discovery) {
			t.Errorf("%s: answered %t, has a place %t", code.Name(), code.Answered, ok)
		}
		if ok && (len(place.Before) != place.Number-1 || len(place.After) != place.Of-place.Number) {
			t.Errorf("%s: %d of %d, with %d before and %d after", code.Name(), place.Number, place.Of, len(place.Before), len(place.After))
		}
	}
	if p, _ := entra.PlaceOf(700213); p.Check != "audience and subject" || p.Number != 20 || p.Of != 31 || !p.Known {
		t.Errorf("700213: %+v", p)
	}
	if p, _ := entra.PlaceOf(7000216); p.Check != "credential presented" {
		t.Errorf("7000216: %+v", p)
	}
}
