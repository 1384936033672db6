package main

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/runner"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// signInsOf plays a scenario in this process, and returns the sign-ins of its cases with the checks that were made.
// Whether its expectations are met is of no account here.
func signInsOf(ctx context.Context, file *scenario.File) (signIns []entra.SignIn, err error) {
	files := []*scenario.File{file}
	target, err := targets.InProcess(farm.Options{Hosts: runner.Hosts(files)})
	if err != nil {
		return nil, cannotRun(err)
	}
	defer func() {
		if closing := target.Close(); err == nil && closing != nil {
			err = cannotRun(closing)
		}
	}()
	var mu sync.Mutex
	reach := target.Transport
	target.Transport = func(world string) http.RoundTripper {
		return &observed{reach(world), target.Control, func(made entra.SignIn) {
			mu.Lock()
			defer mu.Unlock()
			signIns = append(signIns, made)
		}}
	}
	runner.Run(ctx, files, runner.Options{Target: target})
	return signIns, nil
}

// observed tells of the sign-ins that go by.
type observed struct {
	http.RoundTripper
	farm *control.Client
	tell func(entra.SignIn)
}

// RoundTrip sends a request, and looks a token request up in the journal.
func (w *observed) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.RoundTripper.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/oauth2/") {
		return resp, err
	}
	if found, err := w.farm.FindSignIn(r.Context(), resp.Header.Get("x-ms-request-id")); err == nil && found.Entry.SignIn != nil {
		w.tell(*found.Entry.SignIn)
	}
	return resp, nil
}
