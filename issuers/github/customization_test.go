package github

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

const (
	organizationPath = "/orgs/octo-org/actions/oidc/customization/sub"
	repositoryPath   = "/repos/octo-org/octo-repo/actions/oidc/customization/sub"
	standardSubject  = "repo:octo-org/octo-repo:ref:refs/heads/main"
	restNotFound     = `{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}`
)

// step is a request of the REST API, its answer, and the subject of a token after it.
type step struct {
	method, path, body string
	status             int
	answer             string
	sub                string
}

// TestCustomization customises as administrators do.
func TestCustomization(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, preset string
		claims       issuer.Claims
		steps        []step
	}{
		{"never opted in", "", nil, []step{
			{"GET", repositoryPath, "", 404, restNotFound, standardSubject},
			{"GET", organizationPath, "", 200, `{"include_claim_keys":["repo","context"],"use_immutable_subject":false}`, standardSubject},
		}},
		{"a repository", "", nil, []step{
			{"PUT", repositoryPath, `{"use_default":false,"include_claim_keys":["repository_owner","context"]}`, 201, `{}`, "repository_owner:octo-org:ref:refs/heads/main"},
			{"GET", repositoryPath, "", 200, `{"use_default":false,"include_claim_keys":["repository_owner","context"],"use_immutable_subject":false,"sub_claim_prefix":"repo:octo-org/octo-repo"}`, "repository_owner:octo-org:ref:refs/heads/main"},
			{"PUT", repositoryPath, `{"use_default":true,"include_claim_keys":["actor"]}`, 201, `{}`, standardSubject},
			{"GET", repositoryPath, "", 200, `{"use_default":true,"use_immutable_subject":false,"sub_claim_prefix":"repo:octo-org/octo-repo"}`, standardSubject},
		}},
		{"an organisation reaches a repository that opts in", "", nil, []step{
			{"PUT", organizationPath, `{"include_claim_keys":["repository_visibility"]}`, 201, `{}`, standardSubject},
			{"GET", organizationPath, "", 200, `{"include_claim_keys":["repository_visibility"],"use_immutable_subject":false}`, standardSubject},
			{"PUT", repositoryPath, `{"use_default":false}`, 201, `{}`, "repository_visibility:private"},
			{"PUT", repositoryPath, `{"use_default":false,"include_claim_keys":["actor"]}`, 201, `{}`, "actor:octocat"},
			{"PUT", repositoryPath, `{"use_default":true}`, 201, `{}`, standardSubject},
		}},
		{"immutable by choice", "", nil, []step{
			{"PUT", repositoryPath, `{"use_default":true,"use_immutable_subject":true}`, 201, `{}`, "repo:octo-org@65/octo-repo@74:ref:refs/heads/main"},
			{"GET", repositoryPath, "", 200, `{"use_default":true,"use_immutable_subject":true,"sub_claim_prefix":"repo:octo-org@65/octo-repo@74"}`, "repo:octo-org@65/octo-repo@74:ref:refs/heads/main"},
			{"PUT", repositoryPath, `{"use_default":true}`, 201, `{}`, "repo:octo-org@65/octo-repo@74:ref:refs/heads/main"},
			{"PUT", repositoryPath, `{"use_default":true,"use_immutable_subject":false}`, 201, `{}`, standardSubject},
			{"PUT", organizationPath, `{"use_immutable_subject":true}`, 201, `{}`, "repo:octo-org@65/octo-repo@74:ref:refs/heads/main"},
		}},
		{"immutable by birth, which the flag does not say", "immutable", nil, []step{
			{"GET", "/repos/octocat/my-repo/actions/oidc/customization/sub", "", 200, `{"use_default":true,"use_immutable_subject":false,"sub_claim_prefix":"repo:octocat@123456/my-repo@456789"}`, "repo:octocat@123456/my-repo@456789:ref:refs/heads/main"},
			{"PUT", "/repos/octocat/my-repo/actions/oidc/customization/sub", `{"use_default":false,"include_claim_keys":["repo"]}`, 201, `{}`, "repo:octocat@123456/my-repo@456789"},
		}},
		{"a preset with a template", "custom-subject-ids", nil, []step{
			{"GET", repositoryPath, "", 200, `{"use_default":false,"include_claim_keys":["repository_owner_id","repository_id","context"],"use_immutable_subject":false,"sub_claim_prefix":"repo:octo-org/octo-repo"}`, "repository_owner_id:65:repository_id:74:ref:refs/heads/main"},
			{"PUT", repositoryPath, `{"use_default":true}`, 201, `{}`, standardSubject},
		}},
		{"an environment in a template", "environment", issuer.Claims{"environment": "a:b"}, []step{
			{"PUT", repositoryPath, `{"use_default":false,"include_claim_keys":["environment"]}`, 201, `{}`, "environment:a%3Ab"},
		}},
		{"names in another letter case, on a GitHub Enterprise Server", "ghes", nil, []step{
			{"PUT", "/api/v3/repos/Octo-Org/OCTO-REPO/actions/oidc/customization/sub", `{"use_default":false,"include_claim_keys":["repo"]}`, 201, `{}`, "repo:octo-org/octo-repo"},
		}},
		{"a subject that was given stays", "", issuer.Claims{"sub": "given"}, []step{
			{"PUT", repositoryPath, `{"use_default":false,"include_claim_keys":["repo"]}`, 201, `{}`, "given"},
		}},
		{"somebody else's", "", nil, []step{
			{"GET", "/repos/octo-org/other/actions/oidc/customization/sub", "", 404, restNotFound, standardSubject},
			{"PUT", "/orgs/other/actions/oidc/customization/sub", `{"include_claim_keys":["repo"]}`, 404, restNotFound, standardSubject},
			{"PUT", "/enterprises/other/actions/oidc/customization/issuer", `{"include_enterprise_slug":true}`, 404, restNotFound, standardSubject},
			{"DELETE", repositoryPath, "", 404, restNotFound, standardSubject},
			{"GET", "/user", "", 404, restNotFound, standardSubject},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, tt.preset, tt.claims)
			for _, s := range tt.steps {
				status, answer := r.rest(s.method, s.path, s.body)
				if status != s.status || answer != s.answer {
					t.Errorf("%s %s %s: %d %s, want %d %s", s.method, s.path, s.body, status, answer, s.status, s.answer)
				}
				if got := r.claims("")["sub"]; got != s.sub {
					t.Errorf("after %s %s %s: sub is %q, want %q", s.method, s.path, s.body, got, s.sub)
				}
			}
		})
	}
}

