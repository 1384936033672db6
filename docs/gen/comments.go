package main

import (
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// unfaithful returns, as Markdown, what a package's doc.go says under "Not faithful", as a paragraph or as a heading,
// up to the next heading or link.
func unfaithful(root, dir string) (string, error) {
	file, err := parse(root, dir, "doc.go")
	if err != nil {
		return "", err
	}
	blocks := new(comment.Parser).Parse(file.Doc.Text()).Content
	var found []comment.Block
	for _, block := range blocks {
		text := plain(block)
		_, isHeading := block.(*comment.Heading)
		switch {
		case strings.HasPrefix(text, "Not faithful"):
			if isHeading {
				block = &comment.Paragraph{Text: append(block.(*comment.Heading).Text, comment.Plain(":"))}
			}
			found = append(found, block)
		case len(found) > 0 && (isHeading || strings.HasPrefix(text, "See http")):
			return markdown(found), nil
		case len(found) > 0:
			found = append(found, block)
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("gen: %s/doc.go has no paragraph that begins with %q", dir, "Not faithful")
	}
	return markdown(found), nil
}

// plain is the text of a paragraph or heading, and empty for other blocks.
func plain(block comment.Block) string {
	var text []comment.Text
	switch block := block.(type) {
	case *comment.Paragraph:
		text = block.Text
	case *comment.Heading:
		text = block.Text
	}
	printer := comment.Printer{}
	return string(printer.Text(&comment.Doc{Content: []comment.Block{&comment.Paragraph{Text: text}}}))
}

func markdown(blocks []comment.Block) string {
	printer := comment.Printer{}
	return string(printer.Markdown(&comment.Doc{Content: blocks}))
}

// checkNames reads the names of the emulator's checks, in their order, out of the list in checks.go.
func checkNames(root string) ([]string, error) {
	file, err := parse(root, "harness/entra", "checks.go")
	if err != nil {
		return nil, err
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "checks" || len(spec.Values) != 1 {
			return true
		}
		list, ok := spec.Values[0].(*ast.CompositeLit)
		if !ok {
			return true
		}
		for _, element := range list.Elts {
			row, ok := element.(*ast.CompositeLit)
			if !ok || len(row.Elts) == 0 {
				continue
			}
			if literal, ok := row.Elts[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if name, err := strconv.Unquote(literal.Value); err == nil {
					names = append(names, name)
				}
			}
		}
		return false
	})
	if len(names) == 0 {
		return nil, fmt.Errorf("gen: harness/entra/checks.go has no list named checks")
	}
	return names, nil
}

// fieldComments returns the comments of a struct's fields, each on one line.
func fieldComments(root, dir, name, structName string) (map[string]string, error) {
	file, err := parse(root, dir, name)
	if err != nil {
		return nil, err
	}
	comments := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != structName {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				for _, n := range field.Names {
					comments[n.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
				}
			}
		}
		return false
	})
	return comments, nil
}

func parse(root, dir, name string) (*ast.File, error) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(dir), name), nil, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("gen: %w", err)
	}
	return file, nil
}

// sentence is one as Markdown, as the printer of comments writes one.
func sentence(text string) string {
	printed := markdown([]comment.Block{&comment.Paragraph{Text: []comment.Text{comment.Plain(text)}}})
	return strings.TrimSpace(printed)
}

// escapeCell keeps a text within its cell of a table.
func escapeCell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
