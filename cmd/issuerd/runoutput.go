package main

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/report"
)

// runOutput is where a run tells what it comes to: standard output, files, and a line on a terminal while it goes on.
type runOutput struct {
	stdout   io.Writer
	format   string
	text     *report.TextWriter // nil: standard output has another format
	files    *reportFiles
	progress *progress
	failed   error // the first error of standard output
}

// openReports opens what a run of these cases tells of itself.
func (f *runFlags) openReports(cmd *cobra.Command, chosen *chosen) (*runOutput, error) {
	titles := make([]string, len(chosen.cases))
	for i, c := range chosen.cases {
		titles[i] = c.Title()
	}
	files, err := f.reports.open()
	if err != nil {
		return nil, err
	}
	out := &runOutput{stdout: cmd.OutOrStdout(), format: f.reports.format, files: files}
	if f.reports.streams() {
		out.text = report.NewTextWriter(out.stdout, titles, report.TextOptions{Color: colored(out.stdout), Verbose: f.verbose, GitHub: onGitHub()})
	}
	out.progress = startProgress(cmd.ErrOrStderr(), len(titles))
	return out, nil
}

// close closes what a run that did not begin has left open.
func (r *runOutput) close() {
	r.progress.stop()
	r.files.close()
}

// began is the runner's word of a case that begins.
func (r *runOutput) began(title string) { r.progress.begin(title) }

// ended is the runner's word of a case that has ended.
func (r *runOutput) ended(result report.Result) {
	r.progress.end(result, func() {
		if r.text != nil {
			r.failed = errors.Join(r.failed, r.text.Result(result))
		}
	})
}

// end writes what there is to say about the whole run. What goes wrong with a file does not keep the run from being
// told.
func (r *runOutput) end(run report.Run) error {
	failed := errors.Join(r.failed, r.files.write(run))
	if r.text == nil {
		return errors.Join(failed, report.Formats[r.format](r.stdout, run))
	}
	return errors.Join(failed, r.text.End(run), annotate(r.stdout, r.format, run))
}

// colored tells whether to use colour: only on a terminal that has it, and not when NO_COLOR is set.
func colored(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}
