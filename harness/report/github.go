package report

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/issuerd/issuerd/wording"
)

// Annotations writes what did not pass of run to w as commands of GitHub Actions, which show it beside the lines of
// the files. GitHub shows the first ten of a step alone, so errors and failures are all there is. The paths of files are
// in the folder, which is empty for the root of the repository. Errors are those of w.
func Annotations(w io.Writer, run Run, folder string) error {
	var b strings.Builder
	for _, r := range run.Results {
		if r.Status <= Pass {
			continue
		}
		file, line, col := r.place()
		if !path.IsAbs(file) {
			file = path.Join(folder, file)
		}
		properties := fmt.Sprintf("file=%s,line=%d", property(wording.Printable(file)), max(line, 1))
		if col > 0 {
			properties += fmt.Sprintf(",col=%d", col)
		}
		fmt.Fprintf(&b, "::error %s,title=%s::%s\n", properties, property(wording.Printable(strings.ToUpper(r.Status.String())+" "+r.Title())), data(strings.TrimRight(failure(r), "\n")))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("report: annotations: %w", err)
	}
	return nil
}

// data escapes the text of a command.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property escapes a property of a command.
func property(s string) string { return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s)) }

// withoutCommands is a text for the log of a job of GitHub Actions. There, a line is a command that begins with two
// colons, behind white space too, or that has ##[ anywhere: in the text of a case, it is none.
func withoutCommands(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "##[", `#\x23[`), "\n")
	for i, line := range lines {
		if rest := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(rest, "::") {
			lines[i] = line[:len(line)-len(rest)] + `\x3a` + rest[1:]
		}
	}
	return strings.Join(lines, "\n")
}

// maxSummary is what the texts of a step summary take at most: GitHub refuses one of more than 1 MiB.
const maxSummary = 900 << 10

// Summary writes run to w as Markdown for the summary of a step of GitHub Actions: the counts, a table of what did not
// pass, with the texts below it, and what was skipped. Errors are those of w.
func Summary(w io.Writer, run Run) error {
	var b, texts strings.Builder
	fmt.Fprintf(&b, "### issuerd: %s\n\n", summary(run))
	left := 0
	write := func(heading string, statuses ...Status) {
		first := true
		for _, r := range run.Results {
			if !slices.Contains(statuses, r.Status) {
				continue
			}
			if b.Len()+texts.Len() > maxSummary {
				left++
				continue
			}
			if first {
				b.WriteString(heading)
				first = false
			}
			where, why := r.File, r.Reason
			if r.Status > Pass {
				file, line, _ := r.place()
				where, why = fmt.Sprintf("%s:%d", file, line), r.message()
				fmt.Fprintf(&texts, "<details><summary>%s</summary>\n\n%s\n</details>\n\n", element(wording.Printable(r.Title())), fenced(failure(r)))
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Status, cell(r.Title()), cell(where), cell(why))
		}
	}
	write("| | case | place | |\n|---|---|---|---|\n", Fail, Error)
	if texts.Len() > 0 {
		b.WriteString("\n" + texts.String())
		texts.Reset()
	}
	write("| | case | file | reason |\n|---|---|---|---|\n", Skip)
	if left > 0 {
		fmt.Fprintf(&b, "\n%s left out here: see the log.\n", wording.Count(left, "case"))
	}
	if _, err := io.WriteString(w, b.String()+"\n"); err != nil {
		return fmt.Errorf("report: step summary: %w", err)
	}
	return nil
}

// inCell are the letters that Markdown takes for something else, also those of links, images and addresses.
var inCell = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "~", `\~`, "[", `\[`, "]", `\]`, "://", "&#58;//", "www.", "www&#46;", "@", "&#64;",
)

// cell escapes the text of a table's cell.
func cell(s string) string { return inCell.Replace(element(wording.Printable(s))) }

// element escapes the text of an element of HTML, which Markdown leaves as it is.
func element(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// fenced is a text as a block of code, with a fence that is not in it.
func fenced(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "text\n" + strings.TrimRight(text, "\n") + "\n" + fence + "\n"
}
