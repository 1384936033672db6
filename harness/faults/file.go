package faults

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// ofEntra stands for Entra itself where an issuer is named that has faults.
const ofEntra = "entra"

// Set is a fault that a fault file puts in force.
type Set struct {
	Of         string // an issuer, by its URL or platform, or entra
	Name       string
	Parameters map[string]any // nil: none
	Position   document.Position
}

var format = document.Format{Name: "fault", Start: `a fault file starts with "faults:"`}

// Parse reads a fault file:
//
//	faults:
//	  - {of: github, status: {document: jwks, times: 2}}
//	  - {of: entra, throttled: {retryAfter: 5, times: 1}}
//
// Each item says whose the fault is, and has the fault by its name with its parameters. name is printed in errors.
// Everything that is wrong is reported at once, each at its own key or value: the error is [document.Problems]. A fault
// may occur once for whom it is of: a second takes the place of the first where faults are in force. Whether there is
// such an issuer is not looked at.
func Parse(name string, src []byte) ([]Set, error) {
	log := &document.Log{File: name}
	read := format.Read(src, log)
	if read == nil {
		return nil, log.Problems()
	}
	log.NextStage()
	d := &document.Decoder{Log: log}
	var file struct {
		Faults []map[string]any `json:"faults" jsonschema:"required"`
	}
	d.Decode(read.Root, &file)
	var sets []Set
	if log.Len() == 0 {
		for _, item := range read.Root.Get("faults").List() {
			set := setOf(d, item)
			if i := slices.IndexFunc(sets, set.replaces); i >= 0 {
				at := sets[i].Position
				d.Fail(item, "leave one of them out", "%s of %s is already at %s:%d:%d, and only one of them would be in force", set.Name, set.Of, name, at.Line, at.Column)
			}
			sets = append(sets, set)
		}
		if len(sets) == 0 {
			d.FailAt(read.Root, []any{"faults"}, "", "the list is empty: want one fault or more")
		}
	}
	if log.Len() > 0 {
		return nil, log.Problems()
	}
	return sets, nil
}

// replaces tells whether a fault takes the place of another one.
func (s Set) replaces(other Set) bool {
	return s.Name != "" && s.Of == other.Of && s.Name == other.Name
}

// setOf reads an item of a fault file.
func setOf(d *document.Decoder, item *document.Node) (set Set) {
	set.Position = item.Start()
	of := item.Get("of")
	if of == nil {
		d.Fail(item, "such as of: github, or of: entra", `missing key "of"`)
		return set
	}
	var isText bool
	if set.Of, isText = of.Plain().(string); !isText || set.Of == "" {
		d.Fail(of, "such as github, or entra", "want an issuer's URL or platform, or entra, got %s", document.KindOf(of.Plain()))
		return set
	}
	if names := len(item.Entries) - 1; names != 1 {
		d.Fail(item, "put each fault in an item of its own", "want one fault beside of, got %d", names)
		return set
	}
	names, validate := Names(), Validate
	if set.Of == ofEntra {
		names, validate = EntraNames(), ValidateEntra
	}
	for _, e := range item.Entries {
		if e.Key == "of" {
			continue
		}
		set.Name = e.Key
		switch parameters := e.Value.Plain().(type) {
		case nil:
		case map[string]any:
			set.Parameters = parameters
		default:
			d.Fail(e.Value, "write {} for the defaults", "want a map of parameters, got %s", document.KindOf(parameters))
			return set
		}
		if !slices.Contains(names, set.Name) {
			d.Log.Add(e.Position, document.DidYouMean(set.Name, names), "unknown fault %q of %s", set.Name, set.Of)
			return set
		}
		if err := validate(set.Name, set.Parameters); err != nil {
			d.Fail(e.Value, "", "%s", strings.TrimPrefix(err.Error(), "faults: "))
		}
	}
	return set
}

// faultsKey is the key of a fault file on its first level, in block style, and ofOthers keys that only others have.
var (
	faultsKey = regexp.MustCompile(`(?m)^["']?faults["']?[ \t]*:`)
	ofOthers  = regexp.MustCompile(`(?m)^["']?(steps|entra|tenants|platform|presets|issuer)["']?[ \t]*:`)
)

// IsFile tells a fault file from other YAML by its first level, which has faults. One in block style may have mistakes;
// one in braces, as JSON is, is told from others only when it can be parsed.
func IsFile(src []byte) bool {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // a byte order mark
	if !bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")) {
		return faultsKey.Match(src) && !ofOthers.Match(src)
	}
	read := format.Read(src, &document.Log{})
	return read != nil && read.Root.Get("faults") != nil
}
