package input

import (
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// columns of two spaces or more, as the Azure CLI and PowerShell print tables.
var gap = regexp.MustCompile(` {2,}`)

// readTable reads what the Azure CLI prints with "-o table" or "-o tsv", and PowerShell by itself: of a table the names
// of the columns tell, of lines with tabs the values. It reports false for any other text.
func (f *Found) readTable(src string) bool {
	lines := strings.Split(strings.TrimRight(src, "\n"), "\n")
	if len(lines) > 10_000 {
		return false
	}
	return f.tabular(lines) || f.tabbed(lines) || f.listed(lines)
}

// columnNames are the heads of columns, in lower case, by the field that they have.
var columnNames = map[string]string{
	"name": fieldName, "displayname": fieldName, "issuer": fieldIssuer, "subject": fieldSubject, "audiences": fieldAudiences, "audience": fieldAudiences,
}

// tabular reads a table with a line of dashes below the names of its columns.
func (f *Found) tabular(lines []string) bool {
	head := -1
	for i := 1; i < min(len(lines), 20); i++ {
		if len(lines[i]) < 1000 && strings.Trim(lines[i], "- ") == "" && strings.Contains(lines[i], "---") {
			head = i - 1
			break
		}
	}
	if head < 0 {
		return false
	}
	// The dashes begin where the columns do.
	var starts []int
	for i, c := range lines[head+1] {
		if c == '-' && (i == 0 || lines[head+1][i-1] == ' ') {
			starts = append(starts, i)
		}
	}
	cell := func(line string, column int) string {
		runes := []rune(line)
		from, to := starts[column], len(runes)
		if column+1 < len(starts) {
			to = min(to, starts[column+1])
		}
		if from >= to {
			return ""
		}
		return strings.TrimSpace(string(runes[from:to]))
	}
	fields := map[int]string{}
	known := map[string]bool{}
	for column := range starts {
		if field := columnNames[strings.ToLower(cell(lines[head], column))]; field != "" {
			fields[column], known[field] = field, true
		}
	}
	if !known[fieldIssuer] || !known[fieldSubject] {
		return false
	}
	f.Kind = "federated credentials in a table"
	for i := head + 2; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) == "" {
			continue
		}
		c := Credential{Form: FormAz, Place: document.Position{Line: i + 1, Column: 1, Width: 1}}
		for column, field := range fields {
			f.cell(&c, field, cell(lines[i], column))
		}
		f.Credentials = append(f.Credentials, c)
	}
	if !known[fieldAudiences] {
		f.note("The table does not show the audiences: ask with -o json for them.")
	}
	return true
}

// cell puts a value of a table into a field. PowerShell cuts long ones, and puts lists in braces.
func (f *Found) cell(c *Credential, field, value string) {
	value = strings.TrimSuffix(strings.TrimPrefix(value, "{"), "}")
	switch {
	case value == "":
	case strings.HasSuffix(value, "..."), strings.HasSuffix(value, "…"):
		c.unknown(field, value)
		f.note("A value in the table is cut (%s): ask with -o json, or with Format-List, for the whole.", value)
	default:
		c.set(field, &document.Node{Value: value})
	}
}

// tabbed reads lines of values with tabs between them. Which is which, the values themselves tell.
func (f *Found) tabbed(lines []string) bool {
	var all []Credential
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		values := strings.Split(line, "\t")
		if len(values) < 4 {
			return false
		}
		c := Credential{Form: FormAz, Place: document.Position{Line: i + 1, Column: 1, Width: 1}}
		at := -1
		for n, value := range values {
			if strings.HasPrefix(value, "https://") && n+2 < len(values) {
				at = n
				break
			}
		}
		if at < 0 {
			return false
		}
		// The members are in the order of the alphabet: …, id, issuer, name, (resourceGroup,) subject.
		c.set(fieldIssuer, &document.Node{Value: values[at]})
		c.set(fieldName, &document.Node{Value: values[at+1]})
		subject := at + 2
		if at > 0 {
			if c.ID = values[at-1]; strings.HasPrefix(c.ID, "/subscriptions/") {
				c.inAzure(c.ID)
				c.ID, subject = "", at+3
			}
		}
		if subject >= len(values) {
			return false
		}
		c.set(fieldSubject, &document.Node{Value: values[subject]})
		all = append(all, c)
	}
	if len(all) == 0 {
		return false
	}
	f.Kind = "federated credentials in lines with tabs"
	f.Credentials = all
	f.note("Lines with tabs have no names: they were read as issuer, name and subject in this order. They do not show the audiences: ask with -o json for them.")
	return true
}

// property finds a line of PowerShell's Format-List, and of what people type after it.
var property = regexp.MustCompile(`^\s*([A-Za-z]+)\s*:\s?(.*)$`)

// listed reads names and values in lines of their own, with an empty line between credentials.
func (f *Found) listed(lines []string) bool {
	var all []Credential
	c, known := Credential{Form: FormAz}, map[string]bool{}
	last := ""
	flush := func() {
		if known[fieldSubject] && (known[fieldAudiences] || known[fieldName]) && (strings.HasPrefix(c.Issuer, "https://") || c.Masked[fieldIssuer] != "") {
			all = append(all, c)
		}
		c, known, last = Credential{Form: FormAz}, map[string]bool{}, ""
	}
	values := map[string]string{}
	for i, line := range lines {
		var at []string
		if len(line) < 4096 {
			at = property.FindStringSubmatch(line)
		}
		switch {
		case strings.TrimSpace(line) == "":
			flush()
			continue
		case at != nil && columnNames[strings.ToLower(at[1])] != "" && !strings.Contains(line, "\t"):
			if last = columnNames[strings.ToLower(at[1])]; len(known) == 0 {
				c.Place = document.Position{Line: i + 1, Column: 1, Width: 1}
			}
			known[last], values[last] = true, strings.TrimSpace(at[2])
			f.cell(&c, last, values[last])
		case at == nil && last != "" && strings.HasPrefix(line, "      ") && !gap.MatchString(strings.TrimSpace(line)):
			values[last] += strings.TrimSpace(line) // PowerShell folds long values
			f.cell(&c, last, values[last])
		default:
			last = ""
		}
	}
	flush()
	if len(all) == 0 {
		return false
	}
	f.Kind = "federated credentials in a list of properties"
	f.Credentials = all
	return true
}
