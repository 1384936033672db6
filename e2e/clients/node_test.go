package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/target"
)

// nodeScripts is where the scripts are, and their node_modules.
const nodeScripts = "node"

// nodeProgram is a script with an official client for Node.js, as a workload of a platform.
type nodeProgram struct {
	script   string
	issuer   string // canonical
	preset   string
	claims   map[string]any
	audience string // of the federated identity credential
	subject  string // in the token and in the credential
}

// nodePrograms are one for each script.
var nodePrograms = []nodeProgram{
	{
		script: "github.mjs", issuer: "https://token.actions.githubusercontent.com", preset: "environment",
		claims:   map[string]any{"repository": "contoso/app", "environment": "production"},
		audience: exchangeAudience, subject: "repo:contoso/app:environment:production",
	},
	{
		script: "gcp.mjs", issuer: "https://accounts.google.com", preset: "compute-engine",
		audience: exchangeAudience, subject: "112633961854638529490",
	},
	{
		script: "cognito.mjs", issuer: "https://cognito-identity.amazonaws.com", preset: "developer-authenticated",
		audience: "us-east-1:7e9426f7-42af-4717-8689-00a9a4b65c1c", subject: "us-east-1:12345678-ffff-ffff-ffff-123456789012",
	},
}

// nodeFarm is a farm for processes outside. Their requests carry no header of the farm's, so they reach its default world.
type nodeFarm struct {
	node      string // the program
	target    *target.Target
	authority string
	ca        string // a file
}

func startNodeFarm(t *testing.T) nodeFarm {
	t.Helper()
	f := nodeFarm{node: nodeWithClients(t)}
	var err error
	if f.target, err = target.InProcess(farm.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.target.Close(); err != nil {
			t.Error(err)
		}
	})
	info, err := f.target.Control.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.authority = "https://" + info.Planes[string(farm.Entra)]
	f.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(f.ca, f.target.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// start starts the program's workload, and adds an application that trusts a subject. It returns the workload's environment.
func (f nodeFarm) start(t *testing.T, p nodeProgram, trusted string) map[string]string {
	t.Helper()
	w, err := f.target.Control.StartWorkload(t.Context(), control.DefaultFarm, control.WorkloadSpec{Issuer: p.issuer, Preset: p.preset, Claims: p.claims})
	if err != nil {
		t.Fatal(err)
	}
	app, err := f.target.Control.AddApplication(t.Context(), control.DefaultFarm, control.ApplicationSpec{Name: t.Name(), Credentials: []entra.Credential{
		{Name: "workload", Issuer: p.issuer, Subject: trusted, Audiences: []string{p.audience}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	env := maps.Clone(w.Env)
	env["AZURE_AUTHORITY_HOST"], env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"] = f.authority, app.Tenant, app.ClientID
	return env
}

// run runs a script, which has of this process' environment PATH and the proxy of TestMain. Unlike Go, Node's clients would send it even
// what is for this machine.
func (f nodeFarm) run(t *testing.T, script string, env map[string]string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), f.node, script)
	cmd.Dir = nodeScripts
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "NODE_EXTRA_CA_CERTS=" + f.ca,
		"HTTPS_PROXY=" + os.Getenv("HTTPS_PROXY"), "HTTP_PROXY=" + os.Getenv("HTTP_PROXY"), "NO_PROXY=127.0.0.1"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// TestNode runs each script as a user runs the client, in a process of its own that knows no more than its environment.
func TestNode(t *testing.T) {
	t.Parallel()
	f := startNodeFarm(t)
	for _, p := range nodePrograms {
		t.Run(p.script, func(t *testing.T) {
			t.Parallel()
			env := f.start(t, p, p.subject)
			stdout, stderr, err := f.run(t, p.script, env)
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			lines := strings.Split(strings.TrimSpace(stdout), "\n")
			var printed struct{ Claims, Access map[string]any }
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &printed); err != nil {
				t.Fatalf("the last line is no JSON: %v", err)
			}
			want := map[string]any{"iss": p.issuer, "sub": p.subject, "aud": p.audience}
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

// TestNodeRefused looks at what a user of the clients gets to read.
func TestNodeRefused(t *testing.T) {
	t.Parallel()
	f := startNodeFarm(t)
	github, gcp, cognito := nodePrograms[0], nodePrograms[1], nodePrograms[2]
	tests := []struct {
		name    string
		program nodeProgram
		trusted string
		env     map[string]string
		want    string
	}{
		{"wrong request token", github, github.subject, map[string]string{requestToken: "wrong"}, "Error Code : 401"},
		{"no permission", github, github.subject, map[string]string{requestURL: ""}, "Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable"},
		{"wrong secret key", cognito, cognito.subject, map[string]string{"AWS_SECRET_ACCESS_KEY": "wrong"}, "The request signature we calculated does not match the signature you provided."},
		{"unknown pool", cognito, cognito.subject, map[string]string{"COGNITO_IDENTITY_POOL_ID": "us-east-1:0"}, "IdentityPool 'us-east-1:0' not found."},
		{"another environment", github, "repo:contoso/app:environment:staging", nil, "AADSTS700213: "},
		{"another account", gcp, "100000000000000000000", nil, "AADSTS700213: "},
		{"another identity", cognito, "us-east-1:another", nil, "AADSTS700213: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := f.start(t, tt.program, tt.trusted)
			maps.Copy(env, tt.env)
			_, stderr, err := f.run(t, tt.program.script, env)
			if err == nil || !strings.Contains(stderr, tt.want) {
				t.Errorf("%v with %q on stderr, want a failure with %q", err, stderr, tt.want)
			}
		})
	}
}

// nodeMajor is the oldest Node.js on which all the clients run; Debian 12 has 18.
const nodeMajor = 20

// nodeWithClients is the node of this machine, if it is new enough and the clients are installed beside the scripts.
func nodeWithClients(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		leaveOut(t, "node", "the clients for Node.js: no node on PATH")
	}
	out, err := exec.CommandContext(t.Context(), node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	version := strings.TrimSpace(string(out))
	number, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if major, err := strconv.Atoi(number); err != nil || major < nodeMajor {
		leaveOut(t, "node", fmt.Sprintf("the clients for Node.js: node is %s, they want %d", version, nodeMajor))
	}
	if _, err := os.Stat(filepath.Join(nodeScripts, "node_modules", ".package-lock.json")); err != nil {
		leaveOut(t, "node", "the clients for Node.js: not installed; run npm ci in e2e/clients/"+nodeScripts)
	}
	return node
}
