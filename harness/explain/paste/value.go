package paste

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const quotes = "'\"`‘’‚‛“”„‟«»‹›′´＇「」『』"

// kinds are the quotes that go together.
var kinds = []string{"'‘’‚‛′´＇`‹›", "\"“”„‟", "«»", "「」『』"}

// readValue reads the value at the beginning of a text: what stands there before the next words of its sentence, or,
// without next words, up to where it seems to end. It says whether there is one. Of an exact text, in which no line is
// broken, white space at the ends of a value between quotes is the value's.
func readValue(raw string, quoted, bounded, exact bool) (Value, bool) {
	text := raw
	if punctuation := beforeQuote.FindString(raw); quoted && strings.ContainsAny(firstOf(raw[len(punctuation):]), quotes) {
		text = raw[len(punctuation):]
	} else if punctuation := beforeValue.FindString(raw); !strings.Contains(punctuation, "**") || strings.ContainsAny(firstOf(raw[len(punctuation):]), quotes) {
		text = raw[len(punctuation):]
	} else {
		text = strings.TrimLeft(raw, " \t\n:") // stars may be a mask
	}
	var v Value
	if !quoted {
		return unquoted(text, bounded)
	}
	open, last := 0, ' '
	for open < len(text) {
		r, size := utf8.DecodeRuneInString(text[open:])
		if !strings.ContainsRune(quotes, r) {
			break
		}
		open, last = open+size, r
	}
	if open == 0 {
		v, read := unquoted(text, bounded)
		if !bounded && !strings.ContainsAny(v.Text, "0123456789:/.-*<{") {
			return v, false // a word of other words
		}
		return v, read
	}
	inner := text[open:]
	end := closing(inner, last)
	if bounded && end >= 0 {
		end = max(end, lastClosing(inner, last))
	}
	switch {
	case end >= 0 && exact && strings.TrimSpace(inner[:end]) != "":
		v.Text = inner[:end]
		if strings.ContainsRune("«»‹›", last) {
			v.Text = strings.Trim(v.Text, " \u00a0\u202f") // French has spaces within its quotes
		}
		v.Text = unemphasized(v.Text)
		v.marks()
		return v, true
	case end >= 0:
		inner = inner[:end]
	case isEmptyQuotes(text[:open]) && (bounded || strings.Trim(inner, " .,;\n") == ""):
		return v, true // ''
	case bounded:
		inner = strings.TrimRight(inner, " \t\n.,;:-*•")
	default:
		if isEmptyQuotes(text[:open]) && strings.HasPrefix(inner, ".") {
			return v, true
		}
		inner = uptoSpace(inner)
		v.Cut = true
	}
	v.Text = joined(inner)
	if v.Text == "" && v.Cut {
		return v, false
	}
	v.marks()
	return v, true
}

// beforeValue is what may stand between the words of a sentence and its value: a colon, emphasis, the mark of a list.
var (
	beforeValue = regexp.MustCompile(`^[\s\x{a0}:=]*(?:[-•+]\s+)?[*_]{0,3}[\s\x{a0}:=]*`)
	beforeQuote = regexp.MustCompile(`^[\s\x{a0}:=.,;()\[\]*_•+-]*`)
)

func firstOf(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}

func lastOf(s string) string {
	_, size := utf8.DecodeLastRuneInString(s)
	return s[len(s)-size:]
}

func isEmptyQuotes(q string) bool { return utf8.RuneCountInString(q)%2 == 0 }

// closing is where the first quote stands that ends a value: one of the kind that opened it, and punctuation, white
// space or nothing follows it. -1: none.
func closing(text string, opened rune) int {
	kind := quotes
	for _, k := range kinds {
		if strings.ContainsRune(k, opened) {
			kind = k
		}
	}
	for i, r := range text {
		if !strings.ContainsRune(kind, r) {
			continue
		}
		rest := text[i+utf8.RuneLen(r):]
		rest = strings.TrimLeft(rest, quotes+"*_")
		if rest == "" || strings.ContainsRune(" \t\n.,;:)(]}<\\|", firstRune(rest)) || endsValue(firstRune(rest)) || eastAsian(firstRune(rest)) {
			return i
		}
	}
	return -1
}

