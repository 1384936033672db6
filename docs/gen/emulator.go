package main

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// emulator writes the part about Microsoft Entra.
func emulator(w io.Writer, root string, seen *conformance) error {
	fmt.Fprint(w, "\n## Microsoft Entra\n\n### Official clients of Entra\n\n")
	if err := seen.clients(w, entraPlatform); err != nil {
		return err
	}
	limits, err := unfaithful(root, "harness/entra")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n### Limits of the emulator\n\nFrom [its package](../harness/entra/doc.go).\n\n%s", limits)

	fmt.Fprint(w, "\n### Routes\n\nWhat is answered, and how well the answer to a good request is known: documented by Microsoft, seen in a public log or recorded\n"+
		"answer, reported by a third party, or inferred.\n")
	if err := routes(w); err != nil {
		return err
	}
	for _, part := range []struct{ title, dir string }{{"Microsoft Graph", "harness/entra/graph"}, {"Azure Resource Manager", "harness/entra/arm"}} {
		limits, err := unfaithful(root, part.dir)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\n### Limits of %s\n\nFrom [its package](../%s/doc.go).\n\n%s", part.title, part.dir, limits)
	}

	names, err := checkNames(root)
	if err != nil {
		return err
	}
	fmt.Fprint(w, "\n### Checks\n\nA token request passes these in this order; the first that fails is the answer. What is known of Entra's own order is told\n"+
		"[beside the list](../harness/entra/checks.go).\n\n")
	for i, name := range names {
		fmt.Fprintf(w, "%d. %s\n", i+1, name)
	}

	fmt.Fprint(w, "\n### Options\n\nBehaviours of Entra that are not documented. Every default is unconfirmed.\n\n")
	if err := options(w, root); err != nil {
		return err
	}

	fmt.Fprint(w, "\n### Resources\n\nThe services of Microsoft's that tokens are asked for, each by a URL, with slashes at the end or without, or by its application id. A\n"+
		"token's `aud` is the resource as it was asked for, and its version 1.0; for token exchange it is the application id, and 2.0. An empty cell is a\n"+
		"cloud in which the service is not, or not known to be.\n\n")
	if err := resources(w); err != nil {
		return err
	}

	fmt.Fprint(w, "\n### Codes\n\nConfidence is that of the text: documented by Microsoft, seen in a public log or recorded answer, reported by a third party, or\n"+
		"inferred. A code that is not answered may stand in a scenario file, but no request leads to it.\n\n")
	codes(w)

	fmt.Fprint(w, "\n### Texts, causes and fixes\n\n")
	texts(w)
	return nil
}

// options lists the fields of directory.Options with their defaults and comments.
func options(w io.Writer, root string) error {
	comments, err := fieldComments(root, "harness/entra/directory", "options.go", "Options")
	if err != nil {
		return err
	}
	defaults := reflect.ValueOf(directory.DefaultOptions())
	var rows [][]string
	for i := range defaults.NumField() {
		field, value := defaults.Type().Field(i), defaults.Field(i).Interface()
		if comments[field.Name] == "" {
			return fmt.Errorf("gen: directory.Options.%s has no comment", field.Name)
		}
		text := fmt.Sprint(value)
		if d, ok := value.(time.Duration); ok {
			text = duration(d)
		}
		rows = append(rows, []string{code(field.Tag.Get("json")), code(text), comments[field.Name]})
	}
	table(w, []string{"option", "default", "about"}, rows)
	return nil
}

// resources lists the services of Microsoft's, with their names in each cloud.
func resources(w io.Writer) error {
	clouds := []string{"public", "usgov", "china"}
	var rows [][]string
	at := make(map[string]int) // the row of an application id
	for i, cloud := range clouds {
		services, err := directory.Services(cloud)
		if err != nil {
			return err
		}
		for _, s := range services {
			row, known := at[s.AppID]
			if !known {
				row = len(rows)
				at[s.AppID] = row
				rows = append(rows, []string{s.Name, code(s.AppID), "", "", "", s.Source})
			}
			names := []string{"its id"}
			if urls := slices.Concat(s.URLs, s.Patterns); len(urls) > 0 {
				names = names[:0]
				for _, url := range urls {
					names = append(names, code(url))
				}
			}
			rows[row][2+i] = strings.Join(names, ", ")
		}
	}
	table(w, slices.Concat([]string{"service", "application id"}, clouds, []string{"source"}), rows)
	return nil
}

func codes(w io.Writer) {
	var rows [][]string
	for _, c := range entra.Codes {
		rows = append(rows, []string{
			c.Name(), code(c.OAuth), strconv.Itoa(c.Status), yesNo(c.ErrorURI), string(c.Confidence), answered(c), c.Doubt,
		})
	}
	table(w, []string{"code", "`error`", "status", "`error_uri`", "confidence", "answered", "in doubt"}, rows)
}

// answered says whether requests lead to a code, or why none does.
func answered(c entra.Code) string {
	if c.Reason != "" {
		return "no: " + c.Reason
	}
	return yesNo(c.Answered)
}

func texts(w io.Writer) {
	var rows [][]string
	for _, c := range entra.Codes {
		rows = append(rows, []string{c.Name(), c.Message, c.Cause, c.Fix, c.Source})
	}
	table(w, []string{"code", "text", "cause", "fix", "source"}, rows)
}
