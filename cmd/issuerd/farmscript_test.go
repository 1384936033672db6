//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// farmProcess is the issuerd serve of a script.
type farmProcess struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// TestFarmScript is TestScript for sessions beside running farms, which have two more commands:
//
//	serve [FLAG...]       starts issuerd serve on free ports, waits until it says where it is, and exports what it prints
//	signal TERM|KILL      ends the last farm that was started
//	export NAME FILE      puts the first line of a file into the environment
//
// With -hidden as its first word, serve exports nothing.
func TestFarmScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/farm", RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values["farms"] = new([]*farmProcess)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"serve": serveInScript, "signal": signalInScript, "export": exportInScript},
	})
}

func serveInScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("serve: use exec issuerd serve for one that does not start")
	}
	hidden := len(args) > 0 && args[0] == "-hidden"
	if hidden {
		args = args[1:]
	}
	args = append([]string{"serve", "--issuer-addr", "127.0.0.1:0", "--workload-addr", "127.0.0.1:0", "--entra-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"}, args...)
	farm := &farmProcess{cmd: exec.Command("issuerd", args...)}
	farm.cmd.Dir, farm.cmd.Stderr = ts.MkAbs("."), &farm.stderr
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR", controlTokenVariable} {
		farm.cmd.Env = append(farm.cmd.Env, name+"="+ts.Getenv(name))
	}
	stdout, err := farm.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(farm.cmd.Start())
	farms := ts.Value("farms").(*[]*farmProcess)
	*farms = append(*farms, farm)
	ts.Defer(func() { farm.end(syscall.SIGKILL) })
	found := false
	for lines := bufio.NewScanner(stdout); !found && lines.Scan(); {
		assignment, ok := strings.CutPrefix(lines.Text(), "export ")
		name, value, _ := strings.Cut(assignment, "=")
		if ok && !hidden {
			ts.Setenv(name, shellUnquote(value))
		}
		found = name == "AZURE_CLIENT_ID" // the last line
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // it ends with the process
	if !found {
		farm.end(syscall.SIGKILL)
		ts.Fatalf("serve ended: %s", farm.stderr.String())
	}
}

// end ends the process unless it has ended.
func (f *farmProcess) end(signal os.Signal) {
	if f.cmd.ProcessState == nil {
		_ = f.cmd.Process.Signal(signal)
		_ = f.cmd.Wait() // ProcessState says how it ended
	}
}

func signalInScript(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	farms := ts.Value("farms").(*[]*farmProcess)
	if neg || len(args) != 1 || signals[args[0]] == nil || len(*farms) == 0 {
		ts.Fatalf("usage: signal TERM|KILL, after serve")
	}
	farm := (*farms)[len(*farms)-1]
	*farms = (*farms)[:len(*farms)-1]
	farm.end(signals[args[0]])
	if args[0] == "TERM" && !farm.cmd.ProcessState.Success() {
		ts.Fatalf("serve ended with %v and %s", farm.cmd.ProcessState, farm.stderr.String())
	}
}

func exportInScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: export NAME FILE")
	}
	line, _, _ := strings.Cut(ts.ReadFile(args[1]), "\n")
	ts.Setenv(args[0], line)
}
