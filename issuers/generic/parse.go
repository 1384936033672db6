package generic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/document"
)

// MaxSize is the size in bytes above which no issuer file is read.
const MaxSize = 1 << 20

var format = document.Format{Name: "issuer", Start: `an issuer starts with "platform:"`, Limit: MaxSize}

// Parse reads an issuer file. name is printed in errors. Everything that is wrong is reported at once, each at its own
// key or value: the error is [document.Problems]. The platform can have none of the names that are taken.
func Parse(name string, src []byte, taken ...string) (*File, error) {
	log := &document.Log{File: name}
	read := format.Read(src, log)
	if read == nil {
		return nil, log.Problems()
	}
	log.NextStage()
	file := decode(read.Root, log, taken)
	if log.Len() > 0 {
		return nil, log.Problems()
	}
	file.definition = read.Root.Plain()
	return file, nil
}

func decode(root *document.Node, log *document.Log, taken []string) *File {
	d := &document.Decoder{Log: log}
	file := new(File)
	d.Decode(root, file)
	file.Check(d, root, taken...)
	return file
}

// Check adds what is wrong with a file to the log of the decoder that has read it from a node, which may be a part of
// another file, such as a scenario. The platform can have none of the names that are taken.
func (f *File) Check(d *document.Decoder, n *document.Node, taken ...string) {
	f.Validate(func(path []any, hint, message string) { d.FailAt(n, path, hint, "%s", message) })
	if slices.Contains(taken, f.Platform) {
		d.FailAt(n, []any{"platform"}, "give yours another name", "the platform %q comes with issuerd", f.Platform)
	}
}

// Definition is the file as JSON, for [Decode].
func (f *File) Definition() (json.RawMessage, error) { return json.Marshal(f.definition) }

// Keys that an issuer file has on its first level, in block style, and keys that only others have.
var (
	ownKey   = regexp.MustCompile(`(?m)^["']?(platform|presets)["']?[ \t]*:`)
	otherKey = regexp.MustCompile(`(?m)^["']?(steps|entra|tenants)["']?[ \t]*:`)
)

// IsFile tells an issuer file from other YAML by its first level, which has platform or presets, and nothing of a
// scenario or a directory. One in block style may have mistakes; one in braces, as JSON is, is told from others only
// when it can be parsed.
func IsFile(src []byte) bool {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // a byte order mark
	if !bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")) {
		return ownKey.Match(src) && !otherKey.Match(src)
	}
	read := format.Read(src, &document.Log{})
	return read != nil && (read.Root.Get("platform") != nil || read.Root.Get("presets") != nil)
}

// Decode reads a definition in JSON by the rules of [Parse]. The error says everything that is wrong, each with the path
// of the member: presets[0].name.
func Decode(definition []byte, taken ...string) (*File, error) {
	log := &document.Log{}
	read := format.Read(definition, log)
	if read == nil {
		return nil, definitionError(log, nil)
	}
	log.NextStage()
	var paths []string // by line, from 1
	number(read.Root, "", &paths)
	file := decode(read.Root, log, taken)
	if log.Len() > 0 {
		return nil, definitionError(log, paths)
	}
	file.definition = read.Root.Plain()
	return file, nil
}

func definitionError(log *document.Log, paths []string) error {
	var lines []string
	for _, problem := range log.Problems() {
		line := problem.Message
		switch {
		case paths == nil:
			line = fmt.Sprintf("%d:%d: %s", problem.Line, problem.Column, line)
		case paths[problem.Line-1] != "":
			line = paths[problem.Line-1] + ": " + line
		}
		if problem.Hint != "" {
			line += " (" + problem.Hint + ")"
		}
		lines = append(lines, line)
	}
	return fmt.Errorf("generic: the definition of an issuer: %s", strings.Join(lines, "; "))
}

// number gives every value and key a line of its own, and collects their paths.
func number(n *document.Node, path string, paths *[]string) {
	*paths = append(*paths, path)
	n.Position = document.Position{Line: len(*paths), Column: 1, Width: 1}
	for i := range n.Entries {
		e := &n.Entries[i]
		below := strings.TrimPrefix(path+"."+e.Key, ".")
		number(e.Value, below, paths)
		e.Position = e.Value.Position
	}
	for i, item := range n.Items {
		number(item, fmt.Sprintf("%s[%d]", path, i), paths)
	}
}
