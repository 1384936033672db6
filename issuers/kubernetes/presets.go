package kubernetes

import "github.com/issuerd/issuerd/issuers/issuer"

// presets: what a preset sets are names, in Settings and not in Claims, so that sub and kubernetes.io follow from each
// other whichever of them a caller gives. The service account is the one of Azure Workload Identity's quick start.
var presets = []issuer.Preset{
	{Name: "pod", About: "A pod's projected token, self-managed cluster with a public issuer",
		Settings: bind("pod", "quick-start", "node", "worker-1")},
	{Name: "service-account", About: "kubectl create token: bound to no object",
		Settings: bind()},
	{Name: "node-bound", About: "A token bound to a node alone (Kubernetes 1.33; 1.31 as beta)",
		Settings: bind("node", "worker-1")},
	{Name: "secret-bound", About: "kubectl create token --bound-object-kind Secret",
		Settings: bind("secret", "workload-identity-token")},
	{Name: "legacy-extended", About: "The default volume's token: asked for 3607 seconds, lives a year for the API server's own audience",
		Lifetime: year, Settings: extended(bind("pod", "quick-start", "node", "worker-1"))},
	{Name: "kubeadm-in-cluster", About: "A pod's token from the default issuer of kubeadm, kind and k3d, which nobody outside can reach",
		Service: "kubeadm", Settings: bind("pod", "quick-start", "node", "kind-control-plane")},
	{Name: "aks-pod", About: "A pod's projected token on AKS; the issuer ends with a slash",
		Service: "aks", Settings: bind("pod", "quick-start", "node", "aks-nodepool1-12345678-vmss000000")},
	{Name: "eks-pod", About: "A pod's projected token on EKS",
		Service: "eks", Settings: bind("pod", "quick-start", "node", "ip-10-0-1-23.ec2.internal")},
	{Name: "eks-pod-identity", About: "The token of EKS Pod Identity: audience pods.eks.amazonaws.com, one day",
		Service: "eks", Lifetime: day,
		Settings: bind("pod", "quick-start", "node", "ip-10-0-1-23.ec2.internal", "audience", "pods.eks.amazonaws.com")},
	{Name: "ack-pod", About: "A pod's token on Alibaba's ACK with RRSA: audience sts.aliyuncs.com",
		Service: "ack", Settings: bind("pod", "quick-start", "node", "cn-hangzhou.10.0.1.23", "audience", "sts.aliyuncs.com")},
	{Name: "gke-pod", About: "A pod's projected token on GKE",
		Service: "gke", Settings: bind("pod", "quick-start", "node", "gke-main-default-pool-78e4bad4-882j")},
}

// bind returns the settings of the example account with what its token is bound to, in pairs of kind and name.
func bind(pairs ...string) map[string]any {
	settings := map[string]any{"namespace": "default", "serviceaccount": "workload-identity-sa"}
	for i := 0; i+1 < len(pairs); i += 2 {
		settings[pairs[i]] = pairs[i+1]
	}
	return settings
}

// extended marks a token that was asked for with the default expiration, whose life the audience then decides.
func extended(settings map[string]any) map[string]any {
	settings["extended"] = true
	return settings
}
