package paste

import (
	"regexp"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
)

// causes are what the words after a number may speak of when they are not Entra's, and the code that is about it.
var causes = []struct {
	is   *regexp.Regexp
	noun string // a code with it in its text or its cause is about that too
	code int
}{
	{regexp.MustCompile(`(?i)\baudience\b.{0,60}\b(?:match|mismatch|differ|wrong|incorrect|invalid|unexpected|not expected|expects)|(?:mismatch|wrong|incorrect|invalid).{0,40}\baudience\b`), "aud", 700212},
	{regexp.MustCompile(`(?i)\bsubject\b.{0,60}\b(?:match|mismatch|differ|wrong|incorrect|invalid|unexpected)|(?:mismatch|wrong|incorrect|invalid).{0,40}\bsubject\b`), "subject", 700213},
	{regexp.MustCompile(`(?i)\bissuer\b.{0,60}\b(?:match|mismatch|differ|wrong|incorrect|invalid|unexpected|unknown)|(?:mismatch|wrong|incorrect|invalid|unknown).{0,40}\bissuer\b`), "issuer", 700211},
	{regexp.MustCompile(`(?i)\b(?:assertion|token)\b.{0,40}\b(?:has |is |was )?(?:expired|not yet valid)`), "expir", 700024},
	{regexp.MustCompile(`(?i)\btenant\b.{0,60}\bnot (?:found|exist)`), "tenant", 90002},
	{regexp.MustCompile(`(?i)\bapplication\b.{0,60}\bnot (?:found|exist)`), "application", 700016},
}

// causeIn is the code that the words after a number speak of, if the number is about something else; 0: they agree, or
// speak of nothing known.
func causeIn(text string, row entra.Code) int {
	_, said, _ := strings.Cut(text, ": ")
	for _, c := range causes {
		if c.is.MatchString(said) && row.Number != c.code && !strings.Contains(strings.ToLower(row.Message+" "+row.Cause), c.noun) {
			return c.code
		}
	}
	return 0
}
