package explain

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/wording"
)

// jobs are the jobs of the inputs, with the credentials that would accept them.
func (g *gathered) jobs(ctx context.Context, c Case, signIns []SignIn) ([]Job, error) {
	var out []Job
	for _, in := range c.Inputs {
		for _, job := range in.Jobs {
			j := Job{
				Platform: job.Platform, Workflow: job.Workflow, Name: job.Name, From: in.Input, Line: job.Place.Line, Refused: job.Refused, Notes: job.Notes,
			}
			for _, subject := range job.Subjects {
				s, err := g.jobSubject(ctx, subject, signIns)
				if err != nil {
					return nil, err
				}
				j.Subjects = append(j.Subjects, s)
			}
			out = append(out, j)
		}
	}
	return out, nil
}

// jobSubject is a subject of a job beside the credentials at hand. Which of them accepts it, the emulator's own checks
// say.
func (g *gathered) jobSubject(ctx context.Context, subject input.Subject, signIns []SignIn) (JobSubject, error) {
	s := JobSubject{When: subject.When, Subject: subject.Subject, Issuer: subject.Issuer, Audience: subject.Audience, Doubt: subject.Doubt}
	form := pattern(subject.Subject)
	for _, in := range signIns {
		s.Presented = s.Presented || in.Presented.Subject != "" && form.MatchString(in.Presented.Subject)
	}
	nearest, how := 1<<30, ""
	for _, held := range g.credentials {
		m, err := g.examineJob(ctx, subject, held)
		switch {
		case err != nil:
			return JobSubject{}, err
		case m.Verdict == Incomplete:
		case m.Verdict == Differs:
			if m.far < nearest {
				nearest, how = m.far, held.label+" does not: "+jobWords(m.CredentialMatch)
			}
		case m.refusal != "":
			s.Differs = append(s.Differs, held.label+" would, but Entra answers "+m.refusal)
		case len(m.conditions) > 0:
			s.AcceptedIf = append(s.AcceptedIf, JobAcceptance{held.label, m.conditions})
		case m.Verdict == Accepts:
			s.AcceptedBy = append(s.AcceptedBy, held.label)
		}
	}
	if len(s.AcceptedBy) == 0 && len(s.AcceptedIf) == 0 && how != "" {
		s.Differs = append(s.Differs, how)
	}
	return s, nil
}

// jobMatch is a credential beside what a job would present.
type jobMatch struct {
	CredentialMatch
	conditions []string // what has to be so, that the file does not say
	refusal    string   // what Entra answers for another reason than the credential; "": nothing
}

// examineJob examines what a job would present, as it were if its {placeholders} stood for what the credential has.
func (g *gathered) examineJob(ctx context.Context, subject input.Subject, held heldCredential) (jobMatch, error) {
	bound := map[string]string{}
	fill := func(text, want string) string {
		for name, value := range bound {
			text = strings.ReplaceAll(text, name, value)
		}
		switch {
		case !placeholder.MatchString(text):
			return text
		case want == "":
			return "" // the job's is not known
		case bind(bound, text, want):
			return want
		}
		if near := filled(want, text); near != want {
			return near
		}
		return text
	}
	want := held.literal()
	v := entra.Values{Subject: fill(subject.Subject, want.Subject), Issuer: fill(subject.Issuer, want.Issuer)}
	audience := fill(subject.Audience, first(want.Audiences))
	if audience != "" {
		v.Audiences = []string{audience}
	}
	own := gathered{credential: true, credentials: []heldCredential{held}, labels: map[string]int{held.label: 0}}
	options := g.options()
	found, err := entra.Examine(ctx, entra.Evidence{
		Tenant: g.tenant, Cloud: g.cloud, ClientID: g.client, ManagedIdentity: held.ManagedIdentity, Credentials: own.known(v), Options: &options, Values: v,
	})
	if err != nil {
		return jobMatch{}, err
	}
	m := jobMatch{CredentialMatch: own.matches(found.Checks)[0]}
	if found.Refusal != nil {
		m.refusal = entra.HideTokens(found.Refusal.Message())
	}
	for _, name := range placeholder.FindAllString(subject.Subject+" "+subject.Issuer+" "+subject.Audience, -1) {
		if value, is := bound[name]; is {
			m.require("%s is %q", name, value)
		}
	}
	m.agree("issuer", v.Issuer, want.Issuer)
	m.agree("audience", audience, first(want.Audiences))
	switch {
	case held.Matching == "" && want.Matching == "" && !held.isOpen(entra.FieldExpression):
		m.agree("subject", v.Subject, want.Subject)
	case want.Matching == "":
		m.require("its claims match the expression of the credential, which is not known")
	}
	for _, c := range m.Compared {
		if c.Unknown && c.Field == entra.FieldExpression && c.Operator != "" {
			m.require("its claims['%s'] %s '%s'", c.Claim, c.Operator, c.Want)
		}
	}
	switch {
	case len(m.conditions) > 0:
	case subject.Doubt != "":
		m.require("what is in doubt is as it is here")
	case m.Verdict == Undecided:
		m.require("what is not known of it agrees")
	}
	return m, nil
}

