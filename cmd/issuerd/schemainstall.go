package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// schemaFolder is where schema --install puts the schemas unless it is told.
const schemaFolder = ".issuerd"

// vscodeSettings are the settings of the folder that is open in VS Code.
var vscodeSettings = filepath.Join(".vscode", "settings.json")

// installSchemas writes the schemas into a folder and says what to tell an editor.
func installSchemas(w io.Writer, folder string, vscode bool) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range schemaNames {
		path := filepath.Join(folder, name+".schema.json")
		done, err := writeChanged(path, schemas[name]())
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s %s\n", path, done)
	}
	paths := schemaPaths(folder)
	if vscode {
		done, err := addToSettings(vscodeSettings, paths)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s %s\n", vscodeSettings, done)
		return nil
	}
	_, err := fmt.Fprintf(w, `
VS Code, with the extension redhat.vscode-yaml: put into .vscode/settings.json, or have --vscode do it
  "yaml.schemas": %s
Other editors with yaml-language-server, and VS Code too: begin a file in the folder above with
  # yaml-language-server: $schema=%s
`, indented(paths, "  "), filepath.ToSlash(filepath.Join(folder, "scenario.schema.json")))
	return err
}

// schemaPaths are which files the schemas are for, by the schema's path as VS Code has it.
func schemaPaths(folder string) map[string]string {
	schema := filepath.ToSlash(filepath.Join(folder, "scenario.schema.json"))
	if !filepath.IsAbs(folder) && !strings.HasPrefix(schema, "../") {
		schema = "./" + schema
	}
	return map[string]string{schema: "scenarios/*/*.yaml"}
}

// writeChanged writes a file unless it says that already, and tells what it did. It takes the place of the old one as a
// whole, with its mode, behind the links that lead to it.
func writeChanged(path string, content []byte) (done string, err error) {
	before, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(before, content):
		return "is as it should be", nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	mode := fs.FileMode(0o644)
	if before != nil {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return "", err
		}
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		mode = info.Mode().Perm()
	}
	file, createErr := os.CreateTemp(filepath.Dir(path), ".issuerd-*")
	if createErr != nil {
		return "", createErr
	}
	defer os.Remove(file.Name()) // which is gone by then, unless something failed
	_, writeErr := file.Write(content)
	if err := errors.Join(writeErr, file.Chmod(mode), file.Close()); err != nil {
		return "", err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return "", err
	}
	if before == nil {
		return "written", nil
	}
	return "brought up to date", nil
}

// addToSettings puts yaml.schemas into the settings of VS Code, which are JSON with comments. All that is in them stays
// as it is, letter by letter; where they have schemas already, they are left alone.
func addToSettings(path string, paths map[string]string) (done string, err error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	line := fmt.Sprintf("  \"yaml.schemas\": %s", indented(paths, "  "))
	if len(bytes.TrimSpace(text)) == 0 {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		return writeChanged(path, []byte("{\n"+line+"\n}\n"))
	}
	if !json.Valid(withoutComments(text)) {
		return "", &exitError{code: exitUsage, err: fmt.Errorf("%s is no JSON with comments, or is cut: it is left as it is", path), hint: "mend it, or add " + line[2:]}
	}
	for schema := range paths {
		if bytes.Contains(text, []byte(quoted(schema))) {
			return "has the schema already", nil
		}
	}
	open := nextToken(text, 0)
	if bytes.Contains(text, []byte(`"yaml.schemas"`)) || open == len(text) || text[open] != '{' {
		return "", &exitError{code: exitUsage, err: fmt.Errorf("%s has schemas of YAML already, or is no object: it is left as it is", path), hint: "add " + line[2:]}
	}
	comma := ","
	if next := nextToken(text, open+1); next < len(text) && text[next] == '}' {
		comma = "\n"
	}
	rest := text[open+1:]
	if comma == "\n" {
		rest = bytes.TrimLeft(rest, "\r\n")
	}
	changed := append(append(append([]byte{}, text[:open+1]...), "\n"+line+comma...), rest...)
	return writeChanged(path, changed)
}

// withoutComments is the JSON of a text that has comments, and commas behind the last member, as VS Code's settings may.
func withoutComments(text []byte) []byte {
	var out []byte
	for at := nextToken(text, 0); at < len(text); at = nextToken(text, at) {
		end := at + 1
		switch c := text[at]; {
		case c == ',':
			if next := nextToken(text, end); next < len(text) && (text[next] == '}' || text[next] == ']') {
				at = end
				continue
			}
		case c == '"':
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(text))
		default: // a number or a word, up to what can follow one
			for !bytes.ContainsAny(text[at:end], "{}[]:") && end < len(text) && !bytes.ContainsAny(text[end:end+1], " \t\r\n,:{}[]\"/") {
				end++
			}
		}
		out = append(append(out, text[at:end]...), ' ')
		at = end
	}
	return out
}

// nextToken is where JSON goes on behind white space and comments.
func nextToken(text []byte, at int) int {
	for at < len(text) {
		rest := text[at:]
		switch {
		case bytes.HasPrefix(rest, []byte("\ufeff")):
			at += len("\ufeff")
		case bytes.ContainsAny(rest[:1], " \t\r\n"):
			at++
		case bytes.HasPrefix(rest, []byte("//")):
			at += lengthTo(rest, "\n")
		case bytes.HasPrefix(rest, []byte("/*")):
			at += lengthTo(rest, "*/")
		default:
			return at
		}
	}
	return at
}

// lengthTo is how far a text goes to the end of a mark; without one, to its own.
func lengthTo(text []byte, mark string) int {
	if i := bytes.Index(text, []byte(mark)); i >= 0 {
		return i + len(mark)
	}
	return len(text)
}

func indented(v any, prefix string) string {
	text, _ := json.MarshalIndent(v, prefix, "  ") // texts only
	return string(text)
}

func quoted(text string) string {
	raw, _ := json.Marshal(text) // it is a text
	return string(raw)
}
