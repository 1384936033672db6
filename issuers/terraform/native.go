package terraform

import (
	"context"
	"net/http"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// native delivers tokens as HCP Terraform does: it has no API that gives any, and puts them into the variables and
// files of a run. What it serves is the administration of Terraform Enterprise, whose client takes a host from
// TFE_ADDRESS and no path; hence Plain.
var native = &issuer.Native{New: newAPI, Fetch: fetch, Plain: true}

// The variables of a run. That of a stack is the deployment's own variable, which its user names; that it is this one
// is a convention here.
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
	r := run{workload: w, stack: preset.Settings["kind"] == stack}
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

// env is what a phase that starts now finds in its environment. The platform makes one token for each phase and
// audience and does not renew it. What it makes is what the workspace's variables ask for, see settingsOf; of several
// configurations for Azure none is in ARM_ variables, as in an independent clone of HCP Terraform (leg100/otf).
func (r run) env(audience string) (map[string]string, error) {
	sample, err := r.workload.Mint(issuer.For(audience))
	if err != nil {
		return nil, err
	}
	tokens := map[string]string{audience: sample.Raw}
	if r.stack {
		return map[string]string{stackToken: sample.Raw}, nil
	}
	phase, _ := sample.Claims["terraform_run_phase"].(string)
	asked, err := settingsOf(r.workload.Env, audience, phase)
	if err != nil {
		return nil, err
	}
	for _, one := range asked.audiences() {
		if tokens[one] != "" {
			continue
		}
		token, err := r.workload.Mint(issuer.For(one))
		if err != nil {
			return nil, err
		}
		tokens[one] = token.Raw
	}
	env := map[string]string{}
	for tag, one := range asked.tokens {
		env[identityToken+tag] = tokens[one]
	}
	switch {
	case asked.tagged():
		env[dynamicVariable], err = writeFiles(r.workload, asked.azure, tokens)
	case len(asked.azure) == 1:
		env["ARM_USE_OIDC"], env[providerToken] = "true", tokens[asked.azure[0].audience]
		if id := asked.azure[0].clientID; id != "" {
			env["ARM_CLIENT_ID"] = id
		}
	}
	return env, err
}

// fetch reads the token that the run was given, see pick. It asks nobody.
func fetch(_ context.Context, _ *http.Client, found issuer.Found, audience string) (string, error) {
	all, err := tokensIn(found.Env)
	if err != nil {
		return "", err
	}
	return pick(all, audience)
}