// lastClosing is where the last quote stands that only punctuation follows: a value before more words of its sentence may
// have quotes in it. -1: none.
func lastClosing(text string, opened rune) int {
	rest := strings.TrimRight(text, " \t\n.,;")
	for _, k := range kinds {
		if inner := strings.TrimRight(rest, k); strings.ContainsRune(k, opened) && inner != rest && !strings.Contains(inner, "\n") {
			return len(inner)
		}
	}
	return -1
}

// unemphasized is a value without the stars that make it bold, which stand within its quotes.
func unemphasized(text string) string {
	bare, before := strings.CutPrefix(text, "**")
	bare, after := strings.CutSuffix(bare, "**")
	if !before || !after || bare == "" || strings.HasPrefix(bare, "*") || strings.HasSuffix(bare, "*") {
		return text
	}
	return bare
}

// wide is the punctuation of Chinese and Japanese that ends a value: brackets, quotes, and what ends a sentence.
const wide = "。，、；：！？．（）［］｛｝【】〔〕〈〉《》「」『』〖〗｢｣､｡"

// endsValue says whether a letter is punctuation of another script, which values do not have.
func endsValue(r rune) bool {
	return strings.ContainsRune(wide, r) || strings.ContainsRune("»«”“„’›‹", r)
}

// eastAsian says whether a letter is of a script that writes its words without spaces around a quoted value.
func eastAsian(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// unquoted reads a value that has no quotes, or has lost them.
func unquoted(text string, bounded bool) (Value, bool) {
	var v Value
	if bounded {
		v.Text = joined(strings.TrimRight(listMark.ReplaceAllString(text, ""), " \t\n.,;("))
		if strings.Trim(v.Text, "*") != "" && !strings.HasSuffix(v.Text, "***") {
			v.Text = strings.TrimSuffix(v.Text, "**")
		}
		v.Text = strings.TrimSuffix(v.Text, "`")
		if n := strings.Count(v.Text, "("); n < strings.Count(v.Text, ")") {
			v.Text = strings.TrimSuffix(v.Text, ")")
		}
		v.Text = strings.Trim(v.Text, " ")
		v.marks()
		return v, true
	}
	word := uptoSpace(text)
	trimmed := strings.TrimRightFunc(word, func(r rune) bool { return strings.ContainsRune(".,;:)"+quotes, r) || strings.ContainsRune(wide, r) })
	if trimmed == "" {
		return v, false
	}
	v.Text = trimmed
	v.Cut = true // if nothing comes after it
	v.marks()
	return v, true
}

// two reads two values of which only punctuation stands between: '{appId}'({appDisplayName}), or {reason}.{key}.
func two(raw string, p part) (first, second Value, read bool) {
	if !p.quoted {
		text, rest, _ := strings.Cut(strings.TrimLeft(joined(raw), " -:"), p.divider)
		first = Value{Text: text}
		second = Value{Text: rest}
		first.marks()
		second.marks()
		return first, second, text != ""
	}
	if !strings.Contains(raw, "(") {
		return first, second, false
	}
	first, read = readValue(raw, true, true, false)
	_, rest, _ := strings.Cut(raw, "(")
	if end := strings.LastIndex(rest, ")"); end >= 0 {
		rest = rest[:end]
	}
	second, _ = unquoted(rest, true)
	return first, second, read
}

// valueEnd is where the last value of a sentence ends in a text that begins with it: with the quote that closes it, with
// the punctuation that ends the sentence, or, which is not as sure, where a word does.
func valueEnd(raw string, p part, after string, fold folding) (end int, sure bool) {
	if p.second != "" {
		if end := pairEnd.FindStringIndex(raw); end != nil {
			return end[1], true
		}
	}
	if open := opening.FindString(raw); p.quoted && open != "" {
		last, _ := utf8.DecodeLastRuneInString(open)
		if end := closing(raw[len(open):], last); end >= 0 {
			_, size := utf8.DecodeRuneInString(raw[len(open)+end:])
			return len(open) + end + size, true
		}
	} else if after != "" && !p.quoted {
		for at := 0; ; {
			next := strings.Index(raw[at:min(len(raw), 400)], after)
			if next < 0 {
				break
			}
			at += next + len(after)
			if rest := raw[at:]; rest == "" || strings.ContainsRune(" \t\n\"'<\\", firstRune(rest)) && !moreDigits.MatchString(rest) {
				return at - len(after), true
			}
		}
	}
	start := len(raw) - len(strings.TrimLeft(raw, " \t\n:=*_"+quotes))
	if fold.kind == anywhere { // the value may go on in the next line
		return start + len(word.FindString(raw[start:])), false
	}
	return start + len(wordInLine.FindString(raw[start:])), false
}

var (
	opening    = regexp.MustCompile(`^[\s\x{a0}:=.,;()\[\]*_•+-]*['"` + "`" + `‘’‚‛“”„‟«»‹›′´＇「」『』]+`)
	moreDigits = regexp.MustCompile(`^\n\d+Z`) // a time that was broken
	pairEnd    = regexp.MustCompile(`^[^()]{1,400}\([^()]{0,400}\)`)
	word       = regexp.MustCompile(`^(?:[^\s"]|\n[^\s"]*\n)+(?:\n[^\s"]+)?`)
	wordInLine = regexp.MustCompile(`^[^\s"]+`)
)

var listMark = regexp.MustCompile(`\s*\n\s*(?:[-*•+]|\d{1,2}[.)])\s*$|\s+[•▪‣◦·–—]\s*$`)

// uptoSpace is the text up to white space, or a quote that ends the string it was in.
func uptoSpace(text string) string {
	if end := strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\"<>`", r) || endsValue(r) }); end > 0 || end == 0 && text[0] != '<' {
		return text[:end]
	} else if end == 0 {
		if masked := maskTag.FindString(text); strings.HasPrefix(text, masked) && masked != "" {
			return masked
		}
		return ""
	}
	return text
}

