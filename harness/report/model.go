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
	Version   int        `json:"version"`             // of this format: 1
	Issuerd   string     `json:"issuerd,omitempty"`   // the version of the program
	Target    string     `json:"target"`              // emulator, container or the URL of a control plane
	Started   time.Time  `json:"started,omitzero"`    // by the clock of the machine
	Ms        float64    `json:"ms,omitempty"`        // of the whole run; of a merged one, of its longest shard
	Selection *Selection `json:"selection,omitempty"` // what was to be played; nil: not known
	Job       string     `json:"job,omitempty"`       // the CI system's run, such as "github 123"; empty: there is none
	Shard     *Shard     `json:"shard,omitempty"`     // the part of the selection that was played; nil: all of it
	Results   []Result   `json:"results"`             // in the order of the files and their cases
}

// Selection identifies what a run was to play, before it was divided into shards: the cases, with their files as they
// were and the variables over them.
type Selection struct {
	Digest string `json:"digest"`
	Cases  int    `json:"cases"`
}

// Shard is a part of a run: Index of Total, from 1.
type Shard struct {
	Index int `json:"index"`
	Total int `json:"total"`
}

// String is index/total.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Total) }

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
	Labels  []string `json:"labels,omitempty"`
	File    string   `json:"file"`
	Line    int      `json:"line"` // of the name of the case
	Col     int      `json:"col,omitempty"`
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

// message is why the case did not pass, in a sentence; empty if it did, and the reason of one that was skipped.
func (r Result) message() string {
	if p := r.problem(); p != nil {
		return p.Message
	}
	return r.Reason
}

// place is where the case's problem is: its file, its line and its column, which is 0 where only the case is known.
func (r Result) place() (file string, line, col int) {
	p := r.problem()
	switch {
	case p == nil || p.Line < 1:
		return r.File, r.Line, 0
	case p.File == "":
		return r.File, p.Line, p.Col
	}
	return p.File, p.Line, p.Col
}

// Step is how one step ended.
type Step struct {
	ID       string         `json:"id,omitempty"`
	Action   string         `json:"action"`
	Status   Status         `json:"status"`
	Attempts int            `json:"attempts,omitempty"`
	Error    string         `json:"error,omitempty"`      // the AADSTS code of an exchange or a call
	HTTP     int            `json:"httpStatus,omitempty"` // of the answer, of an exchange or a call; of a mint step, of a refusal
	OAuth    string         `json:"oauth,omitempty"`      // the error member of the answer
	Text     string         `json:"text,omitempty"`       // the error_description, or else the body of a refusal or of a call
	Claims   map[string]any `json:"claims,omitempty"`     // of the token that was minted, or that Entra gave
	Fetched  []string       `json:"fetched,omitzero"`     // what Entra fetched from the issuer; [] is nothing, nil is not known
	Checks   []Check        `json:"checks,omitempty"`     // what Entra compared, in its order
	Problem  *Problem       `json:"problem,omitempty"`    // why the step failed or could not be carried out
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
	File    string `json:"file,omitempty"`  // empty: the result's
	Line    int    `json:"line"`            // from 1; 0 if no place is to blame
	Col     int    `json:"col"`             // from 1, in runes
	Width   int    `json:"width,omitempty"` // runes to underline
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Source  string `json:"source,omitempty"` // the source line
	Value   string `json:"value,omitempty"`  // what an underlined expression came to; empty if it is none
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
