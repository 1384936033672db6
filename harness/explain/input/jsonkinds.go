package input

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// kindJSON is what JSON is called until more is known.
const kindJSON = "JSON"

// readJSON reads an input that is JSON.
func (f *Found) readJSON(src string, roots []*document.Node) error {
	root := roots[0]
	switch {
	case len(roots) == 1 && root.Kind == document.Scalar && !strings.Contains(str(root), begin):
		return f.readText(src) // a text in quotes
	case len(roots) == 1 && isEmptyList(root):
		f.Kind = "an empty list"
		f.note("It is an empty list. If it is what a list of federated credentials came to, the application has none, and Entra answers AADSTS70025; or the list is that of another application than the one that signs in: compare the client id.")
		return nil
	case has(root, "tenants") && len(roots) == 1:
		return f.readDirectory(src, root)
	case isScenario(root) && len(roots) == 1:
		return f.readScenario(src, root)
	case isTerraformState(root):
		f.readTerraformState(root)
		return f.orText(src, nil)
	case root.Get("resource") != nil && f.readTerraformJSON(root):
		return f.orText(src, nil)
	case isTemplate(root):
		f.Kind = "an ARM template"
		f.readTemplate(root)
		return f.orText(src, nil)
	}
	r := &jsonReader{Found: f}
	var raw = raws(src)
	for i, root := range roots {
		if i >= len(raw) || !f.readJournal(root, raw[i]) && !f.readPublished(root, raw[i]) && !f.readDecoded(root, raw[i]) {
			r.walk(root, Application{}, root.Kind == document.List)
		}
	}
	if strings.Contains(f.Kind, "journal") && len(f.SignIns) == 0 {
		f.note("No sign-in is in it, only requests for documents and tokens.")
	}
	if f.Kind == "an entry of a journal" && len(roots) > 1 {
		f.Kind = "a journal"
	}
	f.nameJSON()
	if err := f.orText(src, r.cut); err != nil || f.Text == nil || len(f.Text.Messages) > 0 {
		return err
	}
	if root.Get("error") == nil { // of an error, the text says what it is
		f.looksLike(kindJSON, root)
	}
	return nil
}

// isEmptyList tells a list without anything in it, as the Azure CLI prints one, and Microsoft Graph and Azure Resource
// Manager do.
func isEmptyList(root *document.Node) bool {
	if value := root.Get("value"); value != nil {
		root = value
	}
	return root.Kind == document.List && len(root.Items) == 0
}

// isScenario tells a scenario from a pipeline, which has steps, too.
func isScenario(root *document.Node) bool {
	return has(root, "steps", "name") && (has(root, "entra") || has(root, "issuer"))
}

// orText reads an input as a text, too, if it has nothing else or a message of Entra's. cut is why what should be a
// token is none.
func (f *Found) orText(src string, cut error) error {
	nothing := f.empty()
	if nothing && cut != nil {
		return fmt.Errorf("this is %w", cut)
	}
	if nothing || strings.Contains(src, "AADSTS") {
		return f.readText(src)
	}
	return nil
}

// empty tells whether nothing has been found but what a text says.
func (f *Found) empty() bool { return f.size() == 0 }

// nameJSON says what an input is that has not been named yet.
func (f *Found) nameJSON() {
	switch {
	case f.Kind != "":
	case len(f.Credentials) > 0:
		f.Kind = map[Form]string{
			FormGraph: "federated credentials as Microsoft Graph has them",
			FormARM:   "federated credentials as Azure Resource Manager has them",
			FormAz:    "federated credentials as the Azure CLI prints them",
		}[f.Credentials[0].Form]
	case len(f.Applications) > 0 && f.Applications[0].ManagedIdentity:
		f.Kind = "a managed identity"
		f.note("It has no federated credentials in it: ask for them with az identity federated-credential list.")
	case len(f.Applications) > 0:
		f.Kind = "an application"
		f.note("It has no federated credentials in it: ask for them with az ad app federated-credential list.")
	case len(f.Tokens) > 0:
		f.Kind = "a token in JSON"
	default:
		f.Kind = kindJSON
	}
}
