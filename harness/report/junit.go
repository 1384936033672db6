package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The elements of JUnit's XML, which has no standard. They are those that both public schemas take: that of Ant, which is the
// stricter one (testdata/schemas/junit-ant.xsd), and that of Jenkins (testdata/schemas/junit-jenkins.xsd). So a test case has no
// attributes for its file and line; they are in its text and in the properties of its suite.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`    // the scenario's
		Package    string          `xml:"package,attr"` // the path of its file
		ID         int             `xml:"id,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`      // seconds
		Timestamp  string          `xml:"timestamp,attr"` // UTC, without saying so
		Hostname   string          `xml:"hostname,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        string          `xml:"system-out"`
		Err        string          `xml:"system-err"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string       `xml:"name,attr"`
		Class   string       `xml:"classname,attr"` // the platform
		Time    string       `xml:"time,attr"`
		Skipped *junitReason `xml:"skipped"`
		Error   *junitReason `xml:"error"`
		Failure *junitReason `xml:"failure"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes run to w as JUnit's XML: a suite for each scenario, in whose output is what was answered in each step, and
// a test case for each of its cases. Errors are those of w.
func JUnit(w io.Writer, run Run) error {
	var doc junitSuites
	var suite *junitSuite
	var suiteMs float64
	for i, r := range run.Results {
		if i == 0 || r.File != run.Results[i-1].File || r.Name != run.Results[i-1].Name {
			doc.Suites = append(doc.Suites, junitSuite{
				Name: r.Name, Package: r.File, ID: len(doc.Suites), Hostname: "localhost", Timestamp: run.Started.UTC().Format("2006-01-02T15:04:05"),
				Properties: []junitProperty{{"file", r.File}, {"target", run.Target}},
			})
			suite, suiteMs = &doc.Suites[len(doc.Suites)-1], 0
		}
		suiteMs += r.Ms
		suite.add(r)
		suite.Time = seconds(suiteMs)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	_, err := io.WriteString(w, xml.Header)
	if err == nil {
		err = enc.Encode(doc)
	}
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	if err != nil {
		return fmt.Errorf("report: junit: %w", err)
	}
	return nil
}

// add counts a case of the suite.
func (s *junitSuite) add(r Result) {
	platform, _, _ := strings.Cut(r.Name, "/")
	c := junitCase{Name: r.Title(), Class: platform, Time: seconds(r.Ms)}
	reason := &junitReason{Message: r.message(), Text: failure(r)}
	s.Tests++
	switch r.Status {
	case Skip:
		s.Skipped++
		c.Skipped = &junitReason{Message: r.Reason}
	case Fail:
		s.Failures++
		reason.Type = "expectation"
		c.Failure = reason
	case Error:
		s.Errors++
		reason.Type = "error"
		c.Error = reason
	}
	s.Cases = append(s.Cases, c)
	if text := details(r); text != "" {
		s.Out += r.Title() + "\n" + text
	}
}

func seconds(ms float64) string { return fmt.Sprintf("%.3f", ms/1000) }
