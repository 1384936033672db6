package apiserver

import (
	"net/http"
	"net/url"
)

// apiGroup is a group of resources, as discovery lists it.
type apiGroup struct {
	Kind       string         `json:"kind,omitempty"` // and apiVersion: not in a list
	APIVersion string         `json:"apiVersion,omitempty"`
	Name       string         `json:"name"`
	Versions   []groupVersion `json:"versions"`
	Preferred  groupVersion   `json:"preferredVersion"`
}

type groupVersion struct {
	GroupVersion string `json:"groupVersion"`
	Version      string `json:"version"`
}

// apiResource is what can be done with a kind of object.
type apiResource struct {
	Name       string   `json:"name"`
	Singular   string   `json:"singularName"`
	Namespaced bool     `json:"namespaced"`
	Group      string   `json:"group,omitempty"`   // of the kind, where it is not the list's
	Version    string   `json:"version,omitempty"` // of the kind, likewise
	Kind       string   `json:"kind"`
	Verbs      []string `json:"verbs"`
	Short      []string `json:"shortNames,omitempty"`
	Hash       string   `json:"storageVersionHash,omitempty"`
}

// apiVersions are those of the first group, and where the API server is.
type apiVersions struct {
	Kind      string          `json:"kind"`
	Versions  []string        `json:"versions"`
	Addresses []serverAddress `json:"serverAddressByClientCIDRs"`
}

type serverAddress struct {
	Clients string `json:"clientCIDR"`
	Address string `json:"serverAddress"`
}

type apiGroupList struct {
	typeMeta
	Groups []apiGroup `json:"groups"`
}

type apiResourceList struct {
	Kind         string        `json:"kind"`
	APIVersion   string        `json:"apiVersion,omitempty"` // kube-apiserver leaves it out of the first group's
	GroupVersion string        `json:"groupVersion"`
	Resources    []apiResource `json:"resources"`
}

// resources are the documents of API discovery by path, as in k8s.io/kubernetes, api/discovery, of what there is here.
// The aggregated form, which clients ask for first, is left out: they take this one.
func (s *Server) resources() map[string]objectHandler {
	v1 := groupVersion{GroupVersion: authenticationVersion, Version: "v1"}
	group := apiGroup{Name: authenticationGroup, Versions: []groupVersion{v1}, Preferred: v1}
	alone := group
	alone.Kind, alone.APIVersion = "APIGroup", "v1"
	document := func(object any) objectHandler {
		return func(w http.ResponseWriter, _ *http.Request, _ userInfo) error {
			answer(w, http.StatusOK, object)
			return nil
		}
	}
	return map[string]objectHandler{
		"/api": document(apiVersions{
			Kind: "APIVersions", Versions: []string{"v1"}, Addresses: []serverAddress{{Clients: "0.0.0.0/0", Address: s.host()}},
		}),
		"/apis":                        document(apiGroupList{typeMeta{Kind: "APIGroupList", APIVersion: "v1"}, []apiGroup{group}}),
		"/apis/" + authenticationGroup: document(alone),
		"/api/v1": document(apiResourceList{Kind: "APIResourceList", GroupVersion: "v1", Resources: []apiResource{
			{Name: "serviceaccounts", Singular: "serviceaccount", Namespaced: true, Kind: "ServiceAccount", Verbs: []string{"create", "get", "list"},
				Short: []string{"sa"}, Hash: "pbx9ZvyFpBE="},
			{Name: "serviceaccounts/token", Namespaced: true, Group: authenticationGroup, Version: "v1", Kind: "TokenRequest",
				Verbs: []string{"create"}},
		}}),
		"/apis/" + authenticationVersion: document(apiResourceList{Kind: "APIResourceList", APIVersion: "v1", GroupVersion: authenticationVersion,
			Resources: []apiResource{
				{Name: "selfsubjectreviews", Singular: "selfsubjectreview", Kind: "SelfSubjectReview", Verbs: []string{"create"}},
				{Name: "tokenreviews", Singular: "tokenreview", Kind: "TokenReview", Verbs: []string{"create"}},
			}}),
	}
}

// host is the host:port of the API server.
func (s *Server) host() string {
	u, err := url.Parse(s.w.Base)
	if err != nil {
		return ""
	}
	return u.Host
}
