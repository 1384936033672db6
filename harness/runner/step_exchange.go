package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/scenario"
)

// defaultScope is what an exchange asks for unless the file says.
const (
	defaultResource = "https://graph.microsoft.com"
	defaultScope    = defaultResource + "/.default"
)

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

// Format leaves the assertion out, whatever the verb.
func (r Request) Format(to fmt.State, _ rune) {
	fmt.Fprintf(to, "exchange of client %s in tenant %s at %s for %s", r.ClientID, r.Tenant, r.Authority, r.Scope)
}

// Answer is what Entra answered.
type Answer struct {
	Status int
	Header http.Header    // nil where the client does not tell
	Body   map[string]any // the JSON body; nil if it is none
	Text   string         // the body that is none
}

// Format leaves the body out, in which a token may be, whatever the verb.
func (a Answer) Format(to fmt.State, _ rune) { fmt.Fprintf(to, "answer with HTTP status %d", a.Status) }

// Client makes an exchange as some client library would. An error means that there was no answer.
type Client func(context.Context, Request) (Answer, error)

// exchange presents the assertion at the token endpoint, again and again if the file says so.
func (p *play) exchange(ctx context.Context, s *scenario.Step, a *scenario.Action) (map[string]any, error) {
	e := a.Exchange
	if e.Discovery {
		return p.discovery(ctx, e)
	}
	client := Client(rawRequest{e}.exchange)
	if e.Client != "" && e.Client != "raw" {
		client = p.opts.Clients[e.Client]
	}
	req, err := p.request(e)
	if err != nil {
		return nil, err
	}
	if _, own := e.Parameters["client_assertion"]; req.Assertion == "" && !own {
		return nil, errors.New("there is no assertion: mint a token in an earlier step, or say which one to present")
	}
	want, err := s.ResolveExpect(p.env)
	if err != nil {
		return nil, err
	}
	if e.Retry != nil {
		if err := e.Retry.Validate(); err != nil {
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
		p.unmet = fmt.Sprintf("attempt %d: %s", attempt, wantedEnd(want, result))
		// Waiting is on the target's clock, so on an emulator it costs nothing.
		if _, err := p.client.SetClock(ctx, p.world.ID, control.ClockSpec{Advance: control.Duration(e.Retry.Every)}); err != nil {
			return nil, err
		}
		waited += e.Retry.Every
	}
}

// request is what every client is told.
func (p *play) request(e *scenario.Exchange) (Request, error) {
	authority, err := directory.LoginURL(p.cloud)
	if err == nil {
		err = e.Validate()
	}
	if err != nil {
		return Request{}, err
	}
	if e.Host != "" {
		authority = "https://" + e.Host
	}
	tenant, clientID := p.tenants[0].ID, p.app.ClientID
	if e.Identity != "" {
		id, identity, err := scenario.FindIdentity(p.tenants, e.Identity)
		if err != nil {
			return Request{}, &scenario.KeyError{Key: "identity", Err: err}
		}
		tenant, clientID = id, identity.ClientID
	}
	return Request{
		HTTP:      &http.Client{Transport: p.opts.Target.Transport(p.world.ID)},
		Authority: authority,
		Tenant:    or(e.Tenant, tenant), ClientID: or(e.ClientID, clientID),
		Assertion: or(e.Assertion, p.assertion), Scope: or(e.Scope, defaultScope),
	}, nil
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
	result := map[string]any{
		"status": answer.Status, "headers": headers(answer.Header), "body": answer.Body, "fetched": fetched,
		"token": nil, "claims": nil, "header": nil, "accessToken": nil,
	}
	if answer.Body == nil {
		result["body"] = answer.Text
	}
	result["error"] = code(answer.Body)
	record.Error, record.HTTP = code(answer.Body), answer.Status
	record.OAuth, _ = answer.Body["error"].(string)
	record.Text = description(result)
	if compact, ok := answer.Body["access_token"].(string); ok {
		p.tokens = append(p.tokens, compact)
		header, claims, err := control.DecodeToken(compact)
		if err != nil {
			return nil, fmt.Errorf("the access token can't be decoded: %w", err)
		}
		result["token"], result["claims"], result["header"], result["accessToken"] = claims, claims, header, compact
		record.Claims, p.access = claims, compact
	}
	return result, nil
}

// signIn finds the emulator's record of a request; the zero one if it kept none.
func (p *play) signIn(ctx context.Context, correlation string) (entra.SignIn, error) {
	journal, err := p.client.Journal(ctx, p.world.ID, control.JournalQuery{After: p.read, SignIns: true})
	if err != nil {
		return entra.SignIn{}, err
	}
	p.read = journal.Last
	for _, entry := range slices.Backward(journal.Entries) {
		if entry.SignIn.CorrelationID == correlation {
			return *entry.SignIn, nil
		}
	}
	return entra.SignIn{}, nil
}

func checks(made []entra.Check) []report.Check {
	out := make([]report.Check, len(made))
	for i, c := range made {
		// What a client sent in the wrong place may be a token.
		out[i] = report.Check{Name: c.Name, OK: c.OK, Want: document.Redact(c.Want), Got: document.Redact(c.Got), Note: document.Redact(c.Note)}
	}
	return out
}

// rawRequest is the plain HTTP client: it posts the form that every client posts, with the changes of the file.
type rawRequest struct{ e *scenario.Exchange }

// exchange makes the request.
func (r rawRequest) exchange(ctx context.Context, to Request) (Answer, error) {
	endpoint := to.Authority + "/" + url.PathEscape(to.Tenant)
	if r.e.Policy != "" {
		endpoint += "/" + url.PathEscape(r.e.Policy)
	}
	endpoint += "/oauth2/v2.0/token"
	form := entra.AssertionForm(to.ClientID, to.Assertion, to.Scope)
	if r.e.Version == "v1" {
		endpoint = strings.TrimSuffix(endpoint, "/v2.0/token") + "/token"
		form.Del("scope")
		form.Set("resource", or(r.e.Resource, defaultResource))
	}
	for name, value := range r.e.Parameters {
		form[name] = values(value)
	}
	req, err := http.NewRequestWithContext(ctx, or(r.e.Method, http.MethodPost), endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("client-request-id", to.CorrelationID)
	for name, value := range r.e.Headers {
		req.Header.Set(name, value)
	}
	resp, body, err := fetch(to.HTTP, req)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Status: resp.StatusCode, Header: resp.Header}
	if json.Unmarshal(body, &answer.Body) != nil {
		answer.Body, answer.Text = nil, string(body)
	}
	return answer, nil
}

// fetch sends a request, and returns the answer with its body, of which it reads maxAnswer.
func fetch(client *http.Client, req *http.Request) (*http.Response, []byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp, body, err
}

// values are those of a parameter of the form: none for null, several for a list.
func values(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, values(one)...)
		}
		return all
	case string:
		return []string{v}
	}
	return []string{fmt.Sprint(v)}
}

// b2cCode is how a refusal of a B2C tenant begins, which has no error_codes.
var b2cCode = regexp.MustCompile(`^AADB2C\d+`)

// code is the code of a refusal, such as AADSTS700213, or empty.
func code(body map[string]any) string {
	codes, _ := body["error_codes"].([]any)
	if len(codes) == 0 {
		description, _ := body["error_description"].(string)
		return b2cCode.FindString(description)
	}
	n, _ := codes[0].(float64)
	return fmt.Sprintf("AADSTS%.0f", n)
}

// correlationID is a UUID made from the case and the number of its request, so that reports of two runs are alike.
func correlationID(title string, n int) string {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s\x00%d", title, n)).String()
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
