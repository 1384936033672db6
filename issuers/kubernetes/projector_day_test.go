package kubernetes

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestProjectionAfterADay: a token that lives for longer is replaced after a day, and is kept while there is no other.
func TestProjectionAfterADay(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "volume")
	now, tokens := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), 0
	p := &projector{dir: dir, file: "token", life: 48 * time.Hour, now: func() time.Time { return now }, token: func() (string, error) {
		if tokens++; tokens == 2 {
			return "", errors.New("no token")
		}
		return strconv.Itoa(tokens), nil
	}}
	for _, tt := range []struct {
		advance time.Duration
		token   string
		failure string
	}{
		{0, "1", ""}, {24 * time.Hour, "1", ""}, {1, "1", "kubernetes: projected token: no token"}, {0, "3", ""},
	} {
		now = now.Add(tt.advance)
		_, err := p.refresh()
		if err == nil && tt.failure != "" || err != nil && err.Error() != tt.failure {
			t.Errorf("error %v, want %q", err, tt.failure)
		}
		raw, err := os.ReadFile(p.path())
		if err != nil {
			t.Fatal(err)
		}
		if string(raw) != tt.token {
			t.Errorf("the file has token %s, want %s", raw, tt.token)
		}
	}
}
