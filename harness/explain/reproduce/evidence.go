package reproduce

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/issuerd/issuerd/harness/control"
	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// evidence is what the inputs of a case come to.
type evidence struct {
	from           string        // what the inputs are called
	message        paste.Message // the refusal
	header, claims map[string]any
	credentials    []input.Credential
	subjects       []input.Subject // of jobs
	client, tenant string
	cloud          string
	notes          []string
	start          *origin // who issues the token, unless a recipe needs somebody else; nil: as the rest tells
}

// gather puts the inputs of a case together. The error says that they have no refusal in them.
func gather(c explain.Case) (*evidence, error) {
	e := &evidence{client: c.Client, tenant: c.Tenant, cloud: c.Cloud}
	var names, none []string
	var messages []paste.Message
	var compact string
	for _, found := range c.Inputs {
		names = append(names, found.Input)
		if found.Text != nil {
			messages = append(messages, found.Text.Messages...)
			if found.Text.None != "" && len(found.Text.Messages) == 0 {
				none = append(none, found.Text.None)
			}
		}
		for _, in := range found.SignIns {
			if in.Code != 0 {
				messages = append(messages, ofSignIn(in))
				e.tenant = cmp.Or(e.tenant, in.TenantID)
				if e.claims == nil && in.Issuer != "" {
					e.claims = map[string]any{"iss": in.Issuer, "sub": in.Subject, "aud": strings.Join(in.Audience, ",")}
				}
			}
		}
		for _, t := range found.Tokens {
			compact = cmp.Or(compact, string(t.Compact))
		}
		e.credentials = append(e.credentials, found.Credentials...)
		for _, job := range found.Jobs {
			e.subjects = append(e.subjects, job.Subjects...)
		}
	}
	for _, code := range c.Codes {
		names = append(names, codeName(code))
		messages = append(messages, paste.Message{Code: code, Basis: paste.ByNumber})
	}
	e.from = strings.Join(names, ", ")
	if len(messages) == 0 {
		if i := slices.IndexFunc(c.Inputs, func(f input.Found) bool { return f.Scenario != nil }); i >= 0 {
			return nil, fmt.Errorf("%s is a scenario already: play it with issuerd run", c.Inputs[i].Input)
		}
		message, err := examined(c, compact)
		if err != nil {
			return nil, err
		}
		if message != nil {
			e.notes = append(e.notes, fmt.Sprintf("the inputs have no text of a refusal; %s is what the checks answer to the token with what is known here", codeName(message.Code)))
			messages = append(messages, *message)
		}
	}
	if len(messages) == 0 {
		if compact != "" && len(e.credentials) > 0 {
			return nil, fmt.Errorf("nothing that can be checked in %s is refused: give the text of the refusal, or its code", e.from)
		}
		if len(none) > 0 {
			return nil, fmt.Errorf("there is no message of Entra's to reproduce in %s: %s", e.from, strings.Join(none, "; "))
		}
		return nil, fmt.Errorf("there is no message of Entra's to reproduce in %s: give the text of the refusal, or its code", cmp.Or(e.from, "the inputs"))
	}
	e.message = messages[0]
	if !c.At.IsZero() {
		e.message.Time = c.At
	}
	for _, other := range messages[1:] {
		if code := explain.CodeOf(other); code != explain.CodeOf(e.message) {
			e.notes = append(e.notes, fmt.Sprintf("there is %s too; this is about the first refusal", codeName(code)))
		}
	}
	if compact != "" {
		header, claims, err := control.DecodeToken(compact)
		if err != nil {
			e.notes = append(e.notes, "the token can't be decoded, and is not used: "+err.Error())
		} else {
			e.header, e.claims = header, claims
		}
	}
	for _, credential := range e.credentials {
		e.client, e.cloud = cmp.Or(e.client, credential.ClientID), cmp.Or(e.cloud, credential.Cloud)
	}
	e.hideTokens()
	return e, nil
}

// examined is the refusal that the checks come to without a text of one, by the token and what else is known; nil: there
// is no token, or nothing that can be checked of it is refused. Nothing is fetched.
func examined(c explain.Case, compact string) (*paste.Message, error) {
	if compact == "" {
		return nil, nil
	}
	c.HTTP = nil
	report, err := explain.Explain(context.Background(), c)
	if err != nil {
		return nil, err
	}
	for _, s := range report.SignIns {
		if s.Answer != nil {
			message := ofSignIn(entra.SignIn{Code: s.Answer.Number, Issuer: s.Presented.Issuer, Subject: s.Presented.Subject, Audience: s.Presented.Audience, KeyID: s.Presented.KeyID})
			return &message, nil
		}
	}
	return nil, nil
}

// hideTokens takes the tokens out of all that may get into the file. A token's place is "[token]" then, everywhere alike.
func (e *evidence) hideTokens() {
	e.from, e.message, e.notes = explain.HideTokens(e.from), explain.HideTokens(e.message), explain.HideTokens(e.notes)
	e.header, e.claims = explain.HideTokens(e.header), explain.HideTokens(e.claims)
	e.credentials, e.subjects = explain.HideTokens(e.credentials), explain.HideTokens(e.subjects)
	e.client, e.tenant, e.cloud = explain.HideTokens(e.client), explain.HideTokens(e.tenant), explain.HideTokens(e.cloud)
}

func codeName(code int) string {
	if row, ok := entra.Lookup(code); ok {
		return row.Name()
	}
	return fmt.Sprintf("AADSTS%d", code)
}

// ofSignIn is the message of a sign-in that the emulator has refused.
func ofSignIn(in entra.SignIn) paste.Message {
	values := map[string]paste.Value{}
	for name, value := range map[string]string{
		"iss": in.Issuer, "issuer": in.Issuer, "sub": in.Subject, "aud": strings.Join(in.Audience, ","), "kid": in.KeyID,
		"appId": in.ClientID, "clientId": in.ClientID, "appDisplayName": in.AppName, "tenantId": in.TenantID,
	} {
		if value != "" {
			values[name] = paste.Value{Text: value}
		}
	}
	row, _ := entra.Lookup(in.Code)
	for name := range values {
		if !strings.Contains(row.Message, "{"+name+"}") {
			delete(values, name)
		}
	}
	return paste.Message{Code: in.Code, Basis: paste.ByNumber, Values: values, Time: in.Time, Text: codeName(in.Code)}
}

// claim is a claim of the token that is a text.
func (e *evidence) claim(name string) string {
	if name == "aud" {
		if list, ok := e.claims["aud"].([]any); ok {
			var all []string
			for _, one := range list {
				all = append(all, fmt.Sprint(one))
			}
			return strings.Join(all, ",")
		}
	}
	value, _ := e.claims[name].(string)
	return value
}

// ofJob is the subject that the jobs have, if they have one. What the file does not say is filled in.
func (e *evidence) ofJob() (subject input.Subject, ok bool) {
	if len(e.subjects) == 0 || slices.ContainsFunc(e.subjects, func(s input.Subject) bool { return s.Subject != e.subjects[0].Subject }) {
		return input.Subject{}, false
	}
	subject = e.subjects[0]
	subject.Subject = unmask(subject.Subject)
	return subject, true
}

// knownSubject is the subject that was presented, as the token or the job has it; empty: neither is known.
func (e *evidence) knownSubject() string {
	if sub := e.claim("sub"); sub != "" {
		return sub
	}
	job, _ := e.ofJob()
	return job.Subject
}
