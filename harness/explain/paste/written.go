package paste

import "strings"

// isAddress says whether of a sentence's last words only the address of a document is missing.
func isAddress(p part, fits int) bool {
	at := strings.LastIndex(p.words, " https://")
	return at >= 0 && fits >= len(squeeze(p.words[:at]).letters)
}

// written is a sentence as Entra writes it, with its values as printed, as far as it is there.
func written(s *sentence) string {
	var b strings.Builder
	for i, f := range s.found {
		p := s.w.parts[i]
		if f.fits < len(p.letters) {
			if isAddress(p, f.fits) {
				b.WriteString(p.words[:strings.LastIndex(p.words, " https://")])
				return b.String()
			}
			letters := squeeze(p.words)
			b.WriteString(p.words[:letters.end(f.fits)] + "…")
			return b.String()
		}
		b.WriteString(p.words)
		if p.value == "" {
			return b.String()
		}
		if f.value == nil {
			b.WriteString("…")
			return b.String()
		}
		b.WriteString(f.value.Text)
		if f.second != nil {
			b.WriteString(p.divider + f.second.Text)
		}
		if f.value.Cut {
			b.WriteString("…")
		}
		if i == len(s.found)-1 && !s.whole {
			if p.quoted && !f.value.Cut {
				b.WriteString("'")
			}
			return b.String()
		}
	}
	if last := s.w.parts[len(s.found):]; s.whole && len(last) > 0 {
		b.WriteString(last[0].words) // punctuation
	}
	return b.String()
}
