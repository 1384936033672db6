package paste

import (
	"regexp"
	"strconv"
	"strings"
	"time"

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
	about := row.Message + " " + row.Cause
	if row.Number == 700211 || row.Number == 700212 || row.Number == 700213 { // each is about one, and names all three
		about, _, _ = strings.Cut(row.Message, "'")
	}
	for _, c := range causes {
		if c.is.MatchString(said) && row.Number != c.code && !strings.Contains(strings.ToLower(about), c.noun) {
			return c.code
		}
	}
	return 0
}

// lifetime is the most that Entra takes.
const lifetime = 25 * time.Hour

// contradictions are values that do not fit the sentence that prints them.
func contradictions(m Message) []string {
	at := func(name string) (time.Time, bool) {
		v, has := m.Values[name]
		if !has || !v.Whole() {
			return time.Time{}, false
		}
		if t, err := time.Parse(time.RFC3339Nano, v.Text); err == nil {
			return t, true
		}
		seconds, err := strconv.ParseInt(v.Text, 10, 64)
		return time.Unix(seconds, 0), err == nil
	}
	iat, issued := at("iat")
	exp, expires := at("exp")
	now, answered := at("now")
	switch {
	case issued && expires && answered && !now.Before(iat) && now.Before(exp):
		return []string{"By the times that it prints, the assertion was valid when it was refused: a time may have been changed where the text was pasted, or a claim that is not printed, such as nbf, decided."}
	case issued && expires && !answered && iat.Unix() != 0 && exp.Sub(iat) <= lifetime:
		return []string{"By the times that it prints, the token's lifetime is not too long: a time may have been changed where the text was pasted."}
	}
	return nil
}
