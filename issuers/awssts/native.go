package awssts

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/sigv4"
)

// native is the query protocol of STS, and of IAM for switching the federation on and off, at one endpoint; the Version
// of a request tells which service it is for. Both check the signature.
var native = &issuer.Native{New: newAPI, Fetch: fetch}

func newAPI(w issuer.Workload) (*issuer.API, error) {
	preset, err := w.Issuer.Preset(w.Preset)
	if err != nil {
		return nil, err
	}
	user := strings.HasPrefix(issuer.Text(preset.Settings, "principal"), "user/")
	key, err := sigv4.NewKey(w.Rand, !user)
	if err != nil {
		return nil, err
	}
	about, _ := w.Claims[aboutClaim].(map[string]any)
	a := &api{workload: w, key: key, enabled: true, region: cmp.Or(issuer.Text(about, "source_region"), issuer.Text(preset.Settings, "region"))}
	return &issuer.API{Handler: a, Env: func(string) (map[string]string, error) { return key.Env(a.region, w.Base+"/"), nil }}, nil
}

// api answers one principal. The switch of the federation, on at first, is this workload's own; in AWS it is the
// account's.
type api struct {
	workload issuer.Workload
	key      sigv4.Key
	region   string

	mu      sync.Mutex
	enabled bool
}

// maxBody is more than any request that can be answered needs.
const maxBody = 1 << 20

// awsService is what distinguishes STS and IAM on the wire.
type awsService struct {
	name, version, namespace string
	actions                  map[string]func(*api, url.Values) (any, *sigv4.Refused)
}

var (
	stsService = &awsService{"sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", map[string]func(*api, url.Values) (any, *sigv4.Refused){
		"GetWebIdentityToken": (*api).getWebIdentityToken,
		"GetCallerIdentity":   (*api).getCallerIdentity,
	}}
	iamService = &awsService{"iam", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", map[string]func(*api, url.Values) (any, *sigv4.Refused){
		"EnableOutboundWebIdentityFederation":  (*api).enable,
		"DisableOutboundWebIdentityFederation": (*api).disable,
		"GetOutboundWebIdentityFederationInfo": (*api).info,
	}}
)

// ServeHTTP answers a request of either service.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, err := issuer.NewUUID(a.workload.Rand)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Date", a.workload.Now().UTC().Format(http.TimeFormat)) // clients correct their clocks by it
	w.Header().Set("x-amzn-RequestId", id)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		write(w, http.StatusRequestEntityTooLarge, failure(stsService, "RequestEntityTooLarge", "Request size exceeded the limit.", id)) // not known
		return
	}
	if err != nil {
		panic(http.ErrAbortHandler) // the client has hung up
	}
	form := parameters(r, body)
	aws := stsService
	if form.Get("Version") == iamService.version {
		aws = iamService
	}
	result, refused := a.answer(aws, r, body, form)
	if refused != nil {
		write(w, refused.Status, failure(aws, refused.Code, refused.Message, id))
		return
	}
	write(w, http.StatusOK, success(aws, form.Get("Action"), result, id))
}

// answer finds the action, then checks the signature, then lets the action look at its parameters.
func (a *api) answer(aws *awsService, r *http.Request, body []byte, form url.Values) (any, *sigv4.Refused) {
	name, version := form.Get("Action"), form.Get("Version")
	if name == "" { // not known
		return nil, &sigv4.Refused{Code: "MissingAction", Status: http.StatusBadRequest, Message: "The request is missing an action or a required parameter."}
	}
	action := aws.actions[name]
	if action == nil || version != aws.version {
		return nil, &sigv4.Refused{Code: "InvalidAction", Status: http.StatusBadRequest,
			Message: fmt.Sprintf("Could not find operation %s for version %s", name, cmp.Or(version, "NO_VERSION_SPECIFIED"))}
	}
	issuer.SetRoute(r, aws.name+" "+name)
	scopes := []sigv4.Scope{{Region: a.region, Service: aws.name}}
	if aws == iamService { // a global service is signed for us-east-1, unless the client was given an endpoint
		scopes = append(scopes, sigv4.Scope{Region: "us-east-1", Service: aws.name})
	}
	if refused := a.key.Verify(r, body, a.workload.Now(), scopes...); refused != nil {
		return nil, refused
	}
	return action(a, form)
}

// parameters are those of the form, or of the query of a GET. A body of another type has none.
func parameters(r *http.Request, body []byte) url.Values {
	raw := string(body)
	if r.Method == http.MethodGet {
		raw = r.URL.RawQuery
	} else if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); r.Method != http.MethodPost || strings.TrimSpace(kind) != formType {
		return nil
	}
	form, err := url.ParseQuery(raw)
	if err != nil {
		return nil
	}
	return form
}

const formType = "application/x-www-form-urlencoded"

// fetch asks for a token for five minutes.
func fetch(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	form := url.Values{"Action": {"GetWebIdentityToken"}, "Version": {stsService.version}, "SigningAlgorithm": {"RS256"}}
	if audience != "" {
		form.Set("Audience.member.1", audience)
	}
	endpoint := strings.TrimSuffix(found.Base, "/") + "/"
	body := []byte(form.Encode())
	answer, text, err := post(ctx, client, endpoint, body, func(r *http.Request) {
		sigv4.FromEnv(found.Env).Sign(r, body, sigv4.Scope{Region: found.Env["AWS_REGION"], Service: stsService.name}, found.Now)
	})
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		var said errorResponse
		if err := xml.Unmarshal(text, &said); err != nil || said.Error.Code == "" { // clients show what they cannot read, each in its own words
			message := strings.TrimSuffix(answer.Status+": "+strings.TrimSpace(string(text)), ": ")
			return "", &issuer.Refused{Status: answer.StatusCode, Message: message}
		}
		return "", &issuer.Refused{Status: answer.StatusCode, Message: said.Error.Code + ": " + said.Error.Message}
	}
	var got struct {
		Token string `xml:"GetWebIdentityTokenResult>WebIdentityToken"`
	}
	if err := xml.Unmarshal(text, &got); err != nil {
		return "", fmt.Errorf("awssts: fetch: %w", err)
	}
	return got.Token, nil
}

func post(ctx context.Context, client *http.Client, endpoint string, body []byte, sign func(*http.Request)) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(string(body)))
	if err != nil {
		return nil, nil, fmt.Errorf("awssts: fetch: %w", err)
	}
	req.Header.Set("Content-Type", formType)
	sign(req)
	resp, text, err := issuer.Send(client, req)
	if err != nil {
		return nil, nil, fmt.Errorf("awssts: fetch: %w", err)
	}
	return resp, text, nil
}

// expiry is the time of the claim exp.
func expiry(claims issuer.Claims) time.Time {
	switch exp := claims["exp"].(type) {
	case int64:
		return time.Unix(exp, 0).UTC()
	case int:
		return time.Unix(int64(exp), 0).UTC()
	case float64:
		return time.Unix(int64(exp), 0).UTC()
	}
	return time.Time{}
}
