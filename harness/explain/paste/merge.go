package paste

import (
	"slices"
	"strings"
)

// sameAnswer says whether two messages are one that the text has twice.
func sameAnswer(a, b Message) bool {
	if a.Code != b.Code {
		return false
	}
	for name, v := range a.Values {
		if w, has := b.Values[name]; has && !alike(v, w) && !isTime(name) {
			return false
		}
	}
	return true
}

// isTime says whether a value is a time, which differs from one try to the next.
func isTime(name string) bool { return name == "now" || name == "iat" || name == "exp" }

// alike says whether two values can be the same.
func alike(a, b Value) bool {
	switch {
	case a.Text == b.Text || a.Masked || b.Masked:
		return true
	case a.Cut:
		return strings.HasPrefix(b.Text, a.Text)
	case b.Cut:
		return strings.HasPrefix(a.Text, b.Text)
	}
	return strings.TrimSuffix(a.Text, "/") == strings.TrimSuffix(b.Text, "/") && (a.Doubt != "" || b.Doubt != "")
}

// merge takes from a repetition what the message lacks.
func merge(a, b Message) Message {
	if better(b, a) {
		a, b = b, a
	}
	for name, w := range b.Values {
		v, has := a.Values[name]
		if !has {
			if a.Values == nil {
				a.Values = make(map[string]Value)
			}
			a.Values[name] = w
			continue
		}
		if (!v.Whole() && w.Whole()) || (v.Doubt != "" && w.Doubt == "" && w.Whole()) {
			a.Values[name] = w
		}
	}
	if a.TraceID == "" {
		a.TraceID = b.TraceID
	}
	if a.CorrelationID == "" {
		a.CorrelationID = b.CorrelationID
	}
	if a.Time.IsZero() {
		a.Time = b.Time
	}
	if a.OAuth == "" {
		a.OAuth = b.OAuth
	}
	if a.Status == 0 {
		a.Status = b.Status
	}
	for _, n := range append(b.Notes, "The text has the message more than once.") {
		if !slices.Contains(a.Notes, n) && (strings.HasPrefix(n, "The text has") || strings.HasPrefix(n, "The number is")) {
			a.Notes = append(a.Notes, n)
		}
	}
	if a.TraceID != b.TraceID && b.TraceID != "" {
		const tries = "Its trace ids differ: it was answered more than once. The first is given."
		if !slices.Contains(a.Notes, tries) {
			a.Notes = append(a.Notes, tries)
		}
	}
	return a
}

// better says whether a message is known better than another of the same code.
func better(a, b Message) bool {
	order := []Basis{ByNumber, BySentence, ByConflict, ByBoth}
	if x, y := slices.Index(order, a.Basis), slices.Index(order, b.Basis); x != y {
		return x > y
	}
	if x, y := wholeValues(a), wholeValues(b); x != y {
		return x > y
	}
	return false
}

func wholeValues(m Message) int {
	n := 0
	for _, v := range m.Values {
		if v.Whole() {
			n += 2
		}
		n++
	}
	return n
}
