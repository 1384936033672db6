package scenario

import (
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/issuerd/issuerd/harness/document"
)

// The messages about files of other kinds.
const (
	DirectoryFile = "this is a file with Entra's directory, and no scenario"
	IssuerFile    = "this is a file with an issuer, and no scenario"
	FaultFile     = "this is a file with faults, and no scenario"
)

// otherFiles tells files of other kinds by a key of their first level, where a scenario has steps.
var otherFiles = []struct{ key, message, hint string }{
	{"tenants", DirectoryFile, "issuerd serve --directory reads it"},
	{"platform", IssuerFile, "issuerd serve --issuers reads it"},
	{"presets", IssuerFile, "issuerd serve --issuers reads it"},
	{"faults", FaultFile, "issuerd serve --fault and fault set --file read it"},
}

// Load reads a scenario file. It returns all problems, sorted by position; the
// File is nil when there are any. name is what messages call the file. src may be any bytes.
//
// The file can't use a directory file, as one that [LoadFS] reads can.
func Load(name string, src []byte, names Names) (*File, document.Problems) {
	f, _, problems := load(nil, name, src, names)
	return f, problems
}

// load is Load for a file of fsys; used is the directory file that it uses.
func load(fsys fs.FS, name string, src []byte, names Names) (f *File, used string, problems document.Problems) {
	log := &document.Log{File: name}
	read := fileFormat.Read(src, log)
	if read == nil {
		return nil, "", log.Problems()
	}
	for _, other := range otherFiles {
		if read.Root.Get(other.key) != nil && read.Root.Get("steps") == nil {
			log.Add(read.Root.KeyPosition(other.key), other.hint, "%s", other.message)
			return nil, "", log.Problems()
		}
	}
	used = use(read.Root, name, fsys, log)
	refuseKeys(read.Root, log)
	refuseLater(read.Root, log)
	log.NextStage()
	validateShape(read.Root, log)
	log.NextStage()
	compileAll(read, log)
	f = newFile(name, read)
	f.sources, f.Uses = log.Sources(), used
	log.NextStage()
	validateRules(f, names, log)
	if log.Len() > 0 {
		return nil, used, log.Problems()
	}
	f.Warnings.Sort()
	return f, used, nil
}

// newFile copies what does not depend on a case out of the tree. The tree may
// have problems; then the file is only good for finding more.
func newFile(name string, read *document.File) *File {
	root := read.Root
	f := &File{Path: name, Vars: map[string]any{}, root: root}
	f.Name, _ = constant(root.Get("name"))
	f.About, _ = constant(root.Get("about"))
	f.Platform, _ = constant(root.Get("issuer").Get("platform"))
	if defined := root.Get("issuer").Get("define"); defined != nil {
		f.Platform, _ = constant(defined.Get("platform"))
	}
	for _, l := range root.Get("labels").List() {
		if label, ok := constant(l); ok {
			f.Labels = append(f.Labels, label)
		}
	}
	d := decoder{file: f, static: true}
	if vars := root.Get("vars"); vars != nil && vars.Kind == document.Map {
		f.Vars, _ = d.value(vars).(map[string]any)
	}
	if skip := root.Get("skip"); skip != nil && skip.Kind == document.Map {
		f.Skip = map[string]string{}
		for _, e := range skip.Entries {
			f.Skip[e.Key], _ = constant(e.Value)
		}
	}
	for _, row := range root.Get("cases").List() {
		c := &Case{Position: row.Start(), node: row}
		if n := row.Get("name"); n != nil {
			c.Name, _ = constant(n)
			c.Position = n.Position
		}
		f.Cases = append(f.Cases, c)
	}
	for _, n := range root.Get("steps").List() {
		f.Steps = append(f.Steps, newStep(f, n))
	}
	return f
}

func newStep(f *File, n *document.Node) *Step {
	s := &Step{Position: n.Start(), file: f, node: n}
	s.ID, _ = constant(n.Get("id"))
	for _, e := range n.Entries {
		if slices.Contains(Kinds, e.Key) {
			s.Kind, s.Position = e.Key, e.Position
			break
		}
	}
	return s
}

