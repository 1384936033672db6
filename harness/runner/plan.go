package runner

import (
	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/harness/scenario"
)

// Case is one case of a file: one of its rows, or the whole scenario where it has none.
type Case struct {
	File *scenario.File

	row *scenario.Case // nil: the file has no rows
}

// Name is the row's name; empty for a scenario without rows.
func (c Case) Name() string {
	if c.row == nil {
		return ""
	}
	return c.row.Name
}

// Title is the scenario's name, with the row's in brackets.
func (c Case) Title() string {
	if c.row == nil {
		return c.File.Name
	}
	return c.File.Name + "[" + c.row.Name + "]"
}

// Position is where in the file the case has its name.
func (c Case) Position() document.Position {
	if c.row == nil {
		return c.File.Pos("name")
	}
	return c.row.Position
}

// Plan returns the cases of the files that are selected, in the order of the files and their rows; selects as in
// Options.
func Plan(files []*scenario.File, selects func(file *scenario.File, name string) bool) []Case {
	var cases []Case
	for _, f := range files {
		for _, row := range rows(f) {
			if c := (Case{f, row}); selects == nil || selects(f, c.Title()) {
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// rows are the rows of a file; a file without any has one that is nil.
func rows(f *scenario.File) []*scenario.Case {
	if len(f.Cases) == 0 {
		return []*scenario.Case{nil}
	}
	return f.Cases
}
