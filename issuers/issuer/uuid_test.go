package issuer_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
)

func TestUUIDs(t *testing.T) {
	t.Parallel()
	bytes := strings.Repeat("\xff", 20)
	if got, err := issuer.NewUUID(strings.NewReader(bytes)); got != "ffffffff-ffff-4fff-bfff-ffffffffffff" || err != nil {
		t.Errorf("random: %s, %v", got, err)
	}
	if got, err := issuer.NewUUID(strings.NewReader("short")); err == nil || got != "00000000-0000-0000-0000-000000000000" {
		t.Errorf("too little randomness: %s, %v", got, err)
	}
	if got := issuer.UUIDFrom([]byte(bytes), 5); got != "ffffffff-ffff-5fff-bfff-ffffffffffff" {
		t.Errorf("of bytes: %s", got)
	}
}
