package clients

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness"
)

// script is a program with an official client for another language, as a workload of a platform. Its last line on
// stdout says what the platform's token and Entra's contain.
type script struct {
	file     string
	platform string
	issuer   string // canonical
	preset   string
	claims   map[string]any
	audience string // of the federated identity credential
	subject  string // in the token and in the credential
}

// refusedScript is a script that a platform or Entra refuses.
type refusedScript struct {
	name    string
	script  script
	trusted string // subject of the credential
	env     map[string]string
	want    string // on stderr
}

// scriptFarm is a farm for processes outside.
type scriptFarm struct {
	*harness.Farm
	interpreter string
	folder      string
}

// startScripts starts a farm for the scripts in a folder.
func startScripts(t *testing.T, interpreter, folder string) scriptFarm {
	t.Helper()
	return scriptFarm{Farm: harness.New(t), interpreter: interpreter, folder: folder}
}

// start starts the script's workload, and adds an application that trusts a subject. It returns the workload's
// environment.
func (f scriptFarm) start(t *testing.T, s script, trusted string) map[string]string {
	t.Helper()
	issuer := f.MustAddIssuer(harness.IssuerSpec{Platform: s.platform, Preset: s.preset})
	if issuer.URL != s.issuer {
		t.Fatalf("%s is an issuer at %q, want %q", s.platform, issuer.URL, s.issuer)
	}
	app := f.MustAddApp(t.Name(), harness.Credential{Name: "workload", Issuer: s.issuer, Subject: trusted, Audiences: []string{s.audience}})
	env := app.Env()
	maps.Copy(env, issuer.MustStartWorkload(harness.WorkloadSpec{Claims: s.claims}).Env)
	return env
}

// run runs a script, which has of this process' environment the proxy of TestMain. Unlike Go's, other languages'
// clients would send it even what is for this machine. It has no PATH either: Google's clients would start a gcloud
// that they find.
func (f scriptFarm) run(t *testing.T, file string, env map[string]string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), f.interpreter, file)
	cmd.Dir = f.folder
	cmd.Env = []string{"PATH=/nonexistent", "HOME=" + t.TempDir(),
		"HTTPS_PROXY=" + os.Getenv("HTTPS_PROXY"), "HTTP_PROXY=" + os.Getenv("HTTP_PROXY"), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1", "PYTHONDONTWRITEBYTECODE=1"}
	cmd.Env = append(cmd.Env, harness.Environ(env)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// accept runs each script as a user runs the client, in a process of its own that knows no more than its environment.
// The clients are those of the conformance table.
func (f scriptFarm) accept(t *testing.T, scripts []script, clients ...string) {
	t.Helper()
	conforms(t, f.Farm, clients...)
	for _, s := range scripts {
		t.Run(s.file, func(t *testing.T) {
			t.Parallel()
			env := f.start(t, s, s.subject)
			stdout, stderr, err := f.run(t, s.file, env)
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			lines := strings.Split(strings.TrimSpace(stdout), "\n")
			var printed struct{ Claims, Access map[string]any }
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &printed); err != nil {
				t.Fatalf("the last line is no JSON: %v", err)
			}
			want := map[string]any{"iss": s.issuer, "sub": s.subject, "aud": s.audience}
			if diff := cmp.Diff(want, pick(printed.Claims, "iss", "sub", "aud")); diff != "" {
				t.Errorf("the platform's claims (-want +got):\n%s", diff)
			}
			want = map[string]any{"aud": "https://graph.microsoft.com", "appid": env["AZURE_CLIENT_ID"], "tid": env["AZURE_TENANT_ID"], "idtyp": "app"}
			if diff := cmp.Diff(want, pick(printed.Access, "aud", "appid", "tid", "idtyp")); diff != "" {
				t.Errorf("Entra's claims (-want +got):\n%s", diff)
			}
		})
	}
}

// refuse looks at what a user of the clients gets to read.
func (f scriptFarm) refuse(t *testing.T, tests []refusedScript) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := f.start(t, tt.script, tt.trusted)
			maps.Copy(env, tt.env)
			_, stderr, err := f.run(t, tt.script.file, env)
			if err == nil || !strings.Contains(stderr, tt.want) {
				t.Errorf("%v with %q on stderr, want a failure with %q", err, stderr, tt.want)
			}
		})
	}
}
