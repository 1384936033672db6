package kubernetes

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// native is the API server of a cluster with one workload, whose environment has a kubeconfig of the cluster's administrator and a token
// as the kubelet projects it. Both are files, so the workload runs where the farm does.
var native = &issuer.Native{New: newAPI, Fetch: fetch, Local: true, Root: true}

// exchangeAudience is what the webhook of Azure Workload Identity asks for, always.
const exchangeAudience = "api://AzureADTokenExchange"

// server is the API server of one workload's cluster. Apart from what has its own lock, it does not change.
type server struct {
	w          issuer.Workload
	service    string   // the issuer's service: the kind of cluster
	credential [32]byte // SHA-256 of the administrator's bearer token
	config     kubeconfig
	pod        pod
	projected  time.Duration    // the life of the token in the file
	own        objectMeta       // the workload's service account
	bound      map[string]named // by kind: what the workload's token is bound to
	accounts   *accounts

	mu         sync.Mutex
	projectors map[string]*Projector // by audience
}

func newAPI(w issuer.Workload) (*issuer.API, error) {
	preset, err := w.Issuer.Preset(w.Preset)
	if err != nil {
		return nil, err
	}
	var asked pod
	if w.Claims, asked, err = splitClaims(w.Claims); err != nil {
		return nil, err
	}
	sample, err := w.Mint(issuer.Request{Audience: []string{exchangeAudience}})
	if err != nil {
		return nil, err
	}
	bearer, err := newBearer(w.Rand)
	if err != nil {
		return nil, err
	}
	s := &server{w: w, service: preset.Service, credential: sha256.Sum256([]byte(bearer)), pod: asked, projectors: map[string]*Projector{}}
	s.own, s.bound = sampled(sample.Claims)
	s.own.Annotations = asked.annotations
	s.accounts = newAccounts(w.Now, w.Rand, s.own)
	life, err := asked.projectedSeconds(seconds(sample.Claims))
	if err != nil {
		return nil, err
	}
	s.projected = time.Duration(life) * time.Second
	asks := volume{ServiceAccount: s.own.Name, ExpirationSeconds: seconds(sample.Claims), BoundObjectRef: s.reference()}
	if err := json.Unmarshal(asked.request, &asks); err != nil {
		return nil, fmt.Errorf("kubernetes: the workload's request for a token: %w", err)
	}
	user, bearer, err := s.user(asked.user, bearer)
	if err != nil {
		return nil, err
	}
	s.config = newKubeconfig(w, user, bearer, asks, s.own.Namespace)
	return &issuer.API{Handler: s.handler(), Env: s.env, Renew: s.renew}, nil
}

// user returns the name and the bearer token that the kubeconfig has: of the administrator, for the empty name, of nobody for
// system:anonymous, or of a service account. Anybody else's is from another cluster.
func (s *server) user(name, admins string) (user, bearer string, err error) {
	switch account, ok := strings.CutPrefix(name, prefix); {
	case name == "" || name == admin().Username:
		return admin().Username, admins, nil
	case name == anonymous().Username:
		return name, "", nil
	case ok:
		namespace, account, _ := strings.Cut(account, ":")
		found, err := s.accounts.find(namespace, account)
		if err != nil {
			return "", "", fmt.Errorf("kubernetes: user %q: %w", name, err)
		}
		life := int64(defaultSeconds)
		token, err := s.w.Mint(s.mintRequest(found, tokenRequestSpec{Audiences: []string{s.audience()}, ExpirationSeconds: &life}))
		return name, token.Raw, err
	}
	bearer, err = newBearer(s.w.Rand)
	return name, bearer, err
}

