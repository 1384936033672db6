// Package kubernetes impersonates the service account issuer of Kubernetes clusters: a self-managed cluster whose issuer is
// public (the main service), the default issuer of kubeadm, kind and k3d, and the managed clusters AKS, EKS and GKE.
//
//	iss, err := issuer.New(kubernetes.Platform, issuer.WithPreset("aks-pod"))
//	if err != nil {
//		return err
//	}
//	token, err := iss.Mint(issuer.Request{
//		Audience: []string{"api://AzureADTokenExchange"},
//		Claims:   issuer.Claims{"sub": "system:serviceaccount:payments:api"},
//	})
//	fmt.Println(token.Claims["kubernetes.io"]) // map[namespace:payments … serviceaccount:map[name:api uid:…]]
//
// Native is the API server of a cluster with one workload, made like Kubernetes 1.36.3: TokenRequest, TokenReview, SelfSubjectReview and
// ServiceAccounts (get, list, create), in protobuf and JSON, with dryRun, fieldValidation and impersonation, API
// discovery of those, the two documents, and /version. A workload finds two files:
//
//	KUBECONFIG=DIR/kubeconfig                                     the administrator's, with a bearer token
//	AZURE_FEDERATED_TOKEN_FILE=DIR/token-0/azure-identity-token   as a kubelet projects it; see Projector. The farm has it renewed
//	                                                              after 80 % of the token's life, or 24 hours, by the issuers' clock
//
// A token that the cluster gave out, for its own audience, is a credential as well, of a user who may read the documents and review itself,
// and is refused everything else in the words of role-based access control. A token that is bound to a pod, node or
// secret which the cluster does not have, or has with another uid, is nobody's.
//
// The administrator may act as somebody else (kubectl --as, --as-group, --as-uid), who then may do what such a user
// may; nobody else may act as anybody. Of roles there are those that every cluster starts with for all users, for
// service accounts and for system:masters. What a cluster gives nodes and its own controllers besides is refused here.
//
// A workload's claims may say how its pod is made up, in the names of Kubernetes; none of these gets into a token. Annotations are the
// service account's, for the webhook of Azure Workload Identity. The rest is for scenarios with via: native, whose workload asks the API
// server for its token itself.
//
//	azure.workload.identity/client-id                          AZURE_CLIENT_ID, and with it AZURE_AUTHORITY_HOST: Entra's public cloud
//	azure.workload.identity/tenant-id                          AZURE_TENANT_ID, likewise
//	azure.workload.identity/service-account-token-expiration   the life of the token in the file: 3600 to 86400, a text
//	user                                                       who asks: kubernetes-admin unless given, system:anonymous or a service
//	                                                           account; anybody else is from another cluster
//	serviceAccountName, expirationSeconds, boundObjectRef      what is asked for, over what the preset has
//
// Faithful: the documents and their order, the header without typ, aud as an array even for one audience, the alphabetical
// payload, the names and uids of what the token is bound to, and the year that an API server gives a pod's default token
// (expirationSeconds 3607, its own audience; 90 days on EKS, never on AKS).
//
// Not faithful, or not known:
//   - uids and names of pods and nodes are examples; a uid is computed from the name, so a name always has the same one.
//   - Mint does not check that a service account, pod or node exists, nor the limits of expirationSeconds (10 minutes to 2^32
//     seconds; one day on AKS). The API server does: of pods, nodes and secrets it has those that the preset names, of service accounts the
//     preset's, the default ones and those that are created.
//   - The HTTP headers of kube-apiserver (application/jwk-set+json, max-age=3600) are those of the service kubeadm only. What a
//     storage account, AKS, EKS and GKE send with their public documents is not confirmed; they send application/json here.
//   - EKS and GKE have one key here, and the order of its members is that of kube-apiserver; both are inferred.
//   - An AKS cluster lists a rotated key for 24 hours, as documented, but rotating twice does not remove the first at once.
//   - Legacy secret tokens (iss kubernetes/serviceaccount, flat claim names) are not OpenID Connect tokens: their issuer has no
//     documents, so they are left out. The second document of an EKS cluster, which names a host inside the VPC as jwks_uri,
//     is the API server's.
//
// Of the API server:
//   - Answers are JSON, which every client reads; a request that accepts nothing else gets 406. Bodies in YAML get 415.
//   - API discovery lists what there is here and no more, and does not have the aggregated form, nor /openapi, so kubectl explain does not
//     work. Tables have the columns of kubectl get and no descriptions of them, in meta.k8s.io/v1 alone. The address in /api is inferred.
//   - Selectors, limits and watching are ignored. Of a service account its metadata is kept, without owners and
//     finalizers, and nothing else.
//   - A dry run creates nothing but tokens, which an API server makes all the same. [k8s.io/kubernetes,
//     pkg/registry/core/serviceaccount/storage/token.go]
//   - Unknown and doubled members of JSON bodies are found as in the types of 1.36; in protobuf an API server does not
//     look for them either.
//   - A kubelet is early by up to ten seconds, at random, with a new token for a file; here it comes on the second. Its folder is not
//     /var/run/secrets/azure. The webhook sets AZURE_AUTHORITY_HOST without annotations too; the label azure.workload.identity/use is
//     taken for granted.
//   - The administrator shows a bearer token, under the name that kubeadm gives with a client certificate.
//   - The texts for bodies that can't be read, for paths and methods there are none of, and the Status around them are inferred, apart
//     from k8s.io/apimachinery's. So is that AKS shortens what is over a day, with a Warning header, rather than refuses it.
//   - jwks_uri in its own discovery document is its own address. That was seen on EKS and kind; for AKS, GKE and a self-managed cluster
//     with a public issuer it is inferred.
//   - A fault of the issuer's documents does not show in the discovery document, only in the keys. Audit-Id and the headers of flow control
//     are not sent. The build that /version tells of has a release and no commit.
//
// See https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/ and
// https://learn.microsoft.com/azure/aks/use-oidc-issuer.
package kubernetes
