package expression

import "unicode/utf8"

// glob tells whether a pattern with * and ? matches the whole of a text. It never goes back further than the last star,
// so that hostile patterns cost no more than the product of both lengths.
func glob(pattern, text string, emptyStar bool) bool {
	if !utf8.ValidString(text) {
		return false
	}
	var p, t int
	// where to go on after a mismatch: behind the last star, which has eaten the text up to retry; star 0: none yet
	var star, retry int
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			if !emptyStar {
				t += width(text[t:])
			}
			star, retry = p, t
		case p < len(pattern) && pattern[p] == '?':
			p++
			t += width(text[t:])
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star > 0:
			retry += width(text[retry:])
			p, t = star, retry
		default:
			return false
		}
	}
	for emptyStar && p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// width is the number of bytes of the first character.
func width(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
