package explain

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// Explain says what a case comes to. It asks the network only with Case.HTTP. The error is about the case, such as a
// cloud that there is none of.
func Explain(ctx context.Context, c Case) (Report, error) {
	g := gather(c)
	var r Report
	for _, in := range c.Inputs {
		for _, note := range in.Notes {
			r.Notes = append(r.Notes, in.Input+": "+note)
		}
		if in.Text != nil && in.Text.None != "" {
			r.Notes = append(r.Notes, in.Input+": "+in.Text.None)
		}
	}
	for _, number := range c.Codes {
		e := codeAlone(number)
		if r.Errors = append(r.Errors, e); e.Code == nil {
			r.Notes = append(r.Notes, e.Name+" is none that issuerd knows: the emulator never answers it. "+lookUp(number)+" may explain it.")
		}
	}
	for _, held := range g.messages {
		r.Errors = append(r.Errors, explainMessage(held))
	}
	r.Notes = append(r.Notes, g.notes...)
	signIns, err := g.signIns(ctx, c)
	if err != nil {
		return Report{}, err
	}
	r.SignIns, r.Notes = signIns, append(r.Notes, g.leftOut...)
	for _, in := range c.Inputs {
		for _, made := range in.SignIns {
			r.SignIns = append(r.SignIns, g.recorded(in.Input, made))
		}
	}
	for i := range r.Errors {
		g.addCauses(&r.Errors[i], r.SignIns)
	}
	r.Notes = append(r.Notes, g.unreached...)
	if g.fetched && len(g.tokens) > 0 {
		r.Notes = append(r.Notes, "The issuer's documents were fetched from this machine: what Entra gets may be another thing.")
	}
	if r.Jobs, err = g.jobs(ctx, c, r.SignIns); err != nil {
		return Report{}, err
	}
	for _, in := range c.Inputs {
		if in.Scenario != nil {
			r.Scenario = append(r.Scenario, scenarioLines(in)...)
		}
	}
	if len(r.SignIns) == 0 && len(r.Jobs) == 0 && len(r.Scenario) == 0 && len(g.credentials) > 0 {
		r.Notes = append(r.Notes, "A credential is here, and nothing to compare it with: add the token, the text of the error, or the workflow's file.")
	}
	return HideTokens(r), nil
}

// codeAlone is a code that somebody asks about.
func codeAlone(number int) Error {
	e := Error{Message: paste.Message{Code: number, Basis: paste.ByNumber}}
	e.describe()
	return e
}

func explainMessage(held heldMessage) Error {
	e := Error{Message: held.Message, From: held.from}
	e.describe()
	return e
}

// describe fills in what is known about the error's code.
func (e *Error) describe() {
	code := CodeOf(e.Message)
	row, known := entra.Lookup(code)
	e.Name, e.Conflict = fmt.Sprint("AADSTS", code), conflict(e.Message)
	if !known {
		return
	}
	e.Name = row.Name()
	e.Code = &Code{Code: row}
	if place, ok := entra.PlaceOf(row.Number); ok {
		e.Code.Place = &place
	}
	args := map[string]string{}
	for name, value := range e.Values {
		args[name] = value.Text
	}
	e.Wording = strings.TrimPrefix((&entra.Error{Code: row.Number, Args: args}).Message(), row.Name()+": ")
	switch {
	case e.ownWords() == "" && e.Conflict == "":
		e.Follows = follows(row.Number)
	case e.ownWords() != "" && e.Conflict != "":
		e.Conflict = fmt.Sprintf("number and words contradict each other: these words speak of what %s is about", row.Name())
	}
}

// follows is what is known because a code was answered: the checks before its own passed.
func follows(code int) []string {
	place, ok := entra.PlaceOf(code)
	if !ok {
		return nil
	}
	var known []string
	passed := func(check string) bool { return slices.Contains(place.Before, check) }
	if passed("application") {
		known = append(known, "the tenant has an application with this client id")
	}
	if passed("federated credentials") {
		known = append(known, "the application has a federated credential")
	}
	if passed("issuer") && place.Check != "token of Entra" {
		known = append(known, "a federated credential has the token's issuer, letter for letter")
	}
	switch {
	case passed("audience and subject"):
		known = append(known, "a federated credential has the token's issuer, audience and subject")
	case slices.Contains([]int{700213, 7002131, 7002138, 7002137}, code):
		known = append(known, "a credential with that issuer has the token's audience, if Entra compares the audience first, which is not known")
	}
	if passed("issuer metadata") && place.Check != "valid time" {
		known = append(known, "Entra could read the issuer's keys")
	}
	return known
}

