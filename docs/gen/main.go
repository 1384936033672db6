package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
)

//go:generate go run . -root ../.. -out ../fidelity.md
//go:generate go run . -faults -out ../faults.md

func main() {
	root := flag.String("root", ".", "the folder of go.mod, in which the comments are read")
	out := flag.String("out", "", "the file to write; standard output unless given")
	ofFaults := flag.Bool("faults", false, "write the page about faults")
	flag.Parse()
	page, err := render(*root)
	if *ofFaults {
		page, err = renderFaults()
	}
	if err == nil && *out == "" {
		_, err = os.Stdout.Write(page)
	} else if err == nil {
		err = os.WriteFile(*out, page, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const preface = `<!-- Made by docs/gen from the code. Do not edit: run make generate. -->

# Fidelity

What issuerd publishes, signs and answers, and where it is not, or not known to be, like the real services. The first part is one
section for each platform; the second is the [Entra emulator](#microsoft-entra).

"Official clients" are the routes that have answered clients with that version, unmodified, in the tests of
[e2e/clients](../e2e/clients/doc.go), which look at what the client made of the answer. No row is written by hand: each is a request that
a farm has journaled. Refusals are tested too, but make no row. "sign-in at Entra" is the exchange of the platform's token for an access
token of the emulator. Routes that are not listed have answered only our own tests. What is known not to be
faithful follows each table.

Every issuer is there twice: at its real URL, for clients that resolve names through the farm, and by path below the issuer plane's
address.
`

// render makes the page. Root is the folder of go.mod.
func render(root string) ([]byte, error) {
	var page bytes.Buffer
	page.WriteString(preface)
	seen, err := readConformance(root)
	if err != nil {
		return nil, err
	}
	if err := platforms(&page, root, seen); err != nil {
		return nil, err
	}
	if err := emulator(&page, root, seen); err != nil {
		return nil, err
	}
	return page.Bytes(), nil
}

// table writes a Markdown table. A cell's line breaks and bars do not end it.
func table(w io.Writer, head []string, rows [][]string) {
	line := func(cells []string) {
		for _, cell := range cells {
			fmt.Fprintf(w, "| %s ", escapeCell(cell))
		}
		fmt.Fprintln(w, "|")
	}
	line(head)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, row := range rows {
		line(row)
	}
}
