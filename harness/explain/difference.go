package explain

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Difference says in words how what a credential has and what an assertion has differ, once it is known that they do.
type Difference struct {
	Kind  string `json:"kind"`  // a word for programs, such as case, trailing-slash or look-alike
	Words string `json:"words"` // a sentence
}

// Marks are two texts to be shown one above the other, and what to mark in them.
type Marks struct {
	Want  string `json:"want"`  // what cannot be seen is escaped
	Got   string `json:"got"`   //
	Under string `json:"under"` // carets where they differ; spaces elsewhere
}

// fold makes two texts the same that differ in one kind of thing only.
type fold struct {
	kind  string
	same  func(string) string
	words func(want, got string) string
}

// folds are the kinds of differences between texts of any form. Each is made on what the ones before have left.
var folds = []fold{
	{"white-space", dropSpace, spaceWords},
	{"look-alike", plainLetters, lookAlikeWords},
	{"quotes", func(s string) string { return strings.Trim(s, "\"'`") }, always("one of them has quotes around it")},
	{"url-encoding", decoded, always("one of them is URL-encoded: %2F stands for /, %3A for : and %20 for a space")},
	{"immutable-ids", withoutIDs, idsWords},
	{"pull-request", func(s string) string { return strings.ReplaceAll(s, "pull-request", "pull_request") }, always("one has pull-request, with a hyphen as a page of Microsoft's had it, the other pull_request: GitHub's tokens have the underscore")},
	{"double-slash", oneSlash, always("one has // where the other has one /")},
	{"trailing-slash", func(s string) string { return strings.TrimRight(s, "/") }, slashWords},
	{"scheme", func(s string) string { return strings.Replace(s, "http://", "https://", 1) }, always("one has http, the other https")},
	{"port", func(s string) string { return strings.Replace(s, ":443", "", 1) }, always("one names port 443, which https has anyway")},
	{"case", strings.ToLower, always("they differ in capital and small letters; the comparison is case-sensitive since August 2024")},
}

func always(words string) func(string, string) string {
	return func(string, string) string { return words }
}

// differences tells how two texts differ that are not equal. What they have in common but for those kinds of things is
// returned too; the two are equal if nothing else differs.
func differences(want, got string) (found []Difference, restWant, restGot string) {
	for _, f := range folds {
		if want == got {
			break
		}
		foldedWant, foldedGot := f.same(want), f.same(got)
		if distance(foldedWant, foldedGot) < distance(want, got) {
			found = append(found, Difference{f.kind, f.words(want, got)})
			want, got = foldedWant, foldedGot
		}
	}
	return found, want, got
}

// distance is how many characters differ between the first and the last that do; with equal lengths, how many differ.
func distance(a, b string) int {
	if utf8.RuneCountInString(a) == utf8.RuneCountInString(b) {
		n, other := 0, []rune(b)
		for i, r := range []rune(a) {
			if r != other[i] {
				n++
			}
		}
		return n
	}
	start, endA, endB := span([]rune(a), []rune(b))
	return max(endA-start, endB-start)
}

// span is where two texts differ: from the first character to before those that they end with alike.
func span(a, b []rune) (start, endA, endB int) {
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	endA, endB = len(a), len(b)
	for endA > start && endB > start && a[endA-1] == b[endB-1] {
		endA--
		endB--
	}
	return start, endA, endB
}

// mark lays two texts under each other. Texts of the same length are compared character by character.
func mark(want, got string) Marks {
	a, b := []rune(want), []rune(got)
	start, endA, endB := span(a, b)
	differs := func(i int) bool { return i >= start && i < max(endA, endB) }
	if len(a) == len(b) {
		differs = func(i int) bool { return i < len(a) && a[i] != b[i] }
	}
	var m Marks
	for i := range max(len(a), len(b)) {
		cellA, cellB := cell(a, i), cell(b, i)
		width := max(utf8.RuneCountInString(cellA), utf8.RuneCountInString(cellB), 1)
		under := " "
		if differs(i) {
			under = "^"
		}
		pad := func(text string, of []rune) string {
			if i >= len(of) {
				return ""
			}
			return text + strings.Repeat(" ", width-utf8.RuneCountInString(text))
		}
		m.Want += pad(cellA, a)
		m.Got += pad(cellB, b)
		m.Under += strings.Repeat(under, width)
	}
	m.Want, m.Got, m.Under = strings.TrimRight(m.Want, " "), strings.TrimRight(m.Got, " "), strings.TrimRight(m.Under, " ")
	return m
}

// cell is how one character is shown: what cannot be seen, or told from another, is escaped.
func cell(text []rune, i int) string {
	if i >= len(text) {
		return ""
	}
	return visible(string(text[i]))
}

// visible escapes the characters that cannot be seen or that look like others.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == ' ':
			b.WriteRune(' ')
		case unicode.IsSpace(r) || !unicode.IsPrint(r) || plainLetter(r) != r:
			b.WriteString(escaped(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func escaped(r rune) string {
	const digits = "0123456789abcdef"
	if r > 0xffff {
		return `\u{` + strings.TrimLeft(hex(r, 6, digits), "0") + "}"
	}
	return `\u` + hex(r, 4, digits)
}

func hex(r rune, width int, digits string) string {
	out := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		out[i] = digits[r&15]
		r >>= 4
	}
	return string(out)
}

// dropSpace drops white space and what has no width, anywhere.
func dropSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, s)
}

