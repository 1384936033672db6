package gcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// native is what Google's clients ask for tokens: the metadata server, and the public APIs that hand on and check what
// it gives. All of them are at one address, since their paths do not collide.
var native = &issuer.Native{New: newAPI, Fetch: fetch, Plain: true}

// api is the metadata server of one workload together with Google's public APIs as that workload sees them.
type api struct {
	workload issuer.Workload
	account  account
	machine  machine
	tokens   *accessTokens
	certs    certificates
	tree     *entry
	// of GKE: the Kubernetes account, namespace/name, that is bound to no Google account; empty: it is bound to one
	unbound string
	polls   chan struct{} // the requests that wait for a change

	principals []*principal // the workload's own account, and those that it may impersonate
}

// account is the service account that the workload runs as.
type account struct {
	email string
	id    string // the unique id, of 21 digits
}

// machine is where the workload runs.
type machine struct {
	instance      bool // its tokens name the instance: a VM of Compute Engine, not a pod of GKE
	name          string
	id            string
	zone          string
	project       string
	projectNumber string
}

// newAPI makes the API of a workload whose account and machine are those that its tokens name.
func newAPI(w issuer.Workload) (*issuer.API, error) {
	a := &api{workload: w, polls: make(chan struct{}, maxPolls)}
	preset, err := w.Issuer.Preset(w.Preset)
	if err != nil {
		return nil, err
	}
	if err := a.describe(preset); err != nil {
		return nil, err
	}
	impersonated, err := readImpersonated(w.Env[impersonateVariable])
	if err != nil {
		return nil, err
	}
	a.principals = append([]*principal{{a.account, new(ownKey)}}, impersonated...)
	if a.tokens, err = newAccessTokens(w.Rand, w.Now); err != nil {
		return nil, err
	}
	a.tree = a.metadata()
	env := func(string) (map[string]string, error) {
		if preset.Settings["key"] == true {
			return a.keyEnv()
		}
		// Python pings the second and fetches from the first; gcloud knows only the third.
		return map[string]string{"GCE_METADATA_HOST": w.Plain, "GCE_METADATA_IP": w.Plain, "GCE_METADATA_ROOT": w.Plain}, nil
	}
	return &issuer.API{Handler: a.routes(), Env: env}, nil
}

// routes leads to the public APIs by their paths; everything else is the metadata server's.
func (a *api) routes() http.Handler {
	router := mux.NewRouter().SkipClean(true)
	router.Use(issuer.TellRoute)
	router.HandleFunc("/v1/projects/{project}/serviceAccounts/{account:[^/]+}:{method:[A-Za-z]+}", a.serveCredentials)
	router.HandleFunc("/oauth2/v1/certs", a.serveCertificates)
	router.HandleFunc("/oauth2/v3/certs", a.serveKeys)
	router.HandleFunc("/service_accounts/v1/metadata/x509/{account}", a.serveOwnCertificate)
	router.HandleFunc("/robot/v1/metadata/x509/{account}", a.serveOwnCertificate) // as key files name it
	router.HandleFunc("/service_accounts/v1/jwk/{account}", a.serveOwnKey)
	router.HandleFunc("/tokeninfo", a.serveTokenInfo)
	router.HandleFunc("/oauth2/v3/tokeninfo", a.serveTokenInfo)
	router.HandleFunc("/oauth2/v2/tokeninfo", a.serveTokenInfo2)
	for _, path := range []string{"/token", "/oauth2/v4/token", "/o/oauth2/token"} {
		router.HandleFunc(path, a.serveGrant)
	}
	router.NotFoundHandler = http.HandlerFunc(a.serveMetadata)
	return router
}

// describe reads the account and the machine off a token of the workload. Where its tokens are too short to say, which
// is what format=standard gives, the rest is that of the example VM.
func (a *api) describe(preset *issuer.Preset) error {
	if preset.Name == "user" {
		return errors.New("gcp: the tokens of a person (preset user) come from a sign-in and not from a metadata server; mint them directly")
	}
	token, err := a.workload.Sample(issuer.Request{})
	if err != nil {
		return err
	}
	vm, err := a.workload.Sample(issuer.Request{Preset: "compute-engine"})
	if err != nil {
		return err
	}
	a.account.id = text(token.Claims["sub"])
	found := engine(token.Claims)
	a.machine.instance = found != nil || token.Claims["email"] == nil
	example := instance(nil)
	value := func(name string) string {
		return cmp.Or(text(found[name]), text(engine(vm.Claims)[name]), text(example[name]))
	}
	a.machine.name, a.machine.id, a.machine.zone = value("instance_name"), value("instance_id"), value("zone")
	a.machine.project, a.machine.projectNumber = value("project_id"), value("project_number")
	a.account.email = cmp.Or(text(token.Claims["email"]), text(vm.Claims["email"]), a.machine.projectNumber+defaultAccount)
	_, domain, _ := strings.Cut(a.account.email, "@")
	if project, ok := strings.CutSuffix(domain, ".iam.gserviceaccount.com"); ok && found == nil {
		a.machine.project = project
	}
	if a.unbound, _ = preset.Settings["unbound"].(string); a.unbound != "" {
		a.account.email = a.machine.project + ".svc.id.goog"
	}
	return nil
}

// engine is google.compute_engine of a token, or nil.
func engine(claims issuer.Claims) map[string]any {
	google, _ := claims["google"].(map[string]any)
	engine, _ := google["compute_engine"].(map[string]any)
	return engine
}

// text is a claim as text; a claim that is missing is empty.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case float64: // a number of a JSON document
		return fmt.Sprintf("%.0f", value)
	}
	return fmt.Sprint(value)
}

// is tells whether a name, which is an e-mail address or a unique id, is the account's.
func (a account) is(name string) bool { return name == a.email || name == a.id }

// format says what an ID token is to contain.
type format struct {
	full     bool // the e-mail address and, on a VM, the instance
	licenses bool // the licences of the VM's images too
}

// idToken mints as the metadata server does. The workload's own tokens are the full ones; those of the preset
// compute-engine-standard have no more to tell.
func (a *api) idToken(audience string, f format) (string, error) {
	req := issuer.Request{Audience: []string{audience}}
	if !f.full {
		req.Claims = issuer.Claims{"email": nil, "email_verified": nil, "google": nil}
	}
	sample, err := a.workload.Sample(req)
	if err != nil {
		return "", err
	}
	machine := engine(sample.Claims)
	if _, has := machine["license_id"]; machine != nil && has != f.licenses {
		var licenses any // none
		if f.licenses {
			licenses = []any{"1000010"} // an example
		}
		req.Claims = issuer.Claims{"google": map[string]any{"compute_engine": map[string]any{"license_id": licenses}}}
	}
	token, err := a.workload.Mint(req)
	return token.Raw, err
}

// fetch asks the metadata server as Google's clients do, for format=full; or the token endpoint, where the workload has
// a key file.
func fetch(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	if found.Env[keyVariable] != "" {
		return fetchWithKey(ctx, client, found, audience)
	}
	query := url.Values{"format": {"full"}}
	if audience != "" {
		query.Set("audience", audience)
	}
	address := found.Base + "/computeMetadata/v1/instance/service-accounts/default/identity?" + query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", fmt.Errorf("gcp: metadata server: %w", err)
	}
	req.Header.Set("Metadata-Flavor", "Google")
	resp, body, err := issuer.Send(client, req)
	if err != nil {
		return "", fmt.Errorf("gcp: metadata server: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", &issuer.Refused{Status: resp.StatusCode, Message: strings.TrimSpace(string(body))}
	}
	return string(body), nil
}
