package paste

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// sentence is one that was found in a text.
type sentence struct {
	from, to int // its letters
	w        *wording
	codes    []int      // of the wordings that fit as well, best first; the first is w's
	shorter  []int      // of wordings of which all is there, but that end sooner: more of theirs may not be known
	others   []sentence // as the other codes word it
	found    []found    // its parts, as far as it goes
	known    int        // how many letters of words it has
	headless bool       // its beginning is missing
	whole    bool       // it has the beginning of its last words
}

// found is a part of a sentence: where its words are, and its value if it has one.
type found struct {
	from, to int // the letters of the words
	fits     int // how many of the words' letters are there; fewer than all: the words end early
	value    *Value
	second   *Value // what the part calls so
}

// maxSentences and maxNumbers bound what is looked at of a text that repeats itself.
const maxSentences, maxNumbers = 4000, 1000

// sentences finds the sentences in a text, in their order; of those that overlap, the one of which most is there.
// No sentence goes over a stop, which is where the next message begins.
func (r *reader) sentences() []sentence {
	var all []sentence
	last := make(map[int]int) // for each wording, where it was found last
	for i := 0; i+anchorSize <= len(r.s.letters) && len(all) < maxSentences; i++ {
		for _, index := range anchors[r.s.letters[i:i+anchorSize]] {
			w := &wordings[index]
			if at, had := last[index]; had && i < at {
				continue
			}
			if found, is := r.match(w, i); is {
				last[index] = i + len(w.parts[w.anchor].letters)
				all = append(all, found)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b sentence) int {
		return cmp.Or(cmp.Compare(r.fit(b), r.fit(a)), cmp.Compare(rank(a.w.code), rank(b.w.code)), -compareBool(a.whole, b.whole), cmp.Compare(a.from, b.from))
	})
	var kept []sentence
	for _, s := range all {
		over := slices.IndexFunc(kept, func(k sentence) bool { return s.from < k.to && k.from < s.to })
		switch {
		case over < 0:
			s.codes = []int{s.w.code}
			kept = append(kept, s)
		case kept[over].from != s.from:
		case r.fit(s) >= r.fit(kept[over]) && !slices.Contains(kept[over].codes, s.w.code):
			kept[over].codes = append(kept[over].codes, s.w.code)
			kept[over].others = append(kept[over].others, s)
		case s.whole && len(s.w.parts) > 1 && !slices.Contains(kept[over].shorter, s.w.code):
			kept[over].shorter = append(kept[over].shorter, s.w.code)
			kept[over].others = append(kept[over].others, s)
		}
	}
	slices.SortFunc(kept, func(a, b sentence) int { return cmp.Compare(a.from, b.from) })
	return kept
}

// fit is how many letters are there of a sentence, and less if it breaks off although the text goes on: then it may be
// another.
func (r *reader) fit(s sentence) int {
	last := s.found[len(s.found)-1]
	if last.fits < len(s.w.parts[len(s.found)-1].letters) && s.to < len(r.s.letters) {
		return s.known - 10
	}
	return s.known
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// agrees says whether a code has this sentence.
func (s *sentence) agrees(code int) bool {
	return slices.Contains(s.codes, code) || slices.Contains(s.shorter, code)
}

// as is the sentence as a code words it.
func (s *sentence) as(code int) *sentence {
	for i := range s.others {
		if o := &s.others[i]; o.w.code == code && code != s.w.code {
			o.codes, o.shorter = s.codes, s.shorter
			return o
		}
	}
	return s
}

// sure says whether enough is there to know the sentence without a number: a value after its first words, all of it, or
// much of it.
func (s *sentence) sure() bool {
	if s.known >= 40 || s.whole && s.found[len(s.found)-1].fits == len(s.w.parts[len(s.found)-1].letters) {
		return true
	}
	for _, f := range s.found {
		if f.value != nil && f.value.Text != "" {
			return true
		}
	}
	return false
}

func rank(code int) int {
	if i := slices.Index(preferred, code); i >= 0 {
		return i
	}
	return len(preferred)
}

// enoughLetters is how many letters in a row are of one sentence alone.
const enoughLetters = 40

// leastLetters is how many letters of a sentence's beginning must be there if it is cut.
const leastLetters = 26

// match reads a wording whose anchor begins at a letter.
func (r *reader) match(w *wording, at int) (sentence, bool) {
	stop := r.stopAfter(at)
	f := sentence{w: w, from: at, found: make([]found, 0, len(w.parts))}
	fits := common(r.s.letters[at:stop], w.parts[w.anchor].letters)
	if w.anchor > 0 { // a value comes before
		if fits < min(len(w.parts[w.anchor].letters)*2/3, enoughLetters) {
			return f, false
		}
		before := make([]found, w.anchor)
		edge := at
		for i := w.anchor - 1; i >= 0; i-- {
			letters := w.parts[i].letters
			from := max(0, edge-len(letters)-maxValue/4, r.stopBefore(at))
			start := edge
			if letters != "" {
				start = strings.LastIndex(r.s.letters[from:edge], letters)
				if start < 0 {
					return f, false
				}
				start += from
			} else if start = r.wordBefore(edge); start < from {
				return f, false
			} else if n, is := r.numberBefore(at); is && edge-n < 200 && n < start {
				start = n // the value begins after the number
			}
			before[i] = found{from: start, to: start + len(letters), fits: len(letters)}
			f.known += len(letters)
			edge = start
		}
		f.from = edge
		f.found = append(f.found, before...)
	}
	if whole := len(w.parts[w.anchor].letters); !w.short && fits < min(whole, leastLetters) {
		return f, false
	}
	f.found = append(f.found, found{from: at, to: at + fits, fits: fits})
	f.known += fits
	r.goOn(&f, stop)
	return f, true
}

// matchFrom reads a wording of which the end of the first words is there, up to a letter.
func (r *reader) matchFrom(w *wording, from, to int) (sentence, bool) {
	f := sentence{w: w, from: from, known: to - from, headless: true}
	f.found = append(f.found, found{from: from, to: to, fits: len(w.parts[0].letters)})
	r.goOn(&f, r.stopAfter(from))
	return f, true
}

// goOn reads the words and values of a sentence after those that were found.
func (r *reader) goOn(f *sentence, stop int) {
	w := f.w
	edge := f.found[len(f.found)-1].to
	for i := len(f.found); i < len(w.parts) && f.found[i-1].fits == len(w.parts[i-1].letters); i++ {
		letters := w.parts[i].letters
		if letters == "" { // the value is the last
			f.whole = true
			break
		}
		head := letters[:min(len(letters), anchorSize)]
		window := r.s.letters[edge:min(stop, edge+maxValue)]
		start := strings.Index(window, head)
		if start < 0 {
			break
		}
		start += edge
		fits := common(r.s.letters[start:stop], letters)
		f.found = append(f.found, found{from: start, to: start + fits, fits: fits})
		f.known += fits
		edge = start + fits
	}
	f.whole = f.whole || len(f.found) == len(w.parts)
	f.to = edge
	r.values(f, stop)
}

// wordBefore is where the word, or what stands between quotes, begins that ends before a letter.
func (r *reader) wordBefore(letter int) int {
	end := r.s.end(letter)
	text := strings.TrimRight(r.s.text[:end], " ")
	start := strings.LastIndexAny(text, " \n\t'\"")
	i := letter
	for i > 0 && r.s.start(i-1) > start {
		i--
	}
	return i
}

// numberBefore is where the number ends that stands last before a letter.
func (r *reader) numberBefore(letter int) (int, bool) {
	i, _ := slices.BinarySearch(r.stops, letter)
	if i == 0 {
		return 0, false
	}
	return r.stopEnds[i-1], true
}

// common is how many letters two texts begin with alike.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// values reads the values between the words of a sentence.
func (r *reader) values(f *sentence, stop int) {
	fold := r.foldingOf(f)
	for i := range f.found {
		p := &f.w.parts[i]
		if p.value == "" || f.found[i].fits < len(p.letters) {
			continue
		}
		from := r.s.end(f.found[i].to)
		if p.letters == "" {
			from = r.quoteBefore(f.found[i].to)
		}
		bounded := i+1 < len(f.found)
		var edge int
		if bounded {
			edge = r.s.start(f.found[i+1].from)
		} else {
			limit := max(from, min(r.s.start(stop), from+maxValue))
			after := ""
			if f.whole {
				after = strings.TrimSpace(f.w.parts[i+1].words)
			}
			var size int
			size, bounded = valueEnd(r.s.text[from:limit], *p, after, fold)
			edge = from + size
			f.to = max(f.to, r.lettersTo(edge))
		}
		raw, guessed := fold.unbroken(r.s.text, from, edge, p.value)
		if len(r.c.seams) > 0 {
			var doubt bool
			raw, doubt = r.mendSeams(raw, r.s.text[max(0, from-40):from], r.s.text[edge:min(len(r.s.text), edge+40)], p.value)
			guessed = guessed || doubt
		}
		if !p.quoted {
			raw = strings.TrimLeft(raw, " \t\n"+afterLetters(p.words))
		}
		var v Value
		var read bool
		if p.second != "" {
			var second Value
			v, second, read = two(raw, *p)
			f.found[i].second = &second
			if !read {
				f.known--
			}
		} else {
			v, read = readValue(raw, p.quoted, bounded, !strings.Contains(r.s.text[from:edge], "\n"))
			if v.Cut && !bounded && edge < len(r.s.text) && r.s.text[edge] != '"' && !ellipsis.MatchString(strings.TrimSpace(raw)) && !opening.MatchString(raw) {
				v.Cut = false // a value without quotes, and something after it, if only the end of its line
			}
		}
		if guessed && v.Doubt == "" {
			v.Doubt = "it was broken over lines: where it was joined, a space may be too many or missing"
		}
		if read {
			f.found[i].value = &v
		}
	}
}

// afterLetters is the punctuation that words end with.
func afterLetters(words string) string {
	return words[strings.LastIndexFunc(words, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })+1:]
}

// quoteBefore is where the quotes begin that stand right before a letter, or the letter.
func (r *reader) quoteBefore(letter int) int {
	at := r.s.start(letter)
	return len(strings.TrimRight(r.s.text[:at], quotes))
}

// oneWord are values that never have white space in them.
var oneWord = map[string]bool{
	"iss": true, "issuer": true, "aud": true, "kid": true, "appId": true, "clientId": true, "tenantId": true, "now": true, "iat": true, "exp": true,
	"scope": true, "alg": true, "list": true, "name": true, "grant": true, "wanted": true, "resourceId": true, "audience": true, "id": true, "policy": true,
}

// lettersTo is how many letters stand before a place in the text.
func (r *reader) lettersTo(place int) int {
	n, _ := slices.BinarySearchFunc(r.s.at, int32(place), func(a, b int32) int { return cmp.Compare(a, b) })
	return n
}
