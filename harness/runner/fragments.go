package runner

import (
	"encoding/base64"
	"strings"
)

// fragmentSize is the length from which on a piece of a token is taken for one.
const fragmentSize = 16

// fragments are the pieces of fragmentSize characters that tokens have, in lower case. Nil has none.
type fragments map[string]bool

// fragmentsOf are those of tokens in compact form, whose parts may be in base64 once more. What is no such token, as a
// fault may have made it, has none.
func fragmentsOf(tokens []string) fragments {
	all := fragments{}
	for _, token := range tokens {
		if !strings.HasPrefix(token, "eyJ") {
			continue
		}
		all.add(base64.StdEncoding.EncodeToString([]byte(token)))
		for part := range strings.SplitSeq(token, ".") {
			all.add(part)
			all.add(base64.StdEncoding.EncodeToString([]byte(part)))
		}
	}
	return all
}

func (f fragments) add(text string) {
	text = lower(text)
	for i := 0; i+fragmentSize <= len(text); i++ {
		f[text[i:i+fragmentSize]] = true
	}
}

// mask puts an ellipsis in the place of what is a piece of a token, or several that overlap.
func (f fragments) mask(text string) string {
	if len(f) == 0 {
		return text
	}
	var b strings.Builder
	small := lower(text)
	written, end := 0, 0 // what is masked ends at end; until then nothing is written
	for i := 0; i+fragmentSize <= len(small); i++ {
		if !f[small[i:i+fragmentSize]] {
			continue
		}
		if i >= end {
			b.WriteString(text[written:i] + "…")
		}
		end = i + fragmentSize
		written = end
	}
	return b.String() + text[written:]
}

// lower is a text with the letters of tokens in lower case, each at its place.
func lower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
