package farm

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// signInAgent is what the requests of SignIn say that they come from.
const signInAgent = "issuerd-sign-in"

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// SignIn presents a token to Entra as a client does: with a POST of the form to the token endpoint of the tenant's
// cloud, on the Entra plane's listener. A refusal of Entra's is a result and no error. The sign-in is this request's
// own, whoever else signs in. An application that is named by what is no client id must be there; a client id that is
// not is for Entra to refuse. A tenant that is not there is too: the request then goes to the cloud of the world's own.
func (w *World) SignIn(ctx context.Context, spec control.SignInSpec) (control.SignedIn, error) {
	tenant := cmp.Or(spec.Tenant, w.tenant())
	cloud, err := w.cloudOf(tenant)
	if err != nil {
		return control.SignedIn{}, err
	}
	clientID, err := w.clientIn(tenant, spec.Application)
	if err != nil {
		return control.SignedIn{}, err
	}
	assertion, err := w.assertion(cloud, spec)
	if err != nil {
		return control.SignedIn{}, err
	}
	scope := spec.Scope
	if scope == "" {
		resource, err := directory.GraphURL(cloud)
		if err != nil {
			return control.SignedIn{}, err
		}
		scope = resource + "/.default"
	}
	login, err := directory.LoginURL(cloud)
	if err != nil {
		return control.SignedIn{}, err
	}
	form := entra.AssertionForm(clientID, assertion, scope).Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, login+"/"+url.PathEscape(tenant)+"/oauth2/v2.0/token", strings.NewReader(form))
	if err != nil {
		return control.SignedIn{}, fmt.Errorf("farm: sign-in: %w", err)
	}
	correlation, record, done := w.waiting.begin(w.server.opts.Rand)
	defer done()
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", signInAgent)
	req.Header.Set("client-request-id", correlation)
	out, err := signIn(w.server.Transport(w.id), req)
	if err != nil {
		return control.SignedIn{}, w.orEnded(fmt.Errorf("farm: sign-in: %w", err))
	}
	if out.Token == "" && w.hasEnded() { // Entra could no longer reach the issuer, perhaps
		return control.SignedIn{}, errEnded
	}
	select {
	case out.SignIn = <-record: // it is there before the answer
	default:
		return control.SignedIn{}, fmt.Errorf("farm: sign-in: HTTP status %d from something else than a token endpoint", out.Status)
	}
	if decoded, err := control.Decode(assertion); err == nil {
		out.Assertion = &decoded
	}
	return out, nil
}

// signIn sends a token request, and reads Entra's answer.
func signIn(to http.RoundTripper, req *http.Request) (out control.SignedIn, err error) {
	resp, err := to.RoundTrip(req)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return out, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Codes       []int  `json:"error_codes"`
	}
	out.Status = resp.StatusCode
	if json.Unmarshal(body, &answer) != nil { // as when it refuses a client that asks too often
		out.Description = clip(string(body))
		return out, nil
	}
	out.Token, out.Error, out.Description = answer.AccessToken, answer.Error, answer.Description
	if len(answer.Codes) > 0 {
		out.Code = answer.Codes[0]
	}
	if out.Token != "" {
		if out.Header, out.Claims, err = control.DecodeToken(out.Token); err != nil {
			return out, fmt.Errorf("the access token can't be decoded: %w", err)
		}
	}
	return out, nil
}

// cloudOf is the cloud of a tenant, or that of the world's own if there is no such tenant.
func (w *World) cloudOf(tenant string) (string, error) {
	found, err := w.dir.Tenant(tenant)
	if err != nil {
		found, err = w.dir.Tenant(w.tenant())
	}
	return found.Cloud, refused("", err)
}

// clientIn is the id of a client, by that or its name, in the tenant that is signed in to or else in the world's own.
func (w *World) clientIn(tenant, app string) (string, error) {
	if app == "" {
		return "", &control.Error{Status: http.StatusBadRequest, Member: "application", Message: "farm: sign-in: want an application, by its name or client id"}
	}
	if id, err := w.clientID(tenant, app); err == nil {
		return id, nil
	}
	_, id, err := w.client(app)
	if refusal := (*control.Error)(nil); errors.As(err, &refusal) {
		refusal.Member = "application"
	}
	return id, err
}

// assertion is the token to present. One that is minted is for the cloud's audience of token exchange, unless another
// was asked for, or the platform lets nobody choose.
func (w *World) assertion(cloud string, spec control.SignInSpec) (string, error) {
	switch {
	case spec.Assertion != "" && spec.Mint != nil:
		return "", &control.Error{Status: http.StatusBadRequest, Member: "mint", Message: "farm: sign-in: give an assertion or a token to mint, and not both"}
	case spec.Assertion != "":
		return spec.Assertion, nil
	case spec.Mint == nil:
		return "", &control.Error{Status: http.StatusBadRequest, Member: "assertion", Message: "farm: sign-in: want an assertion, or a token to mint"}
	}
	asked := *spec.Mint
	if len(asked.Audience) > 0 {
		minted, err := w.Mint(asked)
		return minted.Token, err
	}
	audience, err := directory.ExchangeAudience(cloud)
	if err != nil {
		return "", err
	}
	asked.Audience = control.Audience{audience}
	minted, err := w.Mint(asked)
	if err != nil {
		asked.Audience = nil
		if other, otherErr := w.Mint(asked); otherErr == nil {
			return other.Token, nil
		}
	}
	return minted.Token, err
}

// waitingSignIns are the requests of SignIn that are under way, by their correlation ids. The zero value is ready for
// use; it is safe for concurrent use.
type waitingSignIns struct {
	mu  sync.Mutex
	all map[string]chan entra.SignIn
}

// begin makes a correlation id that nobody else waits for. The record of the request that has it comes to the channel,
// until done is called.
func (s *waitingSignIns) begin(random io.Reader) (correlation string, record <-chan entra.SignIn, done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]chan entra.SignIn{}
	}
	id, err := issuer.NewUUID(random)
	for err != nil || s.all[id] != nil { // a source that fails, or that repeats itself, is replaced by the system's
		id, err = issuer.NewUUID(rand.Reader)
	}
	to := make(chan entra.SignIn, 1)
	s.all[id] = to
	return id, to, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, id)
	}
}

// tell gives a record to the request that waits for it, if one does.
func (s *waitingSignIns) tell(in entra.SignIn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if to := s.all[in.CorrelationID]; to != nil {
		select {
		case to <- in:
		default: // somebody else has used its id: the first one counts
		}
	}
}
