// Package apiserver is the API server of a Kubernetes cluster with one workload, made like Kubernetes 1.36.3:
// TokenRequest, TokenReview, SelfSubjectReview and ServiceAccounts (get, list, create), in protobuf and JSON, with
// dryRun, fieldValidation and impersonation, API discovery of those, the two documents of the issuer, and /version. It
// mints with the issuer of its workload.
//
//	server, err := apiserver.New(workload, apiserver.Options{})
//	if err != nil {
//		return err
//	}
//	user, bearer, err := server.User("") // the administrator's, for a kubeconfig
//	token, err := server.Volume().Token(ctx, client, workload.Base, bearer)
//
// A token that the cluster gave out, for its own audience, is a credential as well, of a user who may read the
// documents and review itself, and is refused everything else in the words of role-based access control. A token that
// is bound to a pod, node or secret which the cluster does not have, or has with another uid, is nobody's.
//
// The administrator may act as somebody else (kubectl --as, --as-group, --as-uid), who then may do what such a user
// may; nobody else may act as anybody. Of roles there are those that every cluster starts with for all users, for
// service accounts and for system:masters. What a cluster gives nodes and its own controllers besides is refused here.
//
// Not faithful, or not known:
//   - Answers are JSON, which every client reads; a request that accepts nothing else gets 406. Bodies in YAML get 415.
//   - API discovery lists what there is here and no more, and does not have the aggregated form, nor /openapi, so
//     kubectl explain does not work. Tables have the columns of kubectl get and no descriptions of them, in
//     meta.k8s.io/v1 alone. The address in /api is inferred.
//   - Selectors, limits and watching are ignored. Of a service account its metadata is kept, without owners and
//     finalizers, and nothing else.
//   - A dry run creates nothing but tokens, which an API server makes all the same. [k8s.io/kubernetes,
//     pkg/registry/core/serviceaccount/storage/token.go]
//   - Unknown and doubled members of JSON bodies are found as in the types of 1.36; in protobuf an API server does not
//     look for them either.
//   - The administrator shows a bearer token, under the name that kubeadm gives with a client certificate.
//   - The texts for bodies that can't be read, for paths and methods there are none of, and the Status around them are
//     inferred, apart from k8s.io/apimachinery's. So is that AKS shortens what is over a day, with a Warning header,
//     rather than refuses it.
//   - jwks_uri in its own discovery document is its own address. That was seen on EKS and kind; for AKS, GKE and a
//     self-managed cluster with a public issuer it is inferred.
//   - A fault of the issuer's documents does not show in the discovery document, only in the keys. Audit-Id and the
//     headers of flow control are not sent. The build that /version tells of has a release and no commit.
package apiserver
