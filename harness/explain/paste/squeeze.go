package paste

import (
	"unicode"
	"unicode/utf8"
)

// squeezed is the letters and digits of a text, small, and where each stands in it. Sentences are looked for in it: what
// frames, folds, quotes and emphasis have put between their letters is not there.
type squeezed struct {
	letters string
	at      []int32 // for each byte of letters, where its letter begins in the text
	text    string
}

func squeeze(text string) squeezed {
	letters := make([]byte, 0, len(text)*7/8)
	at := make([]int32, 0, len(text)*7/8)
	for i := 0; i < len(text); {
		b := text[i]
		if b < utf8.RuneSelf {
			switch {
			case b >= 'A' && b <= 'Z':
				letters, at = append(letters, b+'a'-'A'), append(at, int32(i))
			case b >= 'a' && b <= 'z', b >= '0' && b <= '9':
				letters, at = append(letters, b), append(at, int32(i))
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			for range utf8.RuneLen(r) {
				at = append(at, int32(i))
			}
			letters = utf8.AppendRune(letters, r)
		}
		i += size
	}
	return squeezed{letters: string(letters), at: at, text: text}
}

// start is where the letter i begins in the text.
func (s squeezed) start(i int) int {
	if i >= len(s.at) {
		return len(s.text)
	}
	return int(s.at[i])
}

// end is where the letter before i ends in the text.
func (s squeezed) end(i int) int {
	if i == 0 {
		return 0
	}
	at := int(s.at[i-1])
	_, size := utf8.DecodeRuneInString(s.text[at:])
	return at + size
}

// between is the text that stands before the letter i and after the letter before it.
func (s squeezed) between(i int) string { return s.text[s.end(i):s.start(i)] }
