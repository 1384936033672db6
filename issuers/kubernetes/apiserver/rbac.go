package apiserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// userInfo is who a request comes from.
type userInfo struct {
	Username string              `json:"username,omitempty"`
	UID      string              `json:"uid,omitempty"`
	Groups   []string            `json:"groups,omitempty"`
	Extra    map[string][]string `json:"extra,omitempty"`
}

const (
	authenticated   = "system:authenticated"
	unauthenticated = "system:unauthenticated"
	masters         = "system:masters" // may do everything
)

// admin is the user of the kubeconfig. The name is kubeadm's, which gives it a client certificate and not a token.
func admin() userInfo {
	return userInfo{Username: "kubernetes-admin", Groups: []string{masters, authenticated}}
}

func anonymous() userInfo {
	return userInfo{Username: "system:anonymous", Groups: []string{unauthenticated}}
}

// caller tells who sent a request. The error is a *status: a bearer token that is not good makes nobody anonymous.
func (s *Server) caller(r *http.Request) (userInfo, error) {
	parts := strings.SplitN(strings.TrimSpace(r.Header.Get("Authorization")), " ", 3)
	if len(parts) < 2 || !strings.EqualFold(parts[0], "bearer") || parts[1] == "" {
		return anonymous(), nil
	}
	user, _, err := s.authenticate(parts[1], []string{s.audience()})
	if err != nil {
		return userInfo{}, unauthorized()
	}
	return user, nil
}

// isAdmin compares in a time that tells nothing about the credential.
func (s *Server) isAdmin(bearer string) bool {
	sum := sha256.Sum256([]byte(bearer))
	return subtle.ConstantTimeCompare(sum[:], s.credential[:]) == 1
}

// attributes are what a request wants to do, in the words of role-based access control.
type attributes struct {
	verb        string
	path        string // of a request for no resource
	resource    resource
	subresource string
	namespace   string
	name        string
}

// sanitizer keeps HTML out of the text about a path.
var sanitizer = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// attributesOf reads a request as k8s.io/apiserver does, pkg/endpoints/request/requestinfo.go.
func attributesOf(r *http.Request) attributes {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var group string
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		group, parts = parts[1], parts[3:]
	default:
		return attributes{verb: strings.ToLower(r.Method), path: r.URL.Path}
	}
	a := attributes{resource: resource{group: group}}
	if parts[0] == "namespaces" && len(parts) > 1 {
		a.namespace = parts[1]
		if len(parts) > 2 && parts[2] != "status" && parts[2] != "finalize" {
			parts = parts[2:]
		}
	}
	a.resource.name = parts[0]
	if len(parts) > 1 {
		a.name = parts[1]
	}
	if len(parts) > 2 {
		a.subresource = parts[2]
	}
	a.verb = verb(r, a.name)
	return a
}

func verb(r *http.Request, name string) string {
	switch r.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if name == "" {
			return "deletecollection"
		}
		return "delete"
	case http.MethodGet, http.MethodHead:
		if watch := r.URL.Query().Get("watch"); name == "" && (watch == "1" || watch == "true") {
			return "watch"
		}
		if name == "" {
			return "list"
		}
		return "get"
	}
	return ""
}

// What the roles that every cluster starts with let somebody get: system:public-info-viewer everybody, system:discovery
// whoever shows a credential, and system:service-account-issuer-discovery service accounts.
var (
	publicPaths    = []string{"/healthz", "/livez", "/readyz", "/version", "/version/"}
	apiPaths       = []string{"/api", "/apis", "/openapi"} // and what is below
	discoveryPaths = []string{discoveryPath, discoveryPath + "/", keysPath}
)

// authorize returns nil, or the *status for what the user may not do.
func authorize(user userInfo, a attributes) error {
	get := a.verb == "get" && a.path != ""
	reviews := a.verb == "create" && a.resource == selfSubjectReviews // by system:basic-user
	switch {
	case slices.Contains(user.Groups, masters),
		get && slices.Contains(publicPaths, a.path),
		get && below(apiPaths, a.path) && slices.Contains(user.Groups, authenticated),
		get && slices.Contains(discoveryPaths, a.path) && slices.Contains(user.Groups, allAccounts),
		reviews && slices.Contains(user.Groups, authenticated):
		return nil
	}
	return refused(user, a)
}

// refused is the *status for what a user may not do.
func refused(user userInfo, a attributes) error {
	return forbidden(a.resource, a.name, sanitizer.Replace(refusal(user.Username, a)))
}

// below tells whether a path is one of those or below it.
func below(paths []string, path string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") })
}

// refusal has the texts of k8s.io/apiserver, pkg/endpoints/handlers/responsewriters/errors.go.
func refusal(user string, a attributes) string {
	if a.path != "" {
		return fmt.Sprintf("User %q cannot %s path %q", user, a.verb, a.path)
	}
	what := a.resource.name
	if a.subresource != "" {
		what += "/" + a.subresource
	}
	if a.namespace != "" {
		return fmt.Sprintf("User %q cannot %s resource %q in API group %q in the namespace %q", user, a.verb, what, a.resource.group, a.namespace)
	}
	return fmt.Sprintf("User %q cannot %s resource %q in API group %q at the cluster scope", user, a.verb, what, a.resource.group)
}
