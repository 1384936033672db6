package farm

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"

	"github.com/issuerd/issuerd/harness/entra"
)

// secrets are the credentials that the farm has given out: the control plane's token, what workloads have in their
// environment, the secrets of identity endpoints. A client may send one where it does not belong, such as in a path or
// its User-Agent, and from there it must not get into the journal or the log. The zero value knows none. It is safe for
// concurrent use.
type secrets struct {
	mu    sync.RWMutex
	words map[string]int // how often each word of a credential was added
	whole map[string]int // the same for credentials without a word that is long enough
}

// minWord is how short a part of a credential may be that is still hidden.
const minWord = 6

// add makes credentials known, and remove ends that.
func (s *secrets) add(values ...string) { s.count(values, 1) }

func (s *secrets) remove(values ...string) { s.count(values, -1) }

func (s *secrets) count(values []string, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.words == nil {
		s.words, s.whole = map[string]int{}, map[string]int{}
	}
	for _, value := range values {
		known := false
		for word := range words(value) {
			if len(word) >= minWord {
				count(s.words, word, by)
				known = true
			}
		}
		if !known && len(value) >= minWord {
			count(s.whole, value, by)
		}
	}
}

func count(counts map[string]int, key string, by int) {
	if counts[key] += by; counts[key] <= 0 {
		delete(counts, key)
	}
}

// hide replaces the JWTs and the farm's own credentials in a text.
func (s *secrets) hide(text string) string {
	text = entra.HideTokens(text)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for value := range s.whole {
		text = strings.ReplaceAll(text, value, "[secret]")
	}
	return replaceWords(text, func(word string) bool { return s.words[word] > 0 })
}

// hideForeign is hide for a text in which the farm expects no long random word, such as a path: there, what only looks
// like a credential goes too, since it may be one of another farm or of a real account. How it looks is our guess.
func (s *secrets) hideForeign(text string) string { return replaceWords(s.hide(text), looksSecret) }

// words are the parts of a text between the characters that credentials are quoted, escaped or separated with.
func words(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for start, end := range wordsAt(text) {
			if !yield(text[start:end]) {
				return
			}
		}
	}
}

// wordsAt is where the words of a text begin and end.
func wordsAt(text string) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		start := -1
		for i := 0; i <= len(text); i++ {
			if i < len(text) && isWordByte(text[i]) {
				if start < 0 {
					start = i
				}
				continue
			}
			if start >= 0 && !yield(start, i) {
				return
			}
			start = -1
		}
	}
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// replaceWords writes [secret] in place of the words of a text that are one. A text without any stays the same string.
func replaceWords(text string, secret func(string) bool) string {
	var out strings.Builder
	rest := 0 // where what is not written yet begins
	for start, end := range wordsAt(text) {
		if end-start < minWord || !secret(text[start:end]) && !secret(text[start+escaped(text, start):end]) {
			continue
		}
		out.WriteString(text[rest:start])
		out.WriteString("[secret]")
		rest = end
	}
	if rest == 0 {
		return text
	}
	out.WriteString(text[rest:])
	return out.String()
}

// escaped is how many characters at the beginning of a word belong to an escape: two of %2F, one of \n.
func escaped(text string, start int) int {
	if start > 0 && text[start-1] == '%' {
		return 2
	}
	if start > 0 && text[start-1] == '\\' {
		return 1
	}
	return 0
}

// prefixed are credentials that tell what they are: of GitHub, GitLab, Buildkite and HCP Terraform.
var prefixed = regexp.MustCompile(`^(gh[oprsu]_|github_pat_|glpat-|bkua_|bkaj_|atlasv1)`)

// looksSecret tells a word that looks like a credential: by its prefix, or by a part that is 32 or more lower case
// hexadecimal digits, as this farm's own are, or 20 or more letters of both cases with digits among them.
func looksSecret(word string) bool {
	if prefixed.MatchString(word) {
		return true
	}
	for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return r == '-' || r == '_' }) {
		var lower, upper, digits, hex int
		for i := range len(part) {
			switch c := part[i]; {
			case c >= '0' && c <= '9':
				digits++
				hex++
			case c >= 'a' && c <= 'f':
				lower++
				hex++
			case c >= 'a' && c <= 'z':
				lower++
			default:
				upper++
			}
		}
		if len(part) >= 32 && hex == len(part) || len(part) >= 20 && lower > 0 && upper > 0 && digits > 1 {
			return true
		}
	}
	return false
}

// secretVariable is the name of a variable of a workload's environment that holds a credential.
var secretVariable = regexp.MustCompile(`TOKEN$|KEY$|SECRET|PASSWORD|CREDENTIALS$|LOGIN$`)

// credentialsOf are the credentials in a workload's environment. Short values are names, and Google's credentials may
// be the path of a file; one of AWS's secret keys in 64 begins like a path.
func credentialsOf(env map[string]string) []string {
	var all []string
	for name, value := range env {
		path := strings.HasSuffix(name, "CREDENTIALS") && strings.HasPrefix(value, "/")
		if secretVariable.MatchString(name) && len(value) > 12 && !path && !strings.Contains(value, "://") {
			all = append(all, value)
		}
	}
	return all
}

// hidingHandler keeps secrets out of a log, whoever writes to it.
type hidingHandler struct {
	slog.Handler
	secrets *secrets
}

func (h hidingHandler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, h.secrets.hide(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, out)
}

// WithAttrs and WithGroup return such a handler again.
func (h hidingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	hidden := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		hidden[i] = h.attr(a)
	}
	return hidingHandler{h.Handler.WithAttrs(hidden), h.secrets}
}

func (h hidingHandler) WithGroup(name string) slog.Handler {
	return hidingHandler{h.Handler.WithGroup(name), h.secrets}
}

func (h hidingHandler) attr(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		if a.Key == "path" || a.Key == "url" {
			return slog.String(a.Key, h.secrets.hideForeign(v.String()))
		}
		return slog.String(a.Key, h.secrets.hide(v.String()))
	case slog.KindAny: // an error, a URL, a list
		return slog.String(a.Key, h.secrets.hide(fmt.Sprint(v.Any())))
	case slog.KindGroup:
		var group []any
		for _, inner := range v.Group() {
			group = append(group, h.attr(inner))
		}
		return slog.Group(a.Key, group...)
	default:
		return slog.Attr{Key: a.Key, Value: v}
	}
}
