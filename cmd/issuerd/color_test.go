package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestColored gives colour to a device, as a terminal is one, and to nothing else.
func TestColored(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }() // nothing was written
	file, err := os.Create(filepath.Join(t.TempDir(), "report.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	for _, tt := range []struct {
		name, noColor, term string
		to                  io.Writer
		want                bool
	}{
		{"a terminal", "", "xterm", device, true},
		{"a terminal behind the output of a command", "", "xterm", &output{Writer: device}, true},
		{"NO_COLOR", "1", "xterm", device, false},
		{"a terminal without colour", "", "dumb", device, false},
		{"a file", "", "xterm", file, false},
		{"a buffer", "", "xterm", new(bytes.Buffer), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", tt.noColor)
			t.Setenv("TERM", tt.term)
			if got := colored(tt.to); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
