package document

import "github.com/goccy/go-yaml/ast"

// Parse and Clean are the parts of Format.Read that see a text before there are nodes.
func Parse(text string) ([]ast.Node, error) {
	roots, bad := parse(text, false)
	if bad != nil {
		return nil, bad
	}
	return roots, nil
}

func Clean(src []byte, limit int) (string, error) {
	text, bad := clean(src, limit)
	if bad != nil {
		return "", bad
	}
	return text, nil
}
