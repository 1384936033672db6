package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// offered are the worlds that a command would offer.
func offered(t *testing.T) []cobra.Completion {
	t.Helper()
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	list, directive := completeWorlds(cmd, nil, "")
	if directive != cobra.ShellCompDirectiveNoFileComp {
		t.Errorf("directive %d, want no files", directive)
	}
	return list
}

// TestCompleteWorlds offers the worlds of a running farm, and nothing where there is none, or where it is too slow for
// somebody who has pressed a key.
func TestCompleteWorlds(t *testing.T) {
	t.Setenv(controlTokenVariable, "a-given-token-of-a-test")
	answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/worlds" || r.Header.Get("Authorization") != "Bearer a-given-token-of-a-test" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"items":[{"id":"default","name":""},{"id":"w1","name":"of a test"}]}`))
	}))
	defer answers.Close()
	t.Setenv(controlURLVariable, answers.URL)
	if diff := cmp.Diff([]cobra.Completion{"default", "w1\tof a test"}, offered(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	ended := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(ended)
	}))
	defer hangs.Close()
	t.Setenv(controlURLVariable, hangs.URL)
	begin := time.Now()
	if got := offered(t); got != nil {
		t.Errorf("a farm that hangs has %v", got)
	}
	if took := time.Since(begin); took > 20*completionTime {
		t.Errorf("it took %s to give up", took)
	}
	<-ended

	for _, nowhere := range []string{"", "nonsense", "http://127.0.0.1:0"} {
		t.Setenv(controlURLVariable, nowhere)
		if got := offered(t); got != nil {
			t.Errorf("%q has %v", nowhere, got)
		}
	}
}
