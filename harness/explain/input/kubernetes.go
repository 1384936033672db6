package input

import (
	"slices"

	"github.com/issuerd/issuerd/harness/document"
)

const workloadIdentity = "azure.workload.identity/"

// isKubernetes tells a manifest of Kubernetes.
func isKubernetes(root *document.Node) bool { return has(root, "apiVersion", "kind") }

// manifests are objects of Kubernetes that are being read.
type manifests struct {
	*Found
	accounts map[string]*document.Node // service accounts by namespace/name
	used     map[string]bool           // service accounts of pods
}

// readKubernetes reads manifests: a pod, or what makes pods, is a job, and so is a service account that no pod here has.
func (f *Found) readKubernetes(roots []*document.Node) {
	f.Kind = "a manifest of Kubernetes"
	m := manifests{f, map[string]*document.Node{}, map[string]bool{}}
	var objects []*document.Node
	for _, root := range roots {
		if items := root.Get("items"); items != nil {
			objects = append(objects, items.List()...)
		} else if isKubernetes(root) {
			objects = append(objects, root)
		}
	}
	for _, o := range objects {
		if str(o.Get("kind")) == "ServiceAccount" {
			m.accounts[namespaceOf(o)+"/"+str(o.Get("metadata").Get("name"))] = o
		}
	}
	for _, o := range objects {
		pod, metadata := o.Get("spec"), o.Get("metadata")
		switch str(o.Get("kind")) {
		case "Pod":
		case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job":
			pod, metadata = o.Get("spec").Get("template").Get("spec"), o.Get("spec").Get("template").Get("metadata")
		case "CronJob":
			template := o.Get("spec").Get("jobTemplate").Get("spec").Get("template")
			pod, metadata = template.Get("spec"), template.Get("metadata")
		default:
			continue
		}
		m.pod(o, pod, metadata)
	}
	for _, o := range objects {
		if str(o.Get("kind")) == "ServiceAccount" && !m.used[namespaceOf(o)+"/"+str(o.Get("metadata").Get("name"))] {
			m.account(o)
		}
	}
}

func namespaceOf(o *document.Node) string {
	if ns := str(o.Get("metadata").Get("namespace")); ns != "" {
		return ns
	}
	return "{namespace}"
}

const (
	namespaceDoubt = `The manifest names no namespace: it is "default" unless kubectl is told another one.`
	clusterIssuer  = "{the cluster's issuer}"
)

// job is what a pod with a service account has.
func (m manifests) jobOf(o *document.Node, account string) Job {
	ns := namespaceOf(o)
	job := Job{Platform: "kubernetes", Workflow: m.Input, Name: str(o.Get("kind")) + "/" + str(o.Get("metadata").Get("name")), Place: o.Start()}
	subject := Subject{Subject: "system:serviceaccount:" + ns + ":" + account, Issuer: clusterIssuer, Audience: exchangeAudience}
	if ns == "{namespace}" {
		subject.Doubt = namespaceDoubt
	}
	job.Subjects = []Subject{subject}
	if annotations := m.accounts[ns+"/"+account].Get("metadata").Get("annotations"); annotations != nil {
		job.identity(annotations)
	}
	return job
}

// identity takes the client id and the tenant of annotations.
func (j *Job) identity(annotations *document.Node) {
	if id := str(annotations.Get(workloadIdentity + "client-id")); id != "" && !masked(id) {
		j.ClientID = id
	}
	if id := str(annotations.Get(workloadIdentity + "tenant-id")); id != "" && !masked(id) {
		j.Tenant = id
	}
}

func (m manifests) pod(o, pod, metadata *document.Node) {
	account := first(pod, "serviceAccountName", "serviceAccount")
	if account == "" {
		account = "default"
	}
	m.used[namespaceOf(o)+"/"+account] = true
	job := m.jobOf(o, account)
	job.identity(metadata.Get("annotations"))
	audiences := projected(pod)
	use := metadata.Get("labels").Get(workloadIdentity + "use")
	switch {
	case len(audiences) > 0 && !slices.Contains(audiences, exchangeAudience):
		job.Subjects[0].Audience = audiences[0]
		fallthrough
	case len(audiences) > 0:
		job.Notes = append(job.Notes, "The pod has a token of its own in a volume.")
	case use == nil:
		job.Refused = `the pod has no label ` + workloadIdentity + `use: "true", so no token for Entra is put into it`
	case use.Value != "true":
		job.Refused = `the label ` + workloadIdentity + `use of the pod is not "true", in quotes`
	}
	if metadata.Get("annotations").Get(workloadIdentity+"use-identity-binding") != nil {
		job.Subjects[0].Audience = "api://AKSIdentityBinding"
		job.Notes = append(job.Notes, "With an identity binding of AKS, a proxy of the cluster shows Entra another token.")
	}
	m.Jobs = append(m.Jobs, job)
}

// projected are the audiences of the tokens in the volumes of a pod.
func projected(pod *document.Node) []string {
	var audiences []string
	for _, volume := range pod.Get("volumes").List() {
		for _, source := range volume.Get("projected").Get("sources").List() {
			if audience := str(source.Get("serviceAccountToken").Get("audience")); audience != "" {
				audiences = append(audiences, audience)
			}
		}
	}
	return audiences
}

func (m manifests) account(o *document.Node) {
	job := m.jobOf(o, str(o.Get("metadata").Get("name")))
	if job.ClientID == "" {
		job.Notes = append(job.Notes, "The service account has no annotation "+workloadIdentity+"client-id.")
	}
	m.Jobs = append(m.Jobs, job)
}
