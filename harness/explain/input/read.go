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
	if strings.Contains(src, "PRIVATE KEY-----") {
		return errors.New("this has a private key, which is nobody's business: give a token that was signed with it, or the public keys (JWKS)")
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

// addToken adds a token that has not been found elsewhere in the input.
func (f *Found) addToken(token Token) {
	if !slices.ContainsFunc(f.Tokens, func(t Token) bool { return t.Compact == token.Compact }) {
		f.Tokens = append(f.Tokens, token)
	}
}

func (f *Found) note(format string, args ...any) {
	f.Notes = append(f.Notes, document.Redact(fmt.Sprintf(format, args...)))
}
