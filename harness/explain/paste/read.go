package paste

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
)

// Read reads a text. It never fails: a text without a message has none, and the result says what it looks like. It
// takes time in proportion to the size of the text; of more than 16 MiB it reads the beginning and the end.
func Read(text string) Result {
	var result Result
	result.Tokens = tokens(text[:min(len(text), maxText)])
	c := clean(text)
	for _, t := range tokens(c.text) {
		if !slices.Contains(result.Tokens, t) {
			result.Tokens = append(result.Tokens, t)
		}
	}
	c.text = entra.HideTokens(c.text)
	r := reader{c: &c, s: squeeze(c.text)}
	all := r.mentions()
	result.Messages = r.messages(all)
	result.Beside = beside(c.text)
	if len(result.Messages) == 0 {
		result.None = none(text[:min(len(text), maxText)], c.text, all)
	}
	if len(c.notes) > 0 {
		for i := range result.Messages {
			result.Messages[i].Notes = append(slices.Clone(sentencesOf(c.notes)), result.Messages[i].Notes...)
		}
	}
	if len(result.Tokens) > 0 {
		result.Notes = append(result.Notes, "The text has a token in it. It is a secret: it is not shown here.")
	}
	return result
}

// sentencesOf makes sentences of notes.
func sentencesOf(notes []string) []string {
	out := make([]string, len(notes))
	for i, n := range notes {
		out[i] = strings.ToUpper(n[:1]) + n[1:] + "."
	}
	return out
}

// reader reads one text.
type reader struct {
	c        *cleaned
	s        squeezed
	stops    []int // where numbers are: no sentence goes over one
	stopEnds []int // and where they end
}

// stopAfter is the next stop after a letter, and stopBefore the last one before it.
func (r *reader) stopAfter(letter int) int {
	i, _ := slices.BinarySearch(r.stops, letter+1)
	if i == len(r.stops) {
		return len(r.s.letters)
	}
	return r.stops[i]
}

func (r *reader) stopBefore(letter int) int {
	i, _ := slices.BinarySearch(r.stops, letter)
	if i == 0 {
		return 0
	}
	return r.stops[i-1]
}

// mention is one place at which a text names a code, a sentence or both.
type mention struct {
	from, to int // letters
	number   int // 0: none
	sentence *sentence
	trailer  trailer
	prose    bool // a number alone, in running words
	row      bool // in a row of a table
	other    int  // the number that error_codes after it has, if that is another; 0: none
}

// code is the number, or that of the sentence.
func (m mention) code() int {
	if m.number != 0 {
		return m.number
	}
	return m.sentence.codes[0]
}

// strong says whether the mention shows an answer: something of an answer beside it, or values that are real. Among
// many codes, and in a table, an error member alone is none: documents have it too.
func (m mention) strong(many bool) bool {
	if t := m.trailer; t.correlation != "" || !t.time.IsZero() || t.trace != "" || !many && !m.row && (t.named || t.oauth != "") {
		return true
	}
	return !m.row && m.real()
}

// real says whether the mention has values that somebody was answered with.
func (m mention) real() bool {
	if m.sentence == nil {
		return false
	}
	real := false
	for i, f := range m.sentence.found {
		if f.value == nil || f.value.Text == "" {
			continue
		}
		if template.MatchString(f.value.Text) {
			return false
		}
		real = real || !f.value.Masked && m.sentence.w.parts[i].value != "aud" || len(m.sentence.w.parts) == 2
	}
	return real
}

// solid says whether the mention has a sentence, and enough of it.
func (r *reader) solid(m mention) bool {
	return m.sentence != nil && !m.row && (m.sentence.sure() || m.sentence.to+3 >= len(r.s.letters))
}

// template is a value of a document's: <issuer>, {subject}.
var template = regexp.MustCompile(`<[^<>\n]{1,60}>|\{[^{}\n]{1,60}\}`)

