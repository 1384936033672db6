package kubernetes

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// annotation starts the names of the annotations that the webhook of Azure Workload Identity reads from a service
// account.
const annotation = "azure.workload.identity/"

// authorityHost is what the webhook sets in the public cloud. [Azure/azure-workload-identity, pkg/webhook]
const authorityHost = "https://login.microsoftonline.com/"

// The limits of the annotation service-account-token-expiration, in seconds, and what there is without it.
const (
	leastProjected = 3600
	mostProjected  = 86400
)

// pod is what the claims of a workload say that is not about its token: how the pod itself is made up.
type pod struct {
	annotations map[string]string // of its service account
	user        string            // of its kubeconfig; empty: the cluster's administrator
	// over the volume's request for a token: serviceAccountName, expirationSeconds, boundObjectRef
	request json.RawMessage
}

// splitClaims takes what is about the pod out of a workload's claims.
func splitClaims(given issuer.Claims) (issuer.Claims, pod, error) {
	claims, p := maps.Clone(given), pod{annotations: map[string]string{}}
	request := map[string]any{}
	for name, value := range given {
		text, isText := value.(string)
		annotates := strings.HasPrefix(name, annotation)
		switch {
		case (annotates || name == "user") && value == nil: // as good as none
		case (annotates || name == "user") && !isText:
			return nil, p, fmt.Errorf("kubernetes: %s: want a string, got %T", name, value)
		case annotates:
			p.annotations[name] = text
		case name == "user":
			p.user = text
		case slices.Contains([]string{"serviceAccountName", "expirationSeconds", "boundObjectRef"}, name):
			request[name] = value
		default:
			continue
		}
		delete(claims, name)
	}
	var err error
	if p.request, err = json.Marshal(request); err == nil {
		err = json.Unmarshal(p.request, new(volume))
	}
	if err != nil {
		return nil, p, fmt.Errorf("kubernetes: the workload's request for a token: %w", err)
	}
	return claims, p, nil
}

// projectedSeconds is the life of the token that the webhook has projected: as the annotation says, or else the
// preset's. The error has the webhook's text; the real one refuses the pod.
func (p pod) projectedSeconds(preset int64) (int64, error) {
	const name = annotation + "service-account-token-expiration"
	text := p.annotations[name]
	if text == "" {
		return preset, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("kubernetes: annotation %q: want seconds, got %q", name, text)
	}
	if n < leastProjected || n > mostProjected {
		return 0, fmt.Errorf("kubernetes: annotation %q: token expiration %d not valid. Expected value to be between %d and %d",
			name, n, leastProjected, mostProjected)
	}
	return n, nil
}

// env is what the webhook adds to the variable with the file's path. Of a service account without its annotations there
// is nothing: the real webhook sets the authority even then, which would lead a shell that was set up for a farm away
// from it.
func (p pod) env() map[string]string {
	env := map[string]string{}
	for name, suffix := range map[string]string{"AZURE_CLIENT_ID": "client-id", "AZURE_TENANT_ID": "tenant-id"} {
		if value := p.annotations[annotation+suffix]; value != "" {
			env[name] = value
			env["AZURE_AUTHORITY_HOST"] = authorityHost
		}
	}
	return env
}
