package runner

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/target"
)

// expectedError is the AADSTS code that the step must end with, or empty.
func (p *play) expectedError(s *scenario.Step) (string, error) {
	want, err := s.ResolveExpect(p.env)
	if err != nil {
		return "", err
	}
	return want.Error, nil
}

// expect compares a step's result with what the file expects of it and returns the first difference, at its place in the file.
func (p *play) expect(s *scenario.Step, result map[string]any) error {
	want, err := s.ResolveExpect(p.env)
	if err != nil {
		return err
	}
	switch {
	case s.Kind == "exchange":
		err = p.expectAnswer(s, want, result)
	case s.Kind == "mint" && refusalWanted(want):
		err = p.expectRefusal(s, want, result)
	}
	if err != nil {
		return err
	}
	if mismatches := scenario.Match(want.Token, result["token"]); len(want.Token) > 0 && len(mismatches) > 0 {
		m := mismatches[0]
		at := []any{"expect", "token"}
		for _, name := range m.Path {
			at = append(at, name)
		}
		return &failure{at: s.Pos(at...), message: "token." + m.String()}
	}
	if want.Fetched != nil && p.opts.Target.Can[target.ObservedFetches] {
		if got, _ := result["fetched"].([]string); !slices.Equal(got, want.Fetched) {
			return &failure{
				at:      s.Pos("expect", "fetched"),
				message: fmt.Sprintf("want Entra to fetch [%s], it fetched [%s]", strings.Join(want.Fetched, ", "), strings.Join(got, ", ")),
			}
		}
	}
	env := maps.Clone(p.env)
	maps.Copy(env, result)
	for _, condition := range want.That {
		ok, detail, err := condition.Eval(env)
		if err != nil {
			return err
		}
		if !ok {
			return &failure{at: condition.Position, message: fmt.Sprintf("want %s; %s", condition.Text, detail)}
		}
	}
	return nil
}

// expectAnswer checks what an exchange alone has: a code, an OAuth error, a status, a description.
func (p *play) expectAnswer(s *scenario.Step, want *scenario.Expect, result map[string]any) error {
	got, _ := result["error"].(string)
	body, _ := result["body"].(map[string]any)
	description, _ := body["error_description"].(string)
	if !met(want.Error, result) {
		return &failure{at: s.Pos("expect", "error"), message: wantedError(want.Error, result), hint: hint(want.Error, got, result["token"] != nil), value: want.Error}
	}
	if status, _ := result["status"].(int); want.Status != 0 && status != want.Status {
		return &failure{at: s.Pos("expect", "status"), message: fmt.Sprintf("want HTTP status %d, got %d", want.Status, status)}
	}
	if oauth, _ := body["error"].(string); want.OAuth != "" && oauth != want.OAuth {
		return &failure{at: s.Pos("expect", "oauth"), message: fmt.Sprintf("want error %q, got %q", want.OAuth, oauth)}
	}
	for i, part := range want.Says {
		if !strings.Contains(description, part) {
			return &failure{at: s.Pos("expect", "says", i), message: fmt.Sprintf("want error_description to say %q, it says %q", part, description)}
		}
	}
	return nil
}

// met tells whether an exchange ended as wanted: with that code, or for the empty one with a token. An answer with neither is never what
// was wanted.
func met(want string, result map[string]any) bool {
	return result["error"] == want && (want != "" || result["token"] != nil)
}

// wantedError says how an exchange ended that did not end as wanted.
func wantedError(want string, result map[string]any) string {
	got, _ := result["error"].(string)
	body, _ := result["body"].(map[string]any)
	description, _ := body["error_description"].(string)
	status := result["status"]
	switch {
	case want == "" && got == "":
		return fmt.Sprintf("want a token, got HTTP status %v without an AADSTS code", status)
	case want == "":
		return "want a token, got " + or(description, got)
	case got == "" && status == http.StatusOK:
		return "want " + want + ", got a token"
	case got == "":
		return fmt.Sprintf("want %s, got HTTP status %v without an AADSTS code", want, status)
	}
	return fmt.Sprintf("want %s, got %s", want, or(description, got))
}

// hint says what to do about a result that was not expected.
func hint(want, got string, token bool) string {
	if want != "" && token {
		return "the sign-in succeeds now; the row no longer reproduces the error"
	}
	n, err := strconv.Atoi(strings.TrimPrefix(got, "AADSTS"))
	if err != nil {
		return ""
	}
	if code, ok := entra.Lookup(n); ok && want == "" {
		return code.Fix
	}
	return ""
}
