package paste

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/entra"
)

// messages makes messages of mentions: those that show an answer, each once.
func (r *reader) messages(all []mention) []Message {
	shown := r.answered(all)
	out := []Message{}
	for _, m := range shown {
		next := r.message(m)
		if same := slices.IndexFunc(out, func(o Message) bool { return sameAnswer(o, next) }); same >= 0 {
			out[same] = merge(out[same], next)
			continue
		}
		out = append(out, next)
	}
	if len(out) > 0 {
		out[0].Notes = append(out[0].Notes, named(all, out)...)
	}
	return out
}

// answered are the mentions that are answers: those that are strong; without any, the ones with a sentence, and without
// these the only code that is named. Three codes and more that are no answers are a list, as documents have it.
func (r *reader) answered(all []mention) []mention {
	many := len(distinct(all)) >= 3
	strong := filter(all, func(m mention) bool { return m.strong(many) })
	full := filter(all, r.solid)
	list := len(distinct(full)) >= 3 || len(distinct(full)) == 2 && many && len(strong) == 0
	switch {
	case len(strong) > 0:
		return filter(all, func(m mention) bool { return m.strong(many) || !list && m.number != 0 && r.solid(m) })
	case len(full) > 0 && !list:
		return full
	case len(distinct(all)) == 1 && (!all[0].row || slices.ContainsFunc(all, mention.real)):
		return all
	}
	return nil
}

func filter(all []mention, keep func(mention) bool) []mention {
	var kept []mention
	for _, m := range all {
		if keep(m) {
			kept = append(kept, m)
		}
	}
	return kept
}

// distinct are the codes of mentions, each once, in their order.
func distinct(all []mention) []int {
	var codes []int
	for _, m := range all {
		if !slices.Contains(codes, m.code()) {
			codes = append(codes, m.code())
		}
	}
	return codes
}

// message makes a message of one mention.
func (r *reader) message(m mention) Message {
	out := Message{
		Code: m.code(), TraceID: m.trailer.trace, CorrelationID: m.trailer.correlation, Time: m.trailer.time,
		OAuth: m.trailer.oauth, Status: m.trailer.status,
	}
	if m.other != 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("The error_codes of the answer have %s, its text has %s: they contradict each other, and the text is taken.", name(m.other), name(m.number)))
	}
	switch {
	case m.sentence == nil:
		out.Basis = ByNumber
		out.Text = name(m.number) + r.words(m)
		row, known := entra.Lookup(m.number)
		if !known {
			out.Notes = append(out.Notes, name(m.number)+" is not in the table of codes: nothing is known about it here.")
		} else if cause := causeIn(out.Text, row); cause != 0 {
			out.Basis, out.Sentence = ByConflict, cause
			out.Notes = append(out.Notes, fmt.Sprintf("The number is %s (%q), the words speak of what %s is about.", name(m.number), row.Message, name(cause)))
		} else if m.prose && out.Text == name(m.number) && r.amongWords(m.to) && m.trailer.trace == "" && m.trailer.oauth == "" && m.trailer.time.IsZero() {
			out.Notes = append(out.Notes, "The text names "+name(m.number)+" in running words: whether Entra answered it there is not known.")
		} else if out.Text != name(m.number) {
			out.Notes = append(out.Notes, "The words after "+name(m.number)+" are none that it is known with: they may be reworded or translated, or those of another error.")
		}
		if v, is := issuerIn(out.Text); is && !known {
			out.Values = map[string]Value{"iss": v}
			out.Notes = append(out.Notes, "The issuer was taken from between the quotes of words that are not known here.")
		} else if v, name, is := quotedValue(out.Text, m.number); is {
			out.Values = map[string]Value{name: v}
			out.Notes = append(out.Notes, "The words are none of Entra's that are known: the "+inWords(name)+" was taken from between their quotes.")
		}
		return out
	case m.number == 0:
		out.Basis = BySentence
		out.Notes = append(out.Notes, "The text gives no number: it was taken from the sentence.")
		out.Notes = append(out.Notes, alternatives(m.sentence)...)
	case m.sentence.agrees(m.number):
		out.Basis = ByBoth
		m.sentence = m.sentence.as(m.number)
	default:
		out.Basis, out.Sentence = ByConflict, m.sentence.codes[0]
		out.Notes = append(out.Notes, fmt.Sprintf("The number is %s, the sentence is that of %s.", name(m.number), name(out.Sentence)))
	}
	s := m.sentence
	for i, f := range s.found {
		name := s.w.parts[i].value
		if name == "" || f.value == nil {
			continue
		}
		if _, had := out.Values[name]; had {
			continue
		}
		if out.Values == nil {
			out.Values = make(map[string]Value)
		}
		if second := s.w.parts[i].second; second != "" && f.second != nil && f.second.Text != "" {
			out.Values[second] = *f.second
		}
		out.Values[name] = valueOf(out.Code, name, *f.value)
	}
	out.Text = name(out.Code) + ": " + written(s)
	out.Notes = append(out.Notes, valueNotes(out.Values)...)
	out.Notes = append(out.Notes, contradictions(out)...)
	if s.headless {
		out.Notes = append(out.Notes, "The beginning of the sentence is missing.")
	}
	if end := s.found[len(s.found)-1]; !s.whole || end.fits < len(s.w.parts[len(s.found)-1].letters) && !isAddress(s.w.parts[len(s.found)-1], end.fits) {
		out.Notes = append(out.Notes, "The sentence is not whole: its end is missing, or is worded otherwise.")
	}
	return out
}

