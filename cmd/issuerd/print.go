package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/wording"
)

// printJSON prints a value as one JSON document for people and programs: indented, without escapes for HTML.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// list is the API's document of a list.
func list[T any](items []T) control.List[T] {
	if items == nil {
		items = []T{}
	}
	return control.List[T]{Items: items}
}

// printTable prints rows in columns. What can't be printed of a cell is escaped.
func printTable(w io.Writer, rows [][]string) error {
	var b bytes.Buffer
	columns := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = wording.Printable(cell)
		}
		fmt.Fprintln(columns, strings.Join(cells, "\t"))
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	var out bytes.Buffer
	for line := range strings.Lines(b.String()) { // the last column may be empty
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := w.Write(out.Bytes())
	return err
}

// moment is how a time is printed.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// mark is a word if something is so, in a table.
func mark(yes bool, word string) string {
	if yes {
		return word
	}
	return "-"
}

// isTerminal tells whether somebody reads what is written.
func isTerminal(w io.Writer) bool {
	if out, ok := w.(*output); ok {
		w = out.Writer
	}
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
