package input

import (
	"errors"
	"fmt"
	"io"
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
	if several := apart(src); several != nil {
		f.Kind = "tokens"
		for i, one := range several {
			token, isToken, err := readToken(one)
			if err != nil {
				return fmt.Errorf("these are %d tokens, and number %d is %w", len(several), i+1, err)
			}
			if isToken {
				f.addToken(token)
			}
		}
		return nil
	}
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
		if errors.Is(err, errBounds) {
			return fmt.Errorf("this JSON is too large: at %w", err)
		}
		if read, err := f.readAlmostJSON(src, roots, err); read {
			return err
		}
	}
	for _, form := range []struct {
		is   func(string) bool
		read func(string) error
	}{{isBicep, f.readBicep}, {isHCL, f.readHCL}} {
		if !f.inText(src) && form.is(src) {
			if err := form.read(src); err != nil {
				return err
			}
			return f.orText(src, nil)
		}
	}
	if read, err := f.readYAML(src); read || err != nil {
		return err
	}
	if f.readTable(src) {
		return f.orText(src, nil)
	}
	if !f.part {
		f.readParts(src)
	}
	return f.readText(src)
}

// inText tells whether code stands in a text, so that the text is no code itself.
func (f *Found) inText(src string) bool { return !f.part && fence.MatchString(src) }

// readAlmostJSON reads JSON that is cut, or has the quotes of a typesetter, or what only YAML and people take for JSON:
// commas at the end, single quotes. bad is why it is no JSON. It reports false if nothing comes of it.
func (f *Found) readAlmostJSON(src string, roots []*document.Node, bad error) (bool, error) {
	attempt := func(src string, roots []*document.Node, note string) (bool, error) {
		if len(roots) == 0 || roots[0] == nil || roots[0].Kind == document.Scalar {
			return false, nil
		}
		try := Found{Input: f.Input, part: true}
		if err := try.readJSON(src, roots); err != nil || try.empty() {
			return false, nil
		}
		try.part, try.Notes = f.part, append(append(f.Notes, note), try.Notes...)
		*f = try
		return true, f.orText(src, nil)
	}
	if errors.Is(bad, io.ErrUnexpectedEOF) {
		if read, err := attempt(src, roots, fmt.Sprintf("The JSON is cut (%s): what is missing at its end is not known.", bad)); read {
			return read, err
		}
	}
	straight := strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'", "\u00a0", " ").Replace(src)
	if straight != src {
		if roots, err := parseJSON(straight); err == nil {
			if read, err := attempt(straight, roots, "Typographic quotes were read as plain ones."); read {
				return read, err
			}
		}
	}
	if len(src) <= maxYAML {
		loose := document.ReadForeign([]byte(straight), maxYAML, &document.Log{})
		if read, err := attempt(straight, loose, fmt.Sprintf("It is no JSON (%s): it was read as YAML, which takes more.", bad)); read {
			return read, err
		}
	}
	f.note("It begins like JSON and is none (%s): it was read as a text.", bad)
	return false, nil
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
