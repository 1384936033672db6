// Package kubernetes impersonates the service account issuer of Kubernetes clusters: a self-managed cluster whose
// issuer is public (the main service), the default issuer of kubeadm, kind and k3d, and the managed clusters AKS, EKS,
// GKE and Alibaba's ACK.
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
// Native is the API server of a cluster with one workload, package apiserver, and what the workload has on its node:
// two files.
//
//	KUBECONFIG=DIR/kubeconfig                                     the administrator's, with a bearer token
//	AZURE_FEDERATED_TOKEN_FILE=DIR/token-0/azure-identity-token   as a kubelet projects it. The farm has it renewed after 80 % of the
//	                                                              token's life, or 24 hours, by the issuers' clock
//
// A workload's claims may say how its pod is made up, in the names of Kubernetes; none of these gets into a token.
// Annotations are the service account's, for the webhook of Azure Workload Identity. The rest is for scenarios with
// via: native, whose workload asks the API server for its token itself.
//
//	azure.workload.identity/client-id                          AZURE_CLIENT_ID, and with it AZURE_AUTHORITY_HOST: Entra's public cloud
//	azure.workload.identity/tenant-id                          AZURE_TENANT_ID, likewise
//	azure.workload.identity/service-account-token-expiration   the life of the token in the file: 3600 to 86400, a text
//	user                                                       who asks: kubernetes-admin unless given, system:anonymous or a service
//	                                                           account; anybody else is from another cluster
//	serviceAccountName, expirationSeconds, boundObjectRef      what is asked for, over what the preset has
//
// Faithful: the documents and their order, the header without typ, aud as an array even for one audience, the
// alphabetical payload, the names and uids of what the token is bound to, and the year that an API server gives a pod's
// default token (expirationSeconds 3607, its own audience; 90 days on EKS, never on AKS).
//
// Not faithful, or not known:
//   - uids and names of pods and nodes are examples; a uid is computed from the name, so a name always has the same
//     one.
//   - Mint does not check that a service account, pod or node exists, nor the limits of expirationSeconds (10 minutes
//     to 2^32 seconds; one day on AKS). The API server does: of pods, nodes and secrets it has those that the preset
//     names, of service accounts the preset's, the default ones and those that are created.
//   - The HTTP headers of kube-apiserver (application/jwk-set+json, max-age=3600) are those of the service kubeadm
//     only. What a storage account, AKS, EKS and GKE send with their public documents is not confirmed; they send
//     application/json here.
//   - Of ACK's tokens only the issuer's URL, the subject and the audience are known, so the rest is as elsewhere. The
//     variables that its webhook sets, ALIBABA_CLOUD_OIDC_TOKEN_FILE and so on, are not here. Oracle's OKE has clusters
//     with public issuers too; their URLs are not known, so give one to a preset of this platform.
//   - EKS and GKE have one key here, and the order of its members is that of kube-apiserver; both are inferred.
//   - An AKS cluster lists a rotated key for 24 hours, as documented, but rotating twice does not remove the first at
//     once.
//   - Legacy secret tokens (iss kubernetes/serviceaccount, flat claim names) are not OpenID Connect tokens: their
//     issuer has no documents, so they are left out. The second document of an EKS cluster, which names a host inside
//     the VPC as jwks_uri, is the API server's.
//   - A kubelet is early by up to ten seconds, at random, with a new token for a file; here it comes on the second. Its
//     folder is not /var/run/secrets/azure. The webhook sets AZURE_AUTHORITY_HOST without annotations too; the label
//     azure.workload.identity/use is taken for granted.
//
// See https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/ and
// https://learn.microsoft.com/azure/aks/use-oidc-issuer.
package kubernetes
