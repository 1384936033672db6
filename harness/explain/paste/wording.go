package paste

import (
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
)

// wording is a sentence of Entra's, taken apart: words, a value, words, a value, words.
type wording struct {
	code   int
	parts  []part
	anchor int  // the first part that is long enough to be looked for; -1: none
	short  bool // it is looked for after its number, where few letters are enough
}

// part is words, and the value that comes after them.
type part struct {
	words   string // as Entra writes them
	letters string // the letters and digits of words, small
	spaces  []bool // for each of letters, whether a space stands before it
	value   string // the name of the value after the words; "": the sentence ends
	quoted  bool   // whether the value stands between quotes
	divider string // punctuation within the value that ends it: what comes after it is the value second
	second  string
}

// anchorSize is how many letters of a sentence are looked for. Sentences without as many in a row are known by their
// number alone.
const anchorSize = 14

// wordings are all sentences that are known by their words, and anchors the places to begin at, by their letters. short
// are those that begin with words, which are looked for after the number of their code only.
var wordings, short, anchors = func() ([]wording, []wording, map[string][]int) {
	var all, short []wording
	index := make(map[string][]int)
	add := func(code int, text string) {
		w := takeApart(code, text)
		if w.parts[0].letters != "" {
			after := w
			after.anchor, after.short = 0, true
			short = append(short, after)
		}
		if w.anchor < 0 {
			return
		}
		key := w.parts[w.anchor].letters[:anchorSize]
		index[key] = append(index[key], len(all))
		all = append(all, w)
	}
	for _, c := range entra.Codes {
		if c.Number != nothingButName {
			add(c.Number, c.Message)
		}
	}
	for _, w := range entra.Wordings {
		add(w.Code, w.Text)
	}
	return all, short, index
}()

// nothingButName is a row of entra.Codes whose text is none of Entra's.
const nothingButName = 501271

var place = regexp.MustCompile(`\{([A-Za-z]+)\}`)

func takeApart(code int, text string) wording {
	w := wording{code: code, anchor: -1}
	add := func(words, value string, quoted bool) {
		p := part{words: words, value: value, quoted: quoted}
		s := squeeze(words)
		p.letters = s.letters
		if n := len(w.parts); n > 0 && value != "" && p.letters == "" { // two values with nothing but punctuation between
			w.parts[n-1].divider, w.parts[n-1].second = words, value
			return
		}
		p.spaces = make([]bool, len(s.letters))
		for i := range p.spaces {
			p.spaces[i] = strings.ContainsAny(s.between(i), " ")
		}
		if w.anchor < 0 && len(p.letters) >= anchorSize {
			w.anchor = len(w.parts)
		}
		w.parts = append(w.parts, p)
	}
	for {
		loc := place.FindStringSubmatchIndex(text)
		if loc == nil {
			add(text, "", false)
			return w
		}
		add(text[:loc[0]], text[loc[2]:loc[3]], strings.HasSuffix(text[:loc[0]], "'"))
		text = text[loc[1]:]
	}
}

// preferred are the codes that a sentence without a number is taken for where several have it, best first.
var preferred = []int{501661, 900382, 700213, 700212, 70025, 700027, 700024, 70021}
