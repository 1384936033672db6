package apiserver

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

var (
	serviceAccounts = resource{name: "serviceaccounts"}
	namespaces      = resource{name: "namespaces"}
)

// serviceAccount is a ServiceAccount. What is below its metadata is read and not kept.
type serviceAccount struct {
	typeMeta
	Metadata         objectMeta        `json:"metadata"`
	Secrets          []objectReference `json:"secrets,omitempty"`
	ImagePullSecrets []localReference  `json:"imagePullSecrets,omitempty"`
	AutomountToken   *bool             `json:"automountServiceAccountToken,omitempty"`
}

type objectReference struct {
	Kind            string `json:"kind,omitempty"`
	Namespace       string `json:"namespace,omitempty"`
	Name            string `json:"name,omitempty"`
	UID             string `json:"uid,omitempty"`
	APIVersion      string `json:"apiVersion,omitempty"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
	FieldPath       string `json:"fieldPath,omitempty"`
}

type localReference struct {
	Name string `json:"name,omitempty"`
}

func (a *serviceAccount) head() (*typeMeta, typeMeta) {
	return &a.typeMeta, typeMeta{Kind: "ServiceAccount", APIVersion: "v1"}
}

func (a *serviceAccount) unpack(raw []byte) error {
	return eachField(raw, func(number protowire.Number, value field) error {
		if number == 1 {
			return a.Metadata.unpack(value.bytes)
		}
		return nil
	})
}

// maxAccounts bounds the service accounts of a cluster, as a quota would.
const maxAccounts = 1000

// accounts are the service accounts of a cluster. It is safe for concurrent use.
type accounts struct {
	now  func() time.Time
	rand io.Reader

	mu      sync.RWMutex
	list    []serviceAccount
	version int // of the last change
}

// newAccounts has the namespaces that every cluster starts with, and the one of the account own, each with its account
// default.
func newAccounts(now func() time.Time, rand io.Reader, own objectMeta) *accounts {
	a := &accounts{now: now, rand: rand}
	a.put(own)
	for _, namespace := range []string{own.Namespace, "default", "kube-node-lease", "kube-public", "kube-system"} {
		if !a.has(namespace, "default") {
			a.put(objectMeta{Name: "default", Namespace: namespace, UID: UID("serviceaccount", namespace, "default")})
		}
	}
	return a
}

// find returns the account. The error is a *status.
func (a *accounts) find(namespace, name string) (serviceAccount, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, account := range a.list {
		if account.Metadata.Namespace == namespace && account.Metadata.Name == name {
			return account, nil
		}
	}
	return serviceAccount{}, notFound(serviceAccounts, name)
}

// in returns the accounts of a namespace, or of all for the empty name, and the version of the list.
func (a *accounts) in(namespace string) (items []serviceAccount, version string) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	items = []serviceAccount{} // none is [] and not null
	for _, account := range a.list {
		if namespace == "" || account.Metadata.Namespace == namespace {
			items = append(items, account)
		}
	}
	slices.SortFunc(items, func(x, y serviceAccount) int {
		return cmp.Or(cmp.Compare(x.Metadata.Namespace, y.Metadata.Namespace), cmp.Compare(x.Metadata.Name, y.Metadata.Name))
	})
	return items, strconv.Itoa(a.version)
}

// dnsSubdomain is what the name of an object must be, and dnsText what an API server says when it is not.
var dnsSubdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

const (
	dnsText = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
		"with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
		`'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`
	dnsMost = 253
)

// dnsLabel is what the name of a namespace must be.
var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

const labelMost = 63

// create adds an account to a namespace, or in a dry run tells what it would be. The error is a *status.
func (a *accounts) create(namespace string, account serviceAccount, dryRun bool) (serviceAccount, error) {
	kind, meta := resource{name: "ServiceAccount"}, account.Metadata.own()
	if meta.Namespace != "" && meta.Namespace != namespace {
		return account, badRequest("the namespace of the provided object does not match the namespace sent on the request")
	}
	if meta.Name == "" && meta.GenerateName != "" {
		meta.Name = meta.GenerateName + a.suffix()
	}
	switch {
	case meta.Name == "":
		return account, required(kind, "", "metadata.name", "name or generateName is required")
	case len(meta.Name) > dnsMost:
		return account, invalid(kind, meta.Name, "metadata.name", strconv.Quote(meta.Name), fmt.Sprintf("must be no more than %d bytes", dnsMost))
	case !dnsSubdomain.MatchString(meta.Name):
		return account, invalid(kind, meta.Name, "metadata.name", strconv.Quote(meta.Name), dnsText)
	}
	meta.Namespace, meta.UID = namespace, UID("serviceaccount", namespace, meta.Name)

	a.mu.Lock()
	defer a.mu.Unlock()
	switch used := len(a.list); {
	case !slices.ContainsFunc(a.list, func(other serviceAccount) bool { return other.Metadata.Namespace == namespace }):
		return account, notFound(namespaces, namespace)
	case a.has(namespace, meta.Name):
		return account, alreadyExists(serviceAccounts, meta.Name)
	case used >= maxAccounts:
		return account, forbidden(serviceAccounts, meta.Name, fmt.Sprintf("exceeded quota: accounts, requested: count/serviceaccounts=1, "+
			"used: count/serviceaccounts=%d, limited: count/serviceaccounts=%d", used, maxAccounts))
	}
	if dryRun {
		return a.made(meta), nil
	}
	return a.put(meta), nil
}

// has and put are for a caller that holds mu, or has the only reference.
func (a *accounts) has(namespace, name string) bool {
	return slices.ContainsFunc(a.list, func(other serviceAccount) bool {
		return other.Metadata.Namespace == namespace && other.Metadata.Name == name
	})
}

func (a *accounts) put(meta objectMeta) serviceAccount {
	a.version++
	meta.ResourceVersion = strconv.Itoa(a.version)
	account := a.made(meta)
	a.list = append(a.list, account)
	return account
}

// made is the account of that name, made now.
func (a *accounts) made(meta objectMeta) serviceAccount {
	meta.CreationTimestamp = timestamp(a.now())
	account := serviceAccount{Metadata: meta}
	_, account.typeMeta = account.head()
	return account
}

// suffix makes a name of a generateName. A source of randomness that fails makes the same one again, which then already
// exists.
func (a *accounts) suffix() string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	var b [5]byte
	_, _ = io.ReadFull(a.rand, b[:])
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b[:])
}

// timestamp is how objects write a time.
func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
