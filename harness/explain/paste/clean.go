package paste

import (
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Sizes. A text that is longer is read in part: its beginning and its end, where errors are.
const (
	maxText  = 16 << 20
	maxValue = 2000 // letters and digits of a value
)

// cleaned is a text without what tools, terminals and comment boxes have put around its words. Lines are still lines:
// where one was broken, only the words tell whether a space stood there.
type cleaned struct {
	text  string
	notes []string // what was undone, a sentence each
	table bool     // a table of Markdown is in the text
	seams []seam   // where lines were joined, and a space may have been lost or made up
}

// clean undoes escapes, entities, colours, links, frames and the prefixes of logs.
func clean(text string) cleaned {
	c := cleaned{}
	if len(text) > maxText {
		half := maxText / 2
		text = text[:half] + "\n\n" + text[len(text)-half:]
		c.note("the text is longer than " + strconv.Itoa(maxText>>20) + " MiB: only its first and its last half of that were read")
	}
	if !utf8.ValidString(text) {
		text = decode16(text)
	}
	text = windows(strings.TrimPrefix(text, "\ufeff"))
	text = ends.Replace(text)
	if softBreaks := strings.Count(text, "=\n"); softBreaks >= 2 && strings.Contains(text, "=3D") {
		text = strings.NewReplacer("=\n", "", "=3D", "=", "=27", "'", "=22", `"`).Replace(text)
		c.note("the text was quoted-printable, as mails are")
	}
	c.table = separatorRow.MatchString(text)
	text = c.unescape(c.lines(ansi.ReplaceAllString(text, "")))
	for range 3 {
		next := entity.ReplaceAllStringFunc(text, func(e string) string { return html.UnescapeString(strings.Join(strings.Fields(e), "")) })
		if next == text {
			break
		}
		text = next
		c.note("HTML entities were undone")
	}
	text = ansi.ReplaceAllString(ends.Replace(text), "")
	c.table = c.table || separatorRow.MatchString(text)
	text = c.links(text)
	if len(htmlCells.FindAllString(text, 2)) > 1 {
		c.table = true
		text = cellEnd.ReplaceAllString(text, " | ")
	}
	text = breakTag.ReplaceAllString(text, "\n")
	text = tag.ReplaceAllString(text, "")
	text = inline(c.lines(text))
	if urlEncoded(text) {
		text = c.unescape(urlDecode(text))
		text = ends.Replace(text)
		c.note("the text was URL-encoded")
	}
	c.text = text
	return c
}

func (c *cleaned) note(sentence string) {
	for _, n := range c.notes {
		if n == sentence {
			return
		}
	}
	c.notes = append(c.notes, sentence)
}

var (
	ends         = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n")
	entity       = regexp.MustCompile(`(?i)&\n?(?:#\n?\d(?:\n?\d){0,5}|#x[0-9a-f]{1,5}|q\n?u\n?o\n?t|apos|lt|gt|amp|nbsp|lsquo|rsquo|ldquo|rdquo|hellip)\n?;`)
	ansi         = regexp.MustCompile("\x1b\n?\\[\n?[0-9;?]*\n?[0-9;?]*[A-Za-z]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|\x1b[()][0-9A-B]|\x1b|\\[(?:[0-9]{1,3};){0,4}[0-9]{1,3}m")
	separatorRow = regexp.MustCompile(`(?m)^[ \t>]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$|^[ \t>]*\|[ \t]*:?-{2,}:?[ \t]*\|[ \t]*$`)
	breakTag     = regexp.MustCompile(`(?i)<(?:br|/p|/div|/li|/tr|/td|/th|/h[1-6]|/pre)(?:\s[^<>]*)?\s*/?>`)
	htmlCells    = regexp.MustCompile(`(?i)</t[dh]>\s*<t[dh](?:\s[^<>]*)?>`) // two cells of a row
	cellEnd      = regexp.MustCompile(`(?i)</t[dh]>[ \t]*\n?[ \t]*`)
	tag          = regexp.MustCompile(`(?i)</?(?:a|i|b|em|strong|code|pre|p|div|span|li|ul|ol|td|tr|th|table|tbody|thead|h[1-6]|font|samp|tt|wbr|blockquote|html|body)(?:\s[^<>]*)?/?>`)
)

// decode16 reads UTF-16, which PowerShell writes; of other texts it replaces what is no UTF-8.
func decode16(text string) string {
	if big := strings.HasPrefix(text, "\xfe\xff"); big || strings.HasPrefix(text, "\xff\xfe") {
		units := make([]uint16, 0, len(text)/2)
		for i := 2; i+1 < len(text); i += 2 {
			unit := uint16(text[i]) | uint16(text[i+1])<<8
			if big {
				unit = uint16(text[i])<<8 | uint16(text[i+1])
			}
			units = append(units, unit)
		}
		return string(utf16.Decode(units))
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// unescape undoes backslashes, however often they have been doubled: \n, \\r\\n, \", \\\u0027.
func (c *cleaned) unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	deepest, breaks := 0, false
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			next := strings.IndexByte(text[i:], '\\')
			if next < 0 {
				next = len(text) - i
			}
			b.WriteString(text[i : i+next])
			i += next
			continue
		}
		end := i
		for end < len(text) && text[end] == '\\' {
			end++
		}
		run := end - i
		if end == len(text) {
			break
		}
		switch next := text[end]; next {
		case 'n', 'r':
			b.WriteByte(map[byte]byte{'n': '\n', 'r': '\r'}[next])
			deepest, breaks, i = max(deepest, run), true, end+1
		case 't':
			b.WriteByte('\t')
			i = end + 1
		case 'u', 'x':
			r, size := codePoint(text[end:])
			if size == 0 {
				b.WriteByte('\\')
				i = end
				break
			}
			b.WriteRune(r)
			i = end + size
		case '\n': // the line goes on, or an escape was broken
			if broken := brokenEscape.FindStringSubmatch(text[end+1:]); broken != nil {
				b.WriteByte('\n')
				i = end + 1 + len(broken[1])
				break
			}
			i = end + 1
			if r, size := codePoint(strings.TrimPrefix(text[i:], " ")); size > 0 {
				b.WriteRune(r)
				i += strings.Index(text[i:], "u") + size
				break
			}
			for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
				i++
			}
		case '"', '\'', '`', '/', '_', '*', '[', ']', '<', '>', '(', ')', '#', '-', '.', '|', '~', '&', '$', '!', ' ':
			if next == '"' {
				deepest = max(deepest, run)
			}
			b.WriteByte(next)
			i = end + 1
		default:
			if next == '0' && strings.HasPrefix(text[end:], "033") {
				b.WriteByte(0x1b)
				i = end + 3
				break
			}
			b.WriteByte('\\')
			i = end
		}
	}
	switch {
	case deepest > 1:
		c.note("escapes were undone, up to " + strconv.Itoa(deepest) + " backslashes deep")
	case breaks:
		c.note("escaped line breaks were undone")
	}
	return b.String()
}

