package report

import (
	"fmt"
	"slices"
	"time"
)

// Status is how a case or a step ended. Greater is worse: the status of a run is the greatest of its cases'.
type Status int

// The statuses. Fail means that an expectation was not met; Error that the case could not be carried out.
const (
	Skip Status = iota
	Pass
	Fail
	Error
)

var statusWords = []string{"skip", "pass", "fail", "error"}

// String is the word for a status.
func (s Status) String() string {
	if s < 0 || int(s) >= len(statusWords) {
		return fmt.Sprintf("status %d", int(s))
	}
	return statusWords[s]
}

// MarshalText makes statuses words in JSON.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word for a status.
func (s *Status) UnmarshalText(word []byte) error {
	i := slices.Index(statusWords, string(word))
	if i < 0 {
		return fmt.Errorf("report: no status %q (have %q)", word, statusWords)
	}
	*s = Status(i)
	return nil
}

// Run is what a run of scenarios came to. The JSON report is this value.
type Run struct {
	Version int           `json:"version"` // of this format: 1
	Target  string        `json:"target"`
	Took    time.Duration `json:"-"`
	Results []Result      `json:"results"` // in the order of the files and their cases
}

// Status is the worst of the results, or Pass without any.
func (r Run) Status() Status {
	worst := Pass
	for _, result := range r.Results {
		worst = max(worst, result.Status)
	}
	return worst
}

// Result is how one case ended.
type Result struct {
	Name    string   `json:"name"`
	Case    string   `json:"case,omitempty"` // the row's name; empty for a scenario without rows
	File    string   `json:"file"`
	Line    int      `json:"line"`
	Status  Status   `json:"status"`
	Ms      float64  `json:"ms"`
	Reason  string   `json:"reason,omitempty"`  // why it was skipped
	Steps   []Step   `json:"steps,omitempty"`   // those that ran
	Problem *Problem `json:"problem,omitempty"` // why the case ended, unless a step has it
}

// Title is the scenario's name, with the row's in brackets.
func (r Result) Title() string {
	if r.Case == "" {
		return r.Name
	}
	return r.Name + "[" + r.Case + "]"
}

// problem is why the case did not pass; nil if nothing says so.
func (r Result) problem() *Problem {
	for _, s := range r.Steps {
		if s.Problem != nil {
			return s.Problem
		}
	}
	return r.Problem
}

// Step is how one step ended.
type Step struct {
	ID       string   `json:"id,omitempty"`
	Action   string   `json:"action"`
	Status   Status   `json:"status"`
	Attempts int      `json:"attempts,omitempty"`
	Error    string   `json:"error,omitempty"`   // the AADSTS code of an exchange or a call
	Fetched  []string `json:"fetched,omitzero"`  // what Entra fetched from the issuer; [] is nothing, nil is not known
	Checks   []Check  `json:"checks,omitempty"`  // what Entra compared, in its order
	Problem  *Problem `json:"problem,omitempty"` // why the step failed or could not be carried out
}

// Check is one comparison that Entra made.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
	Note string `json:"note,omitempty"`
}

// Problem is why a case failed or could not be carried out, and where its file says so.
type Problem struct {
	File    string `json:"file,omitempty"` // empty: the result's
	Line    int    `json:"line"`           // from 1; 0 if no place is to blame
	Col     int    `json:"col"`            // from 1, in runes
	Width   int    `json:"-"`              // runes to underline
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Source  string `json:"-"` // the source line
	Value   string `json:"-"` // what an underlined expression came to; empty if it is none
}

// place is where the problem is, in the result's file unless it has its own: file:line:col, or the file alone.
func (p *Problem) place(file string) string {
	if p.File != "" {
		file = p.File
	}
	if p.Line > 0 {
		file = fmt.Sprintf("%s:%d:%d", file, p.Line, p.Col)
	}
	return file
}
