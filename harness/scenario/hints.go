package scenario

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"

	"github.com/issuerd/issuerd/harness/entra/directory"
)

// codeHint says how a code is written.
func codeHint(written string) string {
	if digits := onlyDigits.FindString(strings.TrimSpace(written)); digits != "" {
		return "write AADSTS" + digits
	}
	return "such as AADSTS700213"
}

var onlyDigits = regexp.MustCompile(`[0-9]{4,8}$`)

// parts are the parts of a file that have keys of their own, as hints call them.
var parts = []struct {
	of   reflect.Type
	name string
}{
	{reflect.TypeFor[wholeFile](), "the first level of the file"},
	{reflect.TypeFor[Issuer](), "issuer"},
	{reflect.TypeFor[Key](), "issuer.key"},
	{reflect.TypeFor[ClockSettings](), "clock"},
	{reflect.TypeFor[Entra](), "entra"},
	{reflect.TypeFor[Tenant](), "entra.tenant"},
	{reflect.TypeFor[directory.Options](), "entra.options"},
	{reflect.TypeFor[directory.Policies](), "entra.policies"},
	{reflect.TypeFor[FederatedCredential](), "a credential"},
	{reflect.TypeFor[stepShape](), "the step"},
	{reflect.TypeFor[Mint](), "mint"},
	{reflect.TypeFor[Exchange](), "exchange"},
	{reflect.TypeFor[Retry](), "retry"},
	{reflect.TypeFor[Call](), "call"},
	{reflect.TypeFor[Expect](), "expect"},
}

// homes has the parts that each key belongs to.
var homes = sync.OnceValue(func() map[string][]string {
	homes := map[string][]string{}
	for _, part := range parts {
		for _, field := range reflect.VisibleFields(part.of) {
			if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "" && key != "-" {
				homes[key] = append(homes[key], part.name)
			}
		}
	}
	return homes
})

// maxHomes bounds the parts that a hint names: a key that belongs to many says nothing of what was meant.
const maxHomes = 3

// elsewhere says where a key belongs that is unknown where it stands.
func elsewhere(key string) string {
	parts := homes()[key]
	if len(parts) == 0 || len(parts) > maxHomes {
		return ""
	}
	last := len(parts) - 1
	if last == 0 {
		return "it belongs to " + parts[0]
	}
	return "it belongs to " + strings.Join(parts[:last], ", ") + " or " + parts[last]
}

// slips are what people write in expressions who think of another language, and what it is here.
var slips = []struct {
	slip *regexp.Regexp
	hint string
}{
	{regexp.MustCompile(`===`), "write == to compare"},
	{regexp.MustCompile(`!==`), "write != to compare"},
	{regexp.MustCompile(`<>`), "write != to compare"},
	{regexp.MustCompile(`(^|[^=!<>])=([^=~]|$)`), "write == to compare"},
	{regexp.MustCompile(`=~`), "write matches"},
	{regexp.MustCompile(`(^|[^&])&([^&]|$)`), "write && or and"},
	{regexp.MustCompile(`\bAND\b`), "write and"},
	{regexp.MustCompile(`\bOR\b`), "write or"},
	{regexp.MustCompile(`\bNOT\b`), "write not"},
	{regexp.MustCompile(`\bis\s+not\b`), "write != to compare"},
	{regexp.MustCompile(`\bis\b`), "write == to compare"},
}

// inQuotes are the texts in an expression.
var inQuotes = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|` + "`[^`]*`")

// slipHint says what to write in the place of a slip in an expression that does not compile.
func slipHint(source, message string) string {
	switch {
	case strings.Contains(message, "mismatched types"), strings.Contains(message, "cannot use int as type string"):
		if mixed := typesOf.FindStringSubmatch(message); mixed != nil && slices.Contains(mixed[1:], "int") && slices.Contains(mixed[1:], "string") {
			return "compare numbers with numbers and texts with texts: 400 without quotes, \"AADSTS700213\" with them"
		}
	case strings.Contains(message, "unexpected token"), strings.Contains(message, "cannot parse"):
		bare := inQuotes.ReplaceAllString(source, `""`)
		for _, s := range slips {
			if s.slip.MatchString(bare) {
				return s.hint
			}
		}
	}
	return ""
}

var typesOf = regexp.MustCompile(`mismatched types (\w+) and (\w+)`)

// wordHint says what a name is called here that other languages have.
func wordHint(name string) string {
	return map[string]string{
		"null": "write nil", "None": "write nil", "undefined": "write nil", "True": "write true", "False": "write false", "TRUE": "write true", "FALSE": "write false",
	}[name]
}

// conditionHint says what to do about a condition that does not compile as one.
func conditionHint(tree ast.Node, message string) string {
	_, isText := tree.(*ast.StringNode)
	switch {
	case !strings.HasPrefix(message, "expected bool"):
		return ""
	case isText:
		return "leave the inner quotes out: they make it a text"
	}
	return compareIt
}

// compareIt is what to do with a value in the place of a condition.
const compareIt = "compare it with something, as in token.exp - token.iat == 3600"

// insteadOf says which codes are answered in place of one that never is, if the reason names them.
func (v *validator) insteadOf(code, reason string) string {
	var answered []string
	for _, number := range numbersOfCodes.FindAllString(reason, -1) {
		other := "AADSTS" + number
		if other != code && !slices.Contains(answered, other) && v.names.Codes != nil && v.names.Codes(other) && v.names.Rules.Unanswered(other) == "" {
			answered = append(answered, other)
		}
	}
	if len(answered) == 0 {
		return ""
	}
	return "expect " + strings.Join(answered, " or ")
}

var numbersOfCodes = regexp.MustCompile(`\b[0-9]{5,8}\b`)