// mentions finds all places, in their order.
func (r *reader) mentions() []mention {
	numbers := r.numbers()
	for _, n := range numbers {
		r.stops, r.stopEnds = append(r.stops, n.from), append(r.stopEnds, n.to)
	}
	sentences := r.sentences()
	var all []mention
	used := make([]bool, len(numbers))
	for i := range sentences {
		s := &sentences[i]
		m := mention{from: s.from, to: s.to, sentence: s}
		if n := nearest(numbers, s, used); n >= 0 {
			used[n] = true
			m.number, m.from = numbers[n].code, numbers[n].from
			if later := slices.Index(numbers[n].longer, s.codes[0]); later >= 0 {
				m.number = s.codes[0]
			}
		}
		all = append(all, m)
	}
	for i, n := range numbers {
		if !used[i] {
			taken := slices.ContainsFunc(sentences, func(s sentence) bool { return s.from >= n.to && s.from <= n.to+3 })
			all = append(all, r.alone(n, taken))
		}
	}
	all = filter(all, func(m mention) bool { return m.number != 0 || m.sentence.sure() })
	slices.SortFunc(all, func(a, b mention) int { return cmp.Compare(a.from, b.from) })
	all = joinNumbers(all)
	for i := range all {
		m := &all[i]
		before, next := 0, len(r.s.letters)
		if i > 0 {
			before = max(all[i-1].to, all[i-1].trailer.end)
		}
		if i+1 < len(all) {
			next = all[i+1].from
		}
		m.to = min(m.to, max(next, m.from))
		m.trailer = r.trailer(before, m.from, m.to, next)
		m.row = r.c.table && r.inRow(m.from)
		if m.number == 0 {
			r.numberOf(m, before, next)
		} else {
			m.other = r.otherNumber(*m, next)
		}
	}
	if len(all) == 0 {
		all = r.bare()
	}
	if len(all) == 0 {
		all = r.headless()
	}
	return all
}

// joinNumbers gives sentences without a number the one that comes right after them and agrees: … (AADSTS700213).
func joinNumbers(all []mention) []mention {
	var out []mention
	for _, m := range all {
		if n := len(out) - 1; n >= 0 && m.sentence == nil && out[n].number == 0 && m.from-out[n].to <= 20 && out[n].sentence.agrees(m.number) {
			out[n].number, out[n].to = m.number, m.to
			continue
		}
		out = append(out, m)
	}
	return out
}

// headless finds a sentence whose beginning is missing, at the beginning of a text.
func (r *reader) headless() []mention {
	var best *sentence
	for i := range wordings {
		w := &wordings[i]
		p := w.parts[w.anchor]
		if w.anchor > 0 || p.value == "" {
			continue
		}
		at := strings.Index(r.s.letters[:min(len(r.s.letters), 400)], p.letters[len(p.letters)-anchorSize:])
		if at < 0 {
			continue
		}
		end := at + anchorSize
		from := end
		for from > 0 && end-from < len(p.letters) && r.s.letters[from-1] == p.letters[len(p.letters)-1-(end-from)] {
			from--
		}
		if from > 0 || end-from < 20 {
			continue
		}
		if s, is := r.matchFrom(w, from, end); is && s.found[0].value != nil && (best == nil || s.known > best.known || s.known == best.known && rank(s.w.code) < rank(best.w.code)) {
			s.codes = []int{w.code}
			best = &s
		}
	}
	if best == nil {
		return nil
	}
	m := mention{from: best.from, to: best.to, sentence: best}
	m.trailer = r.trailer(0, m.from, m.to, len(r.s.letters))
	r.numberOf(&m, 0, len(r.s.letters))
	return []mention{m}
}

// alone makes a mention of a number that no sentence was found for: with one of its own code's that begins right after
// it, if only a little of it is there, or if it is too short to be known without the number.
func (r *reader) alone(n number, taken bool) mention {
	m := mention{from: n.from, to: n.to, number: n.code, prose: n.prose}
	if taken {
		return m // the sentence after it is another number's
	}
	for i := range short {
		w := &short[i]
		if w.code != n.code || n.to >= len(r.s.letters) || common(r.s.letters[n.to:], w.parts[0].letters) < min(6, len(w.parts[0].letters)) {
			continue
		}
		if s, is := r.match(w, n.to); is && !r.goesOnOtherwise(&s) && (m.sentence == nil || s.known > m.sentence.known) {
			s.codes = []int{n.code}
			m.sentence, m.to = &s, s.to
		}
	}
	return m
}

