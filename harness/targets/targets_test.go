package targets_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/plane"
	"github.com/issuerd/issuerd/harness/targets"
)

const discovery = "https://token.actions.githubusercontent.com/.well-known/openid-configuration"

// inProcess starts a target until the test's end.
func inProcess(t *testing.T) *targets.Target {
	t.Helper()
	tgt, err := targets.InProcess(farm.Options{Token: "a-token-for-tests"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tgt.Close(); err != nil {
			t.Error(err)
		}
	})
	return tgt
}

// reach reads a document of the world's GitHub through a target.
func reach(t *testing.T, tgt *targets.Target) {
	t.Helper()
	world, err := tgt.Control.CreateWorld(t.Context(), control.WorldSpec{Name: tgt.Name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tgt.Control.AddIssuer(t.Context(), world.ID, control.IssuerSpec{Platform: "github"}); err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: tgt.Transport(world.ID)}).Get(discovery)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s: status %d, want %d", discovery, resp.StatusCode, http.StatusOK)
	}
	journal, err := tgt.Control.Journal(t.Context(), world.ID, control.JournalQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if len(journal.Entries) != 1 || journal.Entries[0].URL != discovery {
		t.Errorf("journal %+v, want the one request for %s", journal.Entries, discovery)
	}
}

func TestInProcess(t *testing.T) {
	t.Parallel()
	tgt := inProcess(t)
	reach(t, tgt)
	if tgt.Name != "emulator" || !strings.HasPrefix(string(tgt.CA), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("target %q with the certificate %.30q", tgt.Name, tgt.CA)
	}
	for _, need := range []targets.Need{targets.DynamicIssuer, targets.ObservedFetches, targets.VirtualClock, targets.CredentialAdmin, targets.NativeAPI, targets.SameMachine} {
		if !tgt.Can[need] {
			t.Errorf("it lacks %s", need)
		}
	}
}

// TestRemote has the same farm as a running one.
func TestRemote(t *testing.T) {
	t.Parallel()
	local := inProcess(t)
	info, err := local.Control.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, controlURL := range map[string]string{"plain": local.Control.URL, "slash at the end": local.Control.URL + "/"} {
		tgt, err := targets.Remote(t.Context(), name, controlURL, local.Control.Token, map[plane.Plane]string{"issuer": info.Planes["issuer"]})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		reach(t, tgt)
		if tgt.Name != name || string(tgt.CA) != string(local.CA) {
			t.Errorf("%s: target %q, or another certificate than the farm's", name, tgt.Name)
		}
		if err := tgt.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
	}
}

func TestRemoteErrors(t *testing.T) {
	t.Parallel()
	local := inProcess(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	t.Cleanup(other.Close)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"ca":"x"}`) }))
	t.Cleanup(broken.Close)
	tests := []struct {
		name, url, token string
		want             string
	}{
		{"no URL", "127.0.0.1:8446", "x", "is not the URL of a control plane"},
		{"no host", "http://", "x", "is not the URL of a control plane"},
		{"no token", local.Control.URL, "", "ISSUERD_CONTROL_TOKEN"},
		{"wrong token", local.Control.URL, "a-wrong-token", "want the bearer token"},
		{"nobody there", "http://127.0.0.1:1", "x", "connection refused"},
		{"another server", other.URL, "x", "not that of a farm's control plane"},
		{"a certificate that is none", broken.URL, "x", "not PEM"},
	}
	for _, tt := range tests {
		tgt, err := targets.Remote(t.Context(), tt.name, tt.url, tt.token, map[plane.Plane]string{"issuer": "127.0.0.1:1"})
		if err == nil {
			_ = tgt.Close()
		}
		if err == nil || !strings.HasPrefix(err.Error(), "targets: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one that says %q", tt.name, err, tt.want)
		}
		if err != nil && tt.token != "x" && tt.token != "" && strings.Contains(err.Error(), tt.token) {
			t.Errorf("%s: the error has the token in it", tt.name)
		}
	}
}

// TestRemoteOnEveryAddress reaches a farm whose workload plane listens on every address where its control plane is.
func TestRemoteOnEveryAddress(t *testing.T) {
	t.Parallel()
	const free = "127.0.0.1:0"
	s, err := farm.Start(farm.Options{Addr: map[plane.Plane]string{plane.Issuer: free, plane.Workload: "0.0.0.0:0", plane.Entra: free, plane.Control: free}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	tgt, err := targets.Remote(t.Context(), "remote", s.ControlURL(), s.Token(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(tgt.Workloads, "https://127.0.0.1:") {
		t.Errorf("the workload plane is at %s, want it at 127.0.0.1, where the control plane is", tgt.Workloads)
	}
	if err := tgt.Close(); err != nil {
		t.Error(err)
	}
}
