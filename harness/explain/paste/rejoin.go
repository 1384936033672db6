package paste

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// rejoin joins lines that were cut at a width, within words too, as terminals cut them. It tells them from lines that
// were broken at spaces by the words of Entra's sentences: where those are cut, all lines of the block are.
func (c *cleaned) rejoin(lines []string) []string {
	out := make([]string, 0, len(lines))
	for i := 0; i < len(lines); {
		end := i
		for end < len(lines) && strings.TrimSpace(lines[end]) != "" {
			end++
		}
		if end == i {
			out = append(out, lines[i])
			i++
			continue
		}
		out = append(out, c.rejoinBlock(lines[i:end])...)
		i = end
	}
	return out
}

// rejoinBlock joins the lines of a block that are as long as its longest, or a space shorter, with those after them.
func (c *cleaned) rejoinBlock(lines []string) []string {
	block := dedent(lines)
	sizes := make([]int, len(block))
	often := make(map[int]int)
	width := 0 // the size that most lines have, the longer of two
	for i, line := range block {
		sizes[i] = utf8.RuneCountInString(strings.TrimRight(line, " \t"))
		often[sizes[i]]++
		if n, most := often[sizes[i]], often[width]; n > most || n == most && sizes[i] > width {
			width = sizes[i]
		}
	}
	full := func(i int) bool { return sizes[i] >= width-1 } // escapes make a line longer
	cut, kept := 0, 0
	for i := range block[:len(block)-1] {
		if full(i) {
			switch left, right := lastWord(block[i]), firstWord(block[i+1]); {
			case cutNumber.MatchString(block[i]) && startsHex.MatchString(block[i+1]):
				cut++
			case left == "" || right == "":
			case vocabulary[left+right] && !(vocabulary[left] && vocabulary[right]):
				cut++
			case vocabulary[left] && vocabulary[right] && !vocabulary[left+right]:
				kept++
			}
		}
	}
	if width < 20 || cut == 0 || kept > cut {
		return lines
	}
	c.note("lines that were cut at a width were joined")
	leading := slices.ContainsFunc(block, func(line string) bool { return strings.HasPrefix(line, " ") })
	var out []string
	var b strings.Builder
	for i, line := range block {
		b.WriteString(strings.TrimRight(line, " \t"))
		if i+1 < len(block) && full(i) {
			if sizes[i] == width-1 && !strings.HasPrefix(block[i+1], " ") {
				b.WriteByte(' ')
			}
			if whole := sizes[i] == width && leading || utf8.RuneCountInString(line) > sizes[i]; !whole {
				c.seams = append(c.seams, seamOf(line, block[i+1]))
			}
			continue
		}
		out = append(out, b.String())
		b.Reset()
	}
	return out
}

// seam is where two lines of which the white space at the ends is lost were joined: the last letters before it and the
// first ones after it.
type seam struct{ left, right string }

func seamOf(before, after string) seam {
	const size = 16
	before, after = strings.TrimRight(before, " \t"), strings.TrimLeft(after, " \t")
	left, right := []rune(before[strings.LastIndexAny(before, `\&;`)+1:]), []rune(after)
	if end := strings.IndexAny(after, `\&`); end >= 0 {
		right = []rune(after[:end])
	}
	return seam{string(left[max(0, len(left)-size):]), string(right[:min(len(right), size)])}
}

// mendSeams takes the spaces out of a value that seams have put into words of its, or between it and its quotes. doubt
// says that it has a seam at which a space may be too many or missing.
func (r *reader) mendSeams(raw, before, after, name string) (mended string, doubt bool) {
	for _, s := range r.c.seams {
		for _, space := range []string{" ", ""} {
			at := strings.Index(before+raw+after, s.left+space+s.right)
			if at < 0 || s.left == "" || s.right == "" {
				continue
			}
			at += len(s.left) - len(before)
			if at < 0 || at+len(space) >= len(raw) {
				continue
			}
			left, right := raw[:at], raw[at+len(space):]
			switch inside := strings.Trim(left, " \t\n"+quotes) != "" && strings.Trim(right, " \t\n.,"+quotes) != ""; {
			case oneWord[name], name == "sub" && inside && inWord(left, right), !inside && strings.ContainsAny(firstOf(right), quotes):
				raw = left + right
			case !inside && left != "" && strings.ContainsAny(left[len(left)-1:], quotes):
				raw = left + right
			case inside:
				doubt = true
			}
			break
		}
	}
	return raw, doubt
}

// dedent takes the white space off lines that all of them begin with.
func dedent(lines []string) []string {
	common := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " \t"))]
	for _, line := range lines[1:] {
		for !strings.HasPrefix(line, common) {
			common = common[:len(common)-1]
		}
	}
	if common == "" {
		return lines
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = line[len(common):]
	}
	return out
}

// A code's number, or a GUID, that goes on in the next line.
var (
	cutNumber = regexp.MustCompile(`(?i)(?:aadsts\d*|\d:\d\d?|[0-9a-f]{8}-[0-9a-f-]*[0-9a-f])$`)
	startsHex = regexp.MustCompile(`^[0-9a-f-]{1,12}(?:\b|Z)`)
)

// vocabulary is the words of Entra's sentences and of what stands around them, small.
var vocabulary = func() map[string]bool {
	words := make(map[string]bool)
	add := func(text string) {
		for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
			words[w] = true
		}
	}
	for _, w := range wordings {
		for _, p := range w.parts {
			add(p.words)
		}
	}
	add("error description codes Trace ID Correlation Timestamp invalid client request unauthorized received status response building account token AADSTS")
	return words
}()

func lastWord(line string) string {
	line = strings.TrimRight(line, " \t")
	start := strings.LastIndexFunc(line, func(r rune) bool { return !unicode.IsLetter(r) })
	return strings.ToLower(line[start+1:])
}

func firstWord(line string) string {
	end := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		end = len(line)
	}
	return strings.ToLower(line[:end])
}
