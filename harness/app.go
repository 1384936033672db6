package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/wording"
)

// App is an application in the farm's tenant. Its methods are for any goroutine.
type App struct {
	ClientID string
	ObjectID string
	farm     *Farm
}

// AddApp adds an application with federated identity credentials to the farm's tenant. A credential without audiences
// gets the cloud's for token exchange. A name that the tenant has already is an error: FindApp finds that one.
func (f *Farm) AddApp(name string, credentials ...Credential) (*App, error) {
	return change(f, func() (*App, error) {
		spec := control.ApplicationSpec{Name: name, Credentials: slices.Clone(credentials)} // they may be the caller's slice
		for i := range spec.Credentials {
			if err := f.addAudience(&spec.Credentials[i]); err != nil {
				return nil, err
			}
		}
		app, err := f.world.AddApplication(spec)
		if err != nil {
			return nil, err
		}
		return &App{ClientID: app.ClientID, ObjectID: app.ObjectID, farm: f}, nil
	})
}

// addAudience gives a credential without audiences the cloud's.
func (f *Farm) addAudience(c *Credential) error {
	if len(c.Audiences) > 0 {
		return nil
	}
	audience, err := directory.ExchangeAudience(f.cloud)
	c.Audiences = []string{audience}
	return err
}

// FindApp finds an application of the farm's tenant by its name or client id: of WithTenants, added by AddApp, or made
// by the code under test. It is an error if there is none, or more than one.
func (f *Farm) FindApp(name string) (*App, error) {
	var found []Application
	var names []string
	for _, app := range f.Tenants()[0].Applications {
		names = append(names, strconv.Quote(app.Name))
		if app.Name == name || strings.EqualFold(app.ClientID, name) {
			found = append(found, app)
		}
	}
	switch len(found) {
	case 1:
		return &App{ClientID: found[0].ClientID, ObjectID: found[0].ObjectID, farm: f}, nil
	case 0:
		if names == nil {
			return nil, fmt.Errorf("harness: no application %q: the tenant has none", name)
		}
		return nil, fmt.Errorf("harness: no application %q (%s)", name, wording.Have(strconv.Quote(name), names))
	}
	return nil, fmt.Errorf("harness: %d applications are called %q: name one by its client id", len(found), name)
}

// AddCredential gives the application another federated identity credential, and returns it with its id. Without
// audiences it gets the cloud's for token exchange.
func (a *App) AddCredential(c Credential) (Credential, error) {
	return change(a.farm, func() (Credential, error) {
		if err := a.farm.addAudience(&c); err != nil {
			return Credential{}, err
		}
		return a.farm.world.AddCredential(a.ClientID, c)
	})
}

// UpdateCredential changes the federated identity credential of that name in place: what is not empty in c takes the
// place of what was there.
func (a *App) UpdateCredential(name string, c Credential) (Credential, error) {
	return change(a.farm, func() (Credential, error) { return a.farm.world.UpdateCredential(a.ClientID, name, c) })
}

// RemoveCredential takes the federated identity credential of that name away.
func (a *App) RemoveCredential(name string) error {
	_, err := change(a.farm, func() (any, error) { return nil, a.farm.world.RemoveCredential(a.ClientID, name) })
	return err
}

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

// Exchange presents an assertion for a Microsoft Graph token, as every client does. The error is a *Refusal when Entra
// refuses it.
func (a *App) Exchange(assertion string) (*Access, error) {
	graph, err := directory.GraphURL(a.farm.cloud)
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
	login, err := directory.LoginURL(a.farm.cloud)
	if err != nil {
		return nil, err
	}
	resp, err := a.farm.Client().PostForm(login+"/"+a.farm.Tenant+"/oauth2/v2.0/token", entra.AssertionForm(a.ClientID, assertion, scope))
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
