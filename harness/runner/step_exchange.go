package runner

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/scenario"
	"github.com/issuerd/issuerd/harness/target"
)

// defaultScope is what an exchange asks for unless the file says.
const defaultScope = "https://graph.microsoft.com/.default"

// Request is one exchange for a Client to make.
type Request struct {
	HTTP          *http.Client // reaches the target under the canonical names
	Authority     string       // such as https://login.microsoftonline.com
	Tenant        string
	ClientID      string
	Assertion     string
	Scope         string
	CorrelationID string // for the client-request-id header, where the client can set it
}

// Answer is what Entra answered.
type Answer struct {
	Status int
	Body   map[string]any // the JSON body
}

// Client makes an exchange as some client library would. An error means that there was no answer.
type Client func(context.Context, Request) (Answer, error)

// exchange presents the assertion at the token endpoint, again and again if the file says so.
func (p *play) exchange(ctx context.Context, s *scenario.Step, a *scenario.Action) (map[string]any, error) {
	e := a.Exchange
	client := Client(raw)
	if e.Client != "" && e.Client != "raw" {
		if client = p.opts.Clients[e.Client]; client == nil {
			return nil, &skipped{fmt.Sprintf("this program has no %s client in it", e.Client)}
		}
	}
	authority, err := entra.LoginURL(p.cloud)
	if err != nil {
		return nil, err
	}
	req := Request{
		HTTP:      &http.Client{Transport: p.opts.Target.Transport(p.farm.ID)},
		Authority: authority,
		Tenant:    or(e.Tenant, p.app.Tenant), ClientID: or(e.ClientID, p.app.ClientID),
		Assertion: or(e.Assertion, p.assertion), Scope: or(e.Scope, defaultScope),
	}
	if req.Assertion == "" {
		return nil, errors.New("there is no assertion: mint a token in an earlier step, or say which one to present")
	}
	want, err := p.expectedError(s)
	if err != nil {
		return nil, err
	}
	if e.Retry != nil {
		if !p.opts.Target.Can[target.VirtualClock] {
			return nil, p.lacks(target.VirtualClock)
		}
		if err := e.Retry.Check(); err != nil {
			return nil, err
		}
	}
	var waited time.Duration
	for attempt := 1; ; attempt++ {
		result, err := p.attempt(ctx, client, req)
		if err != nil {
			return nil, err
		}
		result["attempts"], p.record().Attempts = attempt, attempt
		if e.Retry == nil || met(want, result) || waited+e.Retry.Every > e.Retry.For {
			p.unmet = ""
			return result, nil
		}
		p.unmet = fmt.Sprintf("attempt %d: %s", attempt, wantedError(want, result))
		// Waiting is on the target's clock, so on an emulator it costs nothing.
		if _, err := p.client.Advance(ctx, p.farm.ID, control.AdvanceSpec{Advance: e.Retry.Every}); err != nil {
			return nil, err
		}
		waited += e.Retry.Every
	}
}

// attempt makes one exchange and gathers what came of it.
func (p *play) attempt(ctx context.Context, client Client, req Request) (map[string]any, error) {
	p.requests++
	req.CorrelationID = correlationID(p.title(), p.requests)
	answer, err := client(ctx, req)
	if err != nil {
		return nil, err
	}
	signIn, err := p.signIn(ctx, req.CorrelationID)
	if err != nil {
		return nil, err
	}
	record := p.record()
	for _, fetch := range signIn.Fetched {
		if !slices.Contains(record.Fetched, fetch.Document) {
			record.Fetched = append(record.Fetched, fetch.Document)
		}
	}
	record.Checks = checks(signIn.Checks)
	fetched := slices.Clone(record.Fetched)
	if fetched == nil {
		fetched = []string{}
	}
	result := map[string]any{"status": answer.Status, "body": answer.Body, "fetched": fetched, "token": nil, "claims": nil, "header": nil}
	result["error"] = code(answer.Body)
	record.Error = code(answer.Body)
	if compact, ok := answer.Body["access_token"].(string); ok {
		header, claims, err := control.DecodeToken(compact)
		if err != nil {
			return nil, fmt.Errorf("the access token can't be decoded: %w", err)
		}
		result["token"], result["claims"], result["header"] = claims, claims, header
	}
	return result, nil
}

// signIn finds the emulator's record of a request; the zero one if it kept none.
func (p *play) signIn(ctx context.Context, correlation string) (entra.SignIn, error) {
	journal, err := p.client.Journal(ctx, p.farm.ID, p.read)
	if err != nil {
		return entra.SignIn{}, err
	}
	if n := len(journal.Entries); n > 0 {
		p.read = journal.Entries[n-1].Seq
	}
	for _, entry := range slices.Backward(journal.Entries) {
		if entry.SignIn != nil && entry.SignIn.CorrelationID == correlation {
			return *entry.SignIn, nil
		}
	}
	return entra.SignIn{}, nil
}

func checks(made []entra.Check) []report.Check {
	out := make([]report.Check, len(made))
	for i, c := range made {
		out[i] = report.Check{Name: c.Name, OK: c.OK, Want: c.Want, Got: c.Got, Note: c.Note}
	}
	return out
}

// raw posts the form that every client posts, and nothing else.
func raw(ctx context.Context, r Request) (Answer, error) {
	form := entra.AssertionForm(r.ClientID, r.Assertion, r.Scope)
	endpoint := r.Authority + "/" + url.PathEscape(r.Tenant) + "/oauth2/v2.0/token"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("client-request-id", r.CorrelationID)
	resp, err := r.HTTP.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Status: resp.StatusCode}
	if err := json.Unmarshal(body, &answer.Body); err != nil {
		return Answer{}, fmt.Errorf("%s answered %s and a body that is not a JSON object", endpoint, resp.Status)
	}
	return answer, nil
}

// code is the AADSTS code of a refusal, or empty.
func code(body map[string]any) string {
	codes, _ := body["error_codes"].([]any)
	if len(codes) == 0 {
		return ""
	}
	n, _ := codes[0].(float64)
	return fmt.Sprintf("AADSTS%.0f", n)
}

// correlationID is a UUID made from the case and the number of its request, so that reports of two runs are alike.
func correlationID(title string, n int) string {
	b := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", title, n))
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
