package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/wording"
)

// The colours of a terminal.
const (
	bold  = "1"
	red   = "31"
	green = "32"
	dim   = "2"
)

// writer writes a report as text.
type writer struct {
	b     strings.Builder
	color bool
}

// Text is the report for people. color marks with the colours of a terminal.
func (r Report) Text(color bool) string {
	w := &writer{color: color}
	for i, e := range r.Errors {
		w.space(i > 0)
		w.error(e)
	}
	for i, s := range r.SignIns {
		w.space(i > 0 || len(r.Errors) > 0)
		w.signIn(s)
	}
	for _, j := range r.Jobs {
		w.space(w.b.Len() > 0)
		w.job(j)
	}
	if len(r.Scenario) > 0 {
		w.space(w.b.Len() > 0)
		w.title("Scenario", r.Scenario[0])
		for _, line := range r.Scenario[1:] {
			w.line(2, "%s", line)
		}
	}
	if len(r.Notes) > 0 {
		w.space(w.b.Len() > 0)
		w.title("Notes", "")
		for _, note := range r.Notes {
			w.line(2, "- %s", note)
		}
	}
	return w.b.String()
}

func (w *writer) space(is bool) {
	if is {
		w.b.WriteByte('\n')
	}
}

func (w *writer) paint(color, text string) string {
	if !w.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (w *writer) title(word, text string) {
	if text != "" {
		text = "  " + wording.Printable(text)
	}
	w.b.WriteString(w.paint(bold, word) + text + "\n")
}

// line writes a line. Values of others must be made visible by who calls it; what is left is made printable.
func (w *writer) line(indent int, format string, args ...any) {
	text := wording.PrintableLines(fmt.Sprintf(format, args...))
	for _, line := range strings.Split(text, "\n") {
		w.b.WriteString(strings.TrimRight(strings.Repeat(" ", indent)+line, " ") + "\n")
	}
}

// field writes a line with a name in front.
func (w *writer) field(name, text string) {
	if text != "" {
		w.line(2, "%-11s%s", name, text)
	}
}

func (w *writer) error(e Error) {
	from := ""
	if e.From != "" {
		from = "in " + e.From
	}
	title := e.Name
	if number := fmt.Sprint("AADSTS", e.Message.Code); e.Conflict != "" && !strings.HasPrefix(title, number) {
		title = number + ", or " + title
	}
	w.title(title, from)
	if e.Code == nil {
		w.unknownCode(e)
		return
	}
	if words := e.ownWords(); words != "" {
		w.contradiction(e, words)
		return
	}
	row := e.Code.Code
	w.field("says", e.Wording)
	w.field("but", e.Conflict)
	w.field("means", row.Cause)
	w.field("fix", row.Fix)
	if place := e.Code.Place; place != nil {
		w.field("where", fmt.Sprintf("check %d of %d, %s (%s)", place.Number, place.Of, place.Check, orderWords(place.Known)))
	} else if row.Reason != "" {
		w.field("today", "issuerd does not answer it: "+row.Reason)
	}
	w.field("answered", fmt.Sprintf("HTTP %d, %s", row.Status, row.OAuth))
	w.field("sure", fmt.Sprintf("the text is %s (%s)%s", row.Confidence, row.Source, doubt(row.Doubt)))
	for i, known := range e.Follows {
		w.field(onlyFirst(i, "so"), known)
	}
	w.causes(e.Causes)
	w.notes(e.Message.Notes)
}

// unknownCode writes a message whose code is not in the table.
func (w *writer) unknownCode(e Error) {
	w.line(2, "%s is none that issuerd knows: the emulator never answers it.", e.Name)
	w.field("says", e.ownWords())
	for _, name := range slices.Sorted(maps.Keys(e.Values)) {
		w.field(valueWords(name), visible(e.Values[name].Text))
	}
	w.field("look up", lookUp(e.Message.Code))
	w.causes(e.Causes)
	w.notes(e.Message.Notes)
}

// lookUp is where Microsoft explains a code.
func lookUp(code int) string {
	return fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", code)
}

// valueWords is what a value of a message is called.
func valueWords(name string) string {
	if name == "iss" {
		return "issuer"
	}
	return name
}

// contradiction writes a message whose number and words do not fit: what each means, and that neither is certain.
func (w *writer) contradiction(e Error, words string) {
	number, _ := entra.Lookup(e.Message.Code)
	spoken, another := entra.Lookup(e.Sentence)
	w.field("says", words)
	w.field("but", fmt.Sprintf("%s is known to say %q", number.Name(), number.Message))
	if another {
		w.field("", e.Conflict)
	} else {
		w.field("", "these words are not among what it is known to say: reworded, translated, or those of another error")
	}
	w.field("number", fmt.Sprintf("%s means: %s", number.Name(), number.Cause))
	w.field("", "fix: "+number.Fix)
	if another {
		w.field("words", fmt.Sprintf("%s means: %s", spoken.Name(), spoken.Cause))
		w.field("", "fix: "+spoken.Fix)
		w.field("sure", "which of the two is right is not known; issuerd reproduce goes by the words")
	} else {
		w.field("sure", "whether the number is right is not known")
	}
	w.field("look up", lookUp(number.Number))
	w.causes(e.Causes)
	w.notes(e.Message.Notes)
}

func doubt(text string) string {
	if text == "" {
		return ""
	}
	return "; doubt: " + text
}

func onlyFirst(i int, name string) string {
	if i == 0 {
		return name
	}
	return ""
}

func orderWords(known bool) string {
	if known {
		return "its place is known from reports"
	}
	return "its place is inferred"
}

func (w *writer) notes(notes []string) {
	for i, note := range notes {
		w.field(onlyFirst(i, "note"), note)
	}
}

func (w *writer) signIn(s SignIn) {
	word := "Presented"
	if s.Token != nil {
		word = "Token"
	}
	w.title(word, s.From)
	if s.Token != nil {
		w.token(*s.Token)
	} else {
		w.field("issuer", shown(s.Presented.Issuer))
		w.field("subject", shown(s.Presented.Subject))
		w.field("audience", shown(strings.Join(s.Presented.Audience, ", ")))
		w.field("key", shown(s.Presented.KeyID))
		w.field("times", s.Presented.Times)
		w.field("platform", s.Presented.Platform)
		for i, hidden := range s.Presented.Masked {
			w.field(onlyFirst(i, "hidden"), hidden+": it was not compared")
		}
	}
	for _, doubt := range s.Presented.Doubts {
		w.field("doubt", doubt)
	}
	const shown = 5
	for _, m := range s.Credentials[:min(shown, len(s.Credentials))] {
		w.space(true)
		w.match(m)
	}
	if more := len(s.Credentials) - shown; more > 0 {
		w.space(true)
		w.line(0, "%s farther away; --json has all.", wording.Count(more, "credential")+map[bool]string{true: " is", false: " are"}[more == 1])
	}
	w.space(true)
	w.answer(s)
	for i, text := range s.Contradictions {
		w.field(onlyFirst(i, "but"), text)
	}
	w.field("cause", s.Cause)
	w.causes(s.Causes)
	for i, fix := range s.Fixes {
		w.field(onlyFirst(i, "fix"), fix.Words)
		for _, command := range fix.Commands {
			w.line(4, "%s", w.paint(dim, "# "+command.Tool))
			w.line(4, "%s", command.Text)
		}
	}
}

func (w *writer) token(t Token) {
	header := make([]string, 0, len(t.Header))
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		header = append(header, name+" "+visible(textOf(t.Header[name])))
	}
	w.field("header", strings.Join(header, ", "))
	seen := map[string]bool{"iat": true, "exp": true, "nbf": true}
	for _, name := range []string{"iss", "sub", "aud"} {
		seen[name] = true
		w.field(name, shown(textOf(t.Claims[name])))
	}
	w.field("times", t.Times)
	if t.Issuer != nil {
		w.field("issued by", t.Issuer.Title+" (known by "+t.Issuer.Basis+")")
	} else {
		w.field("issued by", "an issuer that issuerd does not know")
	}
	for _, m := range t.Means {
		seen[m.Claim] = true
		seen[strings.SplitN(m.Claim, "/", 2)[0]] = true
		w.line(2, "%s = %s", m.Claim, visible(m.Value))
		w.line(6, "%s", m.Means)
	}
	var rest []string
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		if !seen[name] {
			rest = append(rest, name)
		}
	}
	if len(rest) > 0 {
		w.field("and", strings.Join(rest, ", "))
	}
	w.notes(t.Notes)
}

