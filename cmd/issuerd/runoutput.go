package main

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/report"
	"github.com/issuerd/issuerd/harness/runner"
)

// runFormats are what --format takes.
var runFormats = []string{"text", "json"}

// reports are where a run tells what it comes to: standard output, files, and a line on a terminal while it goes on.
type reports struct {
	stdout   io.Writer
	format   string
	text     *report.TextWriter // nil: standard output has another format
	json     *os.File           // of --json; nil: none
	progress *progress
	failed   error // the first error of standard output
}

// openReports opens the files now, so that a run is not for nothing.
func (f *runFlags) openReports(cmd *cobra.Command, cases []runner.Case) (*reports, error) {
	titles := make([]string, len(cases))
	for i, c := range cases {
		titles[i] = c.Title()
	}
	out := &reports{stdout: cmd.OutOrStdout(), format: f.format}
	if f.json != "" {
		file, err := os.Create(f.json)
		if err != nil {
			return nil, err
		}
		out.json = file
	}
	if f.format == "text" {
		out.text = report.NewTextWriter(out.stdout, titles, colored(out.stdout))
	}
	out.progress = startProgress(cmd.ErrOrStderr(), len(cases))
	return out, nil
}

// close closes what a run that did not begin has left open.
func (r *reports) close() {
	r.progress.stop()
	if r.json != nil {
		_ = r.json.Close() // after a report it is closed already
	}
}

// began is the runner's word of a case that begins.
func (r *reports) began(title string) { r.progress.begin(title) }

// ended is the runner's word of a case that has ended.
func (r *reports) ended(result report.Result) {
	r.progress.end(result, func() {
		if r.text != nil {
			r.failed = errors.Join(r.failed, r.text.Result(result))
		}
	})
}

// end writes what there is to say about the whole run. What goes wrong with a file does not keep the run from being
// told.
func (r *reports) end(run report.Run) error {
	failed := r.failed
	if r.json != nil {
		failed = errors.Join(failed, report.JSON(r.json, run), r.json.Close())
	}
	if r.text != nil {
		return errors.Join(failed, r.text.End(run))
	}
	return errors.Join(failed, report.JSON(r.stdout, run))
}

// colored tells whether to use colour: only on a terminal that has it, and not when NO_COLOR is set.
func colored(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}
