package scenario

import (
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// MaxSize is the size in bytes above which a scenario is not read. It is less than that of other documents: every step
// is checked and played with every row of cases, so that what a file costs grows with the square of its size.
const MaxSize = 64 << 10

var fileFormat = document.Format{Name: "scenario", Start: `a scenario starts with "name:"`, Limit: MaxSize, Hint: syntaxHint}

// syntaxHint says what to do about a line that is no YAML, or has a reference.
func syntaxHint(line string, reference bool) string {
	switch {
	case reference:
		return "put the value under vars and use ${{ vars.name }}"
	case strings.Contains(line, "${{"):
		return "a string with ${{ }} inside {…} or […] must be quoted"
	case indexed.MatchString(line):
		return "a value with brackets in it inside {…} or […] must be quoted"
	}
	return ""
}

// indexed is an item that an expression takes out of a list or a map.
var indexed = regexp.MustCompile(`\w\[["\w]`)

// refuseKeys refuses keys with an expression, which the shape of a file cannot depend on.
func refuseKeys(root *document.Node, log *document.Log) {
	root.Walk(func(n *document.Node) {
		for _, e := range n.Entries {
			if strings.Contains(e.Key, "${{") {
				log.Add(e.Position, "", "a key holds no expression")
			}
		}
	})
}
