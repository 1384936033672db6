package reproduce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
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
			var err error
			if now, err = today(e); err != nil {
				return nil, err
			}
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
// alike. With credentials at hand it is what the emulator's checks come to; without, it is a guess.
func today(e *evidence) (entra.Code, error) {
	value := func(name string) string {
		if v := e.message.Values[name]; v.Whole() {
			return v.Text
		}
		return ""
	}
	code, _ := explain.Superseded(value("iss"), value("sub"), value("aud"))
	if len(e.credentials) > 0 {
		code = 700213 // unless the checks know better
		evidence := entra.Evidence{Cloud: e.cloud, Values: entra.Values{Issuer: value("iss"), Subject: value("sub")}}
		if aud := value("aud"); aud != "" {
			evidence.Values.Audiences = strings.Split(aud, ",")
		}
		for _, c := range e.credentials {
			evidence.Credentials = append(evidence.Credentials, knownCredential(c))
		}
		found, err := entra.Examine(context.Background(), evidence)
		if err != nil {
			return entra.Code{}, err
		}
		if found.Refusal != nil && slices.Contains([]int{700211, 700212, 700213, 7002131, 7002138}, found.Refusal.Code) {
			code = found.Refusal.Code
		}
	}
	row, _ := entra.Lookup(code)
	return row, nil
}

// knownCredential is a credential with the fields that its input says literally.
func knownCredential(c input.Credential) entra.KnownCredential {
	known := entra.KnownCredential{Credential: c.Credential}
	for _, open := range []map[string]string{c.Unknown, c.Masked} {
		for name := range open {
			field := entra.Field(name)
			if name == "matching" {
				field = entra.FieldExpression
			}
			known.Unknown = append(known.Unknown, field)
		}
	}
	return known
}

var errNotLoaded = errors.New("reproduce: the scenario was made by neither Make nor Start")
