package scenario

import (
	"regexp"
	"strings"
)

// codeHint says how a code is written.
func codeHint(written string) string {
	if digits := onlyDigits.FindString(strings.TrimSpace(written)); digits != "" {
		return "write AADSTS" + digits
	}
	return "such as AADSTS700213"
}

var onlyDigits = regexp.MustCompile(`[0-9]{4,8}$`)
