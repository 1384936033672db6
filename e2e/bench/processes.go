package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

const megabyte = 1 << 20

// processes measures the built binary from outside.
func processes() error {
	dir, err := os.MkdirTemp("", "issuerd-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "issuerd")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "github.com/issuerd/issuerd/cmd/issuerd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	if err := serveFigures(binary); err != nil {
		return err
	}
	if err := scenarioFigure(binary); err != nil {
		return err
	}
	if err := casesFigure(binary); err != nil {
		return err
	}
	atMost("binary (static, stripped)", float64(info.Size())/megabyte, 25, "MB", "")
	return nil
}

func scenarioFigure(binary string) error {
	var times []float64
	for range 5 {
		begin := time.Now()
		if out, err := exec.Command(binary, "run").CombinedOutput(); err != nil {
			return fmt.Errorf("issuerd run: %w\n%s", err, out)
		}
		times = append(times, time.Since(begin).Seconds())
	}
	atMost("the whole scenario set", median(times), 2, "s", fmt.Sprintf("whole process, %.2f to %.2f s", slices.Min(times), slices.Max(times)))
	return nil
}

// serving is one running issuerd serve.
type serving struct {
	cmd     *exec.Cmd
	addrs   []string // issuer, entra, control
	started time.Time
}

const benchToken = "the-token-of-the-benchmarks"

func start(binary string) (*serving, error) {
	s := &serving{}
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		s.addrs = append(s.addrs, l.Addr().String())
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	s.cmd = exec.Command(binary, "serve", "--issuer-addr", s.addrs[0], "--workload-addr", "", "--entra-addr", s.addrs[1], "--control-addr", s.addrs[2])
	s.cmd.Env = append(os.Environ(), "ISSUERD_CONTROL_TOKEN="+benchToken)
	s.cmd.Stderr = os.Stderr // says why it does not answer, such as that somebody has taken an address meanwhile
	s.started = time.Now()
	return s, s.cmd.Start()
}

func (s *serving) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// firstAnswer is how long after exec the discovery document came.
func (s *serving) firstAnswer() (time.Duration, error) {
	// The farm's authority is as new as the process, so there is nothing to verify the connection with yet.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	for time.Since(s.started) < 10*time.Second {
		conn, err := net.Dial("tcp", s.addrs[0])
		if err != nil {
			time.Sleep(200 * time.Microsecond)
			continue
		}
		_ = conn.Close() // it listens now
		if _, err := fetch(client, "https://"+s.addrs[0]+"/github/.well-known/openid-configuration"); err != nil {
			return 0, err
		}
		return time.Since(s.started), nil
	}
	return 0, errors.New("issuerd serve did not answer for 10 s")
}

func serveFigures(binary string) error {
	var times []float64
	for range 15 {
		s, err := start(binary)
		if err != nil {
			return err
		}
		took, err := s.firstAnswer()
		if err := errors.Join(err, s.stop()); err != nil {
			return err
		}
		times = append(times, float64(took.Microseconds())/1000)
	}
	atMost("serve: first discovery after exec", median(times), 15, "ms", fmt.Sprintf("%.1f to %.1f ms", slices.Min(times), slices.Max(times)))

	s, err := start(binary)
	if err != nil {
		return err
	}
	if _, err := s.firstAnswer(); err != nil {
		return errors.Join(err, s.stop())
	}
	if runtime.GOOS != "linux" {
		fmt.Println("memory is read from /proc, which this system does not have")
		return s.stop()
	}
	idle, err := s.memory()
	if err != nil {
		return errors.Join(err, s.stop())
	}
	atMost("serve: idle memory", idle, 25, "MB", "resident")
	early, late, err := s.load(30 * time.Second)
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	atMost("serve: memory under load", late, 60, "MB", fmt.Sprintf("resident, after 30 s of exchanges and documents on %d connections; %.1f MB after 10 s", connections, early))
	return nil
}

// memory is the resident memory in MB.
func (s *serving) memory() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, l := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("/proc has no VmRSS for issuerd serve")
}

// connections is how many the load has to each plane.
const connections = 64

// load signs in and fetches documents as fast as it goes, and tells how much memory that takes after a third of the
// time and at the end. The first request that fails ends it.
func (s *serving) load(length time.Duration) (early, late float64, err error) {
	ctx := context.Background()
	c := &control.Client{URL: "http://" + s.addrs[2], Token: benchToken}
	audience := []string{"api://AzureADTokenExchange"}
	minted, err := c.Mint(ctx, control.DefaultWorld, control.MintSpec{
		Issuer: "https://token.actions.githubusercontent.com", Audience: audience, Lifetime: control.Duration(time.Hour),
	})
	if err != nil {
		return 0, 0, err
	}
	iss, _ := minted.Claims["iss"].(string)
	sub, _ := minted.Claims["sub"].(string)
	app, err := c.AddApplication(ctx, control.DefaultWorld, control.ApplicationSpec{Name: "load", Credentials: []directory.Credential{
		{Name: "load", Issuer: iss, Subject: sub, Audiences: audience},
	}})
	if err != nil {
		return 0, 0, err
	}
	info, err := c.Info(ctx)
	if err != nil {
		return 0, 0, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(info.CA))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: connections}}
	signIn := post(client, "https://"+s.addrs[1]+"/"+app.Tenant+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", exchangeForm(app.ClientID, minted.Token).Encode())
	keys := get(client, "https://"+s.addrs[0]+"/github/.well-known/jwks")
	both := func() error { return errors.Join(signIn(), keys()) }
	if _, err := rate(both, connections, length/3); err != nil {
		return 0, 0, err
	}
	if early, err = s.memory(); err != nil {
		return 0, 0, err
	}
	if _, err := rate(both, connections, length-length/3); err != nil {
		return 0, 0, err
	}
	late, err = s.memory()
	return early, late, err
}
