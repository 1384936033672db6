package paste

import (
	"regexp"
	"strings"
)

// masks are what people and tools write in place of a value that they hide or leave open.
var masks = regexp.MustCompile(strings.Join([]string{
	`\*{3}`,                     // of GitHub and most other CI systems
	`[•●■█▓░▇×]{2}|#{3}|_{4}`,   //
	`(?i:\bx{3,}\b|\bx{2,}-x+)`, // xxxx and xxxxxxxx-xxxx-…; names of words around it are none
	`(?i:\b|_)(?i:redacted|masked|removed|obfuscated|anonymi[sz]ed)(?i:\b|_)`,
	`\(sensitive( value)?\)`,                              // Terraform
	`<[A-Za-z0-9][^<>:\n]*>`,                              // <branch>, <org/repo>; an address in them is a link
	`\[[A-Za-z][A-Za-z _-]*\]`,                            // [branch name]
	`\{[A-Za-z_][A-Za-z0-9_ .-]*\}`,                       // {branch}; a UUID in braces is one of Bitbucket's
	`\$\{|\$\(|\$[A-Z][A-Z_]{2}`,                          // a variable that nobody has put in
	`%[A-Z_]{3,}%|__[A-Z_]{3,}__`,                         //
	`\b(?:MY|SOME|THE)[-_][A-Z]|\b(?i:your)[-_ ][A-Za-z]`, // YOUR_ORG
	`\b(?:ORG|ORGANIZATION|OWNER|REPO|REPOSITORY|BRANCH|TENANT|ENVIRONMENT|(?:TENANT|CLIENT|APP)[-_]ID)\b`,
	`\.\.\.|…`,                      //
	`\b0{8}-0{4}-0{4}-0{4}-0{12}\b`, // nobody's GUID
}, "|"))

// literal are values that look masked and are what they say.
var literal = []*regexp.Regexp{
	regexp.MustCompile(`\bpulumi:environments:org:[^:]*:env:<yaml>`), // pulumi/esc#173
	regexp.MustCompile(`\{[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\}`),        // of Bitbucket
}

// Masked tells whether a value, or a part of it, is hidden by who pasted it or by a tool, or is a placeholder that nobody
// has replaced: ***, xxxx, <branch>, {guid}, [REDACTED], ${VAR}, a GUID of zeros. Such a value must not be compared as
// if it were real. A single star is no mask: it may be somebody's wildcard.
func Masked(value string) bool {
	if !masks.MatchString(value) {
		return false
	}
	for _, l := range literal {
		value = l.ReplaceAllString(value, "")
	}
	return masks.MatchString(value)
}
