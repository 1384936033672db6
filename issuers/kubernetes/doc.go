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
// Faithful: the documents and their order, the header without typ, aud as an array even for one audience, the alphabetical
// payload, the names and uids of what the token is bound to, and the year that an API server gives a pod's default token
// (expirationSeconds 3607, its own audience; 90 days on EKS, never on AKS).
//
// Not faithful, or not known:
//   - uids and names of pods and nodes are examples; a uid is computed from the name, so a name always has the same one.
//   - Nothing checks that a service account, pod or node exists, nor the limits of expirationSeconds (10 minutes to 2^32
//     seconds; one day on AKS).
//   - The HTTP headers of kube-apiserver (application/jwk-set+json, max-age=3600) are those of the service kubeadm only. What a
//     storage account, AKS, EKS and GKE send with their public documents is not confirmed; they send application/json here.
//   - EKS and GKE have one key here, and the order of its members is that of kube-apiserver; both are inferred.
//   - An AKS cluster lists a rotated key for 24 hours, as documented, but rotating twice does not remove the first at once.
//   - Legacy secret tokens (iss kubernetes/serviceaccount, flat claim names) are not OpenID Connect tokens: their issuer has no
//     documents, so they are left out. So is the second document of an EKS cluster, which names a host inside the VPC as
//     jwks_uri: the service kubeadm has the same shape.
//
// See https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/ and
// https://learn.microsoft.com/azure/aks/use-oidc-issuer.
package kubernetes
