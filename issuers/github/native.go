package github

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gorilla/mux"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// native is the service that a job asks for its ID token, and the part of the REST API that customises its subject.
var native = &issuer.Native{New: newJob, Fetch: fetch}

// The variables of a job's environment.
const (
	requestURLVariable   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	requestTokenVariable = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
	apiURLVariable       = "GITHUB_API_URL"
	apiTokenVariable     = "GITHUB_TOKEN"
)

// The paths of the token service, of today and of the pipelines service before. The double slash is as recorded. What
// either does with another plan or job than the credential's is not known; here it is not found.
const (
	runPath       = "/222//idtoken/%s/%s"
	pipelinesPath = "/_apis/distributedtask/hubs/{hub:Actions|build}/plans/%s/jobs/%s/idtoken"
	collection    = "/{collection:[A-Za-z0-9]{50}}/00000000-0000-0000-0000-000000000000" // before pipelinesPath, where the host serves many
	apiVersion    = "?api-version=2.0"                                                   // clients append &audience= to it
)

// job is a job that may have ID tokens (permissions: id-token: write) and the customisation that its repository has.
type job struct {
	workload     issuer.Workload
	claims       issuer.Claims // of a token without customisation
	plan, id     string
	requestToken string
	apiToken     string

	mu     sync.Mutex
	custom customization
}

func newJob(w issuer.Workload) (*issuer.API, error) {
	sample, err := w.Sample(issuer.Request{})
	if err != nil {
		return nil, err
	}
	j := &job{workload: w, claims: sample.Claims}
	j.custom = born(sample.Claims, w.Issuer.Platform().Presets)

	var random [4][32]byte
	for n := range random {
		if _, err := io.ReadFull(w.Rand, random[n][:]); err != nil {
			return nil, fmt.Errorf("github: credentials of a job: %w", err)
		}
	}
	j.plan, j.id = issuer.UUIDFrom(random[0][:], 4), issuer.UUIDFrom(random[1][:], 4)
	j.requestToken = hex.EncodeToString(random[2][:]) // the real one is a JWT, whose content is not known in full
	j.apiToken = "ghs_" + hex.EncodeToString(random[3][:18])

	router := mux.NewRouter().SkipClean(true)
	router.Use(issuer.TellRoute)
	for _, path := range []string{runPath, pipelinesPath, collection + pipelinesPath} {
		router.HandleFunc(fmt.Sprintf(path, "{plan:"+j.plan+"}", "{job:"+j.id+"}"), j.serveIDToken).Methods(http.MethodGet)
	}
	j.routeREST(router)
	router.NotFoundHandler = http.HandlerFunc(notFound)
	router.MethodNotAllowedHandler = router.NotFoundHandler
	return &issuer.API{Handler: router, Env: j.environment}, nil
}

// environment is the same for every audience: the job says in its request which one it wants.
func (j *job) environment(string) (map[string]string, error) {
	return map[string]string{
		requestURLVariable:   j.workload.Base + fmt.Sprintf(runPath, j.plan, j.id) + apiVersion,
		requestTokenVariable: j.requestToken,
		apiURLVariable:       j.workload.Base,
		apiTokenVariable:     j.apiToken,
	}, nil
}

// idToken is the token service's answer, in the form that Azure DevOps gives a collection. What count says is not
// recorded, and no client reads it; that a text counts as its characters is inferred.
type idToken struct {
	Count int    `json:"count"`
	Value string `json:"value"`
}

// serveIDToken mints a token, a new one for each request. What it answers without the job's credential is not recorded:
// 401 is inferred, with no body. Inferred too are 400 for a query that is none, that an empty audience is none, and
// that the first of several counts.
func (j *job) serveIDToken(w http.ResponseWriter, r *http.Request) {
	if !issuer.Shows(r, j.requestToken, "bearer") {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	req := issuer.For(query.Get("audience"))
	req.Claims, req.For = j.customized(), r
	token, err := j.workload.Mint(req)
	if err != nil { // newJob has minted for this workload: only a fault gets here
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	reply(w, http.StatusOK, idToken{Count: len(token.Raw), Value: token.Raw})
}

// reply writes JSON. A client that has hung up is no error of ours.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body)
}

// fetch asks as @actions/core does, without its retries.
func fetch(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	address := found.Env[requestURLVariable]
	if address == "" || found.Env[requestTokenVariable] == "" { // a job without permissions: id-token: write
		return "", &issuer.Refused{Message: "Unable to get " + requestURLVariable + " env variable"}
	}
	if audience != "" {
		address += "&audience=" + url.QueryEscape(audience)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", fmt.Errorf("github: token request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+found.Env[requestTokenVariable])
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "actions/oidc-client")
	response, body, err := issuer.Send(client, req)
	if err != nil {
		return "", fmt.Errorf("github: token request: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", &issuer.Refused{Status: response.StatusCode, Message: refusal(response.StatusCode, body)}
	}
	var got idToken
	if err := json.Unmarshal(body, &got); err != nil {
		return "", fmt.Errorf("github: token response: %w", err)
	}
	if got.Value == "" {
		return "", &issuer.Refused{Status: response.StatusCode, Message: "Response json body do not have ID Token field"}
	}
	return got.Value, nil
}

// refusal is what @actions/core makes of an answer: the member message, else the whole body, else the status.
func refusal(status int, body []byte) string {
	var object struct{ Message string }
	if err := json.Unmarshal(body, &object); err == nil && object.Message != "" {
		return object.Message
	}
	if text := strings.TrimSpace(string(body)); text != "" {
		return text
	}
	return fmt.Sprintf("Failed request: (%d)", status)
}
