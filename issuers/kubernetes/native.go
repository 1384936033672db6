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

	"github.com/issuerd/issuerd/issuers/issuer"
)

// native is the API server of a cluster with one workload, whose environment has a kubeconfig of the cluster's administrator and a token
// as the kubelet projects it. Both are files, so the workload runs where the farm does.
var native = &issuer.Native{New: newAPI, Fetch: fetch, Local: true}

// exchangeAudience is what the webhook of Azure Workload Identity asks for, always.
const exchangeAudience = "api://AzureADTokenExchange"

// server is the API server of one workload's cluster. Apart from what has its own lock, it does not change.
type server struct {
	w          issuer.Workload
	service    string   // the issuer's service: the kind of cluster
	credential [32]byte // SHA-256 of the administrator's bearer token
	config     kubeconfig
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
	sample, err := w.Mint(issuer.Request{Audience: []string{exchangeAudience}})
	if err != nil {
		return nil, err
	}
	var secret [32]byte
	if _, err := io.ReadFull(w.Rand, secret[:]); err != nil {
		return nil, fmt.Errorf("kubernetes: credential: %w", err)
	}
	bearer := base64.RawURLEncoding.EncodeToString(secret[:])
	s := &server{w: w, service: preset.Service, credential: sha256.Sum256([]byte(bearer)), projectors: map[string]*Projector{}}
	s.own, s.bound = sampled(sample.Claims)
	s.accounts = newAccounts(w.Now, w.Rand, s.own)
	s.config = newKubeconfig(w, bearer, volume{
		ServiceAccount: s.own.Name, ExpirationSeconds: seconds(sample.Claims), BoundObjectRef: s.reference(),
	}, s.own.Namespace)
	return &issuer.API{Handler: s.handler(), Env: s.env}, nil
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

// env is the kubeconfig and, as the webhook of Azure Workload Identity sets it, the path of the projected token. A call for an audience
// that it has had before is what makes the kubelet look at the file: see Projector. The webhook's other variables name an application and
// are not the cluster's business.
func (s *server) env(audience string) (map[string]string, error) {
	if s.w.Dir == "" {
		return nil, errors.New("kubernetes: the environment is made of files, and the workload has no folder for them")
	}
	if audience == "" {
		audience = exchangeAudience
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	config := filepath.Join(s.w.Dir, "kubeconfig")
	if len(s.projectors) == 0 { // once, so that nobody reads half of it
		if err := s.config.write(config); err != nil {
			return nil, err
		}
	}
	p := s.projectors[audience]
	if p == nil {
		p = &Projector{
			Dir: filepath.Join(s.w.Dir, "token-"+strconv.Itoa(len(s.projectors))), File: "azure-identity-token", Now: s.w.Now,
			Life: volumeLife(s.config), Token: func() (string, error) {
				token, err := s.w.Mint(issuer.Request{Audience: []string{audience}})
				return token.Raw, err
			},
		}
		s.projectors[audience] = p
	}
	if _, err := p.Refresh(); err != nil {
		return nil, err
	}
	return map[string]string{"KUBECONFIG": config, "AZURE_FEDERATED_TOKEN_FILE": p.Path()}, nil
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
	r.Header.Set("Authorization", "Bearer "+config.Users[0].User.Token)
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
		refusal := status{Message: http.StatusText(response.StatusCode)}
		_ = json.Unmarshal(body, &refusal) // what is no Status has only its code
		return "", &issuer.Refused{Status: response.StatusCode, Message: refusal.Message}
	}
	var answered tokenRequest
	if err := json.Unmarshal(body, &answered); err != nil || answered.Status.Token == "" {
		return "", errors.New("kubernetes: token request: the answer has no status.token")
	}
	return answered.Status.Token, nil
}
