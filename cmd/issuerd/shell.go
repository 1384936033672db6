package main

import "strings"

// shellQuote makes a value one word of a POSIX shell, whatever is in it.
func shellQuote(value string) string {
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// shellUnquote reads what shellQuote wrote.
func shellUnquote(word string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(word, "'"), "'"), `'\''`, "'")
}
