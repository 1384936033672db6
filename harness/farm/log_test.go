package farm_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// TestLog has every kind of workload fetch a token and sign in. The log has a line for each request, and no secret.
func TestLog(t *testing.T) {
	t.Parallel()
	log := new(logged)
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}, Log: log.logger()})
	client, manager := canonical(s, control.DefaultWorld), &control.Client{URL: s.ControlURL(), Token: s.Token()}
	secrets := map[string]string{"control token": s.Token()}
	app, err := manager.AddApplication(t.Context(), control.DefaultWorld, control.ApplicationSpec{Name: "deployer", Credentials: []directory.Credential{
		{Name: "only", Issuer: githubURL, Subject: subject, Audiences: []string{exchangeAudience}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	secretName := regexp.MustCompile(`TOKEN$|KEY$|SECRET|PASSWORD|CREDENTIALS$|LOGIN$`)
	for _, p := range issuers.All() {
		for _, preset := range p.Presets {
			if preset.Direct || p.Name == "kubernetes" && preset.Name != p.Presets[0].Name {
				continue
			}
			service, err := p.Service(preset.Service)
			if err != nil {
				t.Fatal(err)
			}
			w, err := manager.StartWorkload(t.Context(), control.DefaultWorld, control.WorkloadSpec{Issuer: service.Issuer, Preset: preset.Name})
			if err != nil {
				t.Fatal(err)
			}
			audience := exchangeAudience
			if slices.Contains([]string{"cognito", "spacelift", "env0"}, p.Name) { // they take none
				audience = ""
			}
			token, err := p.Native.Fetch(t.Context(), client, issuer.Found{Base: w.Base, Env: w.Env, Now: w.Now}, audience)
			if err != nil {
				t.Fatal(err)
			}
			secrets[p.Name+" token"] = token
			for name, value := range w.Env {
				if secretName.MatchString(name) && len(value) > 12 { // names of providers and users are shorter
					secrets[p.Name+" "+name] = value
				}
			}
			if got := exchange(t.Context(), t, client, app.Tenant, app.ClientID, token); got.AccessToken != "" {
				secrets["access token"] = got.AccessToken
			}
		}
	}
	get(t, client, "https://nowhere.example/path?secret=of-a-query", "")
	secrets["query"] = "of-a-query"
	if status := statusOf(t, client, "https://"+s.Addr(plane.Workload)+"/w/guessed/x?y", "Authorization", "Bearer of-a-header"); status != http.StatusNotFound {
		t.Errorf("an unknown workload: HTTP status %d, want 404", status)
	}
	secrets["header"] = "of-a-header"

	text := log.String()
	for _, want := range []string{
		`msg=request plane=workload method=GET url=/222//idtoken/[0-9a-f/-]+ status=200 platform=github route="GET /222//idtoken/\{plan\}/\{job\}"`,
		`msg=request plane=workload method=POST url=/ status=200 platform=awssts route="sts GetWebIdentityToken"`,
		`msg=request plane=workload method="" url="" status=200 platform=spiffe route=/SpiffeWorkloadAPI/FetchJWTSVID`,
		`msg=request plane=entra method=POST url=https://login.microsoftonline.com/[0-9a-f-]+/oauth2/v2.0/token status=200 platform=entra route=`,
		`msg=request plane=issuer method=GET url=https://nowhere.example/path status=404`,
		`msg=request plane=issuer method=GET url=https://token.actions.githubusercontent.com/.well-known/jwks status=200 platform=github route=jwks`,
		`msg=request plane=control method=POST url=/v1/worlds/default/workloads status=200`,
		`msg=request plane=workload method=GET url=/w/guessed/x status=404`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the log lacks a line that matches %s", want)
		}
	}
	for name, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the log has the %s in it", name)
		}
	}
	if len(secrets) < 20 || secrets["access token"] == "" {
		t.Errorf("%d secrets were looked for, want more, an access token among them", len(secrets))
	}
}

// TestServersErrors says what of an HTTP server's own words somebody sees who did not ask for them: that a handler
// panicked, that no connection can be accepted, that the certificates have ended.
func TestServersErrors(t *testing.T) {
	t.Parallel()
	log := new(logged)
	logger := log.logger()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("of a handler") }))
	server.Config.ErrorLog = farm.ErrorLog(logger)
	failing := &failsOnce{Listener: server.Listener}
	server.Listener = failing
	server.Start()
	t.Cleanup(server.Close)
	resp, err := http.Get(server.URL)
	if err == nil {
		_ = resp.Body.Close()
		t.Fatal("a handler that panics has answered")
	}
	server.Close()
	farm.ErrorLog(logger).Print("http: TLS handshake error from 127.0.0.1:1: remote error: tls: bad certificate")
	text := log.String()
	for _, want := range []string{`level=ERROR msg="http: panic serving .*of a handler`, `level=ERROR msg="http: Accept error: .*too many open files`, `level=DEBUG msg="http: TLS handshake error`} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the log lacks a line that matches %s:\n%s", want, text)
		}
	}
}

// failsOnce is a listener whose first Accept finds no file descriptor left.
type failsOnce struct {
	net.Listener
	failed atomic.Bool
}

func (l *failsOnce) Accept() (net.Conn, error) {
	if !l.failed.Swap(true) {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

// TestFolders wants a folder for a workload that has files, and none for others. What a farm that is killed leaves
// behind is what there is.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s := start(t, farm.Options{Addr: map[plane.Plane]string{plane.Workload: free}})
	manager := &control.Client{URL: s.ControlURL(), Token: s.Token()}
	left := func() int {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	for _, tt := range []struct {
		platform, preset string
		more             int
	}{
		{"github", "", 0}, {"awssts", "", 0}, {"gcp", "", 0}, {"terraform", "", 0}, {"generic", "", 0},
		{"gcp", "service-account-key", 1}, {"kubernetes", "", 1}, {"spiffe", "", 1},
	} {
		platform, err := issuers.ByName(tt.platform)
		if err != nil {
			t.Fatal(err)
		}
		preset, err := platform.Preset(tt.preset)
		if err != nil {
			t.Fatal(err)
		}
		service, err := platform.Service(preset.Service)
		if err != nil {
			t.Fatal(err)
		}
		before := left()
		if _, err := manager.StartWorkload(t.Context(), control.DefaultWorld, control.WorkloadSpec{Issuer: service.Issuer, Preset: preset.Name}); err != nil {
			t.Fatal(err)
		}
		if got := left() - before; got != tt.more {
			t.Errorf("%s %s: %d folders, want %d", tt.platform, tt.preset, got, tt.more)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := left(); n != 0 {
		t.Errorf("%d folders after the farm's end, want none", n)
	}
}
