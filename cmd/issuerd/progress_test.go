package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/report"
)

// TestProgress follows the last line of a terminal through a run of three cases.
func TestProgress(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := &progress{to: &terminal, now: func() time.Time { return now }, total: 3}
	print := func(line string) func() { return func() { fmt.Fprintln(&terminal, line) } }
	p.begin("github/a[x]")
	now = now.Add(2 * time.Second)
	p.begin("github/b")
	p.change(func() {}) // a second has gone by
	p.end(report.Result{Name: "github/b", Status: report.Fail}, print("FAIL"))
	p.end(report.Result{Name: "github/a", Case: "x", Status: report.Pass}, print("PASS"))
	p.begin(strings.Repeat("long/", 40))
	p.stop()
	p.stop()
	p.begin("github/late")
	want := []string{
		"", "0 of 3, 0s in github/a[x]",
		"0 of 3, 2s in github/a[x]",
		"0 of 3, 2s in github/a[x]",
		"FAIL\n1 of 3, 1 failed, 2s in github/a[x]",
		"PASS\n2 of 3, 1 failed",
		"2 of 3, 1 failed, 0s in " + strings.Repeat("long/", 10) + "long…",
		"",
	}
	if diff := cmp.Diff(want, strings.Split(terminal.String(), clearLine)); diff != "" {
		t.Errorf("the terminal (-want +got):\n%s", diff)
	}
	if width := len([]rune(want[6])); width != progressWidth {
		t.Errorf("the cut line is %d wide, want %d", width, progressWidth)
	}
}

// TestNoProgress wants no line where nobody sees it.
func TestNoProgress(t *testing.T) {
	t.Parallel()
	var pipe bytes.Buffer
	p := startProgress(&pipe, 1)
	p.begin("github/a")
	p.end(report.Result{Name: "github/a"}, func() { pipe.WriteString("PASS") })
	p.stop()
	if pipe.String() != "PASS" {
		t.Errorf("a pipe gets %q, want the result alone", pipe.String())
	}
}
