package entra

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// discoveryDocument has the members of a tenant's document in the order recorded
// by the Azure SDK for JavaScript. The mutual-TLS members that some tenants show
// since 2026 are left out.
type discoveryDocument struct {
	Token               string   `json:"token_endpoint"`
	TokenAuth           []string `json:"token_endpoint_auth_methods_supported"`
	JWKS                string   `json:"jwks_uri"`
	ResponseModes       []string `json:"response_modes_supported"`
	SubjectTypes        []string `json:"subject_types_supported"`
	Algorithms          []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes       []string `json:"response_types_supported"`
	Scopes              []string `json:"scopes_supported"`
	Issuer              string   `json:"issuer"`
	RequestURI          bool     `json:"request_uri_parameter_supported"`
	UserInfo            string   `json:"userinfo_endpoint"`
	Authorization       string   `json:"authorization_endpoint"`
	DeviceAuthorization string   `json:"device_authorization_endpoint"`
	HTTPLogout          bool     `json:"http_logout_supported"`
	FrontChannelLogout  bool     `json:"frontchannel_logout_supported"`
	EndSession          string   `json:"end_session_endpoint"`
	Claims              []string `json:"claims_supported"`
	Kerberos            string   `json:"kerberos_endpoint"`
	RegionScope         *string  `json:"tenant_region_scope"` // null for common and organizations, which is inferred
	CloudInstance       string   `json:"cloud_instance_name"`
	CloudGraph          string   `json:"cloud_graph_host_name,omitempty"`
	Graph               string   `json:"msgraph_host"`
	RBAC                string   `json:"rbac_url,omitempty"`
}

// tenantIDPlaceholder stands in the issuer of documents that are for any tenant.
const tenantIDPlaceholder = "{tenantid}"

// authority is whom a discovery path names.
type authority struct {
	path   string // the first segment of its URLs
	issuer string
	cloud  *directory.Cloud
	region *string
}

// authorityOf finds it, or refuses.
func (s *Server) authorityOf(b base, tenant string) (authority, *Error) {
	if alias := strings.ToLower(tenant); alias == "common" || alias == "organizations" {
		a := authority{path: alias, cloud: b.cloud}
		if a.cloud == nil {
			a.cloud = directory.PublicCloud
			a.issuer = b.url + "/" + tenantIDPlaceholder + "/v2.0"
		} else {
			a.issuer = "https://" + a.cloud.Login + "/" + tenantIDPlaceholder + "/v2.0"
		}
		return a, nil
	}
	view := s.directory.View(tenant, s.now())
	if view.Tenant == nil || b.of != nil && b.of != view.Cloud {
		return authority{}, unknownTenant(tenant)
	}
	region := regionScope
	return authority{path: view.Tenant.ID, issuer: b.issuer(&view), cloud: view.Cloud, region: &region}, nil
}

// serveDiscovery answers GET /{tenant}/v2.0/.well-known/openid-configuration.
func (s *Server) serveDiscovery(w http.ResponseWriter, r *http.Request, tenant string) {
	b := baseOf(r)
	a, refusal := s.authorityOf(b, tenant)
	if refusal != nil {
		s.refuseDocument(w, r, refusal)
		return
	}
	at := b.url + "/" + a.path
	s.serveDocument(w, marshal(discoveryDocument{
		Token:               at + "/oauth2/v2.0/token",
		TokenAuth:           []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		JWKS:                at + "/discovery/v2.0/keys",
		ResponseModes:       []string{"query", "fragment", "form_post"},
		SubjectTypes:        []string{"pairwise"},
		Algorithms:          []string{"RS256"},
		ResponseTypes:       []string{"code", "id_token", "code id_token", "id_token token"},
		Scopes:              []string{"openid", "profile", "email", "offline_access"},
		Issuer:              a.issuer,
		UserInfo:            "https://" + a.cloud.Graph + "/oidc/userinfo",
		Authorization:       at + "/oauth2/v2.0/authorize",
		DeviceAuthorization: at + "/oauth2/v2.0/devicecode",
		HTTPLogout:          true,
		FrontChannelLogout:  true,
		EndSession:          at + "/oauth2/v2.0/logout",
		Claims: []string{
			"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat",
			"auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email",
		},
		Kerberos:      at + "/kerberos",
		RegionScope:   a.region,
		CloudInstance: a.cloud.Instance,
		CloudGraph:    a.cloud.OldGraph,
		Graph:         a.cloud.Graph,
		RBAC:          a.cloud.RBAC,
	}))
}

