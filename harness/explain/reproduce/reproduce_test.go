package reproduce_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
	"github.com/issuerd/issuerd/harness/explain/reproduce"
	"github.com/issuerd/issuerd/harness/farm"
	"github.com/issuerd/issuerd/harness/targets"
)

// said is a case with a message and its values alone.
func said(code int, values map[string]string) explain.Case {
	m := paste.Message{Code: code, Basis: paste.ByBoth, Values: map[string]paste.Value{}}
	for name, value := range values {
		m.Values[name] = paste.Value{Text: value}
	}
	return explain.Case{Inputs: []input.Found{{Input: "error.txt", Kind: "a text", Text: &paste.Result{Messages: []paste.Message{m}}}}}
}

// emulator is a farm that answers for the hosts of scenarios.
func emulator(t *testing.T, scenarios ...*reproduce.Scenario) *targets.Target {
	t.Helper()
	var hosts []string
	for _, s := range scenarios {
		hosts = append(hosts, s.Hosts()...)
	}
	target, err := targets.InProcess(farm.Options{Hosts: hosts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	})
	return target
}

// TestEveryCode reproduces every code that the emulator answers from its number alone, and says why the others can't be.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	made := map[int]*reproduce.Scenario{}
	var all []*reproduce.Scenario
	for _, row := range entra.Codes {
		s, err := reproduce.Make(said(row.Number, nil), reproduce.Options{})
		switch {
		case row.Answered && err != nil:
			t.Errorf("%s: %v", row.Name(), err)
		case row.Answered:
			made[row.Number], all = s, append(all, s)
			if s.Code != row.Name() || s.Seen != "" {
				t.Errorf("%s: made %s, instead of %q", row.Name(), s.Code, s.Seen)
			}
		case err == nil && s.Seen != row.Name():
			t.Errorf("%s is never answered, and made without saying so", row.Name())
		case err != nil && !strings.Contains(err.Error(), row.Reason):
			t.Errorf("%s: %v, want the reason %q", row.Name(), err, row.Reason)
		}
	}
	target := emulator(t, all...)
	for code, s := range made {
		t.Run(s.Code, func(t *testing.T) {
			out, err := s.Play(t.Context(), target)
			if err != nil || !out.Reproduced {
				t.Errorf("AADSTS%d: got %q: %s %v\n%s", code, out.Got, out.Problem, err, s.Source)
			}
		})
	}
}
