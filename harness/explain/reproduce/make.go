package reproduce

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/scenario"
)

// Options say how a scenario is written. The zero value is good.
type Options struct {
	Name      string // of the scenario, platform/slug or the slug alone; empty: the code
	Schema    string // the path or URL of the schema, for editors; empty: the file does not name one
	Anonymize bool   // put other names in the place of those of the case
	NoFix     bool   // end with the refusal, also where it is known how the sign-in passes
}

// Scenario is one that was written.
type Scenario struct {
	Name    string   // as in the file
	Code    string   // the refusal that it yields, such as AADSTS700213; empty: a token
	Seen    string   // the code of the inputs, where another one is answered today; else empty
	Values  []Value  // of the message, in its order
	Assumed []string // what the inputs do not say, a sentence each
	Source  []byte   // the file

	file *scenario.File
}

// Value is one that the refusal prints.
type Value struct {
	Name string `json:"name"` // of the place in the message, as in entra.Code
	Text string `json:"text"`
	// Given says that the inputs have the value; else it was made up.
	Given bool `json:"given"`
}

// UnableError says why a case cannot be reproduced.
type UnableError struct {
	Code   string
	Reason string
}

func (e *UnableError) Error() string { return e.Code + " can't be reproduced: " + e.Reason }

// Make writes a scenario that yields the first refusal of a case. The error is an [*UnableError] where the emulator has
// no such refusal, and else says that the case has none.
func Make(c explain.Case, opts Options) (*Scenario, error) {
	e, err := gather(c)
	if err != nil {
		return nil, err
	}
	if opts.Anonymize {
		newAnonymizer().evidence(e)
	}
	d, err := draftOf(e)
	if err != nil {
		return nil, err
	}
	if opts.NoFix {
		d.fix = nil
	}
	name := cmp.Or(opts.Name, strings.ToLower(d.row.Name()))
	if !strings.Contains(name, "/") {
		name = d.from.platform.Name + "/" + name
	}
	if !validName.MatchString(name) || !strings.HasPrefix(name, d.from.platform.Name+"/") && !strings.HasPrefix(name, "entra/") {
		return nil, fmt.Errorf("the name %q: want %s/slug or entra/slug, of lower case letters, digits and dashes", name, d.from.platform.Name)
	}
	lines := []string{"Made by issuerd reproduce, from " + cmp.Or(e.from, "a refusal") + "."}
	for _, a := range d.assumed {
		lines = append(lines, "- "+a)
	}
	made, err := d.scenario(name, "Reproduces "+d.row.Name()+": "+d.row.Cause+".", headOf(opts.Schema, lines...))
	if err == nil && d.row.Number != e.message.Code {
		made.Seen = codeName(e.message.Code)
	}
	return made, err
}

// validName is what names of scenarios are.
var validName = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9][a-z0-9._-]*$`)

// draftOf finds the recipe of a refusal and follows it.
func draftOf(e *evidence) (*draft, error) {
	row, known := entra.Lookup(explain.CodeOf(e.message))
	if sentence := e.message.Sentence; sentence != 0 && sentence != e.message.Code {
		e.notes = append(e.notes, fmt.Sprintf("the text says %s with the sentence of %s; here it is %s", codeName(e.message.Code), codeName(sentence), row.Name()))
	}
	if !known {
		return nil, &UnableError{codeName(e.message.Code), "the emulator does not know this code"}
	}
	if instead, ok := newer[row.Number]; ok {
		now, _ := entra.Lookup(instead.code)
		if row.Number == 70021 {
			now = today(e)
		}
		e.notes = append(e.notes, fmt.Sprintf("%s; here it is %s", instead.reason, now.Name()))
		row = now
	}
	follow := recipes[row.Number]
	if follow == nil {
		return nil, &UnableError{row.Name(), cmp.Or(row.Reason, "there is no recipe for it")}
	}
	d := newDraft(e, row)
	if err := follow(d); err != nil {
		return nil, &UnableError{row.Name(), err.Error()}
	}
	return d, nil
}

// today is the code that Entra answers in the place of AADSTS70021, whose text prints issuer, subject and audience
// alike: the first that is not as the credential has it.
func today(e *evidence) entra.Code {
	value := func(name string) string {
		if v := e.message.Values[name]; v.Whole() {
			return v.Text
		}
		return "" // it is not known
	}
	code, _ := explain.Superseded(value("iss"), value("sub"), value("aud"))
	if len(e.credentials) > 0 {
		c := e.credentials[0]
		differs := func(field, has, presented string) bool {
			return has != "" && presented != "" && has != presented && c.Masked[field] == "" && c.Unknown[field] == ""
		}
		switch code = 700213; {
		case differs("issuer", c.Issuer, value("iss")):
			code = 700211
		case differs("audiences", first(c.Audiences), value("aud")):
			code = 700212
		}
	}
	row, _ := entra.Lookup(code)
	return row
}

var errNotLoaded = errors.New("reproduce: the scenario was made by neither Make nor Start")