// TestIssuerCustomization puts the enterprise's slug into iss and takes it out again.
func TestIssuerCustomization(t *testing.T) {
	t.Parallel()
	const usual = "https://token.actions.githubusercontent.com"
	for _, tt := range []struct {
		preset, slug   string
		before         string
		include, leave string
	}{
		{"enterprise", "avocado-corp", usual, usual + "/avocado-corp", usual},
		{"enterprise-slug", "octocat-inc", usual + "/octocat-inc", usual + "/octocat-inc", usual},
	} {
		t.Run(tt.preset, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, tt.preset, nil)
			for _, s := range []struct{ body, want string }{
				{`{}`, tt.before}, {`{"include_enterprise_slug":true}`, tt.include}, {`{"include_enterprise_slug":false}`, tt.leave},
			} {
				if status, answer := r.rest("PUT", "/enterprises/"+tt.slug+"/actions/oidc/customization/issuer", s.body); status != 204 || answer != "" {
					t.Errorf("%s: %d %q, want 204 and nothing", s.body, status, answer)
				}
				if got := r.claims("")["iss"]; got != s.want {
					t.Errorf("%s: iss is %q, want %q", s.body, got, s.want)
				}
			}
			const wrong = `{"message":"Invalid request.\n\nFor 'properties/include_enterprise_slug', 1 is not a boolean.","documentation_url":"https://docs.github.com/rest","status":"422"}`
			if status, answer := r.rest("PUT", "/enterprises/"+tt.slug+"/actions/oidc/customization/issuer", `{"include_enterprise_slug":1}`); status != 422 || answer != wrong {
				t.Errorf("%d %s, want 422 %s", status, answer, wrong)
			}
		})
	}
}

