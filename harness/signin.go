package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// Access is an access token with what it says. Whole numbers are an int64.
type Access struct {
	Token  string
	Header map[string]any
	Claims map[string]any
}

// String names the token by its key, application and audience.
func (a Access) String() string {
	return fmt.Sprintf("access token kid=%v appid=%v aud=%v", a.Header["kid"], a.Claims["appid"], a.Claims["aud"])
}

// Format keeps the token out of every verb of fmt.
func (a Access) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, a.String()) }

// LogValue keeps the token out of logs.
func (a Access) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Refusal is Entra's answer when it gives no token.
type Refusal struct {
	Status      int    // of HTTP
	Code        int    // AADSTS
	OAuth       string // the error member
	Description string
}

// Error is Entra's description.
func (r *Refusal) Error() string { return r.Description }

// SignInSpec is what an application presents to Entra.
type SignInSpec struct {
	Assertion string // such as what Issuer.Mint returns
	Tenant    string // an id or a domain; empty: the farm's own
	Scope     string // empty: Microsoft Graph's
}

// Format keeps the assertion out of every verb of fmt.
func (s SignInSpec) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, "sign-in") }

// LogValue keeps the assertion out of logs.
func (s SignInSpec) LogValue() slog.Value { return slog.StringValue("sign-in") }

// SignIn presents an assertion as Exchange does, and returns what Entra answered with the checks that it made. A refusal
// of Entra's is no error.
func (a *App) SignIn(ctx context.Context, spec SignInSpec) (SignedIn, error) {
	return change(a.farm, func() (SignedIn, error) {
		return a.farm.world.SignIn(ctx, control.SignInSpec{Application: a.ClientID, Assertion: spec.Assertion, Tenant: spec.Tenant, Scope: spec.Scope})
	})
}

// Exchange presents an assertion for a Microsoft Graph token, as every client does. The error is a *Refusal when Entra
// refuses it.
func (a *App) Exchange(assertion string) (*Access, error) {
	graph, err := directory.GraphURL(a.farm.cloud())
	if err != nil {
		return nil, fmt.Errorf("harness: exchange: %w", err)
	}
	return a.ExchangeFor(assertion, graph+"/.default")
}

// ExchangeFor is Exchange for another scope.
func (a *App) ExchangeFor(assertion, scope string) (*Access, error) {
	if err := a.farm.closed(); err != nil {
		return nil, err
	}
	access, err := a.exchange(assertion, scope)
	if refusal := (*Refusal)(nil); err != nil && !errors.As(err, &refusal) {
		err = fmt.Errorf("harness: exchange: %w", err)
	}
	return access, err
}

func (a *App) exchange(assertion, scope string) (*Access, error) {
	login, err := directory.LoginURL(a.farm.cloud())
	if err != nil {
		return nil, err
	}
	resp, err := a.farm.Client().PostForm(login+"/"+a.farm.tenant()+"/oauth2/v2.0/token", entra.AssertionForm(a.ClientID, assertion, scope))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		OAuth       string `json:"error"`
		Description string `json:"error_description"`
		Codes       []int  `json:"error_codes"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("HTTP status %d with a body that is not JSON", resp.StatusCode)
	}
	if answer.AccessToken == "" {
		refusal := &Refusal{Status: resp.StatusCode, OAuth: answer.OAuth, Description: answer.Description}
		if len(answer.Codes) > 0 {
			refusal.Code = answer.Codes[0]
		}
		return nil, refusal
	}
	access := &Access{Token: answer.AccessToken}
	if access.Header, access.Claims, err = control.DecodeToken(answer.AccessToken); err != nil {
		return nil, fmt.Errorf("the access token can't be decoded: %w", err)
	}
	return access, nil
}
