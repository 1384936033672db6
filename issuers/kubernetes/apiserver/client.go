package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Ask is what a kubelet asks an API server for the token of a volume.
type Ask struct {
	Namespace, ServiceAccount string
	Audience                  string // empty: the API server's own
	ExpirationSeconds         int64
	Bound                     *Reference // what it is bound to; nil: nothing
}

// Token asks the API server at a URL, as the user of a bearer token; the empty one is nobody's. The error of a refusal
// is an *issuer.Refused.
func (a Ask) Token(ctx context.Context, client *http.Client, server, bearer string) (string, error) {
	spec := tokenRequestSpec{ExpirationSeconds: &a.ExpirationSeconds, BoundObjectRef: a.Bound}
	if a.Audience != "" {
		spec.Audiences = []string{a.Audience}
	}
	request := tokenRequest{Spec: spec}
	_, request.typeMeta = request.head()
	body, err := json.Marshal(request)
	if err != nil {
		return "", fmt.Errorf("kubernetes: token request: %w", err)
	}
	address := server + "/api/v1/namespaces/" + url.PathEscape(a.Namespace) + "/serviceaccounts/" + url.PathEscape(a.ServiceAccount) + "/token"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("kubernetes: token request: %w", err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	r.Header.Set("Content-Type", jsonType)
	r.Header.Set("Accept", jsonType)
	response, body, err := issuer.Send(client, r)
	if err != nil {
		return "", fmt.Errorf("kubernetes: token request: %w", err)
	}
	if response.StatusCode != http.StatusCreated {
		return "", &issuer.Refused{Status: response.StatusCode, Message: refusalText(response, body, a.ServiceAccount)}
	}
	var answered tokenRequest
	if err := json.Unmarshal(body, &answered); err != nil || answered.Status.Token == "" {
		return "", errors.New("kubernetes: token request: the answer has no status.token")
	}
	return answered.Status.Token, nil
}