func (w *writer) match(m CredentialMatch) {
	verdict := map[Verdict]string{
		Accepts: w.paint(green, "accepts it"), Differs: w.paint(red, "differs"), Undecided: "agrees, as far as it could be compared", Incomplete: "there is nothing to compare",
	}[m.Verdict]
	about := cmp.Or(m.From, "")
	if m.Owner != "" {
		about += ", of " + m.Owner
	}
	w.b.WriteString(w.paint(bold, "Credential") + "  " + wording.Printable(m.Name) + " (" + wording.Printable(about) + "): " + verdict + "\n")
	for _, c := range m.Compared {
		name := fieldWords[c.Field]
		if c.Claim != "" && c.Operator != "" {
			name = "claims['" + c.Claim + "'] " + c.Operator
		}
		switch {
		case c.Equal:
			w.line(2, "%-9s %s  %s", name, w.paint(green, "="), visible(c.Want))
		case c.Unknown:
			w.line(2, "%-9s ?  %s", name, visible(cmp.Or(c.Want, "not known"))+"  ("+missingWords(c)+")")
		case c.Marks == nil:
			w.line(2, "%-9s %s  %s", name, w.paint(red, "≠"), visible(c.Want))
			w.line(14, "the token has %s", cmp.Or(visible(c.Got), "no such claim"))
		default:
			w.line(2, "%-9s %s  credential %s", name, w.paint(red, "≠"), c.Marks.Want)
			w.line(2, "%-9s    token      %s", "", c.Marks.Got)
			w.line(2, "%-9s               %s", "", w.paint(red, c.Marks.Under))
		}
		for _, d := range c.Differences {
			w.line(14, "%s", d.Words)
		}
	}
	for _, unknown := range m.Unknown {
		w.line(2, "not literal: %s", unknown)
	}
}