// TestIssuerThatCannotBe has nobody publish the issuer with the slug: iss stays as it was.
func TestIssuerThatCannotBe(t *testing.T) {
	t.Parallel()
	iss, err := issuer.New(Platform, issuer.WithKeys(issuer.GenerateTestKey))
	if err != nil {
		t.Fatal(err)
	}
	api, err := Platform.Native.New(issuer.Workload{
		Issuer: iss, Preset: "enterprise", Base: "https://farm.example", Rand: rand.Reader,
		Serve: func(other *issuer.Issuer) error { return errors.New("no room for " + other.URL()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	env, err := api.Env("")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, address, credential, body string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(method, address, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+credential)
		w := httptest.NewRecorder()
		api.Handler.ServeHTTP(w, req)
		return w
	}
	w := ask(http.MethodPut, "/enterprises/avocado-corp/actions/oidc/customization/issuer", env[apiTokenVariable], `{"include_enterprise_slug":true}`)
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"Server Error"`) {
		t.Errorf("%d %s, want 500 with Server Error", w.Code, w.Body)
	}
	w = ask(http.MethodGet, env[requestURLVariable], env[requestTokenVariable], "")
	token, _ := issuertest.Object(t, w.Body.Bytes())["value"].(string)
	if _, claims := issuertest.Decode(t, token); claims["iss"] != iss.URL() {
		t.Errorf("iss is %q, want %q", claims["iss"], iss.URL())
	}
}

func TestCustomizationRefuses(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "", nil)
	token := r.found.Env[apiTokenVariable]
	t.Run("all", func(t *testing.T) {
		for _, tt := range []struct {
			name, path, authorization, body string
			status                          int
			message                         string
		}{
			{"no credential", repositoryPath, "", `{"use_default":true}`, 401, "Requires authentication"},
			{"another credential", repositoryPath, "Bearer ghs_" + strings.Repeat("0", 36), `{"use_default":true}`, 401, "Bad credentials"},
			{"the token service's credential", repositoryPath, "Bearer " + r.found.Env[requestTokenVariable], `{"use_default":true}`, 401, "Bad credentials"},
			{"another scheme", repositoryPath, "Basic " + token, `{"use_default":true}`, 401, "Bad credentials"},
			{"no body", repositoryPath, "token " + token, "", 400, "Body should be a JSON object"},
			{"a list", repositoryPath, "Token " + token, `[]`, 400, "Body should be a JSON object"},
			{"null", repositoryPath, "bearer " + token, `null`, 400, "Body should be a JSON object"},
			{"half an object", repositoryPath, "Bearer " + token, `{"use_default":`, 400, "Problems parsing JSON"},
			{"two objects", repositoryPath, "Bearer " + token, `{"use_default":true}{}`, 400, "Problems parsing JSON"},
			{"10 MB", repositoryPath, "Bearer " + token, `{"a":"` + strings.Repeat("x", 10<<20) + `"}`, 413, "Request Entity Too Large"},
			{"nothing", repositoryPath, "Bearer " + token, `{}`, 422, `Invalid request.\n\n\"use_default\" wasn't supplied.`},
			{"nothing of an organisation", organizationPath, "Bearer " + token, `{}`, 422, `Invalid request.\n\n\"include_claim_keys\" wasn't supplied.`},
			{"a text for a boolean", repositoryPath, "Bearer " + token, `{"use_default":"true"}`, 422, `Invalid request.\n\nFor 'properties/use_default', \"true\" is not a boolean.`},
			{"null for a boolean", repositoryPath, "Bearer " + token, `{"use_default":null}`, 422, `Invalid request.\n\nFor 'properties/use_default', nil is not a boolean.`},
			{"a text for a list", organizationPath, "Bearer " + token, `{"include_claim_keys":"repo"}`, 422, `Invalid request.\n\nFor 'properties/include_claim_keys', \"repo\" is not an array.`},
			{"a number for a key", organizationPath, "Bearer " + token, `{"include_claim_keys":["repo",1]}`, 422, `Invalid request.\n\nFor 'properties/include_claim_keys/items', 1 is not a string.`},
			{"not a key", organizationPath, "Bearer " + token, `{"include_claim_keys":["repo:x"]}`, 422, `Invalid request.\n\nFor 'properties/include_claim_keys/items', repo:x does not match /^[a-zA-Z0-9_]+$/.`},
			{"a key twice", organizationPath, "Bearer " + token, `{"include_claim_keys":["repo","repo"]}`, 422, `Invalid request.\n\nFor 'properties/include_claim_keys', Duplicate items are not allowed.`},
			{"two mistakes", repositoryPath, "Bearer " + token, `{"include_claim_keys":1}`, 422, `Invalid request.\n\nFor 'properties/include_claim_keys', 1 is not an array.\n\"use_default\" wasn't supplied.`},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				r := &runner{t: t, client: r.client, found: r.found}
				status, header, body := r.do(http.MethodPut, r.found.Base+tt.path, tt.authorization, tt.body)
				want := `{"message":"` + tt.message + `","documentation_url":"https://docs.github.com/rest","status":"` + strconv.Itoa(tt.status) + `"}`
				if status != tt.status || body != want {
					t.Errorf("%d %s, want %d %s", status, body, tt.status, want)
				}
				if got, want := header.Get("Content-Type"), "application/json; charset=utf-8"; got != want {
					t.Errorf("content type %q, want %q", got, want)
				}
			})
		}
	})
	if got := r.claims("")["sub"]; got != standardSubject {
		t.Errorf("after all that was refused: sub is %q, want %q", got, standardSubject)
	}
}