// goesOnOtherwise says whether only a little of a sentence is there, and other words come after it rather than its end:
// the words are of another sentence then, which begins alike.
func (r *reader) goesOnOtherwise(s *sentence) bool {
	first := len(s.w.parts[0].letters)
	if s.known >= min(first, leastLetters) || s.to >= len(r.s.letters) {
		return false
	}
	if between := r.s.between(s.to); strings.ContainsAny(between, "…\"<") || strings.Contains(between, "..") || strings.Contains(between, "\n\n") {
		return false
	}
	after := r.s.letters[s.to:min(r.stopAfter(s.from), s.to+40)]
	return after != "" && !slices.ContainsFunc(slices.Concat(traceNames, correlationNames, timeNames), func(name string) bool { return strings.HasPrefix(after, name) })
}

// nearest is the number of a sentence: the one right before it, or one in the words before that it agrees with.
func nearest(numbers []number, s *sentence, used []bool) int {
	adjoined := -1
	for i, n := range slices.Backward(numbers) {
		if n.from >= s.from || used[i] {
			continue
		}
		end := n.to
		if len(n.ends) > 0 && n.ends[0] == s.from {
			end = s.from
		}
		far := s.from - end
		agrees := s.agrees(n.code) || len(n.longer) > 0 && slices.Contains(n.longer, s.codes[0])
		switch {
		case agrees && (adjoined < 0 && far <= 400 || far <= 40):
			return i
		case adjoined < 0 && far <= 3:
			adjoined = i // unless one a little before agrees: AADSTS700213 (formerly AADSTS70021): …
		default:
			return adjoined
		}
	}
	return adjoined
}

// numberOf looks for the number of a sentence without one around it.
func (r *reader) numberOf(m *mention, before, next int) {
	codes := r.elsewhere(r.s.end(max(before, m.from-300)), r.s.start(m.from))
	if digits := column.FindStringSubmatch(r.s.text[r.s.end(max(before, m.from-10)):r.s.start(m.from)]); digits != nil {
		code, _ := strconv.Atoi(digits[1]) // the expression leaves nothing else
		if _, known := entra.Lookup(code); known {
			codes = append(codes, code)
		}
	}
	codes = append(codes, r.elsewhere(r.s.end(m.to), r.s.end(min(next, m.to+1500)))...)
	for _, code := range codes {
		if m.sentence.agrees(code) {
			m.number = code
			return
		}
	}
	if len(codes) > 0 {
		if _, known := entra.Lookup(codes[0]); known {
			m.number = codes[0]
		}
	}
}

// otherNumber is what the answer has in error_codes where the text of it has another number; 0: they agree, or it has
// none.
func (r *reader) otherNumber(m mention, next int) int {
	found := errorCodes.FindStringSubmatch(r.s.text[r.s.end(m.to):r.s.end(min(next, m.to+1500))])
	if found == nil {
		return 0
	}
	first := 0
	for digits := range strings.SplitSeq(found[1], ",") {
		code, err := strconv.Atoi(strings.TrimSpace(digits))
		if err != nil || code == m.number {
			return 0
		}
		first = cmp.Or(first, code)
	}
	return first
}

var errorCodes = regexp.MustCompile(`error_codes["']?\s*:\s*\[([\d\s,]+)\]`)

// column is a number right before a sentence, as in the columns of a log of sign-ins.
var column = regexp.MustCompile(`(?:^|\D)(\d{5,8})[\s|,:;"'-]*$`)

// bare makes mentions of numbers that stand without AADSTS.
func (r *reader) bare() []mention {
	var all []mention
	codes := r.elsewhere(0, len(r.s.text))
	if only := strings.TrimSpace(r.s.text); nothingButNumber.MatchString(only) {
		code, _ := strconv.Atoi(only) // the expression leaves nothing else
		codes = append(codes, code)
	}
	for _, code := range codes {
		if _, known := entra.Lookup(code); !known {
			continue
		}
		at := max(strings.Index(r.s.letters, strconv.Itoa(code)), 0)
		m := mention{from: at, to: min(at+len(strconv.Itoa(code)), len(r.s.letters)), number: code}
		m.trailer = r.trailer(0, m.from, m.to, len(r.s.letters))
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b mention) int { return cmp.Compare(a.from, b.from) })
	return all
}

var nothingButNumber = regexp.MustCompile(`^\d{5,8}$`)

// inRow says whether a letter is in a row of a table.
func (r *reader) inRow(letter int) bool {
	at := r.s.start(letter)
	start := strings.LastIndexByte(r.s.text[:at], '\n') + 1
	end := strings.IndexByte(r.s.text[at:], '\n')
	if end < 0 {
		end = len(r.s.text) - at
	}
	return strings.Contains(r.s.text[start:at+end], "|")
}