// brokenEscape is the end of an escape that a frame has broken.
var brokenEscape = regexp.MustCompile(`^( ?(?:r\\+n|n|r))(?:Trace|Correlation|Timestamp|\\|"|\n)`)

// codePoint reads u0027, or x27, with the second half of a surrogate pair if there is one; size 0: it is none.
func codePoint(s string) (r rune, size int) {
	digits := 4
	if strings.HasPrefix(s, "x") {
		digits = 2
	}
	if len(s) < 1+digits || s[0] != 'u' && s[0] != 'x' {
		return 0, 0
	}
	n, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil {
		return 0, 0
	}
	r, size = rune(n), 1+digits
	if utf16.IsSurrogate(r) {
		rest := strings.TrimLeft(s[size:], `\`)
		if rest != s[size:] && strings.HasPrefix(rest, "u") && len(rest) >= 5 {
			if low, err := strconv.ParseUint(rest[1:5], 16, 32); err == nil {
				if whole := utf16.DecodeRune(r, rune(low)); whole != utf8.RuneError {
					return whole, len(s) - len(rest) + 5
				}
			}
		}
		return utf8.RuneError, size
	}
	return r, size
}

var (
	markdownLink = regexp.MustCompile(`\[([^\[\]\n]{1,600})\]\(<?((?:[^()\s<>]|\([^()\s]*\)){1,600})>?(?:\s+"[^"\n]*")?\)`)
	wikiLink     = regexp.MustCompile(`\[([^\[\]|\n]{1,600})\|(https?://[^\]|\s]{1,600})\]`)
	teamsLink    = regexp.MustCompile(`(https?://[^\s<>'"]{1,600})<(https?://[^\s<>]{1,600})>`)
	safeLink     = regexp.MustCompile(`https://[a-z0-9]+\.safelinks\.protection\.outlook\.com/\?url=([^&\s'"<>]{1,900})(?:&(?:amp;)?[^\s'"<>]*)?`)
	slackLink    = regexp.MustCompile(`<(https?://[^\s<>|]{1,600})(?:\|[^<>\n]{0,600})?>`)
)

// links replaces links by their text, and by their address where the text is the address without its scheme.
func (c *cleaned) links(text string) string {
	const undone = "links of Markdown were replaced by their text"
	replaced := markdownLink.ReplaceAllStringFunc(text, func(link string) string {
		m := markdownLink.FindStringSubmatch(link)
		c.note(undone)
		if scheme, rest, ok := strings.Cut(m[2], "://"); ok && !strings.Contains(m[1], "://") &&
			strings.TrimSuffix(rest, "/") == strings.TrimSuffix(strings.Trim(m[1], "*`_"), "/") {
			if scheme == "http" { // who made the link of a bare host did not know better
				c.note("of an address without a scheme, https was assumed")
				scheme = "https"
			}
			return scheme + "://" + m[1]
		}
		return m[1]
	})
	replaced = safeLink.ReplaceAllStringFunc(replaced, func(link string) string {
		address, err := url.QueryUnescape(safeLink.FindStringSubmatch(link)[1])
		if err != nil {
			return link
		}
		c.note("links that Outlook had put around addresses were taken off")
		return address
	})
	replaced = teamsLink.ReplaceAllStringFunc(replaced, func(link string) string {
		m := teamsLink.FindStringSubmatch(link)
		if strings.TrimSuffix(m[1], "/") != strings.TrimSuffix(m[2], "/") {
			return link
		}
		return m[1]
	})
	replaced = wikiLink.ReplaceAllString(replaced, "$1")
	return slackLink.ReplaceAllString(replaced, "$1")
}

// urlEncoded says whether the words of the text are joined by %20 or +.
func urlEncoded(text string) bool {
	return encodedWords.MatchString(text)
}

var encodedWords = regexp.MustCompile(`(?i)AADSTS\d+(?:%(?:25)?3a|:)(?:%(?:25)?20|\+)\w+(?:%(?:25)?20|\+)\w+(?:%(?:25)?20|\+)|presented(?:%(?:25)?20|\+)assertion(?:%(?:25)?20|\+)`)

var percent = regexp.MustCompile(`(?i)(?:%[0-9a-f]{2})+`)

// urlDecode undoes percent signs, and + for spaces; what is no encoding stays.
func urlDecode(text string) string {
	text = strings.ReplaceAll(text, "+", " ")
	for range 2 {
		next := percent.ReplaceAllStringFunc(text, func(run string) string {
			raw := make([]byte, 0, len(run)/3)
			for i := 0; i+2 < len(run); i += 3 {
				n, _ := strconv.ParseUint(run[i+1:i+3], 16, 8) // the expression leaves nothing else
				raw = append(raw, byte(n))
			}
			return strings.ToValidUTF8(string(raw), "\ufffd")
		})
		if next == text || !strings.Contains(next, "%2") {
			return next
		}
		text = next
	}
	return text
}
