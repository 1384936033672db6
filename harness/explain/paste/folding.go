package paste

import (
	"strings"
	"unicode/utf8"
)

// folding is how the lines of a message were broken.
type folding struct {
	kind  breaks
	width int // of its longest line
}

type breaks int

const (
	unknownBreaks breaks = iota
	atSpaces             // each break stands for a space
	anywhere             // lines are cut at a width, within words too
)

// foldingOf says how the lines of a sentence were broken, by its words, which are known, and by its width.
func (r *reader) foldingOf(f *sentence) folding {
	out := folding{}
	for i := range f.found {
		if i == 0 && f.headless {
			continue
		}
		for k := 1; k < f.found[i].fits; k++ {
			if !strings.Contains(r.s.between(f.found[i].from+k), "\n") {
				continue
			}
			if !f.w.parts[i].spaces[k] {
				out.kind = anywhere
			} else if out.kind == unknownBreaks {
				out.kind = atSpaces
			}
		}
	}
	from := strings.LastIndexByte(r.s.text[:r.s.start(f.from)], '\n') + 1
	block := r.s.text[from:min(len(r.s.text), from+4000)]
	if end := strings.Index(block, "\n\n"); end >= 0 {
		block = block[:end]
	}
	lines := strings.Split(strings.TrimRight(block, " \t\n"), "\n")
	lines = lines[:len(lines)-1]
	for _, line := range lines {
		out.width = max(out.width, utf8.RuneCountInString(strings.TrimRight(line, " \t")))
	}
	full := 0
	for _, line := range lines {
		if n := utf8.RuneCountInString(strings.TrimRight(line, " \t")); n == out.width || n == out.width-1 {
			full++
		}
	}
	if out.kind != anywhere && full >= 2 && full == len(lines) {
		out.kind = anywhere
	}
	return out
}

// unbroken is a part of a text without its breaks of lines: where one stood for a space, a space. guessed says that only
// the lengths of the lines told which.
func (f folding) unbroken(text string, from, to int, name string) (joined string, guessed bool) {
	raw := text[from:to]
	if !strings.Contains(raw, "\n") {
		return raw, false
	}
	raw = listMark.ReplaceAllString(raw, "")
	var b strings.Builder
	for at := 0; at < len(raw); {
		next := strings.IndexByte(raw[at:], '\n')
		if next < 0 {
			b.WriteString(raw[at:])
			break
		}
		next += at
		b.WriteString(strings.TrimRight(raw[at:next], " \t"))
		start := strings.LastIndexByte(text[:from+next], '\n') + 1
		line := strings.TrimRight(text[start:from+next], " \t")
		at = next + 1
		for at < len(raw) && (raw[at] == '\n' || raw[at] == ' ' || raw[at] == '\t') {
			at++
		}
		if !oneWord[name] && at < len(raw) && !(name == "sub" && inWord(raw[:next], raw[at:])) {
			inside := strings.Trim(raw[:next], " \t\n"+quotes) != "" && strings.Trim(raw[at:], " \t\n.,"+quotes) != ""
			guessed = guessed || inside
			if f.space(line, raw[next+1:at]) {
				b.WriteByte(' ')
			}
		}
	}
	return b.String(), guessed
}

// inWord says whether a break within a subject is one within a word of it: beside a mark that joins its parts, or in a
// part that has no spaces. Names of environments, projects and connections may have some.
func inWord(before, after string) bool {
	const marks = ":/@|_.-"
	before = strings.TrimRight(before, " \t")
	if before != "" && strings.ContainsAny(before[len(before)-1:], marks) || strings.ContainsAny(after[:1], marks) {
		return true
	}
	start := strings.TrimLeft(strings.Join(strings.Fields(before+after), ""), ":"+quotes)
	return strings.HasPrefix(start, "system:serviceaccount:") || strings.HasPrefix(start, "spiffe://") ||
		strings.HasPrefix(start, "repo:") && !strings.Contains(before, ":environment:")
}

// space says whether a break stands for a space, by the line before it and the white space after it.
func (f folding) space(line, after string) bool {
	switch f.kind {
	case anywhere:
		return utf8.RuneCountInString(line) == f.width-1 || strings.HasPrefix(after, " ")
	default: // a line of one word was longer than it could be; others were broken at a space, or after a hyphen
		return strings.Contains(strings.TrimSpace(line), " ") && !strings.HasSuffix(line, "-")
	}
}
