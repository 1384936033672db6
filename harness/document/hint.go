package document

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/wording"
)

// DidYouMean returns a hint with the known word that is nearest to a word, or a list of what is known when none is
// near.
func DidYouMean(word string, known []string) string {
	if hint := wording.DidYouMean(word, known); hint != "" || len(known) == 0 {
		return hint
	}
	return "known here: " + wording.OneOf(word, slices.Sorted(slices.Values(known)))
}

// NotOneOf words that a value is none of those that it may be.
func NotOneOf(got any, known []string) (hint, message string) {
	return wording.DidYouMean(fmt.Sprint(got), known), fmt.Sprintf("%s is not one of %s", Show(got), wording.OneOf(fmt.Sprint(got), known))
}

// Quoted joins words, each in quotes.
func Quoted(list []string) string {
	quoted := make([]string, 0, len(list))
	for _, w := range list {
		quoted = append(quoted, strconv.Quote(w))
	}
	return strings.Join(quoted, ", ")
}

// collectionHint says what to write where a list or a map is meant and something else stands.
func collectionHint(n *Node, kind Kind) string {
	switch {
	case kind == Map && n.Kind == Scalar && n.Value == nil:
		return "write {} for the defaults"
	case kind == List && n.Kind == Scalar && n.Value != nil:
		return "write [" + inBrackets(n.Value) + "]"
	case kind == List && n.Kind == Map:
		return "begin each item of the list with a dash"
	}
	return ""
}

// scalarHint says what to write where a text, a number, or true or false is meant and something else stands.
func scalarHint(n *Node, kind reflect.Kind) string {
	text, isText := n.Value.(string)
	switch {
	case n.Kind == List && len(n.Items) == 1 && n.Items[0].Kind == Scalar && n.Items[0].Value != nil:
		item := n.Items[0].Value
		if _, itemIsText := item.(string); kind == reflect.String && !itemIsText {
			item = fmt.Sprint(item)
		}
		return "write " + inBrackets(item) + ": one value, and no list"
	case n.Kind != Scalar || n.Value == nil:
		return ""
	case kind == reflect.String:
		return "quote it"
	case kind == reflect.Bool && isText:
		switch strings.ToLower(text) {
		case "true", "yes", "y", "on":
			return "write true"
		case "false", "no", "n", "off":
			return "write false"
		}
	case kind == reflect.Int && isText:
		if number, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
			return fmt.Sprintf("write %d, without quotes", number)
		}
	}
	return ""
}

// inBrackets writes a scalar as it may stand in a list in brackets.
func inBrackets(v any) string {
	text, isText := v.(string)
	if !isText {
		return fmt.Sprint(v)
	}
	if plainText.MatchString(text) && !otherThanText.MatchString(text) {
		return text
	}
	return strconv.Quote(text)
}

var (
	plainText     = regexp.MustCompile(`^[A-Za-z/](?:[A-Za-z0-9 ./_@-]|:[A-Za-z0-9/])*[A-Za-z0-9/]$|^[A-Za-z]$`)
	otherThanText = regexp.MustCompile(`^(?i:true|false|null|yes|no|on|off|y|n)$`)
)

// durationHint says how a duration is written, and how this one is where it can be told.
func durationHint(n *Node) string {
	const such = "write a duration, such as 90s, 10m or 1h30m"
	if n.Kind != Scalar || n.Value == nil {
		return such
	}
	parts := numberAndUnit.FindStringSubmatch(strings.ToLower(fmt.Sprint(n.Value)))
	if parts == nil {
		return such
	}
	number, unit := parts[1], parts[2]
	switch {
	case unit == "":
		return "write " + number + "s for seconds"
	case strings.HasPrefix(unit, "d"):
		days, err := strconv.Atoi(number)
		if err != nil {
			return such
		}
		return fmt.Sprintf("write %dh", 24*days)
	case strings.HasPrefix(unit, "ms"), strings.HasPrefix(unit, "milli"):
		return "write " + number + "ms"
	}
	return "write " + number + unit[:1]
}

// numberAndUnit is how people write durations elsewhere: 5, 5 min, 2 hours.
var numberAndUnit = regexp.MustCompile(`^(-?\d+(?:\.\d+)?)\s*(|s|secs?|seconds?|ms|milliseconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)$`)
