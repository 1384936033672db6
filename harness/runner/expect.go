package runner

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/targets"
)

// expect compares a step's result with what the file expects of it and returns the first difference, at its place in
// the file.
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
	if err := expectHeaders(s, want.Headers, result["headers"]); err != nil {
		return err
	}
	if want.Body != nil {
		if err := expectPart(s, "body", want.Body, result["body"]); err != nil {
			return err
		}
	}
	if len(want.Token) > 0 {
		if err := expectPart(s, "token", want.Token, result["token"]); err != nil {
			return err
		}
	}
	if want.Fetched != nil && p.opts.Target.Can[targets.ObservedFetches] {
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

// expectPart compares a document with the part of it that the file has at a key of expect.
func expectPart(s *scenario.Step, key string, want, got any) error {
	mismatches := scenario.Match(want, got)
	if len(mismatches) == 0 {
		return nil
	}
	at := []any{"expect", key}
	for _, name := range mismatches[0].Path {
		at = append(at, name)
	}
	dot := "."
	if len(mismatches[0].Path) == 0 {
		dot = ": "
	}
	return &failure{at: s.Pos(at...), message: key + dot + mismatches[0].String()}
}

// expectHeaders checks the headers of an answer that the file names.
func expectHeaders(s *scenario.Step, want map[string]any, got any) error {
	all, _ := got.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		value, has := all[http.CanonicalHeaderKey(name)]
		switch {
		case want[name] == nil && has:
			return &failure{at: s.Pos("expect", "headers", name), message: fmt.Sprintf("want no header %s, got %q", name, value)}
		case want[name] != nil && !has:
			return &failure{at: s.Pos("expect", "headers", name), message: fmt.Sprintf("want header %s: %q, the answer has none", name, want[name])}
		case want[name] != nil && value != want[name]:
			return &failure{at: s.Pos("expect", "headers", name), message: fmt.Sprintf("want header %s: %q, got %q", name, want[name], value)}
		}
	}
	return nil
}

// expectAnswer checks what an exchange alone has: a code, an OAuth error, a status, a description.
func (p *play) expectAnswer(s *scenario.Step, want *scenario.Expect, result map[string]any) error {
	got, _ := result["error"].(string)
	body, _ := result["body"].(map[string]any)
	if !met(want, result) {
		at := []any{"expect", "error"}
		if refusalWithoutCode(want) && want.Error == "" {
			at[1] = "status"
		}
		return &failure{at: s.Pos(at...), message: wantedEnd(want, result), hint: hint(want.Error, got, result["token"] != nil), value: want.Error}
	}
	if status, _ := result["status"].(int); want.Status != 0 && status != want.Status {
		return &failure{at: s.Pos("expect", "status"), message: fmt.Sprintf("want HTTP status %d, got %d", want.Status, status)}
	}
	if oauth, _ := body["error"].(string); want.OAuth != "" && oauth != want.OAuth {
		return &failure{at: s.Pos("expect", "oauth"), message: fmt.Sprintf("want error %q, got %q", want.OAuth, oauth)}
	}
	for i, part := range want.Says {
		if description := description(result); !strings.Contains(description, part) {
			return &failure{at: s.Pos("expect", "says", i), message: fmt.Sprintf("want error_description to say %q, it says %q", part, description)}
		}
	}
	return nil
}

// description is the error_description of an answer, or the text of one that is not JSON.
func description(result map[string]any) string {
	body, isJSON := result["body"].(map[string]any)
	if !isJSON {
		text, _ := result["body"].(string)
		return text
	}
	text, _ := body["error_description"].(string)
	return text
}

// refusalWithoutCode tells an exchange that is to end with neither a token nor a code, as one that is throttled does.
func refusalWithoutCode(want *scenario.Expect) bool {
	return want.Error == scenario.NoCode || want.Error == "" && want.Status >= http.StatusBadRequest
}

// met tells whether an exchange ended as wanted: with that code, or for the empty one with a token. An answer with
// neither is what was wanted only if its status was.
func met(want *scenario.Expect, result map[string]any) bool {
	if refusalWithoutCode(want) {
		status, _ := result["status"].(int)
		return result["error"] == "" && result["token"] == nil && status >= http.StatusBadRequest && (want.Status == 0 || status == want.Status)
	}
	if result["discovery"] == true && want.Error == "" {
		return result["error"] == "" && (want.Status != 0 || result["status"] == http.StatusOK)
	}
	return result["error"] == want.Error && (want.Error != "" || result["token"] != nil)
}

// wantedEnd says how an exchange ended that did not end as wanted.
func wantedEnd(expect *scenario.Expect, result map[string]any) string {
	want := expect.Error
	got, _ := result["error"].(string)
	description := description(result)
	status := result["status"]
	switch {
	case refusalWithoutCode(expect) && expect.Status == 0:
		return fmt.Sprintf("want a refusal without an AADSTS code, got HTTP status %v: %s", status, or(description, "no error_description"))
	case refusalWithoutCode(expect):
		return fmt.Sprintf("want HTTP status %d without an AADSTS code, got %v: %s", expect.Status, status, description)
	case want == "" && result["discovery"] == true:
		return fmt.Sprintf("want a discovery document, got HTTP status %v: %s", status, description)
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
	if code, ok := lookup(got); ok && want == "" {
		return code.Fix
	}
	return ""
}
