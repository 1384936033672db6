package scenario

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Names are the words a file may use that this package does not know itself.
// A nil field is not checked; an empty one knows no word.
type Names struct {
	// Platforms maps a platform to the names of its presets.
	Platforms map[string][]string
	// Faults are the names of the faults.
	Faults []string
	// Codes reports whether an AADSTS code, such as "AADSTS700213", is known.
	Codes func(code string) bool
}

// Load reads a scenario file. It returns all problems, sorted by position; the
// File is nil when there are any. name is what messages call the file. src may be any bytes.
func Load(name string, src []byte, names Names) (*File, []Problem) {
	ps := &problems{file: name}
	root, lines := parse(src, ps)
	if root == nil {
		return nil, ps.sorted()
	}
	ps.nextStage()
	validate(root, ps)
	ps.nextStage()
	compileAll(root, lines, ps)
	f := newFile(name, root, lines)
	ps.nextStage()
	validateRules(f, names, ps)
	if len(ps.list) > 0 {
		return nil, ps.sorted()
	}
	return f, nil
}

// newFile copies what does not depend on a case out of the tree. The tree may
// have problems; then the file is only good for finding more.
func newFile(name string, root *node, lines []string) *File {
	f := &File{Path: name, Vars: map[string]any{}, root: root, lines: lines}
	f.Name, _ = root.get("name").constant()
	f.About, _ = root.get("about").constant()
	f.Platform, _ = root.get("issuer").get("platform").constant()
	for _, l := range root.get("labels").list() {
		if label, ok := l.constant(); ok {
			f.Labels = append(f.Labels, label)
		}
	}
	d := decoder{file: f, static: true}
	if vars := root.get("vars"); vars != nil && vars.kind == mapNode {
		f.Vars, _ = d.value(vars).(map[string]any)
	}
	if skip := root.get("skip"); skip != nil && skip.kind == mapNode {
		f.Skip = map[string]string{}
		for _, e := range skip.entries {
			f.Skip[e.key], _ = e.value.constant()
		}
	}
	for _, row := range root.get("cases").list() {
		c := &Case{Position: row.start(), node: row}
		if n := row.get("name"); n != nil {
			c.Name, _ = n.constant()
			c.Position = n.pos
		}
		f.Cases = append(f.Cases, c)
	}
	for _, n := range root.get("steps").list() {
		f.Steps = append(f.Steps, newStep(f, n))
	}
	return f
}

func newStep(f *File, n *node) *Step {
	s := &Step{Position: n.start(), file: f, node: n}
	s.ID, _ = n.get("id").constant()
	for _, e := range n.entries {
		if slices.Contains(Kinds, e.key) {
			s.Kind, s.Position = e.key, e.pos
			break
		}
	}
	return s
}

// compileAll finds the expressions of a file and compiles each for its place.
func compileAll(root *node, lines []string, ps *problems) {
	scopes := newScopes(root)
	c := compiler{problems: ps, lines: lines, rows: root.get("cases").list()}
	for _, s := range root.get("steps").list() {
		if id, ok := s.get("id").constant(); ok {
			c.steps = append(c.steps, id)
		}
	}
	for _, e := range root.entries {
		switch e.key {
		case "issuer", "clock", "timeout":
			c.compileIn(e.value, scopes.issuer)
		case "entra":
			c.compileIn(e.value, scopes.entra)
		case "cases":
			c.compileCases(e.value, scopes.cases)
		case "steps":
			c.compileSteps(e.value, scopes.step)
		default:
			c.constantIn(e.value, e.key)
		}
	}
}

func (c compiler) compileCases(rows *node, scope shape) {
	for _, row := range rows.list() {
		for _, e := range row.entries {
			if e.key == "name" {
				c.constantIn(e.value, "the name of a case")
				continue
			}
			c.compileIn(e.value, scope)
		}
	}
}

func (c compiler) compileSteps(steps *node, scope shape) {
	for _, step := range steps.list() {
		var own shape
		for _, e := range step.entries {
			switch e.key {
			case "id":
				c.constantIn(e.value, "the id of a step")
			case "expect":
				c.compileExpect(e.value, step, scope)
			default:
				c.compileIn(e.value, scope)
				if names, ok := results[e.key]; ok && own == nil {
					own = members(names...)
				}
			}
		}
		if id, ok := step.get("id").constant(); ok {
			if own == nil {
				own = shape{}
			}
			scope = scope.with("steps", scope["steps"].with(id, own))
		}
	}
}

func (c compiler) compileExpect(expect, step *node, scope shape) {
	for _, e := range expect.entries {
		if e.key != "that" {
			c.compileIn(e.value, scope)
			continue
		}
		conditions := scope
		for _, s := range step.entries {
			for _, name := range results[s.key] {
				conditions = conditions.with(name, nil)
			}
		}
		for _, n := range e.value.list() {
			source, ok := n.value.(string)
			if n.kind != scalarNode || !ok {
				continue // the schema has complained
			}
			if i := strings.Index(source, "${{"); i >= 0 {
				c.add(n.locate(c.lines, utf8.RuneCountInString(source[:i])), "leave ${{ }} out", "a condition is an expression already")
				continue
			}
			if code := c.compile(source, n, 0, conditions, true); code != nil {
				n.condition = &Condition{Text: source, Position: n.pos, path: c.file, code: code}
			}
		}
	}
}

// compileIn compiles the expressions in n and below.
func (c compiler) compileIn(n *node, scope shape) {
	n.walk(func(n *node) {
		c.split(n)
		if n.text == nil {
			return
		}
		for i := range n.text.parts {
			if p := &n.text.parts[i]; p.isCode {
				p.code = c.compile(p.source, n, p.offset, scope, false)
			}
		}
	})
}

// constantIn refuses expressions in n and below.
func (c compiler) constantIn(n *node, what string) {
	n.walk(func(n *node) {
		c.split(n)
		if n.text != nil && !n.text.literal() {
			c.add(n.pos, "", "%s holds no expression", what)
		}
	})
}

// split sets n.text if n is a string with expressions or escapes.
func (c compiler) split(n *node) {
	s, ok := n.value.(string)
	if n.kind != scalarNode || !ok {
		return
	}
	text, open := splitTemplate(s)
	if open >= 0 {
		at := n.locate(c.lines, open)
		at.Width = len("${{")
		c.add(at, `close it with }}, or write $${{ for the text "${{"`, `"${{" without "}}"`)
	}
	n.text = text
}