// newBearer makes a credential that nobody guesses.
func newBearer(source io.Reader) (string, error) {
	var secret [32]byte
	if _, err := io.ReadFull(source, secret[:]); err != nil {
		return "", fmt.Errorf("kubernetes: credential: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(secret[:]), nil
}

// sampled reads from a token's claims whose it is and what it is bound to. Claims that a caller has made odd count for nothing.
func sampled(claims issuer.Claims) (own objectMeta, objects map[string]named) {
	member := func(members map[string]any, name string) map[string]any {
		object, _ := members[name].(map[string]any)
		return object
	}
	about := member(claims, bound)
	objects = map[string]named{}
	for _, kind := range kinds {
		if object := member(about, kind); text(object, "name") != "" {
			objects[kind] = named{Name: text(object, "name"), UID: text(object, "uid")}
		}
	}
	account := objects["serviceaccount"]
	delete(objects, "serviceaccount")
	own = objectMeta{Namespace: text(about, "namespace"), Name: account.Name, UID: account.UID}
	if subject, ok := strings.CutPrefix(text(claims, "sub"), prefix); ok {
		if namespace, name, ok := strings.Cut(subject, ":"); ok && namespace != "" && name != "" {
			own.Namespace, own.Name = namespace, name
		}
	}
	if own.Namespace == "" || own.Name == "" {
		own.Namespace, own.Name = "default", "default"
	}
	if own.UID == "" {
		own.UID = uid("serviceaccount", own.Namespace, own.Name)
	}
	return own, objects
}

// seconds is the life of a token.
func seconds(claims issuer.Claims) int64 {
	iat, _ := claims["iat"].(int64)
	if exp, ok := claims["exp"].(int64); ok && exp-iat >= leastSeconds && exp-iat <= mostSeconds {
		return exp - iat
	}
	return defaultSeconds
}

// reference names what the workload's token is bound to; nil: nothing.
func (s *server) reference() *reference {
	for _, kind := range []string{"Pod", "Secret", "Node"} {
		if object, ok := s.bound[strings.ToLower(kind)]; ok {
			return &reference{Kind: kind, APIVersion: "v1", Name: object.Name, UID: object.UID}
		}
	}
	return nil
}

// audience is the API server's own.
func (s *server) audience() string { return s.w.Issuer.URL() }

// env is the kubeconfig and what the webhook of Azure Workload Identity sets: the path of the projected token and, as the annotations of
// the service account say, the application.
func (s *server) env(audience string) (map[string]string, error) {
	dir, err := s.w.Dir()
	if err != nil {
		return nil, fmt.Errorf("kubernetes: the environment is made of files, and %w", err)
	}
	if audience == "" {
		audience = exchangeAudience
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	config := filepath.Join(dir, "kubeconfig")
	if len(s.projectors) == 0 { // once, so that nobody reads half of it
		if err := s.config.write(config); err != nil {
			return nil, err
		}
	}
	p := s.projectors[audience]
	if p == nil {
		p = &Projector{
			Dir: filepath.Join(dir, "token-"+strconv.Itoa(len(s.projectors))), File: "azure-identity-token", Now: s.w.Now,
			Life: s.projected, Token: func() (string, error) {
				token, err := s.w.Mint(issuer.Request{Audience: []string{audience}, Lifetime: s.projected})
				return token.Raw, err
			},
		}
		s.projectors[audience] = p
	}
	if _, err := p.Refresh(); err != nil {
		return nil, err
	}
	env := s.pod.env()
	env["KUBECONFIG"], env["AZURE_FEDERATED_TOKEN_FILE"] = config, p.Path()
	return env, nil
}

// renew has the kubelet look at the files, and tells when the next of them is due.
func (s *server) renew() (next time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range s.projectors {
		due, err := p.Refresh()
		errs = append(errs, err)
		if err == nil && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	return next, errors.Join(errs...)
}

// fetch asks for the token of the workload's volume, as a kubelet does.
func fetch(ctx context.Context, client *http.Client, found issuer.Found, audience string) (string, error) {
	config, err := readKubeconfig(found.Env["KUBECONFIG"])
	if err != nil {
		return "", err
	}
	in := config.Contexts[0].Context
	volume := in.Extensions[0].Extension
	spec := tokenRequestSpec{ExpirationSeconds: &volume.ExpirationSeconds, BoundObjectRef: volume.BoundObjectRef}
	if audience != "" {
		spec.Audiences = []string{audience}
	}
	request := tokenRequest{Spec: spec}
	_, request.typeMeta = request.head()
	body, err := json.Marshal(request)
	if err != nil {
		return "", fmt.Errorf("kubernetes: token request: %w", err)
	}
	address := found.Base + "/api/v1/namespaces/" + url.PathEscape(in.Namespace) + "/serviceaccounts/" + url.PathEscape(volume.ServiceAccount) + "/token"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("kubernetes: token request: %w", err)
	}
	if bearer := config.Users[0].User.Token; bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	r.Header.Set("Content-Type", jsonType)
	r.Header.Set("Accept", jsonType)
	response, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("kubernetes: token request: %w", err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return "", fmt.Errorf("kubernetes: token request: %w", err)
	}
	if response.StatusCode != http.StatusCreated {
		return "", &issuer.Refused{Status: response.StatusCode, Message: refusalText(response, body, volume.ServiceAccount)}
	}
	var answered tokenRequest
	if err := json.Unmarshal(body, &answered); err != nil || answered.Status.Token == "" {
		return "", errors.New("kubernetes: token request: the answer has no status.token")
	}
	return answered.Status.Token, nil
}
