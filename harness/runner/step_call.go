package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/scenario"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// call uses an access token at a resource, or two at the same time.
func (p *play) call(ctx context.Context, s *scenario.Step, a *scenario.Action) (map[string]any, error) {
	calls := []*scenario.Call{a.Call}
	if a.Call.Beside != nil {
		calls = append(calls, a.Call.Beside)
	}
	var requests []*http.Request
	for _, c := range calls {
		req, err := p.callRequest(ctx, c)
		if err != nil {
			return nil, err
		}
		requests = append(requests, req)
	}
	answers, errs := make([]answer, len(calls)), make([]error, len(calls))
	var wg sync.WaitGroup
	for i, req := range requests {
		wg.Go(func() { answers[i], errs[i] = p.send(req) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortStableFunc(answers, func(a, b answer) int { return a.status - b.status })
	answers[0].record(p.record())
	result := answers[0].result()
	result["beside"] = nil
	if len(answers) > 1 {
		result["beside"] = answers[1].result()
	}
	return result, p.expectCall(s, answers[0])
}

// addBeside tells of the other call's answer where one of two made at the same time is not as expected.
func addBeside(err error, result map[string]any) {
	var failed *failure
	other, _ := result["beside"].(map[string]any)
	if other == nil || !errors.As(err, &failed) {
		return
	}
	failed.message += fmt.Sprintf("\nthe call beside it got HTTP status %v: %s", other["status"], document.Show(other["body"]))
}

// answer is that of a resource.
type answer struct {
	status int
	header http.Header
	body   any // decoded if it is JSON
	text   string
}

func (a answer) result() map[string]any {
	return map[string]any{"status": a.status, "headers": headers(a.header), "body": a.body, "error": a.code()}
}

// record notes the answer in the report.
func (a answer) record(step *report.Step) {
	step.Error, step.HTTP, step.Text = a.code(), a.status, document.Show(a.body)
	body, _ := a.body.(map[string]any)
	step.OAuth, _ = body["error"].(string)
	if text, ok := body["error_description"].(string); ok {
		step.Text = text
	}
}

// code is the AADSTS code of a refusal, which the login hosts alone give, or empty.
func (a answer) code() string {
	body, _ := a.body.(map[string]any)
	return code(body)
}

// send makes a call. It follows no redirect, which could lead the token elsewhere.
func (p *play) send(req *http.Request) (answer, error) {
	client := &http.Client{
		Transport:     p.opts.Target.Transport(p.world.ID),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, text, err := fetch(client, req)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	if json.Unmarshal(text, &a.body) != nil {
		a.body = a.text // not every answer is JSON; an empty one is ""
	}
	return a, nil
}

// callRequest makes the request of a call.
func (p *play) callRequest(ctx context.Context, c *scenario.Call) (*http.Request, error) {
	token := p.access
	if c.Token != nil {
		token = *c.Token
	}
	if err := c.Validate(c.Token != nil || token != "", func(string) bool { return true }); err != nil { // the target says what is not there
		return nil, err
	}
	var body io.Reader
	switch value := c.Body.(type) {
	case nil:
	case string:
		body = strings.NewReader(value)
	default:
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("call: body: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, or(c.Method, http.MethodGet), c.URL, body)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.Headers {
		req.Header.Set(name, value)
	}
	return req, nil
}

// expectCall checks the status of an answer, which is a success unless the file wants something else, and what it says.
func (p *play) expectCall(s *scenario.Step, got answer) error {
	want, err := s.ResolveExpect(p.env)
	if err != nil {
		return err
	}
	switch success := got.status >= 200 && got.status <= 299; {
	case want.Error == scenario.NoCode && (got.code() != "" || got.status < http.StatusBadRequest):
		return &failure{
			at: s.Pos("expect", "error"), message: fmt.Sprintf("want a refusal without an AADSTS code, got HTTP status %d: %s", got.status, document.Show(got.body)),
		}
	case want.Error != scenario.NoCode && want.Error != "" && got.code() != want.Error:
		return &failure{
			at: s.Pos("expect", "error"), value: want.Error,
			message: fmt.Sprintf("want %s, got HTTP status %d: %s", want.Error, got.status, document.Show(got.body)),
		}
	case want.Status == 0 && want.Error == "" && !success:
		return &failure{at: s.Pos("expect"), message: fmt.Sprintf("want a success, got HTTP status %d: %s", got.status, document.Show(got.body))}
	case want.Status != 0 && got.status != want.Status:
		return &failure{at: s.Pos("expect", "status"), message: fmt.Sprintf("want HTTP status %d, got %d: %s", want.Status, got.status, document.Show(got.body))}
	}
	for i, part := range want.Says {
		if !strings.Contains(got.text, part) {
			return &failure{at: s.Pos("expect", "says", i), message: fmt.Sprintf("want the answer to say %q, it says %s", part, document.Show(got.body))}
		}
	}
	return nil
}

// headers are those of an answer, under their canonical names.
func headers(h http.Header) map[string]any {
	out := make(map[string]any, len(h))
	for name, values := range h {
		out[name] = strings.Join(values, ", ")
	}
	return out
}
