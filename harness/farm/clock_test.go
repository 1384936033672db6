package farm_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
)

// fixed is a real clock that stands still.
var fixed = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestClock(t *testing.T) {
	t.Parallel()
	begin := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name    string
		spec    control.WorldSpec
		advance []time.Duration
		now     time.Time
		iat     time.Time
	}{
		{"the real time", control.WorldSpec{}, nil, fixed, fixed},
		{"start", control.WorldSpec{Start: begin}, nil, begin, begin},
		{"start in the past", control.WorldSpec{Start: fixed.AddDate(-40, 0, 0)}, nil, fixed.AddDate(-40, 0, 0), fixed.AddDate(-40, 0, 0)},
		{"issuer ahead", control.WorldSpec{Start: begin, Skew: control.Duration(10 * time.Minute)}, nil, begin, begin.Add(10 * time.Minute)},
		{"issuer behind", control.WorldSpec{Skew: control.Duration(-time.Hour)}, nil, fixed, fixed.Add(-time.Hour)},
		{"advance", control.WorldSpec{Start: begin, Skew: control.Duration(time.Second)}, []time.Duration{time.Hour, 0, time.Minute}, begin.Add(61 * time.Minute), begin.Add(61*time.Minute + time.Second)},
	}
	s := start(t, farm.Options{Now: func() time.Time { return fixed }})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s, tt.spec)
			addIssuer(t, w, control.IssuerSpec{Platform: "github"})
			for _, d := range tt.advance {
				if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(d)}); err != nil {
					t.Fatal(err)
				}
			}
			if got := w.Describe().Now; !got.Equal(tt.now) {
				t.Errorf("now %s, want %s", got, tt.now)
			}
			if got := mint(t, w, githubURL, subject).Claims["iat"]; got != tt.iat.Unix() {
				t.Errorf("iat %v, want %d", got, tt.iat.Unix())
			}
			// The farm's certificates are of the same day, and its own client goes by that.
			document(t, canonical(s, w.Describe().ID), githubURL+discoveryPath)
		})
	}
}

func TestClockLimits(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{Now: func() time.Time { return fixed }})
	for name, spec := range map[string]control.WorldSpec{
		"start too late":  {Start: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)},
		"start too early": {Start: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)},
		"skew":            {Skew: math.MinInt64},
	} {
		if _, err := s.NewWorld(spec); err == nil || !strings.Contains(err.Error(), "100 years") {
			t.Errorf("%s: error %v, want one about 100 years", name, err)
		}
	}
	w := newWorld(t, s, control.WorldSpec{Start: fixed.AddDate(99, 0, 0)})
	before := w.Describe().Now
	for _, d := range []time.Duration{-1, math.MinInt64, math.MaxInt64, 2 * 365 * 24 * time.Hour} {
		if _, err := w.SetClock(control.ClockSpec{Advance: control.Duration(d)}); err == nil {
			t.Errorf("advanced by %s", d)
		}
	}
	if got := w.Describe().Now; !got.Equal(before) {
		t.Errorf("now %s after refused advances, want %s", got, before)
	}
}

// TestSkewAtEntra says that the emulator goes by its own clock: a token from ten minutes ahead is not valid yet.
func TestSkewAtEntra(t *testing.T) {
	t.Parallel()
	s := start(t, farm.Options{})
	for _, tt := range []struct {
		skew time.Duration
		code int
	}{{0, 0}, {4 * time.Minute, 0}, {10 * time.Minute, 700024}, {-2 * time.Hour, 700024}} {
		w := newWorld(t, s, control.WorldSpec{Skew: control.Duration(tt.skew)})
		addIssuer(t, w, control.IssuerSpec{Platform: "github"})
		app := addApp(t, w, githubURL, subject)
		token := mint(t, w, githubURL, subject)
		if got := exchange(t.Context(), t, canonical(s, w.Describe().ID), app.Tenant, app.ClientID, token.Token); got.code() != tt.code {
			t.Errorf("skew %s: AADSTS%d, want %d: %s", tt.skew, got.code(), tt.code, got.Description)
		}
	}
}
