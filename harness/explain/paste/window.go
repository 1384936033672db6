package paste

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// windows keeps of a long text what is around the places where a message may be, and its beginning and end: logs of a
// pipeline have megabytes before the sign-in. Of places without number it keeps those of the first half mebibyte.
func windows(text string) string {
	const long, around, most = 256 << 10, 16 << 10, 512 << 10
	if len(text) <= long {
		return text
	}
	s := squeeze(text)
	edges := [][2]int{{0, 2 * around}, {len(text) - 2*around, len(text)}}
	mark := func(letter int) {
		at := s.start(letter)
		if last := &edges[len(edges)-1]; len(edges) > 2 && at-around <= last[1] { // marks come in their order
			last[1] = min(len(text), at+around)
			return
		}
		edges = append(edges, [2]int{max(0, at-around), min(len(text), at+around)})
	}
	for i := 0; i+anchorSize <= len(s.letters); i++ {
		if s.letters[i] == 'a' && (strings.HasPrefix(s.letters[i:], heads[0]) || strings.HasPrefix(s.letters[i:], heads[1])) ||
			len(anchors[s.letters[i:i+anchorSize]]) > 0 || strings.HasPrefix(s.letters[i:], "errordescription") {
			mark(i)
		}
	}
	slices.SortFunc(edges, func(a, b [2]int) int { return a[0] - b[0] })
	var b strings.Builder
	kept := 0
	for _, e := range edges {
		from := max(e[0], kept)
		last := e[0] == len(text)-2*around
		if !last {
			e[1] = min(e[1], max(from, from+most-b.Len()))
		}
		for from < e[1] && !utf8.RuneStart(text[from]) {
			from++
		}
		for e[1] < len(text) && !utf8.RuneStart(text[e[1]]) {
			e[1]++
		}
		if from >= e[1] {
			continue
		}
		if from > kept {
			b.WriteByte('\n')
		}
		b.WriteString(text[from:e[1]])
		kept = e[1]
	}
	return b.String()
}
