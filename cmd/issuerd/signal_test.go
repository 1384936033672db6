//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startBusy runs issuerd serve in a process of its own, with a request under way that never ends.
func startBusy(t *testing.T) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	const token = "a-given-token-of-a-test"
	cmd = exec.CommandContext(t.Context(), "issuerd", "serve", "--issuer-addr", "", "--workload-addr", "", "--entra-addr", "",
		"--control-addr", "127.0.0.1:0", "--ca-file", filepath.Join(t.TempDir(), "ca.pem"))
	cmd.Env = append(os.Environ(), controlTokenVariable+"="+token)
	stderr = new(bytes.Buffer)
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended unless the test failed
	address := ""
	for lines := bufio.NewScanner(stdout); address == "" && lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "export "+controlURLVariable+"='http://"); ok {
			address = strings.TrimSuffix(value, "'")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // it ends with the process
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "POST /v1/worlds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n", token)
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") { // the handler asks for the body
		t.Fatalf("the control plane answers %q, %v; want 100 Continue", line, err)
	}
	return cmd, stderr
}

// TestServeSlowClient wants SIGTERM to be the designed end, even when a client has to be cut off.
func TestServeSlowClient(t *testing.T) {
	t.Parallel()
	cmd, stderr := startBusy(t)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v, want exit code 0", err)
	}
	if want := "issuerd: warning: closed the connections"; !strings.Contains(stderr.String(), want) {
		t.Errorf("serve said %q, want %q", stderr, want)
	}
}

// TestSecondSignal wants it to end the process, although the first is still being obeyed.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	cmd, stderr := startBusy(t)
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the state says how it ended
		close(ended)
	}()
	again := time.NewTicker(20 * time.Millisecond) // two signals in a row may arrive as one
	defer again.Stop()
	for running := true; running; {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		select {
		case <-ended:
			running = false
		case <-again.C:
		}
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("serve ended with %v and %q, want the signal interrupt", cmd.ProcessState, stderr)
	}
}
