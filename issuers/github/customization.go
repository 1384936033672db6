package github

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// customization is what the owner, the repository and the enterprise of a job have set for its tokens. Nobody else's
// can be read or set.
type customization struct {
	fixed      bool           // the workload's sub was given to it, so nothing customises it
	immutable  bool           // the repository was made after 2026-07-15, so its subject holds the ids whatever is set
	owner      customTemplate // only its ClaimKeys and Immutable
	repository *customTemplate
	slug       *bool // include_enterprise_slug; nil: as the issuer is
}

// customTemplate is the customisation of the subject of an organisation or of a repository, as the REST API has it.
type customTemplate struct {
	UseDefault bool     `json:"use_default"`
	ClaimKeys  []string `json:"include_claim_keys,omitempty"`
	Immutable  bool     `json:"use_immutable_subject"`
}

// ownerTemplate is the answer for an organisation.
type ownerTemplate struct {
	ClaimKeys []string `json:"include_claim_keys"`
	Immutable bool     `json:"use_immutable_subject"`
}

// repositoryTemplate is the answer for a repository.
type repositoryTemplate struct {
	customTemplate
	Prefix string `json:"sub_claim_prefix"`
}

// defaultClaimKeys is the template of an organisation that has set none (inferred: it is the default subject).
var defaultClaimKeys = []string{"repo", "context"}

// born is the customisation that a workload comes with: the settings that give the subject it has.
func born(claims issuer.Claims, presets []issuer.Preset) customization {
	candidates := []map[string]any{nil}
	for n := range presets {
		candidates = append(candidates, presets[n].Settings)
	}
	for _, settings := range candidates {
		if subjectOf(claims, settings) != claims["sub"] {
			continue
		}
		c := customization{immutable: settings[useImmutableSubject] == true}
		if keys, _ := settings[includeClaimKeys].([]string); len(keys) > 0 {
			c.repository = &customTemplate{ClaimKeys: keys}
		}
		return c
	}
	return customization{fixed: true}
}

// subjectOf is the subject that a token with these claims has under the settings.
func subjectOf(claims issuer.Claims, settings map[string]any) string {
	return subject(&issuer.ClaimReader{Platform: "github", Claims: claims}, nil, settings)
}

// settings are what the customisation comes to. An organisation's template reaches a repository that does not use the
// default and has none of its own. That an organisation's immutable subjects reach its repositories is inferred.
func (c *customization) settings() map[string]any {
	out := map[string]any{useImmutableSubject: c.immutable || c.owner.Immutable || c.repository != nil && c.repository.Immutable}
	if c.repository != nil && !c.repository.UseDefault {
		out[includeClaimKeys] = c.owner.ClaimKeys
		if len(c.repository.ClaimKeys) > 0 {
			out[includeClaimKeys] = c.repository.ClaimKeys
		}
	}
	return out
}

// customized are the claims that the customisation changes.
func (j *job) customized() issuer.Claims {
	j.mu.Lock()
	defer j.mu.Unlock()
	claims := issuer.Claims{}
	if !j.custom.fixed {
		claims["sub"] = subjectOf(j.claims, j.custom.settings())
	}
	if j.custom.slug != nil && j.claims["iss"] == j.workload.Issuer.URL() {
		claims["iss"] = j.issuerURL(*j.custom.slug)
	}
	return claims
}

// issuerURL is the job's issuer with or without the slug of its enterprise.
func (j *job) issuerURL(slug bool) string {
	enterprise := "/" + j.text("enterprise")
	base := strings.TrimSuffix(j.workload.Issuer.URL(), enterprise)
	if slug {
		return base + enterprise
	}
	return base
}

func (j *job) text(claim string) string {
	text, _ := j.claims[claim].(string)
	return text
}

// routeREST serves the customisation, also at the path that a GitHub Enterprise Server has for its API and that clients
// of one put in front.
func (j *job) routeREST(router *mux.Router) {
	for _, prefix := range []string{"", "/api/v3"} {
		organization := prefix + "/orgs/{org}/actions/oidc/customization/sub"
		repository := prefix + "/repos/{owner}/{repo}/actions/oidc/customization/sub"
		enterprise := prefix + "/enterprises/{enterprise}/actions/oidc/customization/issuer"
		router.Handle(organization, j.rest(j.isOwner, j.getOwner)).Methods(http.MethodGet)
		router.Handle(organization, j.rest(j.isOwner, j.putOwner)).Methods(http.MethodPut)
		router.Handle(repository, j.rest(j.isRepository, j.getRepository)).Methods(http.MethodGet)
		router.Handle(repository, j.rest(j.isRepository, j.putRepository)).Methods(http.MethodPut)
		router.Handle(enterprise, j.rest(j.isEnterprise, j.putIssuer)).Methods(http.MethodPut)
	}
}

