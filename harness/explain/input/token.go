package input

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/issuerd/issuerd/harness/document"
)

// MaxToken is the size in bytes above which a text is taken for no token. Entra's own limit is far below.
const MaxToken = 256 << 10

// begin is how the header of every token begins in base64: {" and white space for which nobody has a use.
const begin = "eyJ"

// maxTokenNotes bounds the notes about what looks like a token and is none.
const maxTokenNotes = 5

// written finds what is written like a token in compact form, or like the beginning of one.
var written = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_=*-]*){1,4}`)

var (
	bearer     = regexp.MustCompile(`(?i)^(authorization\s*:\s*)?bearer[\s:]+`)
	assignment = regexp.MustCompile(`^(?:(?i:export|set|setenv|env:)\s+|\$env:|-\s+)?["']?([A-Za-z_][A-Za-z0-9_.-]*)["']?\s*[:=]\s*`)
	quoteMarks = "\"'`“”‘’„«»<>"
)

// readToken reads a text that is a token and nothing else, but for what people put around one. It reports false for any
// other text.
func readToken(text string) (Token, bool, error) {
	if len(text) > MaxToken {
		if rest := strings.TrimSpace(text); strings.HasPrefix(rest, begin) && strings.Trim(join(rest), compactLetters) == "" {
			return Token{}, true, fmt.Errorf("a token of %d KiB, and one of more than %d is not read: Entra takes none that is nearly as large", len(rest)>>10, MaxToken>>10)
		}
		return Token{}, false, nil
	}
	var token Token
	rest := strings.TrimSpace(text)
	for before := ""; rest != before; {
		before = rest
		if cut := strings.Trim(rest, quoteMarks); cut != rest {
			rest = strings.TrimSpace(cut)
			token.note("Quotes around the token were left out.")
		}
		if at := bearer.FindString(rest); at != "" {
			rest = rest[len(at):]
			token.note(`"Bearer" before the token was left out.`)
		}
		if at := assignment.FindStringSubmatch(rest); at != nil && !strings.HasPrefix(at[1], begin) && strings.Contains(rest[len(at[0]):], begin) {
			rest, token.Name = rest[len(at[0]):], at[1]
		}
		if cut := strings.TrimRight(rest, ",;"); cut != rest {
			rest = strings.TrimSpace(cut)
			token.note("Punctuation behind the token was left out.")
		}
	}
	if severalLines(rest) {
		return Token{}, false, nil
	}
	if joined := join(rest); joined != rest {
		rest = joined
		token.note("Line breaks and white space in the token were left out.")
	}
	if decoded, ok := fromBase64(rest); ok {
		rest = decoded
		token.note("The token was in base64 once more, as in a Secret of Kubernetes: it was decoded.")
	}
	if parts := strings.Split(rest, "."); len(parts) == 3 && len(strings.Fields(text)) == 1 && !strings.HasPrefix(rest, begin) && strings.Trim(rest, compactLetters) == "" {
		if claims, _ := part(parts[1]); claims != nil {
			return token, true, errors.New("a token that is cut: its beginning is missing or has been changed: give the whole token, which begins with eyJ")
		}
	}
	if !strings.HasPrefix(rest, begin) || strings.Trim(rest, compactLetters) != "" {
		return Token{}, false, nil
	}
	if strings.ContainsAny(rest, "+/") {
		rest = strings.NewReplacer("+", "-", "/", "_").Replace(rest)
		token.note("The token was in base64 with + and /: it was read as base64url.")
	}
	err := token.take(rest)
	return token, true, err
}

// severalLines tells lines that give values to several names from a token that is broken into lines.
func severalLines(text string) bool {
	lines := strings.Split(text, "\n")
	for _, line := range lines[1:] {
		if at := assignment.FindString(line); at != "" && strings.Trim(line[len(at):], "= \t") != "" {
			return true
		}
	}
	return false
}

// apart cuts a text of several tokens behind each other, with white space between them, into its tokens: each begins where
// two dots are behind, and its header can be read. nil: the text is no more than one.
func apart(text string) []string {
	var all []string
	dots := 0
	for _, word := range strings.Fields(text) {
		header, _, hasMore := strings.Cut(word, ".")
		members, _ := part(header)
		switch {
		case len(all) > 0 && (dots < 2 || !hasMore || members == nil):
			all[len(all)-1] += "\n" + word
		case members == nil && len(all) == 0:
			return nil
		default:
			all, dots = append(all, word), 0
		}
		dots += strings.Count(word, ".")
	}
	if len(all) < 2 {
		return nil
	}
	return all
}

// compactLetters are what a token in compact form has, padding and the stars of who hides it too.
const compactLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=*+/…"

// join takes white space out, and what terminals put at the ends of lines that they break.
func join(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\\' || r == '│' || r == '|' || r == '\u200b' || r == '\ufeff' {
			return -1
		}
		return r
	}, text)
}

// fromBase64 returns the token that a text in base64 has.
func fromBase64(text string) (string, bool) {
	if !strings.HasPrefix(text, "ZXlK") || strings.Contains(text, ".") { // eyJ
		return "", false
	}
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	return strings.TrimSpace(string(decoded)), true
}

func (t *Token) note(sentence string) {
	for _, n := range t.Notes {
		if n == sentence {
			return
		}
	}
	t.Notes = append(t.Notes, sentence)
}