func isInvisible(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u2060' || r == '\ufeff' || r == '\u00ad' || unicode.Is(unicode.Cf, r)
}

// spaceNames are the characters that people cannot see and do not expect.
var spaceNames = map[rune]string{
	' ': "a space", '\t': "a tab", '\n': "a line break", '\r': "a carriage return", '\u00a0': "a no-break space (U+00A0)", '\u200b': "a zero-width space (U+200B)",
	'\u200c': "a zero-width non-joiner (U+200C)", '\u200d': "a zero-width joiner (U+200D)", '\u2060': "a word joiner (U+2060)", '\ufeff': "a byte order mark (U+FEFF)",
	'\u00ad': "a soft hyphen (U+00AD)", '\u202f': "a narrow no-break space (U+202F)",
}

// sides is the words for who has what.
func sides(want, got []string) string {
	var parts []string
	if len(want) > 0 {
		parts = append(parts, "the credential has "+strings.Join(want, ", "))
	}
	if len(got) > 0 {
		parts = append(parts, "the token has "+strings.Join(got, ", "))
	}
	return strings.Join(parts, "; ")
}

func spaceWords(want, got string) string {
	return sides(spaces(want), spaces(got))
}

// spaces names the invisible characters of a text, and where they are.
func spaces(s string) []string {
	var found []string
	runes := []rune(s)
	for i, r := range runes {
		if !isInvisible(r) {
			continue
		}
		name := spaceNames[r]
		if name == "" {
			name = "an invisible character (" + strings.ToUpper(strings.Replace(escaped(r), `\u`, "U+", 1)) + ")"
		}
		switch i {
		case 0:
			name += " at its beginning"
		case len(runes) - 1:
			name += " at its end"
		default:
			name += " in it"
		}
		found = append(found, name)
	}
	return found
}

// oddSpaces names the characters of a value that people do not see and do not expect: white space at its ends, and
// anywhere what is no plain space.
func oddSpaces(s string) []string {
	if strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && isInvisible(r) }) {
		return nil
	}
	return slices.DeleteFunc(spaces(s), func(name string) bool { return name == spaceNames[' ']+" in it" })
}

// shown is a value for people: in quotes if it has white space that would not be seen.
func shown(s string) string {
	if len(oddSpaces(s)) > 0 {
		return `"` + visible(s) + `"`
	}
	return visible(s)
}

// alike are letters of other alphabets, and signs, that look like those of ASCII.
var alike = map[rune]rune{
	'а': 'a', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'і': 'i', 'ј': 'j', 'ѕ': 's', 'һ': 'h', 'ԁ': 'd', 'ԛ': 'q', 'ԝ': 'w', 'к': 'k', 'т': 't', 'м': 'm',
	'А': 'A', 'В': 'B', 'Е': 'E', 'К': 'K', 'М': 'M', 'Н': 'H', 'О': 'O', 'Р': 'P', 'С': 'C', 'Т': 'T', 'Х': 'X', 'У': 'Y', 'І': 'I', 'Ј': 'J', 'Ѕ': 'S',
	'α': 'a', 'ο': 'o', 'ν': 'v', 'ι': 'i', 'ρ': 'p', 'υ': 'u', 'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I', 'Κ': 'K', 'Μ': 'M', 'Ν': 'N', 'Ο': 'O', 'Ρ': 'P',
	'Τ': 'T', 'Υ': 'Y', 'Χ': 'X', 'ı': 'i', 'ⅼ': 'l', 'ɡ': 'g', '\u2010': '-', '\u2011': '-', '\u2012': '-', '–': '-', '—': '-', '−': '-', '‘': '\'', '’': '\'', '“': '"',
	'”': '"', '∕': '/', '⁄': '/', '։': ':', '∶': ':', '․': '.', '∗': '*',
}

// plainLetter is the letter of ASCII that a character looks like, or itself.
func plainLetter(r rune) rune {
	if plain, is := alike[r]; is {
		return plain
	}
	if r >= '！' && r <= '～' { // full width
		return r - '！' + '!'
	}
	return r
}

func plainLetters(s string) string { return strings.Map(plainLetter, s) }

func lookAlikeWords(want, got string) string {
	found := func(s string) []string {
		var list []string
		for _, r := range s {
			if plain := plainLetter(r); plain != r {
				list = append(list, alphabet(r)+" "+strings.Replace(strings.ToUpper(escaped(r)), `\U`, "U+", 1)+" where "+string(plain)+" is expected")
			}
		}
		return list
	}
	return sides(found(want), found(got)) + ": they look alike and are other characters"
}

func alphabet(r rune) string {
	switch {
	case unicode.Is(unicode.Cyrillic, r):
		return "the Cyrillic letter"
	case unicode.Is(unicode.Greek, r):
		return "the Greek letter"
	case r >= '！' && r <= '～':
		return "the full-width character"
	}
	return "the character"
}

func decoded(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

func oneSlash(s string) string {
	scheme, rest, hasScheme := strings.Cut(s, "://")
	if !hasScheme {
		scheme, rest = "", s
	} else {
		scheme += "://"
	}
	for strings.Contains(rest, "//") {
		rest = strings.ReplaceAll(rest, "//", "/")
	}
	return scheme + rest
}

func slashWords(want, got string) string {
	if strings.HasSuffix(want, "/") {
		return "the credential has a slash at the end, the token has none"
	}
	return "the token has a slash at the end, the credential has none"
}
