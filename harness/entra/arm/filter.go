package arm

import (
	"net/http"
	"regexp"
	"strings"
)

// filter is a $filter of role assignments or role definitions: terms joined by and. Its zero value lets everything
// through.
type filter struct {
	principal string // principalId eq, assignedTo()
	roleName  string
	roleType  string
	atScope   bool // not what is below
}

var terms = regexp.MustCompile(`(?i)^(?:(principalId|roleName|type)\s+eq\s+'((?:[^']|'')*)'|(assignedTo)\(\s*'((?:[^']|'')*)'\s*\)|(atScope|atScopeAndBelow)\(\s*\))$`)

// readFilter reads what the official clients send. That other filters are refused with this text is inferred.
func (c *call) readFilter() (filter, error) {
	given := strings.TrimSpace(option(c.r, "$filter"))
	var f filter
	if given == "" {
		return f, nil
	}
	for _, term := range splitAnd.Split(given, -1) {
		match := terms.FindStringSubmatch(strings.TrimSpace(term))
		if match == nil {
			return filter{}, fail(http.StatusBadRequest, "InvalidFilter", "The filter '%s' is not supported. Supported filters are either 'atScope()', "+
				"'assignedTo('{value}')', 'principalId eq '{value}'', 'roleName eq '{value}'' or 'type eq '{value}'', joined by and.", given)
		}
		value := strings.ReplaceAll(match[2]+match[4], "''", "'")
		switch strings.ToLower(match[1] + match[3] + match[5]) {
		case "principalid", "assignedto":
			f.principal = strings.ToLower(value)
		case "rolename":
			f.roleName = value
		case "type":
			f.roleType = value
		case "atscope":
			f.atScope = true
		}
	}
	return f, nil
}

var splitAnd = regexp.MustCompile(`(?i)\s+and\s+`)
