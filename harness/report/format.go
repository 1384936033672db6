package report

import "io"

// Formats are the forms of a report that are one document, by their names.
var Formats = map[string]func(io.Writer, Run) error{
	"json":  JSON,
	"junit": JUnit,
	"tap":   TAP,
	"ctrf":  CTRF,
}