// quotedValue is the only value that a sentence in other words has between quotes, if its code prints only one and it is
// of that one's kind.
func quotedValue(text string, code int) (v Value, name string, is bool) {
	row, _ := entra.Lookup(code)
	places := place.FindAllStringSubmatch(row.Message, -1)
	inQuotes := betweenQuotes.FindAllStringSubmatch(text, -1)
	if len(places) != 1 || len(inQuotes) != 1 || valueKinds[places[0][1]] == nil {
		return v, "", false
	}
	v = Value{Text: inQuotes[0][1]}
	v.marks()
	name = places[0][1]
	return v, name, valueKinds[name].MatchString(v.Text)
}

// issuerIn is the only address between quotes in words that are about an issuer, which AADSTS50107 calls the object of a
// federation realm.
func issuerIn(text string) (v Value, is bool) {
	inQuotes := betweenQuotes.FindAllStringSubmatch(text, -1)
	if len(inQuotes) != 1 || !aboutIssuer.MatchString(text) || !valueKinds["iss"].MatchString(inQuotes[0][1]) {
		return v, false
	}
	v = Value{Text: inQuotes[0][1]}
	v.marks()
	return v, true
}

var aboutIssuer = regexp.MustCompile(`(?i)\bissuer\b|\bfederation realm\b`)

var (
	betweenQuotes = regexp.MustCompile(`(?:(?:^|[^\p{Latin}\pN])'|["‘“„«‚「『])[\s\x{a0}]?([^'"‘’“”„«»‚「」『』]{3,600}?)[\s\x{a0}]?(?:['’](?:$|[^\p{Latin}\pN])|["”“»‘」』])`)
	valueKinds    = map[string]*regexp.Regexp{
		"iss": regexp.MustCompile(`^https?://`), "sub": regexp.MustCompile(`[:/]|^[0-9a-f-]{36}$`), "aud": regexp.MustCompile(`[:/]|^[0-9a-f-]{36}$`),
		"clientId": guid, "tenant": regexp.MustCompile(`[.-]`),
	}
)

// name is a code as texts have it.
func name(code int) string {
	if row, known := entra.Lookup(code); known {
		return row.Name()
	}
	return fmt.Sprintf("AADSTS%d", code)
}

// alternatives says which other codes have the same words.
func alternatives(s *sentence) []string {
	if len(s.codes) < 2 {
		return nil
	}
	others := make([]string, 0, len(s.codes)-1)
	for _, code := range s.codes[1:] {
		others = append(others, name(code))
	}
	return []string{"As far as it goes, the sentence is also that of " + strings.Join(others, ", ") + "."}
}

