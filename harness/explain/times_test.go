package explain_test

import (
	"strings"
	"testing"
	"time"
)

// TestTimesOfError: which of expired and not yet valid it is, by the times that the error prints, whatever day it is now.
func TestTimesOfError(t *testing.T) {
	t.Parallel()
	const at = "2023-10-26T13:03:14.0000000Z"
	for _, tt := range []struct {
		name             string
		at, issued, ends string
		times, cause     string
		causes           int
	}{
		{"expired", at, "2023-10-26T12:49:14.0000000Z", "2023-10-26T12:54:14.0000000Z",
			"presented 2023-10-26 13:03:14 UTC; issued 12:49:14 UTC, 14 minutes before; valid for 5 minutes; expired 12:54:14 UTC, 9 minutes before", "presented 9 minutes after it had expired", 2},
		{"not yet valid", at, "2023-10-26T13:23:14.0000000Z", "2023-10-26T13:28:14.0000000Z",
			"presented 2023-10-26 13:03:14 UTC; issued 13:23:14 UTC, 20 minutes later; valid for 5 minutes; expires 13:28:14 UTC, 25 minutes later", "presented 20 minutes before it is valid", 0},
		{"within its time", at, "2023-10-26T13:00:14.0000000Z", "2023-10-26T13:05:14.0000000Z",
			"presented 2023-10-26 13:03:14 UTC; issued 13:00:14 UTC, 3 minutes before; valid for 5 minutes; expires 13:05:14 UTC, 2 minutes later", "has expired or is not yet valid", 2},
		{"no iat", at, "1970-01-01T00:00:00.0000000Z", "2023-10-26T12:54:14.0000000Z",
			"presented 2023-10-26 13:03:14 UTC; no iat (1970-01-01 is printed for a missing one); expired 12:54:14 UTC, 9 minutes before", "presented 9 minutes after it had expired", 2},
		{"when is not known", "", "2023-10-26T12:49:14.0000000Z", "2023-10-26T12:54:14.0000000Z",
			"issued 2023-10-26 12:49:14 UTC; valid for 5 minutes; expires 2023-10-26 12:54:14 UTC", "has expired or is not yet valid", 2},
	} {
		values := map[string]string{"iat": tt.issued, "exp": tt.ends}
		if tt.at != "" {
			values["now"] = tt.at
		}
		s := only(t, explained(t, failure(700024, time.Time{}, values)))
		if s.Presented.Times != tt.times || !strings.Contains(s.Cause, tt.cause) || len(s.Causes) != tt.causes {
			t.Errorf("%s: times %q, cause %q, %d causes", tt.name, s.Presented.Times, s.Cause, len(s.Causes))
		}
	}
	for changes, cause := range map[int64]string{0: "2 hours 50 minutes after it had expired", 4 * 3600: "presented 1 hour before it is valid"} {
		issued := now.Unix() - 3*3600 + changes
		s := only(t, explained(t, token(t, map[string]any{"nbf": issued, "exp": issued + 600}), failure(700024, now, nil)))
		if !strings.Contains(s.Cause, cause) {
			t.Errorf("a token: cause %q, want %q", s.Cause, cause)
		}
	}
}
