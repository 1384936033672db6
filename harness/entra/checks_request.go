package entra

import (
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

func checkMethod(x *exchange, c *Check) *Error {
	c.Want, c.Got = http.MethodPost, x.method
	if x.method != http.MethodPost {
		return refuse(900561, "accepted", "POST, OPTIONS", "received", x.method)
	}
	return nil
}

func checkForm(x *exchange, c *Check) *Error {
	if c.Note = x.bad; x.bad != "" {
		return refuse(9002313)
	}
	return nil
}

func checkGrantType(x *exchange, c *Check) *Error {
	c.Want, c.Got = string(oidc.GrantTypeClientCredentials), x.form.grantType
	switch x.form.grantType {
	case c.Want:
		return nil
	case "":
		return refuse(900144, "name", "grant_type")
	}
	return refuse(70003, "grant", x.form.grantType)
}

func checkParameters(x *exchange, c *Check) *Error {
	f := &x.form
	switch {
	case f.resource != "" && !x.v1:
		return refuse(901002)
	case f.clientID == "":
		return refuse(900144, "name", "client_id")
	case f.scope == "" && !x.v1:
		return refuse(900144, "name", "scope")
	case f.resource == "" && x.v1:
		c.Note = "the v1.0 endpoint wants a resource; that Entra answers this code is inferred"
		return refuse(900144, "name", "resource")
	case f.assertion != "" && f.assertionType == "":
		return refuse(900144, "name", "client_assertion_type")
	case f.assertion != "" && f.assertionType != oidc.ClientAssertionTypeJWTAssertion:
		c.Want, c.Got = oidc.ClientAssertionTypeJWTAssertion, f.assertionType
		c.Note = "Entra's answer to another assertion type is not known"
		return refuse(9002313)
	}
	return nil
}

func checkCredentialPresented(x *exchange, c *Check) *Error {
	switch {
	case x.form.assertion != "":
		x.signIn.CredentialType = CredentialAssertion
	case x.form.clientSecret != "" || x.basic:
		x.signIn.CredentialType = CredentialSecret
	default:
		x.signIn.CredentialType = CredentialNone
		return refuse(7000216)
	}
	return nil
}