// compileAll finds the expressions of a file and compiles each for its place.
func compileAll(read *document.File, log *document.Log) {
	root := read.Root
	scopes := newScopes(root)
	c := compiler{Log: log, lines: read.Lines, rows: root.Get("cases").List()}
	for _, s := range root.Get("steps").List() {
		if id, ok := constant(s.Get("id")); ok {
			c.steps = append(c.steps, id)
		}
	}
	for _, e := range root.Entries {
		switch e.Key {
		case "issuer", "clock", "timeout":
			c.compileIn(e.Value, scopes.issuer)
		case "entra":
			c.compileIn(e.Value, scopes.entra)
		case "cases":
			c.compileCases(e.Value, scopes.cases)
		case "steps":
			c.compileSteps(e.Value, scopes.step)
		default:
			c.constantIn(e.Value, e.Key)
		}
	}
}

func (c compiler) compileCases(rows *document.Node, scope shape) {
	for _, row := range rows.List() {
		for _, e := range row.Entries {
			if e.Key == "name" {
				c.constantIn(e.Value, "the name of a case")
				continue
			}
			c.compileIn(e.Value, scope)
		}
	}
}

func (c compiler) compileSteps(steps *document.Node, scope shape) {
	for _, step := range steps.List() {
		var own shape
		for _, e := range step.Entries {
			switch e.Key {
			case "id":
				c.constantIn(e.Value, "the id of a step")
			case "expect":
				c.compileExpect(e.Value, step, scope)
			default:
				c.compileIn(e.Value, scope)
				if _, ok := results[e.Key]; ok && own == nil {
					own = resultsOf(e.Key)
				}
			}
		}
		if id, ok := constant(step.Get("id")); ok {
			if own == nil {
				own = shape{}
			}
			scope = scope.with("steps", scope["steps"].with(id, own))
		}
	}
}

func (c compiler) compileExpect(expect, step *document.Node, scope shape) {
	for _, e := range expect.Entries {
		if e.Key != "that" {
			c.compileIn(e.Value, scope)
			continue
		}
		conditions := scope
		for _, s := range step.Entries {
			for name, member := range resultsOf(s.Key) {
				conditions = conditions.with(name, member)
			}
		}
		for _, n := range e.Value.List() {
			source, ok := n.Value.(string)
			if n.Kind != document.Scalar || !ok {
				continue // the schema has complained
			}
			if i := strings.Index(source, "${{"); i >= 0 {
				c.Add(locate(n, c.lines, utf8.RuneCountInString(source[:i])), "leave ${{ }} out", "a condition is an expression already")
				continue
			}
			if code := c.compile(source, n, 0, conditions, true); code != nil && c.mayHold(code) {
				n.Note = &Condition{Text: source, Position: n.Position, path: c.File, code: code}
			}
		}
	}
}

// compileIn compiles the expressions in n and below.
func (c compiler) compileIn(n *document.Node, scope shape) {
	n.Walk(func(n *document.Node) {
		c.split(n)
		text := textOf(n)
		if text == nil {
			return
		}
		for i := range text.parts {
			if p := &text.parts[i]; p.isCode {
				p.code = c.compile(p.source, n, p.offset, scope, false)
			}
		}
	})
}

// constantIn refuses expressions in n and below.
func (c compiler) constantIn(n *document.Node, what string) {
	n.Walk(func(n *document.Node) {
		c.split(n)
		if text := textOf(n); text != nil && !text.literal() {
			c.Add(n.Position, "", "%s holds no expression", what)
		}
	})
}

// split notes the parts of n is a string with expressions or escapes.
func (c compiler) split(n *document.Node) {
	s, ok := n.Value.(string)
	if n.Kind != document.Scalar || !ok {
		return
	}
	text, open := splitTemplate(s)
	if open >= 0 {
		at := locate(n, c.lines, open)
		at.Width = len("${{")
		c.Add(at, `close it with }}, or write $${{ for the text "${{"`, `"${{" without "}}"`)
	}
	if text != nil {
		n.Note = text
	}
}
