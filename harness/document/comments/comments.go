// Package comments reads the doc comments of structs, which become the descriptions of generated schemas. Only
// generators use it: they have the source at hand.
package comments

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// Of returns the comments of the types in some Go files by Type, and those of their fields by Type.Field: of a field
// the one above it, or else the one behind it. Each is one line.
func Of(paths ...string) (map[string]string, error) {
	comments := map[string]string{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("comments: %w", err)
		}
		for _, declaration := range file.Decls {
			if types, ok := declaration.(*ast.GenDecl); ok && types.Tok == token.TYPE {
				ofType(types, comments)
			}
		}
	}
	return comments, nil
}

// ofType adds the comments of a declaration's first type.
func ofType(types *ast.GenDecl, comments map[string]string) {
	spec := types.Specs[0].(*ast.TypeSpec)
	comments[spec.Name.Name] = line(types.Doc)
	structure, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range structure.Fields.List {
		for _, name := range field.Names {
			comments[spec.Name.Name+"."+name.Name] = line(field.Doc, field.Comment)
		}
	}
}

// line is the text of the first comment that is there.
func line(groups ...*ast.CommentGroup) string {
	for _, group := range groups {
		if group != nil {
			return strings.Join(strings.Fields(group.Text()), " ")
		}
	}
	return ""
}
