package buildkite

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

// TestAgentAPI asks Buildkite's agent API as the agent does and as it does not.
func TestAgentAPI(t *testing.T) {
	t.Parallel()
	s := issuertest.Start(t, Platform, "step", nil, "")
	good := "Token " + s.Found.Env[tokenVariable]
	path := "/jobs/" + s.Found.Env[jobVariable] + "/oidc/tokens"
	const standard = "https://buildkite.com/acme-inc"
	for _, tt := range []struct {
		name, method, path, authorization, body string
		status                                  int
		want                                    string // the audience, or the whole answer of a refusal
		life                                    float64
	}{
		{"nothing asked for", "POST", path, good, "{}\n", 200, standard, 300},
		{"no body", "POST", path, good, "", 200, standard, 300},
		{"audience and lifetime", "POST", path, good, `{"audience":"a","lifetime":60}`, 200, "a", 60},
		{"no credential", "POST", path, "", "{}", 401, `{"message":"Unauthorized"}`, 0},
		{"wrong credential", "POST", path, good + "x", "{}", 401, `{"message":"Unauthorized"}`, 0},
		{"another scheme", "POST", path, strings.Replace(good, "Token", "Bearer", 1), "{}", 401, `{"message":"Unauthorized"}`, 0},
		{"another job", "POST", "/jobs/1/oidc/tokens", good, "{}", 404, `{"message":"Not Found"}`, 0},
		{"no JSON", "POST", path, good, "audience=a", 400, `{"message":"Bad Request"}`, 0},
		{"2 MB", "POST", path, good, `{"audience":"` + strings.Repeat("x", 2<<20) + `"}`, 400, `{"message":"Bad Request"}`, 0},
		{"negative lifetime", "POST", path, good, `{"lifetime":-1}`, 422, `{"message":"lifetime is out of range"}`, 0},
		{"another subject", "POST", path, good, `{"subject_claim":"pipeline_id"}`, 422, `{"message":"claims, subject_claim and aws_session_tags are not impersonated"}`, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), tt.method, s.Found.Env[endpointVariable]+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if tt.authorization != "" {
				req.Header.Set("Authorization", tt.authorization)
			}
			resp, body, err := issuer.Send(http.DefaultClient, req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, tt.status, body)
			}
			if tt.status != http.StatusOK {
				if string(body) != tt.want {
					t.Errorf("answer %s, want %s", body, tt.want)
				}
				return
			}
			token, _ := issuertest.Object(t, body)["token"].(string)
			_, claims := issuertest.Decode(t, token)
			life := number(t, claims["exp"]) - number(t, claims["iat"])
			if claims["aud"] != tt.want || life != tt.life {
				t.Errorf("aud %q for %v s, want %q for %v s", claims["aud"], life, tt.want, tt.life)
			}
		})
	}
}

func number(t *testing.T, claim any) float64 {
	t.Helper()
	n, ok := claim.(interface{ Float64() (float64, error) })
	if !ok {
		t.Fatalf("%v is no number", claim)
	}
	value, err := n.Float64()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestAgentFetchRefused looks at the text that a user of the agent gets to read.
func TestAgentFetchRefused(t *testing.T) {
	t.Parallel()
	s := issuertest.Start(t, Platform, "step", nil, "")
	s.Found.Env[tokenVariable] = "wrong"
	_, err := fetch(t.Context(), s.Client(), s.Found, "a")
	var refused *issuer.Refused
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized || !strings.HasSuffix(refused.Message, "/oidc/tokens: 401 Unauthorized: Unauthorized") {
		t.Errorf("error %v, want the agent's for 401", err)
	}
}
