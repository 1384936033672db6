package explain

import (
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/expression"
)

// Compared is a comparison that a check made, and how the two differ.
type Compared struct {
	entra.Comparison
	Marks       *Marks       `json:"marks,omitempty"`       // nil: they are equal, or not to be compared
	Differences []Difference `json:"differences,omitempty"` // in words; empty: they are equal
	// Missing says, of a comparison that could not be made, which sides are not known: "credential", "presented", "both".
	Missing string `json:"missing,omitempty"`
}

// missing says which side of a comparison that could not be made is not known.
func (h heldCredential) missing(c Compared) string {
	if !c.Unknown {
		return ""
	}
	lacks := false
	for _, names := range []map[string]string{h.Unknown, h.Masked} {
		for name := range names {
			lacks = lacks || fieldOf(name) == c.Field
		}
	}
	switch {
	case lacks && c.Got == "":
		return "both"
	case lacks:
		return "credential"
	}
	return "presented"
}

// incomparable says why nothing of a credential could be compared; "": something could be.
func incomparable(m CredentialMatch, masked []string) string {
	var hidden []string
	for _, c := range m.Compared {
		if c.Equal || len(c.Differences) > 0 {
			return ""
		}
		if c.Missing == "credential" || c.Missing == "both" {
			hidden = append(hidden, fieldWords[c.Field])
		}
	}
	words := "nothing could be compared with " + m.Name
	switch {
	case len(hidden) > 0:
		return words + ": its " + strings.Join(hidden, " and its ") + " is not known here (" + strings.Join(m.Unknown, "; ") + "); give the credential as az or Microsoft Graph prints it"
	case len(masked) > 0:
		return words + ": what was presented is hidden (" + strings.Join(masked, "; ") + "); give the error as it was printed, or a token"
	}
	return words + ": what was presented is not known of it; give a token"
}

// explainComparison says how the two of a recorded comparison differ.
func explainComparison(made entra.Comparison) Compared {
	c := Compared{Comparison: made}
	if made.Equal || made.Unknown {
		return c
	}
	if made.Field == entra.FieldExpression && made.Operator == "" {
		words := "the expression cannot be read"
		if _, err := expression.Parse(made.Want); err != nil {
			words = err.Error()
		}
		c.Differences = []Difference{{"expression", words}}
		return c
	}
	if made.Field == entra.FieldExpression {
		words := "the claim " + made.Claim + " is not what the clause wants"
		if made.Got == "" {
			words = "the token has no claim " + made.Claim
		}
		if made.Operator == "eq" {
			marks := mark(made.Want, made.Got)
			c.Marks = &marks
		}
		c.Differences = []Difference{{"clause", words}}
		return c
	}
	marks := mark(made.Want, made.Got)
	c.Marks = &marks
	if made.Field == entra.FieldAudience && strings.Contains(made.Got, ", ") {
		c.Differences = audienceDifferences(made.Want, made.Got)
		return c
	}
	found, want, got := differences(made.Want, made.Got)
	for i := range found {
		if remark := slashRemark(made.Want, made.Got); found[i].Kind == "trailing-slash" && made.Field == entra.FieldIssuer && remark != "" {
			found[i].Words += "; " + remark
		}
		if found[i].Kind == "case" && made.Field != entra.FieldSubject {
			found[i].Words = "they differ in capital and small letters, which count"
		}
	}
	if want != got {
		switch made.Field {
		case entra.FieldSubject:
			found = append(found, subjectDifferences(want, got)...)
		case entra.FieldIssuer:
			found = append(found, issuerDifferences(want, got)...)
		case entra.FieldAudience:
			found = append(found, audienceDifferences(want, got)...)
		}
	}
	if len(found) == 0 {
		found = []Difference{{"other", "they are different texts"}}
	}
	c.Differences = found
	return c
}
