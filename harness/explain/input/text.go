package input

import (
	"fmt"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// readText reads what a text says: messages of Entra's, and tokens.
func (f *Found) readText(src string) error {
	if f.Kind == "" || f.Kind == kindJSON {
		f.Kind = "a text"
	}
	if f.part {
		return nil // the whole is read as a text
	}
	found, notes := tokens(src)
	for _, token := range found {
		f.addToken(token)
	}
	f.Notes = append(f.Notes, notes...)
	result := paste.Read(src)
	f.Text = &result
	for _, compact := range result.Tokens {
		token := Token{Notes: []string{"The token stood in a text that had to be repaired."}}
		if err := token.take(compact); err == nil {
			f.addToken(token)
		}
	}
	result.Tokens = nil // they are in f.Tokens, where they do not print
	if len(result.Messages) == 0 && !f.empty() {
		f.Text = nil // that there is no message is no news
	}
	return nil
}

// looksLike says what an input is that has a form and nothing in it that is known here.
func (f *Found) looksLike(form string, root *document.Node) {
	what := "no members"
	switch keys := root.Keys(); {
	case root.Kind == document.List:
		what = fmt.Sprintf("a list of %d", len(root.Items))
	case root.Kind == document.Scalar:
		what = "one value"
	case len(keys) > 8:
		what = "the members " + strings.Join(keys[:8], ", ") + " and more"
	case len(keys) > 0:
		what = "the members " + strings.Join(keys, ", ")
	}
	f.note("It is %s, %s. Nothing of it is of a form that is known here. Give %s.", form, what, taken)
}
