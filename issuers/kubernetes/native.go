package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes/apiserver"
)

// native is the API server of a cluster with one workload, whose environment has a kubeconfig of the cluster's
// administrator and a token as the kubelet projects it. Both are files, so the workload runs where the farm does.
var native = &issuer.Native{New: newAPI, Fetch: fetch, Local: true, Root: true}

// exchangeAudience is what the webhook of Azure Workload Identity asks for, always.
const exchangeAudience = "api://AzureADTokenExchange"

// maxSeconds is the longest life of a token by the issuer's service; 0: as long as Kubernetes gives any. That of AKS is
// documented; that AKS has it from --service-account-max-token-expiration is inferred.
var maxSeconds = map[string]int64{"aks": 86400}

// node is what a workload has on its node: a kubeconfig, and tokens in files.
type node struct {
	w         issuer.Workload
	config    kubeconfig
	pod       pod
	projected time.Duration // the life of the token in the file

	mu         sync.Mutex
	projectors map[string]*projector // by audience
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
	server, err := apiserver.New(w, apiserver.Options{Annotations: asked.annotations, MaxSeconds: maxSeconds[preset.Service]})
	if err != nil {
		return nil, err
	}
	own := server.Volume()
	life, err := asked.projectedSeconds(own.ExpirationSeconds)
	if err != nil {
		return nil, err
	}
	asks := volume{ServiceAccount: own.ServiceAccount, ExpirationSeconds: own.ExpirationSeconds, BoundObjectRef: own.Bound}
	if err := json.Unmarshal(asked.request, &asks); err != nil {
		return nil, fmt.Errorf("kubernetes: the workload's request for a token: %w", err)
	}
	user, bearer, err := server.User(asked.user)
	if err != nil {
		return nil, err
	}
	n := &node{w: w, pod: asked, projected: time.Duration(life) * time.Second, projectors: map[string]*projector{}}
	n.config = newKubeconfig(w, user, bearer, asks, own.Namespace)
	return &issuer.API{Handler: server, Env: n.env, Renew: n.renew}, nil
}

// env is the kubeconfig and what the webhook of Azure Workload Identity sets: the path of the projected token and, as
// the annotations of the service account say, the application.
func (n *node) env(audience string) (map[string]string, error) {
	dir, err := n.w.Dir()
	if err != nil {
		return nil, fmt.Errorf("kubernetes: the environment is made of files, and %w", err)
	}
	if audience == "" {
		audience = exchangeAudience
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	config := filepath.Join(dir, "kubeconfig")
	if len(n.projectors) == 0 { // once, so that nobody reads half of it
		if err := n.config.write(config); err != nil {
			return nil, err
		}
	}
	p := n.projectors[audience]
	if p == nil {
		p = &projector{
			dir: filepath.Join(dir, "token-"+strconv.Itoa(len(n.projectors))), file: "azure-identity-token", now: n.w.Now,
			life: n.projected, token: func() (string, error) {
				token, err := n.w.Mint(issuer.Request{Audience: []string{audience}, Lifetime: n.projected})
				return token.Raw, err
			},
		}
		n.projectors[audience] = p
	}
	if _, err := p.refresh(); err != nil {
		return nil, err
	}
	env := n.pod.env()
	env["KUBECONFIG"], env["AZURE_FEDERATED_TOKEN_FILE"] = config, p.path()
	return env, nil
}

// renew has the kubelet look at the files, and tells when the next of them is due.
func (n *node) renew() (next time.Time, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	for _, p := range n.projectors {
		due, err := p.refresh()
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
	asks := in.Extensions[0].Extension
	return apiserver.Ask{
		Namespace: in.Namespace, ServiceAccount: asks.ServiceAccount, Audience: audience,
		ExpirationSeconds: asks.ExpirationSeconds, Bound: asks.BoundObjectRef,
	}.Token(ctx, client, found.Base, config.Users[0].User.Token)
}
