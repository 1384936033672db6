package farm

import (
	"errors"
	"net/http"
	"regexp"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/wording"
)

// about is an error about a member of a request to the control API. One that names a member already keeps it.
func about(member string, err error) error {
	var refusal *control.Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	refusal = &control.Error{Status: http.StatusBadRequest, Member: member, Message: err.Error()}
	if unknown := (*wording.UnknownError)(nil); errors.As(err, &unknown) {
		refusal.Hint = unknown.Hint()
	}
	return refusal
}

// notFound is the error about what is not there by the name in a member of a request; empty: a part of its path.
func notFound(member string, unknown *wording.UnknownError) *control.Error {
	return &control.Error{Status: http.StatusNotFound, Member: member, Message: unknown.Error(), Hint: unknown.Hint()}
}

// optionOf is an option of an issuer that a member of the request asks for.
func optionOf(member string, option issuer.Option) issuer.Option {
	return func(i *issuer.Issuer) error { return about(member, option(i)) }
}

// inTenant is what a path of the directory's rules has before the member of a request about one application, or about
// one credential of a client.
var inTenant = map[string]*regexp.Regexp{
	"application": regexp.MustCompile(`^applications\[\d+\]\.`),
	"credential":  regexp.MustCompile(`^(applications|managedIdentities)\[\d+\]\.credentials\[\d+\](\.|$)`),
}

// refused makes the directory's errors those of the control API: what it does not have is not found, and a rule that is
// broken names the member of a request about what is of a kind, an application or a credential.
func refused(kind string, err error) error {
	if errors.Is(err, directory.ErrNotFound) {
		return &control.Error{Status: http.StatusNotFound, Message: err.Error()}
	}
	if errors.Is(err, directory.ErrExists) {
		return &control.Error{Status: http.StatusConflict, Member: "name", Message: err.Error()}
	}
	for _, rule := range directory.BrokenRules(err) {
		if prefix := inTenant[kind]; prefix != nil && prefix.MatchString(rule.Path) {
			member := prefix.ReplaceAllString(rule.Path, "")
			if kind == "application" && member == "displayName" {
				member = "name"
			}
			return about(member, err)
		}
	}
	return err
}
