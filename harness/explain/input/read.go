package input

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// taken says what an input may be.
const taken = "a token, a federated credential, an error text, a workflow or pipeline file, an entry of a journal or a scenario"

// Read reads an input. name is what messages call it, such as "fic.json" or "standard input"; its end may decide what a
// text is that could be several things. The error says why there is nothing to read, and what to give instead.
func Read(name string, data []byte) (Found, error) {
	src, notes, err := text(data)
	if err != nil {
		return Found{}, fmt.Errorf("%s: %w", name, err)
	}
	found := Found{Input: name, Notes: notes}
	if err := found.read(src); err != nil {
		if problems := (document.Problems)(nil); errors.As(err, &problems) {
			return Found{}, problems // each has the name
		}
		return Found{}, fmt.Errorf("%s: %w", name, err)
	}
	return found, nil
}

func (f *Found) read(src string) error {
	token, isToken, err := readToken(src)
	if err != nil {
		return fmt.Errorf("this is %w", err)
	}
	if isToken {
		f.Kind, f.Tokens = "a token", []Token{token}
		return nil
	}
	switch trimmed := strings.TrimSpace(src); trimmed[0] {
	case '{', '[', '"':
		roots, err := parseJSON(src)
		if err == nil {
			return f.readJSON(src, roots)
		}
		f.note("It begins like JSON and is none (%s): it was read as a text.", err)
	}
	if isBicep(src) {
		if err := f.readBicep(src); err != nil {
			return err
		}
		return f.orText(src, nil)
	}
	if isHCL(src) {
		if err := f.readHCL(src); err != nil {
			return err
		}
		return f.orText(src, nil)
	}
	if read, err := f.readYAML(src); read || err != nil {
		return err
	}
	if f.readTable(src) {
		return f.orText(src, nil)
	}
	return f.readText(src)
}

// readText reads a text of no form.
func (f *Found) readText(src string) error {
	if f.Kind == "" || f.Kind == "JSON" {
		f.Kind = "a text"
	}
	found, notes := tokens(src)
	for _, token := range found {
		f.addToken(token)
	}
	f.Notes = append(f.Notes, notes...)
	return nil
}

// addToken adds a token that has not been found elsewhere in the input.
func (f *Found) addToken(token Token) {
	if !slices.ContainsFunc(f.Tokens, func(t Token) bool { return t.Compact == token.Compact }) {
		f.Tokens = append(f.Tokens, token)
	}
}

func (f *Found) note(format string, args ...any) {
	f.Notes = append(f.Notes, document.Redact(fmt.Sprintf(format, args...)))
}
