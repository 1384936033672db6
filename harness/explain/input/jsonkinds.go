package input

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// readJSON reads an input that is JSON.
func (f *Found) readJSON(src string, roots []*document.Node) error {
	if len(roots) == 1 && roots[0].Kind == document.Scalar && !strings.Contains(str(roots[0]), begin) {
		return f.readText(src) // a text in quotes
	}
	r := &jsonReader{Found: f}
	for _, root := range roots {
		r.walk(root, Application{}, root.Kind == document.List)
	}
	f.nameJSON(roots)
	found := len(f.Tokens) + len(f.Credentials) + len(f.Applications)
	if found == 0 && r.cut != nil {
		return fmt.Errorf("this is %w", r.cut)
	}
	if found == 0 || strings.Contains(src, "AADSTS") {
		return f.readText(src)
	}
	return nil
}

// nameJSON says what an input is.
func (f *Found) nameJSON(roots []*document.Node) {
	switch {
	case len(f.Credentials) > 0:
		f.Kind = map[Form]string{
			FormGraph: "federated credentials as Microsoft Graph has them",
			FormARM:   "federated credentials as Azure Resource Manager has them",
			FormAz:    "federated credentials as the Azure CLI prints them",
		}[f.Credentials[0].Form]
	case len(f.Applications) > 0:
		f.Kind = "an application"
		if f.Applications[0].ManagedIdentity {
			f.Kind = "a managed identity"
		}
		f.note("It has no federated credentials in it: ask for them with az %s federated-credential list.", map[bool]string{true: "identity", false: "ad app"}[f.Applications[0].ManagedIdentity])
	case len(f.Tokens) > 0:
		f.Kind = "a token in JSON"
	default:
		f.Kind = "JSON"
	}
}
