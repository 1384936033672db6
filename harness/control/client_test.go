package control_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// TestNamesInPaths says that what stands in a path arrives as it was given.
func TestNamesInPaths(t *testing.T) {
	t.Parallel()
	world := &recorder{}
	api := &control.Server{Token: token, World: func(id string) (control.LiveWorld, error) {
		world.add(id)
		return world, nil
	}}
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	c := &control.Client{URL: server.URL + "/", Token: token} // as people write URLs
	names := []string{"plain", "with space", "a/b", "100%", "%2F", "ä?#&=", "a+b", "...", "a;b", "a\nb"}
	for _, name := range names {
		world.got = nil
		if err := c.RemoveCredential(t.Context(), name, "app "+name, "credential "+name); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if _, err := c.UpdateCredential(t.Context(), name, "app "+name, "credential "+name, directory.Credential{Subject: name}); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		want := []string{name, "app " + name, "credential " + name}
		if diff := cmp.Diff(append(want, append(want, name)...), world.got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

// recorder is a world that notes what it is told.
type recorder struct {
	control.LiveWorld
	got []string
}

func (r *recorder) add(s ...string) { r.got = append(r.got, s...) }

func (r *recorder) RemoveCredential(clientID, name string) error {
	r.add(clientID, name)
	return nil
}

func (r *recorder) UpdateCredential(clientID, name string, c directory.Credential) (directory.Credential, error) {
	r.add(clientID, name, c.Subject)
	return c, nil
}

func TestClientErrors(t *testing.T) {
	t.Parallel()
	answers := map[string]http.HandlerFunc{
		"a page": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"a refusal that is not the API's": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no", http.StatusBadGateway)
		},
		"a dropped connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	wants := map[string]string{
		"a page":                          "answer: invalid character",
		"a refusal that is not the API's": "502 Bad Gateway",
		"a dropped connection":            "control: no farm answers at http://127.0.0.1:",
	}
	for name, answer := range answers {
		server := httptest.NewServer(answer)
		_, err := (&control.Client{URL: server.URL, Token: token}).Info(t.Context())
		if err == nil || !strings.Contains(err.Error(), wants[name]) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: error %v, want one that says %q", name, err, wants[name])
		}
		server.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&control.Client{URL: "http://127.0.0.1:1"}).Info(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	s, _ := start(t)
	if _, err := (&control.Client{URL: s.ControlURL(), Token: "wrong"}).Info(t.Context()); status(err) != http.StatusUnauthorized {
		t.Errorf("wrong token: %v, want a 401", err)
	}
}

// TestClientWithoutProxy says that a bearer token does not go to the proxy of the environment. It is a process of its
// own that asks, because net/http reads the environment once.
func TestClientWithoutProxy(t *testing.T) {
	const address = "ISSUERD_TEST_FARM"
	if farm := os.Getenv(address); farm != "" {
		info, err := (&control.Client{URL: farm, Token: token}).Info(t.Context())
		if err == nil || !strings.Contains(err.Error(), "farm.invalid") {
			t.Errorf("Info = %v, %v; want the error of a host that does not exist", info, err)
		}
		return
	}
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the proxy was asked for %s", r.URL)
	}))
	t.Cleanup(proxy.Close)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestClientWithoutProxy$")
	cmd.Env = append(os.Environ(), address+"=http://farm.invalid", "HTTP_PROXY="+proxy.URL, "NO_PROXY=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
