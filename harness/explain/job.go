package explain

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/expression"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/wording"
)

// jobs are the jobs of the inputs, with the credentials that would accept them.
func (g *gathered) jobs(c Case, signIns []SignIn) []Job {
	var out []Job
	for _, in := range c.Inputs {
		for _, job := range in.Jobs {
			j := Job{
				Platform: job.Platform, Workflow: job.Workflow, Name: job.Name, From: in.Input, Line: job.Place.Line, Refused: job.Refused, Notes: job.Notes,
			}
			for _, subject := range job.Subjects {
				j.Subjects = append(j.Subjects, g.jobSubject(subject, signIns))
			}
			out = append(out, j)
		}
	}
	return out
}

func (g *gathered) jobSubject(subject input.Subject, signIns []SignIn) JobSubject {
	s := JobSubject{When: subject.When, Subject: subject.Subject, Issuer: subject.Issuer, Audience: subject.Audience, Doubt: subject.Doubt}
	form := pattern(subject.Subject)
	for _, in := range signIns {
		s.Presented = s.Presented || in.Presented.Subject != "" && form.MatchString(in.Presented.Subject)
	}
	nearest, how := 1<<30, ""
	for _, held := range g.credentials {
		if held.Unknown["subject"] != "" || held.Masked["subject"] != "" {
			continue
		}
		same := form.MatchString(held.Subject)
		if held.Matching != "" {
			same = false
			if e, err := expression.Parse(held.Matching); err == nil && !strings.Contains(subject.Subject, "{") {
				same = e.Match(map[string]any{"sub": subject.Subject}, false)
			}
		}
		var words []string
		far := 0
		for _, field := range []struct {
			name      entra.Field
			want, got string
		}{{entra.FieldIssuer, held.Issuer, subject.Issuer}, {entra.FieldAudience, first(held.Audiences), subject.Audience}} {
			if field.want == "" || field.got == "" || pattern(field.got).MatchString(field.want) {
				continue
			}
			far += distance(field.want, field.got)
			words = append(words, jobWords(field.name, field.want, field.got)...)
		}
		if same && far == 0 {
			s.AcceptedBy = append(s.AcceptedBy, held.label)
			continue
		}
		if !same {
			far += distance(held.Subject, filled(held.Subject, subject.Subject))
			if held.Matching == "" {
				words = append(words, jobWords(entra.FieldSubject, held.Subject, filled(held.Subject, subject.Subject))...)
			}
		}
		if far >= nearest {
			continue
		}
		nearest = far
		how = fmt.Sprintf("%s does not: %s", held.label, cmp.Or(strings.Join(words, "; "), "its expression does not match, or says more than the file"))
	}
	if len(s.AcceptedBy) == 0 && how != "" {
		s.Differs = []string{how}
	}
	return s
}

// jobWords say how a field of a credential differs from what a job would have.
func jobWords(field entra.Field, want, got string) []string {
	var words []string
	for _, d := range explainComparison(entra.Comparison{Field: field, Want: want, Got: got}).Differences {
		words = append(words, strings.NewReplacer("the token's", "the job's", "the token", "the job").Replace(d.Words))
	}
	return words
}

var placeholder = regexp.MustCompile(`\{[A-Za-z_][A-Za-z0-9_ .-]*\}`)

// pattern matches the texts that a text with {placeholders} may stand for.
func pattern(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^`)
	at := 0
	for _, span := range placeholder.FindAllStringIndex(text, -1) {
		b.WriteString(regexp.QuoteMeta(text[at:span[0]]) + `[^:]+`)
		at = span[1]
	}
	b.WriteString(regexp.QuoteMeta(text[at:]) + `$`)
	return regexp.MustCompile(b.String())
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