// valueOf settles what depends on the code.
func valueOf(code int, name string, v Value) Value {
	if zeroGUID.MatchString(v.Text) && (code == 900021 || code == 700038) { // refused because of it
		v.Masked = false
	}
	if isTime(name) && v.Text != "" && !wholeTime.MatchString(v.Text) && !v.Masked {
		begin := timeBegin.FindString(v.Text)
		if rest := v.Text[len(begin):]; begin != "" && !unicode.IsDigit(firstRune(rest)) && firstRune(rest) != '.' {
			v.Text = begin // other words come right after it
			v.Cut = false
		} else {
			v.Cut = true
		}
	}
	if isTime(name) && timeBegin.FindString(v.Text) == v.Text && v.Text != "" {
		v.Cut = false // its Z is its end
	}
	if name == "issuer" && code == 7002381 {
		v.Doubt = "" // Entra prints the slash there
	}
	return v
}

// wholeTime is a time as Entra prints it: of a claim as it is in the token, or as a date.
var wholeTime = regexp.MustCompile(`^(?:0|-?\d{9,12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z)$`)

// timeBegin is a time that something else comes after without a space.
var timeBegin = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z`)

// valueNotes says what cannot be compared.
func valueNotes(values map[string]Value) []string {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		switch {
		case v.Masked && v.Cut:
			notes = append(notes, "The "+inWords(name)+" is masked and cut: it is not compared.")
		case v.Masked:
			notes = append(notes, "The "+inWords(name)+" is masked: it is not compared.")
		case v.Cut:
			notes = append(notes, "The "+inWords(name)+" is cut: it is not compared as if it were whole.")
		}
	}
	return notes
}

// inWords is a value's name in words.
func inWords(name string) string {
	if w, has := words[name]; has {
		return w
	}
	return "value of " + name
}

// words are names of values in words; the others are called by their names.
var words = map[string]string{
	"iss": "issuer", "issuer": "issuer", "sub": "subject", "aud": "audience", "kid": "key's identifier", "appId": "application's id",
	"clientId": "client id", "tenant": "tenant", "tenantId": "tenant's id", "now": "time of the answer", "iat": "time of issue", "exp": "time of expiry",
}

// words is what stands after a number, if that is a sentence which is not known.
func (r *reader) words(m mention) string {
	text := r.s.text[r.s.end(m.to):]
	text = strings.TrimLeft(text, "*_`'\" ")
	colon, size := utf8.DecodeRuneInString(text)
	if colon != ':' && colon != '：' {
		return ""
	}
	text = text[size:]
	text = text[:min(len(text), 600)]
	if end := unknownEnd.FindStringIndex(text); end != nil {
		if text[end[0]] == '.' {
			end[0]++
		}
		text = text[:end[0]]
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if last := lastOf(text); strings.ContainsAny(last, `"'`+"`") && strings.Count(text, last)%2 == 1 { // of the string that the text is in
		text = strings.TrimSuffix(text, last)
	}
	return ": " + text
}

// amongWords says whether words come after a letter in its line.
func (r *reader) amongWords(letter int) bool {
	line, _, _ := strings.Cut(r.s.text[r.s.end(letter):], "\n")
	return len(strings.Fields(line)) >= 2
}

var unknownEnd = regexp.MustCompile(`(?i)\s*(?:Trace[ _]?ID|Correlation[ _]?ID|Trace-ID|トレース|跟踪|",|"}|'}|\n[ \t]*\n|\.[ \t]*\n|\n\s*at |AADSTS)`)

// named says which other codes the text only names.
func named(all []mention, out []Message) []string {
	var others []string
	for _, code := range distinct(all) {
		if !slices.ContainsFunc(out, func(m Message) bool { return m.Code == code || m.Sentence == code }) {
			others = append(others, name(code))
		}
	}
	if len(others) == 0 {
		return nil
	}
	return []string{"The text also names " + strings.Join(others, ", ") + ", without an answer of it."}
}
