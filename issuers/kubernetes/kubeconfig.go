package kubernetes

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-yaml"

	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/kubernetes/apiserver"
)

// kubeconfig is a file of kubectl's with one cluster, user and context.
type kubeconfig struct {
	APIVersion     string          `yaml:"apiVersion"`
	Kind           string          `yaml:"kind"`
	Clusters       []configCluster `yaml:"clusters"`
	Contexts       []configContext `yaml:"contexts"`
	CurrentContext string          `yaml:"current-context"`
	Users          []configUser    `yaml:"users"`
}

type configCluster struct {
	Name    string `yaml:"name"`
	Cluster struct {
		Server string `yaml:"server"`
		CA     string `yaml:"certificate-authority-data,omitempty"` // PEM in base64
	} `yaml:"cluster"`
}

type configContext struct {
	Name    string `yaml:"name"`
	Context struct {
		Cluster    string            `yaml:"cluster"`
		Namespace  string            `yaml:"namespace"`
		User       string            `yaml:"user"`
		Extensions []configExtension `yaml:"extensions"`
	} `yaml:"context"`
}

type configUser struct {
	Name string `yaml:"name"`
	User struct {
		Token string `yaml:"token,omitempty"`
	} `yaml:"user"`
}

// configExtension is what clients leave alone: for scenarios, the volume that the workload has its token from.
type configExtension struct {
	Name      string `yaml:"name"`
	Extension volume `yaml:"extension"`
}

// volume is a projected volume's request for a token.
type volume struct {
	ServiceAccount    string               `json:"serviceAccountName" yaml:"serviceAccountName"`
	ExpirationSeconds int64                `json:"expirationSeconds" yaml:"expirationSeconds"`
	BoundObjectRef    *apiserver.Reference `json:"boundObjectRef" yaml:"boundObjectRef,omitempty"`
}

// newKubeconfig has kubeadm's names for a cluster and the context of a user.
func newKubeconfig(w issuer.Workload, name, bearer string, v volume, namespace string) kubeconfig {
	cluster, user := configCluster{Name: "kubernetes"}, configUser{Name: name}
	cluster.Cluster.Server = w.Base
	if len(w.CA) > 0 {
		cluster.Cluster.CA = base64.StdEncoding.EncodeToString(w.CA)
	}
	user.User.Token = bearer
	in := configContext{Name: user.Name + "@" + cluster.Name}
	in.Context.Cluster, in.Context.User, in.Context.Namespace = cluster.Name, user.Name, namespace
	in.Context.Extensions = []configExtension{{Name: "projected-token", Extension: v}}
	return kubeconfig{
		APIVersion: "v1", Kind: "Config", CurrentContext: in.Name,
		Clusters: []configCluster{cluster}, Contexts: []configContext{in}, Users: []configUser{user},
	}
}

// write makes the file, which holds a credential.
func (c kubeconfig) write(path string) error {
	out, err := yaml.Marshal(c)
	if err == nil {
		err = os.WriteFile(path, out, 0o600)
	}
	if err != nil {
		return fmt.Errorf("kubernetes: kubeconfig: %w", err)
	}
	return nil
}

// maxKubeconfig is many times what write makes, in bytes. The YAML library takes memory by the square of how deep
// things lie inside each other; so much of it is 100 MB by indentation. In brackets write has nothing, and kubectl,
// when it changes the file, an empty map or two.
const (
	maxKubeconfig = 16 << 10
	maxBrackets   = 16
)

// readKubeconfig reads a file of write's. The error does not say what is in it.
func readKubeconfig(path string) (kubeconfig, error) {
	var c kubeconfig
	file, err := os.Open(path)
	if err != nil {
		return c, fmt.Errorf("kubernetes: KUBECONFIG: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxKubeconfig+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return c, fmt.Errorf("kubernetes: KUBECONFIG: %w", err)
	}
	tooLarge := len(raw) > maxKubeconfig || bytes.Count(raw, []byte("["))+bytes.Count(raw, []byte("{")) > maxBrackets
	if tooLarge || yaml.Unmarshal(raw, &c) != nil || len(c.Users) == 0 || len(c.Contexts) == 0 || len(c.Contexts[0].Context.Extensions) == 0 {
		return c, fmt.Errorf("kubernetes: KUBECONFIG %q: not the one of a workload here", path)
	}
	return c, nil
}
