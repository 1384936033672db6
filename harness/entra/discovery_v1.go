package entra

import "net/http"

// discoveryDocumentV1 has the members of a tenant's v1.0 document as it was published in 2019, in the order of the v2.0
// document as far as they are common; the order of the rest is inferred.
type discoveryDocumentV1 struct {
	Token               string   `json:"token_endpoint"`
	TokenAuth           []string `json:"token_endpoint_auth_methods_supported"`
	JWKS                string   `json:"jwks_uri"`
	ResponseModes       []string `json:"response_modes_supported"`
	SubjectTypes        []string `json:"subject_types_supported"`
	Algorithms          []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes       []string `json:"response_types_supported"`
	Scopes              []string `json:"scopes_supported"`
	Issuer              string   `json:"issuer"`
	MultiRefreshToken   bool     `json:"microsoft_multi_refresh_token"`
	Authorization       string   `json:"authorization_endpoint"`
	DeviceAuthorization string   `json:"device_authorization_endpoint"`
	HTTPLogout          bool     `json:"http_logout_supported"`
	FrontChannelLogout  bool     `json:"frontchannel_logout_supported"`
	EndSession          string   `json:"end_session_endpoint"`
	Claims              []string `json:"claims_supported"`
	CheckSession        string   `json:"check_session_iframe"`
	UserInfo            string   `json:"userinfo_endpoint"`
	Kerberos            string   `json:"kerberos_endpoint"`
	RegionScope         *string  `json:"tenant_region_scope"`
	CloudInstance       string   `json:"cloud_instance_name"`
	CloudGraph          string   `json:"cloud_graph_host_name,omitempty"`
	Graph               string   `json:"msgraph_host"`
	RBAC                string   `json:"rbac_url,omitempty"`
}

// serveDiscoveryV1 answers GET /{tenant}/.well-known/openid-configuration. The issuer is that of v1.0 tokens whatever
// host was called.
func (s *Server) serveDiscoveryV1(w http.ResponseWriter, r *http.Request, tenant string) {
	b := baseOf(r)
	a, refusal := s.authorityOf(b, tenant)
	if refusal != nil {
		s.refuseDocument(w, r, refusal)
		return
	}
	id := a.path
	if a.region == nil { // common and organizations
		id = tenantIDPlaceholder
	}
	at := b.url + "/" + a.path
	s.serveDocument(w, marshal(discoveryDocumentV1{
		Token:               at + "/oauth2/token",
		TokenAuth:           []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		JWKS:                at + "/discovery/keys",
		ResponseModes:       []string{"query", "fragment", "form_post"},
		SubjectTypes:        []string{"pairwise"},
		Algorithms:          []string{"RS256"},
		ResponseTypes:       []string{"code", "id_token", "code id_token", "token id_token", "token"},
		Scopes:              []string{"openid"},
		Issuer:              sharedIssuerV1 + id + "/",
		MultiRefreshToken:   true,
		Authorization:       at + "/oauth2/authorize",
		DeviceAuthorization: at + "/oauth2/devicecode",
		HTTPLogout:          true,
		FrontChannelLogout:  true,
		EndSession:          at + "/oauth2/logout",
		Claims: []string{
			"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat",
			"auth_time", "acr", "amr", "nonce", "email", "given_name", "family_name", "nickname",
		},
		CheckSession:  at + "/oauth2/checksession",
		UserInfo:      at + "/openid/userinfo",
		Kerberos:      at + "/kerberos",
		RegionScope:   a.region,
		CloudInstance: a.cloud.Instance,
		CloudGraph:    a.cloud.OldGraph,
		Graph:         a.cloud.Graph,
		RBAC:          a.cloud.RBAC,
	}))
}