// Names are compared without letter case, as the API says of them.
func (j *job) isOwner(names map[string]string) bool {
	return strings.EqualFold(names["org"], j.text("repository_owner"))
}

func (j *job) isRepository(names map[string]string) bool {
	return strings.EqualFold(names["owner"]+"/"+names["repo"], j.text("repository"))
}

func (j *job) isEnterprise(names map[string]string) bool {
	return strings.EqualFold(names["enterprise"], j.text("enterprise"))
}

// rest guards a route: with the credential, and with a name that the credential reaches; anything else is not found, as
// GitHub answers for what a credential may not see.
func (j *job) rest(reaches func(names map[string]string) bool, serve func(object) (status int, answer any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") == "":
			fail(w, http.StatusUnauthorized, "Requires authentication")
			return
		case !issuer.Shows(r, j.apiToken, "bearer", "token"):
			fail(w, http.StatusUnauthorized, "Bad credentials")
			return
		case !reaches(mux.Vars(r)):
			notFound(w, r)
			return
		}
		var body object
		if r.Method == http.MethodPut {
			var ok bool
			if body, ok = readObject(w, r); !ok {
				return
			}
		}
		j.mu.Lock()
		status, answer := serve(body)
		j.mu.Unlock() // a client may be slow to read the answer
		if answer == nil {
			w.WriteHeader(status)
			return
		}
		reply(w, status, answer)
	})
}

func (j *job) getOwner(_ object) (int, any) {
	keys := j.custom.owner.ClaimKeys
	if len(keys) == 0 {
		keys = defaultClaimKeys
	}
	return http.StatusOK, ownerTemplate{ClaimKeys: keys, Immutable: j.custom.owner.Immutable}
}

// putOwner wants at least one of the two members; that include_claim_keys may be left out where the other is there is
// inferred.
func (j *job) putOwner(body object) (int, any) {
	next := j.custom.owner
	reader := body.reader()
	reader.keys(includeClaimKeys, &next.ClaimKeys)
	reader.boolean(useImmutableSubject, &next.Immutable)
	if !body.has(useImmutableSubject) {
		reader.required(includeClaimKeys)
	}
	if len(reader.errors) > 0 {
		return reader.refused()
	}
	j.custom.owner = next
	return http.StatusCreated, struct{}{}
}

// getRepository finds nothing for a repository that has set nothing, unless its subject is immutable without its doing:
// then, as recorded, use_immutable_subject is false and the prefix tells the truth.
func (j *job) getRepository(_ object) (int, any) {
	c := &j.custom
	if c.repository == nil && !c.immutable {
		return refused(http.StatusNotFound, "Not Found")
	}
	out := repositoryTemplate{customTemplate: customTemplate{UseDefault: true}}
	if c.repository != nil {
		out.customTemplate = *c.repository
	}
	out.Prefix = subjectOf(j.claims, map[string]any{
		useImmutableSubject: c.settings()[useImmutableSubject], includeClaimKeys: []string{"repo"},
	})
	return http.StatusOK, out
}

// putRepository leaves use_immutable_subject as it is where a client does not know it (inferred).
func (j *job) putRepository(body object) (int, any) {
	var next customTemplate
	if j.custom.repository != nil {
		next.Immutable = j.custom.repository.Immutable
	}
	reader := body.reader()
	reader.boolean("use_default", &next.UseDefault)
	reader.keys(includeClaimKeys, &next.ClaimKeys)
	reader.boolean(useImmutableSubject, &next.Immutable)
	reader.required("use_default")
	if len(reader.errors) > 0 {
		return reader.refused()
	}
	if next.UseDefault {
		next.ClaimKeys = nil // the API ignores them
	}
	j.custom.repository = &next
	return http.StatusCreated, struct{}{}
}

// putIssuer changes iss, and publishes the documents of the URL that it then has. That the keys are those of the usual
// issuer is inferred.
func (j *job) putIssuer(body object) (int, any) {
	const member = "include_enterprise_slug"
	var include bool
	reader := body.reader()
	reader.boolean(member, &include)
	if len(reader.errors) > 0 {
		return reader.refused()
	}
	if !body.has(member) {
		return http.StatusNoContent, nil
	}
	if err := j.publish(j.issuerURL(include)); err != nil {
		return refused(http.StatusInternalServerError, "Server Error")
	}
	j.custom.slug = &include
	return http.StatusNoContent, nil
}

// publish has the documents of an issuer served that has the keys of the job's.
func (j *job) publish(issuerURL string) error {
	if j.workload.Serve == nil {
		return nil
	}
	other, err := j.workload.Issuer.At(issuerURL)
	if err != nil {
		return err
	}
	return j.workload.Serve(other)
}
