//go:build unix

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/targets"
)

// TestInterruptedRunReports sends the signal of Ctrl-C when the first case hangs: every report is written, and says of the cases
// that had not begun that they were skipped.
func TestInterruptedRunReports(t *testing.T) {
	t.Parallel()
	local, err := targets.InProcess(farm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = local.Close() }) // the test does not depend on its end
	control, err := url.Parse(local.Control.URL)
	if err != nil {
		t.Fatal(err)
	}
	hung := make(chan struct{}, 1)
	proxy := httputil.NewSingleHostReverseProxy(control)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/worlds" {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the client has gone
			hung <- struct{}{}
			<-r.Context().Done()
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	home := t.TempDir()
	rows := strings.Replace(myScenario, "issuer:", "cases: [{name: a}, {name: b}, {name: c}]\nissuer:", 1)
	if err := os.WriteFile(filepath.Join(home, "my.yaml"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "issuerd", "run", "my.yaml", "--target", server.URL, "--parallel", "1",
		"--json", "report.json", "--junit", "junit.xml", "--tap", "report.tap", "--ctrf", "ctrf.json")
	cmd.Dir, cmd.Env = home, append(os.Environ(), controlTokenVariable+"="+local.Control.Token)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-hung:
		_ = cmd.Process.Signal(os.Interrupt) // if it has ended, its status says how
		<-ended
	case err := <-ended:
		t.Fatalf("it ended before: %v\n%s%s", err, stdout.String(), stderr.String())
	}
	if code := cmd.ProcessState.ExitCode(); code != exitRun {
		t.Errorf("exit status %d, want %d", code, exitRun)
	}
	if !strings.Contains(stdout.String(), "0 passed, 0 failed, 2 skipped, 1 error") {
		t.Errorf("it says\n%s%s", stdout.String(), stderr.String())
	}
	file, err := os.Open(filepath.Join(home, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	run, err := report.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Results) != 3 || run.Results[2].Status != report.Skip || run.Results[2].Reason != "interrupted" {
		t.Errorf("the report says %+v", run.Results)
	}
	for name, want := range map[string]string{"junit.xml": `<skipped message="interrupted">`, "report.tap": "# SKIP interrupted", "ctrf.json": `"message": "interrupted"`} {
		text, err := os.ReadFile(filepath.Join(home, name))
		if err != nil || strings.Count(string(text), want) != 2 {
			t.Errorf("%s: %v; want %q twice:\n%s", name, err, want, text)
		}
	}
}