// take reads the parts of a compact form. The error says what is missing of a token that is cut, and what else a text
// is that only looks like a token; it has nothing of the text.
func (t *Token) take(compact string) error {
	if cut := strings.TrimRight(compact, "…"); cut != compact || strings.HasSuffix(cut, "...") {
		compact = strings.TrimRight(cut, ".")
		t.Missing = "what stood in place of the dots at its end"
	}
	parts := strings.Split(compact, ".")
	for i := range parts {
		if cut := strings.TrimRight(parts[i], "="); cut != parts[i] {
			parts[i] = cut
			t.note("Padding (=) in the token was left out.")
		}
	}
	header, cut := part(parts[0])
	if header == nil {
		return fmt.Errorf("a token that is cut: %s: give the whole token, which has three parts with dots between them", cutText("header", cut, len(parts)))
	}
	if _, encrypted := header["enc"]; encrypted {
		return fmt.Errorf("an encrypted token (JWE, alg %s, enc %s): nobody can read its claims but who has the key, and Entra takes none as an assertion: give the signed token (JWS), which has three parts",
			document.Show(header["alg"]), document.Show(header["enc"]))
	}
	if len(parts) == 1 || len(parts) == 2 && parts[1] == "" {
		return fmt.Errorf("a token that is cut: there is only its header: claims and signature are missing: give the whole token, which has three parts with dots between them")
	}
	if len(parts) > 3 {
		return fmt.Errorf("no token: it has %d parts with dots between them, and a signed token (JWS) has three", len(parts))
	}
	claims, cut := part(parts[1])
	if claims == nil {
		return fmt.Errorf("a token that is cut: %s: give the whole token, which has three parts with dots between them", cutText("claims", cut, len(parts)))
	}
	signature := ""
	if len(parts) == 3 {
		signature = parts[2]
	}
	switch size := len(signature) * 3 / 4; {
	case signature == "":
		t.Missing = "the signature"
	case strings.Trim(signature, "*xX") == "":
		signature, t.Missing = "", "the signature, which is masked"
	case strings.Contains(signature, "*"):
		signature, t.Missing = "", "a part of the signature, which is masked"
	case badBase64(signature):
		t.Missing = "the end of the signature, which is no base64url"
	case size < leastSignature(header["alg"]):
		t.Missing = fmt.Sprintf("the end of the signature: it has %d bytes, and one of %v has %d or more", size, header["alg"], leastSignature(header["alg"]))
	}
	if t.Missing != "" {
		signature = "" // a part of it is none
		t.note("Of the token is missing: " + t.Missing + ". Its header and its claims are whole, and nothing can be said about the signature.")
	}
	t.Compact = Secret(parts[0] + "." + parts[1] + "." + signature)
	return nil
}

// part decodes a part of a token that is a JSON object. If it is none, cut tells whether it begins like one.
func part(text string) (members map[string]any, cut bool) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil && len(text)%4 == 1 { // as a text is that was cut anywhere
		raw, _ = base64.RawURLEncoding.DecodeString(text[:len(text)-1])
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // one may be larger than any that a program has
	decodeErr := decoder.Decode(&members)
	if _, more := decoder.Token(); decodeErr == nil && more != io.EOF {
		decodeErr = errors.New("there is more behind the object")
	}
	if err == nil && decodeErr == nil && members != nil {
		return members, false
	}
	return nil, strings.HasPrefix(strings.TrimSpace(string(raw)), "{")
}

// cutText says what is missing of a token of so many parts, of which one cannot be read.
func cutText(part string, cut bool, parts int) string {
	switch {
	case !cut:
		return fmt.Sprintf("its %s cannot be read, as if characters were missing there or had been changed", part)
	case parts > 2, parts > 1 && part == "header":
		return fmt.Sprintf("it breaks off in the middle of its %s, and goes on behind a dot", part)
	case part == "header":
		return "it ends in the middle of its header: claims and signature are missing"
	}
	return "it ends in the middle of its claims: the signature is missing, too"
}

func badBase64(text string) bool {
	_, err := base64.RawURLEncoding.DecodeString(text)
	return err != nil
}

// leastSignature is how many bytes a signature has at the least; 0: not known.
func leastSignature(alg any) int {
	name, _ := alg.(string)
	switch {
	case strings.HasPrefix(name, "RS"), strings.HasPrefix(name, "PS"):
		return 256 // of the smallest key, of 2,048 bits
	case name == "ES256", name == "EdDSA":
		return 64
	case name == "ES384":
		return 96
	case name == "ES512":
		return 132
	}
	return 0
}

// tokens finds the tokens in a text, such as the lines of an env file or a log. What looks like one and is none is in
// the notes.
func tokens(text string) (found []Token, notes []string) {
	if !strings.Contains(text, begin) {
		return nil, nil
	}
	ruler := newRuler(text)
	for _, at := range written.FindAllStringIndex(text, -1) {
		place := ruler.position(at[0])
		place.Width = 1
		token := Token{Place: place}
		if at[1]-at[0] > MaxToken {
			continue
		}
		if err := token.take(strings.TrimRight(text[at[0]:at[1]], ".")); err != nil {
			if len(notes) < maxTokenNotes {
				notes = append(notes, fmt.Sprintf("At %d:%d is %s.", place.Line, place.Column, err))
			}
			continue
		}
		token.Name = nameBefore(text[lineStart(text, at[0]):at[0]])
		found = append(found, token)
	}
	return found, notes
}

// lineStart is where the line of an offset begins, or 200 bytes before it.
func lineStart(text string, offset int) int {
	from := max(0, offset-200)
	return from + strings.LastIndexByte(text[from:offset], '\n') + 1
}

// nameBefore is the name of the variable or member that a line gives a value to.
func nameBefore(line string) string {
	line = strings.TrimSpace(line)
	if at := assignment.FindStringSubmatch(line); at != nil && len(at[0]) >= len(strings.TrimRight(line, quoteMarks+" ")) {
		return at[1]
	}
	return ""
}