// maxComparisons bounds how many times a sign-in is compared with a credential, since the report has every comparison.
const maxComparisons = 20_000

// few are the first of what was presented, as many as can be compared with all credentials. It notes how many are left
// out.
func few[T any](g *gathered, what string, presented []T) []T {
	most := max(1, maxComparisons/max(1, len(g.credentials)))
	if len(presented) <= most {
		return presented
	}
	g.leftOut = append(g.leftOut, fmt.Sprintf(
		"Of %d %s, the first %d are compared with the %d credentials, and the rest is left out: give fewer of one or the other at a time.",
		len(presented), what, most, len(g.credentials)))
	return presented[:most]
}

// signIns are the assertions that were presented: the tokens, or what the errors say of one.
func (g *gathered) signIns(ctx context.Context, c Case) ([]SignIn, error) {
	var out []SignIn
	for _, held := range few(g, "tokens", g.tokens) {
		message := g.messageOf(held, c.Now)
		s, err := g.examineToken(ctx, c, held, message)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	if len(g.tokens) > 0 {
		return out, nil
	}
	telling := slices.DeleteFunc(slices.Clone(g.messages), func(held heldMessage) bool {
		v := valuesOf(held.Message)
		return v.Issuer == "" && v.Subject == "" && len(v.Audiences) == 0 && v.KeyID == nil && v.Expires.IsZero() && len(masked(held.Message)) == 0
	})
	for _, held := range few(g, "errors", telling) {
		s, err := g.examine(ctx, c, held.from, "", &held.Message)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// examineToken examines a token. Of one without its signature, the signature is not known.
func (g *gathered) examineToken(ctx context.Context, c Case, held heldToken, message *paste.Message) (SignIn, error) {
	compact, notes := string(held.Compact), held.Notes
	if strings.HasSuffix(compact, ".") {
		compact += strings.Repeat("A", 342) // of the size of a signature
		c.HTTP, c.withoutKeys = nil, true
		notes = append(slices.Clone(notes), "The token here has no signature, so that it was not verified.")
	}
	s, err := g.examine(ctx, c, held.from, compact, message)
	if held.NoHeader {
		s.withoutHeader()
	}
	if s.Token != nil {
		s.Token.Notes = append(s.Token.Notes, notes...)
	}
	return s, err
}

// withoutHeader takes back what was said of a header that is not at hand.
func (s *SignIn) withoutHeader() {
	if s.Token != nil {
		s.Token.Header = nil
	}
	for i := range s.Checks {
		if check := &s.Checks[i]; slices.Contains([]string{"assertion type", "assertion header", "assertion algorithm"}, check.Name) {
			*check = entra.Check{Name: check.Name, Unknown: "the token's header"}
		}
	}
}

// messageOf is the error that is about a token: the one whose values are the token's, or else the first.
func (g *gathered) messageOf(held heldToken, now time.Time) *paste.Message {
	token, err := decode(string(held.Compact), now)
	if err == nil {
		for i := range g.messages {
			v := valuesOf(g.messages[i].Message)
			if v.Issuer != "" && v.Issuer == textOf(token.Claims["iss"]) || v.Subject != "" && v.Subject == textOf(token.Claims["sub"]) {
				return &g.messages[i].Message
			}
		}
	}
	if len(g.messages) > 0 {
		return &g.messages[0].Message
	}
	return nil
}

// examine makes the checks on a token, or on what an error says of one.
func (g *gathered) examine(ctx context.Context, c Case, from, compact string, message *paste.Message) (SignIn, error) {
	s := SignIn{From: from}
	if message != nil {
		s.code = CodeOf(*message)
		row, _ := entra.Lookup(s.code)
		if s.Error = fmt.Sprint("AADSTS", s.code); row.Number != 0 {
			s.Error = row.Name()
		}
	}
	evidence := g.evidence(c, compact, message)
	examination, err := g.fetchAndExamine(ctx, evidence)
	if err != nil {
		return s, err
	}
	if kids, refused := publishedKeys(examination.Checks); refused && compact == "" && evidence.Values.KeyID != nil {
		if kid, is := hexForm(*evidence.Values.KeyID, kids); is { // it is in the set that is given here
			s.printedKey, evidence.Values.KeyID = *evidence.Values.KeyID, &kid
			if examination, err = g.fetchAndExamine(ctx, evidence); err != nil {
				return s, err
			}
		}
	}
	s.Checks = examination.Checks
	s.Presented = presentedBy(examination.SignIn)
	if compact != "" {
		if s.Token, err = decode(compact, c.Now); err != nil {
			s.Token = nil
		}
	} else if message != nil {
		s.Presented.Masked, s.Presented.Doubts = masked(*message), doubts(*message)
		if v := evidence.Values; !v.Issued.IsZero() && !v.Expires.IsZero() {
			s.Presented.Times = timesOfError(v, evidence.Time)
			s.times = timeline{evidence.Time, v.Issued, v.Expires}
		}
	}
	if s.Token != nil {
		s.times = timeline{at: evidence.Time}
		if s.Token.Issued != nil {
			s.times.from = *s.Token.Issued
		}
		if notBefore := dateOf(s.Token.Claims["nbf"]); notBefore != nil && notBefore.After(s.times.from) {
			s.times.from = *notBefore
		}
		if s.Token.Expires != nil {
			s.times.until = *s.Token.Expires
		}
	}
	var platform *IssuerPlatform
	if s.Token != nil {
		platform = s.Token.Issuer
	} else {
		platform = platformOf(s.Presented.Issuer, s.Presented.Subject, nil)
	}
	if platform != nil {
		s.Presented.Platform = platform.Title
	}
	s.Answer, s.Next = answers(s.Checks, examination.Refusal)
	if message != nil && s.Answer != nil {
		s.Answer.If = slices.DeleteFunc(s.Answer.If, passedBefore(s.code))
	}
	s.Credentials = g.matches(s.Checks)
	g.contradict(&s, c, evidence, message)
	g.conclude(&s, platform, message)
	s.otherKind()
	return s, nil
}

// fetchAndExamine makes the checks. If this machine cannot reach the issuer, what needs its documents is not known.
func (g *gathered) fetchAndExamine(ctx context.Context, e entra.Evidence) (entra.Examination, error) {
	if e.Client == nil {
		return entra.Examine(ctx, e)
	}
	client, watch := reaching(e.Client)
	e.Client = client
	examination, err := entra.Examine(ctx, e)
	failed := watch.unreached()
	if err != nil || failed == nil {
		g.fetched = g.fetched || err == nil
		return examination, err
	}
	note := fmt.Sprintf("The issuer's documents could not be fetched from this machine, so that what they say is not known: %v. That says nothing about what Entra gets.", failed)
	if !slices.Contains(g.unreached, note) {
		g.unreached = append(g.unreached, note)
	}
	e.Client = nil
	return entra.Examine(ctx, e)
}

// answers are what Entra answers, and what it would answer next.
func answers(made []entra.Check, refusal *entra.Error) (first *Answer, next []Answer) {
	for i, check := range made {
		if check.Code == 0 {
			continue
		}
		row, known := entra.Lookup(check.Code)
		if !known {
			continue
		}
		a := Answer{
			Number: row.Number, Name: row.Name(), OAuth: row.OAuth, Status: row.Status, Check: check.Name, Place: i + 1, Of: len(made), Confidence: row.Confidence,
			Doubt: row.Doubt, NotMade: []string{}, Note: check.Note,
		}
		if place, ok := entra.PlaceOf(row.Number); ok {
			a.OrderKnown = place.Known && place.Check == check.Name
		}
		for _, later := range made[i+1:] {
			a.NotMade = append(a.NotMade, later.Name)
		}
		for _, before := range made[:i] {
			if before.Unknown != "" {
				a.If = append(a.If, before.Name+" ("+before.Unknown+")")
			}
		}
		if first == nil {
			if a.Message = "AADSTS" + fmt.Sprint(row.Number); refusal != nil {
				a.Message = entra.HideTokens(refusal.Message())
			}
			first = &a
			continue
		}
		a.Message = row.Name() + ": " + row.Cause
		if check.Note != "" {
			a.Message += " (" + check.Note + ")"
		}
		next = append(next, a)
	}
	return first, next
}

// passedBefore tells the checks that passed because a code was answered, which comes later.
func passedBefore(code int) func(check string) bool {
	place, _ := entra.PlaceOf(code)
	return func(check string) bool {
		name, _, _ := strings.Cut(check, " (")
		return slices.Contains(place.Before, name)
	}
}

// matches are the credentials beside what was presented, from the record of the checks, the nearest first.
func (g *gathered) matches(checks []entra.Check) []CredentialMatch {
	made := make([][]entra.Comparison, len(g.credentials))
	for _, check := range checks {
		for _, compared := range check.Compared {
			if i, known := g.labels[compared.Credential]; known {
				made[i] = append(made[i], compared)
			}
		}
	}
	var out []CredentialMatch
	for i, held := range g.credentials {
		m := CredentialMatch{Name: held.label, From: held.from, Owner: owner(held)}
		unequal, unknown := 0, 0
		for _, compared := range made[i] {
			c := explainComparison(compared)
			c.Missing = held.missing(c)
			m.Compared = append(m.Compared, c)
			switch {
			case compared.Unknown:
				unknown++
			case !compared.Equal:
				unequal++
			}
		}
		switch {
		case unequal > 0:
			m.Verdict = Differs
		case len(m.Compared) == 0 || unknown == len(m.Compared):
			m.Verdict = Incomplete
		case unknown > 0 || !comparedAll(m.Compared):
			m.Verdict = Undecided
		default:
			m.Verdict = Accepts
		}
		for _, name := range append(slices.Collect(maps.Keys(held.Unknown)), slices.Collect(maps.Keys(held.Masked))...) {
			m.open = m.open || name != "name"
		}
		for name, text := range held.Masked {
			words := ""
			if t, ok := templateOfHidden(text); ok {
				if _, out := t.ruledOut(m.got(fieldOf(name))); out {
					words = ", which is not what was presented whatever is hidden"
				}
			}
			m.Unknown = append(m.Unknown, name+" is "+text+words)
		}
		for name, text := range held.Unknown {
			m.Unknown = append(m.Unknown, name+" is "+text+agreesWith(text, m.got(fieldOf(name))))
		}
		slices.Sort(m.Unknown)
		out = append(out, m)
	}
	for i := range out {
		if out[i].far = far(out[i]); out[i].Verdict == Incomplete { // it says nothing
			out[i].far = 1 << 30
		}
	}
	slices.SortStableFunc(out, func(a, b CredentialMatch) int { return cmp.Compare(a.far, b.far) })
	return out
}

// got is what an assertion has where a credential has a field.
func (m *CredentialMatch) got(field entra.Field) string {
	for _, c := range m.Compared {
		if c.Field == field {
			return c.Got
		}
	}
	return ""
}

// comparedAll tells whether issuer, audience and subject were compared.
func comparedAll(made []Compared) bool {
	fields := map[entra.Field]bool{}
	for _, c := range made {
		fields[c.Field] = true
	}
	return fields[entra.FieldIssuer] && fields[entra.FieldAudience] && (fields[entra.FieldSubject] || fields[entra.FieldExpression])
}

// far is how far a credential is from what was presented: fields that differ first, what was mistyped less than what
// says something else, then characters.
func far(m CredentialMatch) int {
	n := 0
	for _, c := range m.Compared {
		switch {
		case len(c.Differences) == 0:
		case c.isSlip():
			n += 1_000 + min(distance(c.Want, c.Got), 900)
		default:
			n += 10_000 + min(distance(c.Want, c.Got), 9_000)
		}
	}
	return n
}

func owner(held heldCredential) string {
	name := cmp.Or(held.AppName, held.ClientID, held.ObjectID)
	switch {
	case held.ManagedIdentity && name != "":
		return "managed identity " + name
	case held.ManagedIdentity:
		return "a managed identity"
	case name != "":
		return "application " + name
	}
	return ""
}

// contradict says where the inputs contradict each other.
func (g *gathered) contradict(s *SignIn, c Case, e entra.Evidence, message *paste.Message) {
	add := func(format string, args ...any) {
		s.Contradictions = append(s.Contradictions, fmt.Sprintf(format, args...))
	}
	if message == nil {
		return
	}
	if s.Token != nil {
		v := valuesOf(*message)
		for _, pair := range []struct{ name, ofError, ofToken string }{
			{"issuer", v.Issuer, s.Presented.Issuer}, {"subject", v.Subject, s.Presented.Subject}, {"audience", strings.Join(v.Audiences, ","), strings.Join(s.Presented.Audience, ",")},
		} {
			if pair.ofError != "" && pair.ofToken != "" && pair.ofError != pair.ofToken {
				add("the error is about the %s %q, the token has %q: it is not the token that was presented then", pair.name, pair.ofError, pair.ofToken)
			}
		}
	}
	if s.Token != nil && s.Token.Issued != nil && !message.Time.IsZero() && s.Token.Issued.After(message.Time) {
		add("the token was issued at %s, after the error of %s: it is not the token that was presented then",
			s.Token.Issued.Format(time.RFC3339), message.Time.UTC().Format(time.RFC3339))
	}
	switch {
	case len(g.credentials) == 0 && s.Token == nil, s.Answer == nil, s.Answer.Number == s.code:
	case s.code == 70021 && slices.Contains(superseding, s.Answer.Number): // what it was before
	default:
		add("the error says AADSTS%d; with what is given here Entra would answer %s: the credentials are others than they were, or not all of them are given, or another token was presented",
			s.code, s.Answer.Name)
	}
}