// joined is a value without what breaks of lines are left in it.
func joined(text string) string {
	if strings.Contains(text, "\n") {
		text = strings.Join(strings.Fields(text), "")
	}
	return strings.Trim(text, " \t")
}

var (
	maskTag  = regexp.MustCompile(`<[A-Za-z][^<>\n]{0,60}>`)
	ellipsis = regexp.MustCompile(`(?:\.\.\.+|…|\[\.\.\.\]|\[…\]|\(\.\.\.\))$`)
	guid     = regexp.MustCompile(`^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	zeroGUID = regexp.MustCompile(`^\{?0{8}-0{4}-0{4}-0{4}-0{12}\}?$`)
	tailQuot = regexp.MustCompile(`(?i)%27[.,]?$`)
	pathless = regexp.MustCompile(`(?i)^https?://[^/\s?#]+/$`)
)

// invisible says whether a letter is not seen, or is seen as a space and is none.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r != ' ' && unicode.Is(unicode.Zs, r)
}

// marks finds what is masked or cut of a value, and its doubts.
func (v *Value) marks() {
	if tight := strings.ReplaceAll(v.Text, " ", ""); guid.MatchString(tight) {
		v.Text = tight
	}
	if loc := ellipsis.FindStringIndex(v.Text); loc != nil && loc[0] > 0 {
		v.Cut = true
		v.Text = v.Text[:loc[0]]
	}
	if strings.HasPrefix(v.Text, "…") || strings.HasPrefix(v.Text, "...") {
		v.Cut = true
	}
	if bare := tailQuot.ReplaceAllString(v.Text, ""); bare != v.Text {
		v.Text, v.Doubt = bare, "a link had swallowed the quote at its end"
	}
	v.Masked = Masked(v.Text)
	if at := strings.IndexFunc(v.Text, invisible); at >= 0 && v.Doubt == "" {
		v.Doubt = fmt.Sprintf("it has %U in it, which is not seen, and may have come in where the text was pasted", firstRune(v.Text[at:]))
	}
	if pathless.MatchString(v.Text) && !v.Masked {
		v.Doubt = "the slash at its end may have been added where the text was pasted: comment boxes add one to the address of a bare host"
	}
}