// serveKeys answers GET /{tenant}/discovery/v2.0/keys and /{tenant}/discovery/keys, which are taken to be the same.
func (s *Server) serveKeys(w http.ResponseWriter, r *http.Request, tenant string) {
	b := baseOf(r)
	a, refusal := s.authorityOf(b, tenant)
	if refusal != nil {
		s.refuseDocument(w, r, refusal)
		return
	}
	key, err := s.key.get()
	if err != nil {
		s.log.ErrorContext(r.Context(), "no signing key", "error", err)
		http.Error(w, "entra: no signing key", http.StatusInternalServerError)
		return
	}
	issuer := "https://" + a.cloud.Login
	if b.cloud == nil {
		issuer = b.url
	}
	tail := marshal(struct {
		CloudInstance string `json:"cloud_instance_name"`
		Issuer        string `json:"issuer"`
	}{a.cloud.Instance, issuer + "/" + tenantIDPlaceholder + "/v2.0"})
	s.serveDocument(w, []byte(`{"keys":[{`+key.jwkMembers+`,`+string(tail[1:])+`]}`))
}

// instanceDocument is the answer of instance discovery.
type instanceDocument struct {
	Tenant   string         `json:"tenant_discovery_endpoint"`
	Version  string         `json:"api-version"`
	Metadata []instanceHost `json:"metadata"`
}

type instanceHost struct {
	Network string   `json:"preferred_network"`
	Cache   string   `json:"preferred_cache"`
	Aliases []string `json:"aliases"`
}

// retiredInstances are listed by instance discovery, but are no hosts of this emulator.
var retiredInstances = []instanceHost{
	{"login.microsoftonline.de", "login.microsoftonline.de", []string{"login.microsoftonline.de"}},
	{"login.microsoftonline.us", "login.microsoftonline.us", []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
	{"login-us.microsoftonline.com", "login-us.microsoftonline.com", []string{"login-us.microsoftonline.com"}},
}

// serveInstance answers GET /common/discovery/instance. Authorities that are a
// login host are known, and, unlike at Entra, the host that was called and
// loopback hosts: nothing else could be asked about them. The document for
// api-version 1.0 is taken to be the same.
func (s *Server) serveInstance(w http.ResponseWriter, r *http.Request, _ string) {
	query := r.URL.Query()
	for _, name := range []string{"api-version", "authorization_endpoint"} {
		if query.Get(name) == "" {
			s.refuseDocument(w, r, refuse(900144, "name", name)) // inferred
			return
		}
	}
	endpoint, err := url.Parse(query.Get("authorization_endpoint"))
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "https" {
		s.refuseDocument(w, r, refuse(50049))
		return
	}
	b := baseOf(r)
	host := strings.ToLower(endpoint.Host)
	name := hostname(host)
	at := "https://" + host
	known, _ := directory.CloudOfHost(host)
	switch {
	case known != nil:
	case b.cloud == nil && name == hostname(strings.ToLower(r.Host)):
		at = b.url // MSAL for Python drops the port
	case name == "localhost" || net.ParseIP(name).IsLoopback():
	default:
		s.refuseDocument(w, r, refuse(50049))
		return
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(endpoint.Path, "/"), "/")
	if tenant == "" {
		tenant = "common"
	}
	public, china := directory.PublicCloud, directory.ChinaCloud
	s.serveDocument(w, marshal(instanceDocument{
		Tenant: at + "/" + tenant + "/v2.0/.well-known/openid-configuration", Version: "1.1",
		Metadata: append([]instanceHost{
			{public.Login, public.Cache, public.Aliases},
			{china.Login, china.Cache, china.Aliases},
		}, retiredInstances...),
	}))
}

// serveDocument writes a discovery answer with the headers recorded for them.
func (s *Server) serveDocument(w http.ResponseWriter, body []byte) {
	random := s.randomness()
	s.discoveryHeaders(w.Header(), &random)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// refuseDocument writes a refusal of a discovery endpoint.
func (s *Server) refuseDocument(w http.ResponseWriter, r *http.Request, refusal *Error) {
	random := s.randomness()
	s.discoveryHeaders(w.Header(), &random)
	correlation, given := correlationID(r, form{})
	if !given {
		correlation = uuid.UUID(random.correlation).String()
	}
	body := refusal.render(refusal.oauth(false), baseOf(r).url, s.now(), uuid.UUID(random.trace).String(), correlation)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(codeIndex[refusal.Code].Status)
	_, _ = w.Write(body)
}

func (s *Server) discoveryHeaders(h http.Header, random *randomness) {
	h.Set("Cache-Control", "max-age=86400, private")
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
	h.Set("P3P", `CP="DSP CUR OTPi IND OTRi ONL FIN"`)
	h.Set("x-ms-request-id", uuid.UUID(random.trace).String())
	h.Set("x-ms-ests-server", serverVersion)
	h.Set("X-XSS-Protection", "0")
	h.Set("Set-Cookie", "esctx="+base64.RawURLEncoding.EncodeToString(random.cookie[:])+"; path=/; secure; HttpOnly; SameSite=None")
}
