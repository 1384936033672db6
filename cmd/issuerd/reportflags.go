package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/issuerd/issuerd/harness/report"
)

// reportFormats are what --format takes. Text and github come line by line.
var reportFormats = []string{"text", "json", "junit", "tap", "ctrf", "github"}

// reportFlags say in which forms a report is wanted, and where.
type reportFlags struct {
	format string
	files  map[string]*string // by the name of the flag, which is that of the format
}

// add gives a command the flags.
func (f *reportFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "text", "the report on standard output: text, json, junit, tap, ctrf or github")
	f.files = map[string]*string{}
	for name, about := range map[string]string{
		"json":  "write the JSON report, which issuerd report merge reads, to this file too",
		"junit": "write a report in JUnit's XML to this file too",
		"tap":   "write a report in the Test Anything Protocol, version 14, to this file too",
		"ctrf":  "write a report in the Common Test Report Format to this file too",
	} {
		f.files[name] = flags.String(name, "", about)
		markFiles(cmd, name)
	}
}

// validate checks what needs no file.
func (f *reportFlags) validate() error {
	if !slices.Contains(reportFormats, f.format) {
		return fmt.Errorf("--format %q: want %s or %s", f.format, strings.Join(reportFormats[:len(reportFormats)-1], ", "), reportFormats[len(reportFormats)-1])
	}
	by := map[string]string{}
	for _, name := range reportFormats {
		path := f.files[name]
		if path == nil || *path == "" {
			continue
		}
		if other := by[filepath.Clean(*path)]; other != "" {
			return fmt.Errorf("--%s and --%s: %s can hold one report", other, name, *path)
		}
		by[filepath.Clean(*path)] = name
	}
	return nil
}

// streams tells whether standard output gets its lines as they come.
func (f *reportFlags) streams() bool { return f.format == "text" || f.format == "github" }

// reportFiles are the files that reports go to, by format. They are open from the begin on, so that a run is not for nothing.
type reportFiles struct {
	open    map[string]*os.File
	summary *os.File // of a step of GitHub Actions; nil: this is none
}

// open opens the files.
func (f *reportFlags) open() (*reportFiles, error) {
	files := &reportFiles{open: map[string]*os.File{}}
	for _, name := range reportFormats {
		path := f.files[name]
		if path == nil || *path == "" {
			continue
		}
		file, err := os.Create(*path)
		if err != nil {
			files.close()
			return nil, fmt.Errorf("--%s: %w", name, err)
		}
		files.open[name] = file
	}
	if path := os.Getenv("GITHUB_STEP_SUMMARY"); path != "" && (onGitHub() || f.format == "github") {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			files.close()
			return nil, fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
		}
		files.summary = file
	}
	return files, nil
}

// close closes the files that have no report.
func (f *reportFiles) close() {
	for _, file := range f.open {
		_ = file.Close() // nothing, or everything, is in it
	}
	if f.summary != nil {
		_ = f.summary.Close() // likewise
	}
}

// write writes the reports, each whatever becomes of the others.
func (f *reportFiles) write(run report.Run) error {
	var errs []error
	for name, file := range f.open {
		errs = append(errs, report.Formats[name](file, run), file.Close())
	}
	if f.summary != nil {
		errs = append(errs, report.Summary(f.summary, run), f.summary.Close())
	}
	return errors.Join(errs...)
}

// onGitHub tells a step of GitHub Actions.
func onGitHub() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// annotate writes the commands of GitHub Actions behind a text, where they mean something.
func annotate(w io.Writer, format string, run report.Run) error {
	if format != "github" && !onGitHub() {
		return nil
	}
	return report.Annotations(w, run, folderInRepository())
}

// folderInRepository is the current folder as seen from the root of the repository that GitHub Actions has checked out;
// empty where it is none below it.
func folderInRepository() string {
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	folder, err := filepath.Rel(os.Getenv("GITHUB_WORKSPACE"), here)
	if err != nil || !filepath.IsLocal(folder) {
		return ""
	}
	return filepath.ToSlash(folder)
}