// missingWords say why a comparison could not be made.
func missingWords(c Compared) string {
	switch c.Missing {
	case "credential":
		return "it is not known of the credential; presented was " + visible(c.Got)
	case "both":
		return "it is known neither of the credential nor of what was presented"
	}
	return "the other is not known"
}

func (w *writer) answer(s SignIn) {
	a := s.Answer
	if a == nil {
		said := "refuses nothing that could be checked here"
		if s.Error != "" {
			said = "answered " + s.Error + "; nothing that could be checked here says why"
			if s.first(Differs) != nil {
				said = "answered " + s.Error + "; the checks come to no code with what is known here"
			}
		}
		w.title("Entra", said)
		var unknown []string
		passed := passedBefore(s.code)
		for _, check := range s.Checks {
			if check.Unknown != "" && !passed(check.Name) {
				unknown = append(unknown, check.Name)
			}
		}
		w.field("not known", strings.Join(unknown, ", "))
		return
	}
	w.title("Entra answers", a.Name)
	if a.Number != s.code || s.Token != nil { // else the error has said it
		w.field("says", a.Message)
	}
	w.field("where", fmt.Sprintf("check %d of %d, %s (%s)", a.Place, a.Of, a.Check, orderWords(a.OrderKnown)))
	if len(a.NotMade) > 0 {
		w.field("not made", wording.Count(len(a.NotMade), "later check")+": "+strings.Join(a.NotMade, ", "))
	}
	w.field("found", a.Note)
	w.field("sure", fmt.Sprintf("the text is %s%s", a.Confidence, doubt(a.Doubt)))
	if len(a.If) > 0 {
		w.field("unless", "one of these refuses first, which is not known here: "+strings.Join(names(a.If), ", "))
	}
	for i, next := range s.Next {
		w.field(onlyFirst(i, "then"), next.Message)
	}
}

// names are what stands before the parentheses.
func names(list []string) []string {
	out := make([]string, len(list))
	for i, text := range list {
		out[i], _, _ = strings.Cut(text, " (")
	}
	return out
}

func (w *writer) causes(causes []Cause) {
	for _, c := range causes {
		w.field("or", c.Words)
		w.line(13, "fix: %s", c.Fix)
		w.line(13, "sure: %s (%s)", c.Sure, c.Source)
	}
}

func (w *writer) job(j Job) {
	where := j.From
	if j.Line > 0 {
		where = fmt.Sprintf("%s:%d", j.From, j.Line)
	}
	w.title("Job", j.Name+" ("+where+")")
	w.field("no token", j.Refused)
	for _, s := range j.Subjects {
		w.space(true)
		w.field("subject", visible(s.Subject))
		w.field("when", s.When)
		w.field("issuer", s.Issuer)
		w.field("audience", s.Audience)
		w.field("doubt", s.Doubt)
		if s.Presented {
			w.field("", "this is the subject that was presented")
		}
		w.field("accepted", strings.Join(s.AcceptedBy, ", "))
		for _, a := range s.AcceptedIf {
			w.field("depends", visible(a.Credential+" accepts it, if "+strings.Join(a.If, " and ")))
		}
		for _, differs := range s.Differs {
			w.field("nearest", differs)
		}
	}
	w.notes(j.Notes)
}
