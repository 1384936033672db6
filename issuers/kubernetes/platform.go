package kubernetes

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// Platform is Kubernetes in its six kinds of cluster.
var Platform = &issuer.Platform{
	Name:     "kubernetes",
	Title:    "Kubernetes",
	Services: services,
	Presets:  presets,
	Claims:   claims,
	Native:   native,
}

// services: the issuers of AKS and EKS and the address of the kind API server are examples of the vendors'
// documentation or of public walk-throughs, as testdata/README.md says.
var services = []issuer.Service{
	// Built by kubeadm, with a public --service-account-issuer in a storage account as Azure Workload Identity
	// describes it.
	cluster("", "https://contosok8s.blob.core.windows.net/oidc/", "/openid/v1/jwks", nil),

	cluster("kubeadm", "https://kubernetes.default.svc.cluster.local", "https://172.18.0.5:6443/openid/v1/jwks", func(s *issuer.Service) {
		s.Headers = issuer.DocumentTypes{JWKS: "application/jwk-set+json", Cache: "public, max-age=3600"}
		s.CORS = issuer.CORSNone // kube-apiserver has none unless --cors-allowed-origins is set; that kubeadm does not set it is inferred
	}),

	cluster("aks", "https://eastus.oic.prod-aks.azure.com/ffffffff-eeee-dddd-cccc-bbbbbbbbbbb0/00000000-0000-0000-0000-000000000000/",
		"/openid/v1/jwks", func(s *issuer.Service) {
			s.Overlap = 24 * time.Hour
		}),

	cluster("eks", "https://oidc.eks.us-east-1.amazonaws.com/id/1111222233334444555566667777888F", "/keys", func(s *issuer.Service) {
		s.Keys[0].KID = issuer.HexKID
		s.Document.AuthorizationEndpoint = "urn:kubernetes:programmatic_authorization"
		s.Document.ClaimsSupported = []string{"sub", "iss"}
		s.Document.Order = []string{
			"issuer", "jwks_uri", "authorization_endpoint", "response_types_supported", "subject_types_supported", "claims_supported",
			"id_token_signing_alg_values_supported",
		}
	}),

	cluster("gke", "https://container.googleapis.com/v1/projects/contoso-prod/locations/europe-north1/clusters/main", "/jwks",
		func(s *issuer.Service) {
			s.Document.ClaimsSupported = []string{"iss", "sub", "kubernetes.io"}
			s.Document.Extra = map[string]any{"grant_types": []string{"urn:kubernetes:grant_type:programmatic_authorization"}}
			s.Document.Order = append(s.Document.Order, "claims_supported", "grant_types")
		}),

	// AliyunContainerService/ack-ram-tool; the address of the keys is inferred.
	cluster("ack", "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c0123456789abcdef0123456789abcdef", "/openid/v1/jwks", nil),
}

// cluster is what all clusters have in common, with a change; nil makes none.
func cluster(name, at, jwks string, change func(*issuer.Service)) issuer.Service {
	s := issuer.Service{
		Name:   name,
		Issuer: at,
		JWKS:   jwks,
		Document: issuer.Document{
			DiscoveryConfiguration: oidc.DiscoveryConfiguration{
				ResponseTypesSupported: []string{"id_token"},
				SubjectTypesSupported:  []string{"public"},
			},
			Order: []string{
				"issuer", "jwks_uri", "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
			},
			Algs: true,
		},
		Keys:     []issuer.KeySpec{{Alg: jose.RS256, KID: issuer.PKIXKID}},
		JWK:      []string{"use", "kty", "kid", "crv", "alg", "n", "e", "x", "y"},
		Header:   []string{"alg", "kid"}, // and no typ; the payload is alphabetical
		Lifetime: time.Hour,
		NotYet:   issuer.Seconds(0),
		ID:       true,
	}
	if change != nil {
		change(&s)
	}
	return s
}
