package apiserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxProblems is how many unknown and doubled members of a body an API server counts.
const maxProblems = 100

// strictReader finds the members of a JSON body that its type does not have, and those that are there twice, as
// sigs.k8s.io/json does.
type strictReader struct {
	problems []string // in the order of the body
	seen     map[string]bool
}

// exactMembers returns a JSON text without the members that the type of into does not have: encoding/json would take
// one that differs in case alone. Doubled members stay, the later over the earlier. The problems are in the words of an
// API server.
func exactMembers(body []byte, into any) (exact []byte, problems []string, err error) {
	s := &strictReader{seen: map[string]bool{}}
	exact, err = s.value(body, reflect.TypeOf(into), "")
	return exact, s.problems, err
}

// value reads a value for a type. What does not fit the type stays as it is: that is for the decoder to refuse.
func (s *strictReader) value(raw []byte, want reflect.Type, path string) ([]byte, error) {
	for want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	switch raw = bytes.TrimSpace(raw); {
	case bytes.HasPrefix(raw, []byte("{")) && (want.Kind() == reflect.Struct || want.Kind() == reflect.Map):
		return s.object(raw, want, path)
	case bytes.HasPrefix(raw, []byte("[")) && want.Kind() == reflect.Slice && want != reflect.TypeFor[json.RawMessage]():
		return s.list(raw, want.Elem(), path)
	}
	return raw, nil
}

func (s *strictReader) object(raw []byte, want reflect.Type, path string) ([]byte, error) {
	var fields map[string]reflect.Type // nil: any name
	if want.Kind() == reflect.Struct {
		fields = map[string]reflect.Type{}
		membersOf(want, fields)
	}
	decoder, out, had := json.NewDecoder(bytes.NewReader(raw)), bytes.NewBufferString("{"), map[string]bool{}
	if _, err := decoder.Token(); err != nil { // the brace
		return nil, err
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		name, _ := token.(string) // the name of a member is nothing else
		at := name
		if path != "" {
			at = path + "." + name
		}
		member, known := fields[name]
		switch {
		case fields == nil:
			member = want.Elem()
		case !known:
			s.problem("unknown field", at)
			continue
		}
		if had[name] {
			s.problem("duplicate field", at)
		}
		exact, err := s.value(value, member, at)
		if err != nil {
			return nil, err
		}
		if len(had) > 0 {
			out.WriteByte(',')
		}
		had[name] = true
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		out.Write(quoted)
		out.WriteByte(':')
		out.Write(exact)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (s *strictReader) list(raw []byte, want reflect.Type, path string) ([]byte, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	for i, item := range items {
		exact, err := s.value(item, want, path+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		items[i] = exact
	}
	return json.Marshal(items)
}

func (s *strictReader) problem(what, path string) {
	text := what + " " + strconv.Quote(path)
	if len(s.problems) < maxProblems && !s.seen[text] {
		s.seen[text] = true
		s.problems = append(s.problems, text)
	}
}

// membersOf collects the JSON names of a struct's fields with their types.
func membersOf(of reflect.Type, into map[string]reflect.Type) {
	for i := range of.NumField() {
		field := of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			membersOf(field.Type, into)
			continue
		}
		into[name] = field.Type
	}
}

// The limits of Warning headers, in runes: of all their texts together, and of one when that is too much.
const (
	maxWarnings = 4 << 10
	maxWarning  = 256
)

// warn adds a Warning header for each of the texts, as k8s.io/apiserver does, pkg/endpoints/filters/warning.go.
func warn(header http.Header, texts ...string) {
	total := 0
	for _, text := range texts {
		total += utf8.RuneCountInString(text)
	}
	written, truncate := 0, total > maxWarnings
	for _, text := range texts {
		if written >= maxWarnings {
			return
		}
		if runes := []rune(text); truncate && len(runes) > maxWarning {
			text = string(runes[:maxWarning])
		}
		written += utf8.RuneCountInString(text)
		header.Add("Warning", fmt.Sprintf(`299 - "%s"`, strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(text)))
	}
}