// require adds a condition, once.
func (m *jobMatch) require(format string, args ...any) {
	if condition := fmt.Sprintf(format, args...); !slices.Contains(m.conditions, condition) {
		m.conditions = append(m.conditions, condition)
	}
}

// agree adds the condition that a field of a job and that of the credential agree, where one of them is not known.
func (m *jobMatch) agree(field, job, credential string) {
	switch {
	case job == "" && credential == "":
		m.require("its %s is that of the credential", field)
	case job == "":
		m.require("its %s is %q", field, credential)
	case credential == "":
		m.require("the %s of the credential is %q", field, job)
	}
}

// isOpen tells whether the input does not say a field literally.
func (h heldCredential) isOpen(field entra.Field) bool {
	for _, open := range []map[string]string{h.Unknown, h.Masked} {
		for name := range open {
			if fieldOf(name) == field {
				return true
			}
		}
	}
	return false
}

// literal is what the input says literally of the credential.
func (h heldCredential) literal() directory.Credential {
	c := h.Credential.Credential
	for field, value := range map[entra.Field]*string{entra.FieldIssuer: &c.Issuer, entra.FieldSubject: &c.Subject, entra.FieldExpression: &c.Matching} {
		if h.isOpen(field) {
			*value = ""
		}
	}
	if h.isOpen(entra.FieldAudience) {
		c.Audiences = nil
	}
	return c
}

// jobWords say how a credential differs from what a job would have.
func jobWords(m CredentialMatch) string {
	var words []string
	for _, c := range m.Compared {
		for _, d := range c.Differences {
			words = append(words, strings.NewReplacer("the token's", "the job's", "the token", "the job").Replace(d.Words))
		}
	}
	return strings.Join(words, "; ")
}

// placeholder is what a file does not say, as in {owner} and {the cluster's issuer}.
var placeholder = regexp.MustCompile(`\{[A-Za-z_][^{}]*\}`)

// pattern matches the texts that a text with {placeholders} may stand for. A part of a text has no colon; {context} is
// all that follows in a subject of GitHub's.
func pattern(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^`)
	at := 0
	for _, span := range placeholder.FindAllStringIndex(text, -1) {
		value := `([^:]+)`
		if name := text[span[0]:span[1]]; name == text || name == "{context}" {
			value = `(.+)`
		}
		b.WriteString(regexp.QuoteMeta(text[at:span[0]]) + value)
		at = span[1]
	}
	b.WriteString(regexp.QuoteMeta(text[at:]) + `$`)
	return regexp.MustCompile(b.String())
}

// bind adds what the placeholders of a text have to be, so that it is another text. It reports false if it is not,
// whatever they are.
func bind(values map[string]string, text, other string) bool {
	found := pattern(text).FindStringSubmatch(other)
	if found == nil {
		return false
	}
	bound := map[string]string{}
	for i, name := range placeholder.FindAllString(text, -1) {
		if value, is := bound[name]; is && value != found[i+1] {
			return false
		}
		bound[name] = found[i+1]
	}
	maps.Copy(values, bound)
	return true
}

// filled replaces the placeholders of a subject by what another one has there, as far as both are alike before them.
func filled(other, text string) string {
	form, parts := formOf(text)
	otherForm, otherParts := formOf(other)
	if form != otherForm {
		return text
	}
	for _, p := range parts {
		for _, o := range otherParts {
			if o.name == p.name && placeholder.MatchString(p.value) && p.value == placeholder.FindString(p.value) {
				text = strings.Replace(text, p.value, o.value, 1)
			}
		}
	}
	return text
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// scenarioLines say what a scenario's file does.
func scenarioLines(in input.Found) []string {
	f := in.Scenario
	lines := []string{cmp.Or(f.Name, in.Input)}
	if f.About != "" {
		lines = append(lines, strings.TrimSpace(f.About))
	}
	if f.Platform != "" {
		lines = append(lines, "Its tokens are of "+f.Platform+".")
	}
	kinds := make([]string, len(f.Steps))
	for i, step := range f.Steps {
		kinds[i] = step.Kind
	}
	lines = append(lines, wording.Count(len(kinds), "step")+": "+strings.Join(kinds, ", ")+".")
	for _, c := range f.Cases {
		lines = append(lines, "Case: "+c.Name)
	}
	return append(lines, "issuerd run "+in.Input+" plays it.")
}
