package entra

import (
	"slices"
	"strconv"
	"strings"

	"github.com/issuerd/issuerd/harness/entra/directory"
	"github.com/issuerd/issuerd/harness/entra/expression"
)

func checkHasCredentials(x *exchange, c *Check) *Error {
	c.Got = strconv.Itoa(len(x.app.Credentials))
	if len(x.app.Credentials) == 0 {
		return refuse(70025, "appId", x.app.ClientID, "appDisplayName", x.app.Name)
	}
	return nil
}

func checkIssuer(x *exchange, c *Check) *Error {
	issuer := x.assertion.issuer
	c.Got = issuer
	var known []string
	for i := range x.app.Credentials {
		credential := &x.app.Credentials[i]
		if credential.Issuer == issuer {
			x.candidates = append(x.candidates, credential)
		} else if !slices.Contains(known, credential.Issuer) {
			known = append(known, credential.Issuer)
		}
	}
	refusal := refuse(700211, "iss", issuer)
	switch {
	case strings.TrimSpace(issuer) != issuer:
		c.Want = strings.Join(known, ", ")
		c.Note = "white space around the issuer blocks the exchange; the code is inferred"
		return refusal
	case len(x.candidates) == 0:
		c.Want = strings.Join(known, ", ")
		return refusal
	}
	c.Want = issuer
	return nil
}

// checkAudienceAndSubject compares both with the credentials that have the
// issuer, in the order of the options.
func checkAudienceAndSubject(x *exchange, c *Check) *Error {
	order := []func(*exchange, *Check) *Error{matchAudience, matchSubject}
	if x.view.Options.MatchOrder == directory.SubjectFirst {
		slices.Reverse(order)
	}
	for _, match := range order {
		if refusal := match(x, c); refusal != nil {
			return refusal
		}
	}
	matched := x.candidates[0]
	c.Want = matched.Audiences[0] + ", " + matched.Subject + matched.Matching
	c.Got = strings.Join(x.assertion.audiences, " ") + ", " + x.assertion.subject
	x.signIn.Credential, x.signIn.FederatedCredentialID, x.signIn.CredentialType = matched.Name, matched.ID, CredentialFederated
	return nil
}

func matchAudience(x *exchange, c *Check) *Error {
	if x.byEntra {
		return matchEntraAudience(x, c)
	}
	a := x.assertion
	var want []string
	var matching []*directory.Credential
	for _, credential := range x.candidates {
		want = append(want, credential.Audiences[0])
		if slices.Contains(a.audiences, credential.Audiences[0]) {
			matching = append(matching, credential)
		}
	}
	refusal := refuse(700212, "aud", strings.Join(a.audiences, ","))
	switch {
	case len(matching) == 0:
		c.Want, c.Got = strings.Join(want, ", "), strings.Join(a.audiences, ", ")
		return refusal
	case len(a.audiences) > 1 && !x.view.Options.AudienceLists:
		c.Want, c.Got = matching[0].Audiences[0], strings.Join(a.audiences, ", ")
		c.Note = "whether Entra accepts several audiences is not confirmed; option audienceLists accepts them"
		return refusal
	}
	x.candidates = matching
	return nil
}

// matchSubject looks for the credentials whose subject is that of the assertion, or whose expression its claims match.
// Each is tried: that one of them does not match is of no account.
func matchSubject(x *exchange, c *Check) *Error {
	subject := x.assertion.subject
	var want []string
	caseOnly := false
	var matching []*directory.Credential
	for _, credential := range x.candidates {
		want = append(want, credential.Subject+credential.Matching)
		switch {
		case credential.Matching != "":
			if e, err := expression.Parse(credential.Matching); err == nil && e.Match(x.assertion.claims, x.view.Options.EmptyWildcard) {
				matching = append(matching, credential)
			}
		case credential.Subject == subject:
			matching = append(matching, credential)
		case strings.EqualFold(credential.Subject, subject):
			caseOnly = true
		}
	}
	if len(matching) > 0 {
		x.candidates = matching
		return nil
	}
	c.Want, c.Got = strings.Join(want, ", "), subject
	_, fromEntra := x.issuedByEntra(x.assertion.issuer)
	switch wanted, isEntraSubject := namelessSubject(subject); {
	case isEntraSubject && fromEntra:
		return refuse(7002137, "sub", subject, "wanted", wanted)
	case caseOnly:
		return refuse(7002138, "sub", subject)
	case slices.ContainsFunc(x.app.Credentials, func(c directory.Credential) bool { return c.Matching != "" }): // of whatever issuer
		return refuse(7002131, "sub", subject)
	}
	return refuse(700213, "sub", subject)
}
