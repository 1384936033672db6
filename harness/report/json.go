package report

import (
	"encoding/json"
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
