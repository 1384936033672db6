package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// JSON writes run to w as one document, {"version":1,"target":…,"results":[…]}.
// Later versions may add members; version changes when a member changes its
// meaning or goes. Errors are those of w.
func JSON(w io.Writer, run Run) error {
	if run.Results == nil {
		run.Results = []Result{} // a list in any case
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(run); err != nil {
		return fmt.Errorf("report: json: %w", err)
	}
	return nil
}

// maxReport bounds a report that is read.
const maxReport = 256 << 20

// Read reads a run that JSON has written. An error says what is there instead.
func Read(r io.Reader) (Run, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxReport+1))
	switch {
	case err != nil:
		return Run{}, err
	case len(text) > maxReport:
		return Run{}, fmt.Errorf("want a JSON report of issuerd run, got more than %d MB", maxReport>>20)
	case len(text) == 0:
		return Run{}, errors.New("want a JSON report of issuerd run, got an empty file: the run that should write it did not come to its end")
	}
	var run Run
	var another *json.UnmarshalTypeError
	if err := json.Unmarshal(text, &run); errors.As(err, &another) {
		return Run{}, fmt.Errorf("want a JSON report of issuerd run, got another document, whose member %q is of type %s", another.Field, another.Value)
	} else if err != nil {
		return Run{}, fmt.Errorf("want a JSON report of issuerd run: %w", err)
	}
	if run.Version != 1 || run.Target == "" || run.Results == nil {
		return Run{}, fmt.Errorf("want a JSON report of issuerd run, of version 1, got another document (version %d)", run.Version)
	}
	return run, nil
}
