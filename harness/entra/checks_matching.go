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
	c.Compared = make([]Comparison, 0, len(x.app.Credentials))
	for i := range x.app.Credentials {
		credential := &x.app.Credentials[i]
		if x.compare(c, credential, Comparison{Field: FieldIssuer, Claim: "iss", Want: credential.Issuer, Got: issuer, Equal: credential.Issuer == issuer}) {
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
	c.Compared = make([]Comparison, 0, 2*len(x.candidates)) // more for the clauses of expressions
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
	got := strings.Join(a.audiences, ", ")
	for _, credential := range x.candidates {
		audience := credential.Audiences[0]
		want = append(want, audience)
		if x.compare(c, credential, Comparison{Field: FieldAudience, Claim: "aud", Want: audience, Got: got, Equal: slices.Contains(a.audiences, audience)}) {
			matching = append(matching, credential)
		}
	}
	refusal := refuse(700212, "aud", strings.Join(a.audiences, ","))
	switch {
	case len(matching) == 0:
		c.Want, c.Got = strings.Join(want, ", "), got
		return refusal
	case len(a.audiences) > 1 && !x.view.Options.AudienceLists:
		c.Want, c.Got = matching[0].Audiences[0], got
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
			if x.matchExpression(c, credential) {
				matching = append(matching, credential)
			}
		case x.compare(c, credential, Comparison{Field: FieldSubject, Claim: "sub", Want: credential.Subject, Got: subject, Equal: credential.Subject == subject}):
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

// matchExpression compares the clauses of a flexible credential's expression.
func (x *exchange) matchExpression(c *Check, credential *directory.Credential) bool {
	e, err := expression.Parse(credential.Matching)
	if err != nil { // it was parsed when it was made
		return x.compare(c, credential, Comparison{Field: FieldExpression, Want: credential.Matching})
	}
	all := true
	for _, clause := range e.Clauses() {
		var got string
		switch value := x.assertion.claims[clause.Claim].(type) {
		case nil:
		case string:
			got = value
		default:
			got = string(marshal(value)) // which matches nothing
		}
		holds := x.compare(c, credential, Comparison{
			Field: FieldExpression, Claim: clause.Claim, Operator: clause.Operator, Want: clause.Want, Got: got,
			Equal: clause.Match(x.assertion.claims, x.view.Options.EmptyWildcard),
		})
		all = all && holds
	}
	return all
}

// compare records how a field of a credential and a claim agree, and tells whether the credential may be the one that
// the assertion is for: they agree, or one of them is not known, which only an examination has.
func (x *exchange) compare(c *Check, credential *directory.Credential, made Comparison) bool {
	made.Credential = credential.Name
	if made.Unknown = x.lacking&claimNeed(made.Claim) != 0 || x.unknown[credential][made.Field]; made.Unknown {
		made.Equal = false
	}
	c.Compared = append(c.Compared, made)
	return made.Equal || made.Unknown
}
