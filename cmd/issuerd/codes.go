package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra"
)

// codeName is an AADSTS code as texts have it.
func codeName(code int) string {
	if known, ok := entra.Lookup(code); ok {
		return known.Name()
	}
	return "AADSTS" + strconv.Itoa(code)
}

// codeNumber reads an AADSTS code, with or without the letters.
func codeNumber(text string) (int, error) {
	digits := text
	if len(text) > 6 && strings.EqualFold(text[:6], "AADSTS") {
		digits = text[6:]
	}
	code, err := strconv.Atoi(digits)
	if err != nil || code <= 0 {
		return 0, errors.New("want a code, such as AADSTS700213 or 700213")
	}
	return code, nil
}
