package main

import (
	"testing"

	"github.com/spf13/cobra"
)

// TestConnectWithTheTokenAlone looks at the usual address for the farm whose token is set, and nowhere when --control is
// empty.
func TestConnectWithTheTokenAlone(t *testing.T) {
	t.Setenv(controlURLVariable, "")
	t.Setenv(envFileVariable, "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	connect := func(args ...string) (*connection, error) {
		var f farmFlags
		cmd := &cobra.Command{Use: "x"}
		cmd.SetContext(t.Context())
		f.add(cmd)
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		return f.connect(cmd)
	}
	farm, err := connect()
	if err != nil || farm.URL != "http://127.0.0.1:8446" || farm.Token != "a-given-token-of-a-test" {
		t.Errorf("got %v (%v), want the usual address with the token", farm, err)
	}
	if farm, err := connect("--control", ""); err == nil {
		t.Errorf("an empty --control leads to %v", farm)
	}
	t.Setenv(controlTokenVariable, "")
	if farm, err := connect(); err == nil {
		t.Errorf("without a token there is %v", farm)
	}
}
