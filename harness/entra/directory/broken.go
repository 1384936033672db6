package directory

import "fmt"

// RuleError is a rule that something in a tenant breaks, or one of the options.
type RuleError struct {
	// Path leads to what breaks it, below the tenant or the options, as in applications[0].credentials[1].issuer. What
	// should be there and is not has a path, too. Empty: the tenant itself.
	Path string
	// Err says what is wrong and with what, as in: application "deployer": credential "main": no issuer.
	Err error
}

// Error is "directory: " and what is wrong.
func (e *RuleError) Error() string { return "directory: " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *RuleError) Unwrap() error { return e.Err }

// BrokenRules are all the rules that an error of [Directory.AddTenant], [Directory.Change], [Directory.SetOptions] or
// [ValidateCredential] says are broken, in the order in which they were looked at; none if the error is another.
func BrokenRules(err error) []*RuleError {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*RuleError
		for _, one := range list.Unwrap() {
			all = append(all, BrokenRules(one)...)
		}
		return all
	}
	if rule, ok := err.(*RuleError); ok {
		return []*RuleError{rule}
	}
	return nil
}

// rules collects the rules that something breaks.
type rules struct {
	path   string // of the thing
	of     string // what errors call it, as in: application "deployer": credential "main":
	broken *[]error
}

// in returns the rules of something in the thing.
func (r rules) in(path, of string, args ...any) rules {
	return rules{join(r.path, path), r.of + fmt.Sprintf(of, args...), r.broken}
}

// item returns the rules of an item of a list in the thing.
func (r rules) item(list string, i int, of string, args ...any) rules {
	return r.in(fmt.Sprintf("%s[%d]", list, i), of, args...)
}

// add adds a rule that a member of the thing breaks; an empty path is the thing itself.
func (r rules) add(path, format string, args ...any) {
	*r.broken = append(*r.broken, &RuleError{join(r.path, path), fmt.Errorf("%s"+format, append([]any{r.of}, args...)...)})
}

func join(path, below string) string {
	if path == "" || below == "" {
		return path + below
	}
	return path + "." + below
}
