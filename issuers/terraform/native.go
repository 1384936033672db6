package terraform

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// native delivers tokens as HCP Terraform does: it has no API that gives any, and puts them into the variables and files of a run. What
// it serves is the administration of Terraform Enterprise, whose client takes a host from TFE_ADDRESS and no path; hence Plain.
var native = &issuer.Native{New: newAPI, Fetch: fetch, Plain: true}

// The variables of a run. That of a stack is the deployment's own variable, which its user names; that it is this one is a convention
// here.
const (
	identityToken = "TFC_WORKLOAD_IDENTITY_TOKEN"
	providerToken = "ARM_OIDC_TOKEN"
	stackToken    = "TF_VAR_identity_token"
)

func newAPI(w issuer.Workload) (*issuer.API, error) {
	preset, err := w.Issuer.Preset(w.Preset)
	if err != nil {
		return nil, err
	}
	r := run{workload: w, stack: preset.Params["kind"] == stack}
	if preset.Service != enterprise {
		return &issuer.API{Env: r.env}, nil // HCP Terraform lets nobody rotate its keys
	}
	a, err := newAdmin(w)
	if err != nil {
		return nil, err
	}
	return &issuer.API{Handler: a.routes(), Env: func(audience string) (map[string]string, error) {
		env, err := r.env(audience)
		if err != nil {
			return nil, err
		}
		env["TFE_ADDRESS"] = w.Base
		if w.Plain != "" {
			env["TFE_ADDRESS"] = "http://" + w.Plain
		}
		env["TFE_TOKEN"] = a.token
		return env, nil
	}}, nil
}

// run is a phase of a run.
type run struct {
	workload issuer.Workload
	stack    bool
}

// env is what a phase that starts now finds in its environment. The platform makes one token for each phase and audience and does not
// renew it. With an audience, the run has it as TFC_WORKLOAD_IDENTITY_AUDIENCE and TFC_AZURE_WORKLOAD_IDENTITY_AUDIENCE; without one it
// has neither, and the token is for Azure's default. ARM_CLIENT_ID is the user's choice and not here.
func (r run) env(audience string) (map[string]string, error) {
	var req issuer.Request
	if audience != "" {
		req.Audience = []string{audience}
	}
	token, err := r.workload.Mint(req)
	if err != nil {
		return nil, err
	}
	if r.stack {
		return map[string]string{stackToken: token.Raw}, nil
	}
	if r.workload.Dir != "" {
		if err := writeFiles(r.workload.Dir, token.Raw); err != nil {
			return nil, err
		}
	}
	env := map[string]string{"ARM_USE_OIDC": "true", providerToken: token.Raw}
	if audience != "" {
		env[identityToken] = token.Raw
	}
	return env, nil
}

// The files of a run with several configurations, named as an independent clone of HCP Terraform names them (leg100/otf). The user's
// configuration declares the variable tfc_azure_dynamic_credentials; Terraform reads the last file when it is in its working directory.
const (
	tokenFile     = "azure_token"
	clientIDFile  = "azure_client_id" // named only: the client id is the user's
	variablesFile = "azure_dynamic_credentials.auto.tfvars.json"
)

type dynamicCredentials struct {
	Azure struct {
		Default credentialFiles            `json:"default"`
		Aliases map[string]credentialFiles `json:"aliases"`
	} `json:"tfc_azure_dynamic_credentials"`
}

type credentialFiles struct {
	ClientID string `json:"client_id_file_path"`
	Token    string `json:"oidc_token_file_path"`
}

func writeFiles(dir, token string) error {
	var variables dynamicCredentials
	variables.Azure.Default = credentialFiles{ClientID: filepath.Join(dir, clientIDFile), Token: filepath.Join(dir, tokenFile)}
	variables.Azure.Aliases = map[string]credentialFiles{}
	text, err := json.Marshal(variables)
	if err != nil {
		return fmt.Errorf("terraform: variables: %w", err)
	}
	if err := replace(filepath.Join(dir, tokenFile), []byte(token)); err != nil {
		return err
	}
	return replace(filepath.Join(dir, variablesFile), text)
}

// replace writes a file so that a reader sees the old or the new one whole.
func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "new-") // only its owner may read it
	if err != nil {
		return fmt.Errorf("terraform: %w", err)
	}
	_, err = f.Write(text)
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says more
		return fmt.Errorf("terraform: %w", err)
	}
	return nil
}

// fetch reads the token that the run was given. It asks nobody, so that the audience is the one that the environment was made for.
func fetch(_ context.Context, _ *http.Client, found issuer.Found, _ string) (string, error) {
	for _, name := range []string{identityToken, providerToken, stackToken} {
		if token := found.Env[name]; token != "" {
			return token, nil
		}
	}
	return "", &issuer.Refused{Message: fmt.Sprintf("terraform: the environment has no token (looked for %s, %s, %s)", identityToken, providerToken, stackToken)}
}
