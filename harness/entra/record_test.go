package entra_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/entra/directory"
)

// acceptedRecord is what the record of an accepted sign-in says, a line for each check.
var acceptedRecord = []string{
	"method: want <POST> got <POST>",
	"form:",
	"tenant: want <{tid}> got <contoso.onmicrosoft.com>",
	"grant type: want <client_credentials> got <client_credentials>",
	"parameters:",
	"credential presented:",
	"B2C policy:",
	"assertion format:",
	"assertion type: want <JWT> got <JWT>",
	"assertion header: want <" + headersTaken + ">",
	"assertion algorithm: want <RS256,RS384,RS512,PS256,PS384,PS512> got <RS256>",
	"assertion claims:",
	"application: want <{appId}> got <{appId}>",
	"regional host: got <https://login.microsoftonline.com>",
	"client secret:",
	"federated credentials: got <1>",
	"federation allowed:",
	"issuer: want <https://issuer.example> got <https://issuer.example>",
	"token of Entra: got <https://issuer.example>",
	"audience and subject: want <api://AzureADTokenExchange, " + mainSubject + "> got <api://AzureADTokenExchange, " + mainSubject + ">",
	"kind of Entra's token:",
	"claim policy:",
	"issuer metadata:",
	"signing key: want <k1> got <k1>",
	"signature:",
	"lifetime: want <at most 90000 s> got <600 s>",
	"valid time: want <2026-02-08T00:24:38Z to 2026-02-08T00:34:38Z> got <2026-02-08T00:24:38Z> note <clock tolerance 5m0s, unconfirmed>",
	"scope: want <one {resource}/.default> got <https://graph.microsoft.com/.default>",
	"resource: want <Microsoft Graph> got <https://graph.microsoft.com>",
	"assignment:",
	"Conditional Access:",
}

const headersTaken = "'alg','typ','x5t','x5c','kid','use','enc','ctx','nonce','rh','kdf_ver'"

// certificateRecord is that of a client with a certificate of its own.
var certificateRecord = slices.Concat(
	acceptedRecord[:slices.Index(acceptedRecord, "client secret:")+1],
	[]string{
		"certificate named: want <x5t#S256, x5t or kid>",
		"certificate assertion's client: want <{appId}> got <{appId}>",
		"certificate assertion's audience: want <https://login.microsoftonline.com/{tid}/oauth2/v2.0/token> got <" + tokenURL + ">",
		"certificate: want <{thumbprint}> got <{x5t}>",
	},
	acceptedRecord[slices.Index(acceptedRecord, "signature:")+2:],
)

// lines are the checks of a sign-in: the name, then what was wanted, what came, the note and the code of a refusal, as
// far as there are any.
func (a *answer) lines(r *rig) []string {
	known := strings.NewReplacer(r.app.ClientID, "{appId}", r.tenant.ID, "{tid}")
	if a.signIn.Thumbprint != "" {
		known = strings.NewReplacer(r.app.ClientID, "{appId}", r.tenant.ID, "{tid}", a.signIn.Thumbprint, "{thumbprint}",
			strings.TrimSuffix(fmt.Sprint(r.issuer.header["x5t"]), "="), "{x5t}")
	}
	var lines []string
	for _, c := range a.signIn.Checks {
		line := c.Name + ":"
		for _, part := range []struct{ word, text string }{{"want", c.Want}, {"got", c.Got}, {"note", c.Note}} {
			if part.text != "" {
				line += " " + part.word + " <" + part.text + ">"
			}
		}
		if !c.OK {
			line += fmt.Sprint(" refused with ", c.Code)
		}
		lines = append(lines, known.Replace(line))
	}
	return lines
}

// recordLike is a record with other lines in the place of those of the same checks; one that refuses is the last.
func recordLike(record []string, changes []string) []string {
	record = slices.Clone(record)
	for _, line := range changes {
		check, rest, _ := strings.Cut(line, ":")
		i := slices.IndexFunc(record, func(old string) bool { return strings.HasPrefix(old, check+":") })
		record[i] = line
		if strings.Contains(rest, " refused with ") {
			return record[:i+1]
		}
	}
	return record
}

// TestRecord compares every check that the record of a sign-in lists with those of one that is accepted.
func TestRecord(t *testing.T) {
	t.Parallel()
	const (
		foreign = "11111111-2222-3333-4444-555555555555"
		other   = "repo:contoso/other:ref:refs/heads/main"
	)
	second := func(c directory.Credential) func(*rig) {
		return func(r *rig) {
			c.Name = "second"
			if c.Issuer == "" {
				c.Issuer = r.issuer.url
			}
			if c.Audiences == nil {
				c.Audiences = []string{exchangeAudience}
			}
			r.addCredential(r.app, c)
		}
	}
	told := func(change func(*directory.Options), prepare ...func(*rig)) func(*rig) {
		return func(r *rig) {
			r.options(change)
			for _, p := range prepare {
				p(r)
			}
		}
	}
	inGov := func(r *rig) {
		var err error
		if r.tenant, err = r.dir.AddTenant(directory.Tenant{DisplayName: "Gov", Cloud: "usgov", Applications: []directory.Application{{Name: "deployer"}}}); err != nil {
			r.t.Fatal(err)
		}
		r.app = r.tenant.Applications[0]
	}
	withPolicy := func(r *rig) { r.change(func(t *directory.Tenant) { t.B2CPolicies = []string{"B2C_1A_Demo"} }) }
	withSecret := map[string]string{"client_assertion": "", "client_assertion_type": "", "client_secret": "s3cret"}
	noAssertion := []string{"assertion format: note <no assertion>", "assertion type:", "assertion header:", "assertion algorithm:", "assertion claims:"}
	const policyURL = "https://login.microsoftonline.com/contoso.onmicrosoft.com/b2c_1a_demo/oauth2/v2.0/token"
	for _, tt := range []struct {
		refusal
		like    []string // nil: acceptedRecord
		changes []string
	}{
		{refusal: refusal{name: "accepted"}},
		{refusal: refusal{name: "certificate", prepare: certificate(lastYear, byX5T), request: own(nil)}, like: certificateRecord},

		{refusal: refusal{name: "certificate, padded thumbprint", prepare: func(r *rig) {
			certificate(lastYear, byX5T)(r)
			r.issuer.header["x5t"] = fmt.Sprint(r.issuer.header["x5t"], "=")
		}, request: own(nil)}, like: certificateRecord},

		{refusal: refusal{name: "GET", request: func(*rig) *http.Request { return getRequest(tokenURL) }}, changes: []string{"method: want <POST> got <GET> refused with 900561"}},
		{refusal: refusal{name: "parameter twice", request: func(*rig) *http.Request { return formRequest(tokenURL, "scope=a&scope=b") }},
			changes: []string{"form: note <parameter scope more than once> refused with 9002313"}},
		{refusal: refusal{name: "unknown tenant", url: at(foreign)}, changes: []string{"tenant: got <" + foreign + "> refused with 90002"}},
		{refusal: refusal{name: "common without a credential", url: at("common"), params: map[string]string{"client_assertion": ""}},
			changes: []string{"tenant: got <common> refused with 7000216"}},
		{refusal: refusal{name: "tenant of another cloud", prepare: inGov, request: func(r *rig) *http.Request {
			return formRequest(at(r.tenant.ID), r.params(r.issuer.mint(r.claims(nil)), nil).Encode())
		}}, changes: []string{"tenant: want <{tid}> got <{tid}> note <the tenant is in the cloud usgov, https://login.microsoftonline.com in public> refused with 900382"}},
		{refusal: refusal{name: "no grant", params: map[string]string{"grant_type": ""}}, changes: []string{"grant type: want <client_credentials> refused with 900144"}},
		{refusal: refusal{name: "unknown grant", params: map[string]string{"grant_type": "urn:example"}},
			changes: []string{"grant type: want <client_credentials> got <urn:example> refused with 70003"}},
		{refusal: refusal{name: "another assertion type", params: map[string]string{"client_assertion_type": "urn:example"}},
			changes: []string{"parameters: want <" + assertionType + "> got <urn:example> note <Entra's answer to another assertion type is not known> refused with 9002313"}},
		{refusal: refusal{name: "v1.0 without a resource", url: tokenURLv1},
			changes: []string{"parameters: note <the v1.0 endpoint wants a resource; that Entra answers this code is inferred> refused with 900144"}},
		{refusal: refusal{name: "assertion at a B2C policy", prepare: withPolicy, url: policyURL}, changes: []string{"B2C policy: got <B2C_1A_Demo> refused with 99027"}},
		{refusal: refusal{name: "secret at a B2C policy", prepare: withPolicy, url: policyURL, params: withSecret},
			changes: slices.Concat([]string{"B2C policy: got <B2C_1A_Demo>"}, noAssertion, []string{"client secret: refused with 7000215"})},
		{refusal: refusal{name: "secret", params: withSecret}, changes: append(noAssertion[:len(noAssertion):len(noAssertion)], "client secret: refused with 7000215")},

		{refusal: refusal{name: "four parts", request: assertion(func(s string) string { return s + ".x" })},
			changes: []string{"assertion format: note <4 parts instead of 3> refused with 50027"}},
		{refusal: refusal{name: "header of one letter", request: assertion(func(s string) string { return "e" + s[strings.Index(s, "."):] })},
			changes: []string{"assertion format: note <header: not base64url> refused with 50027"}},
		{refusal: refusal{name: "header that is a list", request: joseHeader(`[]`)},
			changes: []string{"assertion format: note <header: not a JSON object, or something before or after it> refused with 50027"}},
		{refusal: refusal{name: "header member twice", request: joseHeader(`{"alg":"RS256","alg":"RS256","kid":"k1"}`)},
			changes: []string{"assertion format: note <header: not a JSON object, or a name twice> refused with 50027"}},
		{refusal: refusal{name: "header not UTF-8", request: joseHeader("{\"alg\":\"RS256\",\"kid\":\"\xff\"}")},
			changes: []string{"assertion format: note <header: not UTF-8> refused with 50027"}},
		{refusal: refusal{name: "no typ", prepare: func(r *rig) { delete(r.issuer.header, "typ") }}, changes: []string{"assertion type:"}},
		{refusal: refusal{name: "long typ", prepare: header("typ", "http://openid.net/specs/jwt/1.0")},
			changes: []string{"assertion type: want <JWT> got <http://openid.net/specs/jwt/1.0>"}},
		{refusal: refusal{name: "typ of Cognito", prepare: header("typ", "JWS")},
			changes: []string{"assertion type: want <JWT> got <JWS> note <not in the list that Entra's error prints; Cognito's tokens have it and are reported to work>"}},
		{refusal: refusal{name: "another typ", prepare: header("typ", "at+jwt")}, changes: []string{"assertion type: want <JWT> got <at+jwt> refused with 5002727"}},
		{refusal: refusal{name: "two headers that are not taken", prepare: func(r *rig) { r.issuer.header["gty"], r.issuer.header["cty"] = "x", "JWT" }},
			changes: []string{"assertion header: want <" + headersTaken + "> got <cty> refused with 5002726"}},
		{refusal: refusal{name: "ES256", prepare: func(r *rig) { r.issuer.key, r.issuer.header["alg"] = ecKey(), "ES256" }},
			changes: []string{"assertion algorithm: want <RS256,RS384,RS512,PS256,PS384,PS512> got <ES256> refused with 5002738"}},
		{refusal: refusal{name: "PS256", prepare: func(r *rig) {
			r.issuer.header["alg"] = "PS256"
			publish(r, issuerKey().Public())
		}}, changes: []string{"assertion algorithm: want <RS256,RS384,RS512,PS256,PS384,PS512> got <PS256> note <only RS256 is documented to work>"}},
		{refusal: refusal{name: "RS384 where PSS is refused", prepare: told(func(o *directory.Options) { o.RefusePSS = true }, func(r *rig) {
			r.issuer.header["alg"] = "RS384"
			publish(r, issuerKey().Public())
		})}, changes: []string{"assertion algorithm: want <RS256,RS384,RS512> got <RS384> note <only RS256 is documented to work>"}},
		{refusal: refusal{name: "PS256 where PSS is refused", prepare: told(func(o *directory.Options) { o.RefusePSS = true }, header("alg", "PS256"))},
			changes: []string{"assertion algorithm: want <RS256,RS384,RS512> got <PS256> refused with 5002738"}},
		{refusal: refusal{name: "no iss", claims: map[string]any{"iss": nil}}, changes: []string{"assertion claims: want <iss> refused with 90014"}},
		{refusal: refusal{name: "no aud", claims: map[string]any{"aud": nil}}, changes: []string{"assertion claims: want <aud> refused with 90014"}},
		{refusal: refusal{name: "no sub", claims: map[string]any{"sub": nil}}, changes: []string{"assertion claims: want <sub> refused with 90014"}},
		{refusal: refusal{name: "no exp", claims: map[string]any{"exp": nil}}, changes: []string{"assertion claims: want <exp> refused with 90014"}},

		{refusal: refusal{name: "unknown client", params: map[string]string{"client_id": foreign}}, changes: []string{"application: got <" + foreign + "> refused with 700016"}},
		{refusal: refusal{name: "disabled", prepare: set(func(a *directory.Application) { a.Disabled = true })},
			changes: []string{"application: want <{appId}> got <{appId}> refused with 7000112"}},
		{refusal: refusal{name: "regional host", url: "https://westeurope.login.microsoft.com/contoso.onmicrosoft.com/oauth2/v2.0/token"},
			changes: []string{"regional host: want <https://login.microsoftonline.com> got <https://westeurope.login.microsoft.com> refused with 100007"}},

		{refusal: refusal{name: "no credentials", prepare: set(func(a *directory.Application) { a.Credentials = nil })},
			changes: []string{"federated credentials: got <0> refused with 70025"}},
		{refusal: refusal{name: "another issuer", claims: map[string]any{"iss": "https://other.example"}, prepare: func(r *rig) {
			second(directory.Credential{Subject: other})(r)
			r.addCredential(r.app, directory.Credential{Name: "third", Issuer: "https://third.example", Subject: other, Audiences: []string{exchangeAudience}})
		}}, changes: []string{"federated credentials: got <3>", "issuer: want <https://issuer.example, https://third.example> got <https://other.example> refused with 700211"}},
		{refusal: refusal{name: "issuer with a space", claims: map[string]any{"iss": "https://issuer.example "}, prepare: func(r *rig) {
			second(directory.Credential{Issuer: "https://issuer.example ", Subject: mainSubject})(r)
			r.addCredential(r.app, directory.Credential{Name: "third", Issuer: "https://third.example", Subject: other, Audiences: []string{exchangeAudience}})
		}}, changes: []string{"federated credentials: got <3>", "issuer: want <https://issuer.example, https://third.example> got <https://issuer.example >" +
			" note <white space around the issuer blocks the exchange; the code is inferred> refused with 700211"}},
		{refusal: refusal{name: "issuer that is a GUID, of another subject", claims: map[string]any{"iss": foreign}},
			changes: []string{"issuer: want <https://issuer.example> got <" + foreign + "> refused with 700211"}},
		{refusal: refusal{name: "issuer about itself", claims: map[string]any{"sub": "https://issuer.example"}, prepare: second(directory.Credential{Subject: "https://issuer.example"})},
			changes: []string{"federated credentials: got <2>",
				"audience and subject: want <api://AzureADTokenExchange, https://issuer.example> got <api://AzureADTokenExchange, https://issuer.example>"}},
		{refusal: refusal{name: "another audience", claims: map[string]any{"aud": []string{"a", "b"}}, prepare: second(directory.Credential{Subject: other, Audiences: []string{"api://second"}})},
			changes: []string{"federated credentials: got <2>", "audience and subject: want <api://AzureADTokenExchange, api://second> got <a, b> refused with 700212"}},
		{refusal: refusal{name: "several audiences", claims: map[string]any{"aud": []string{"a", exchangeAudience}}}, changes: []string{
			"audience and subject: want <api://AzureADTokenExchange> got <a, api://AzureADTokenExchange>" +
				" note <whether Entra accepts several audiences is not confirmed; option audienceLists accepts them> refused with 700212"}},
		{refusal: refusal{name: "several audiences, when told so", claims: map[string]any{"aud": []string{"a", exchangeAudience}}, prepare: told(func(o *directory.Options) { o.AudienceLists = true })},
			changes: []string{"audience and subject: want <api://AzureADTokenExchange, " + mainSubject + "> got <a api://AzureADTokenExchange, " + mainSubject + ">"}},
		{refusal: refusal{name: "another subject", claims: map[string]any{"sub": "x"}, prepare: second(directory.Credential{Subject: other})},
			changes: []string{"federated credentials: got <2>", "audience and subject: want <" + mainSubject + ", " + other + "> got <x> refused with 700213"}},
		{refusal: refusal{name: "another subject, where the subject comes first", claims: map[string]any{"sub": "x", "aud": "y"}, prepare: told(func(o *directory.Options) { o.MatchOrder = directory.SubjectFirst })},
			changes: []string{"audience and subject: want <" + mainSubject + "> got <x> refused with 700213"}},
		{refusal: refusal{name: "second credential", claims: map[string]any{"sub": other}, prepare: second(directory.Credential{Subject: other})},
			changes: []string{"federated credentials: got <2>", "audience and subject: want <api://AzureADTokenExchange, " + other + "> got <api://AzureADTokenExchange, " + other + ">"}},
		{refusal: refusal{name: "expression", claims: map[string]any{"iss": github, "repository_id": "74"}, prepare: flexible(anyBranch)}, changes: []string{
			"issuer: want <" + github + "> got <" + github + ">", "token of Entra: got <" + github + ">",
			"audience and subject: want <api://AzureADTokenExchange, " + anyBranch + "> got <api://AzureADTokenExchange, " + mainSubject + ">"}},

		{refusal: refusal{name: "issuer that is down", prepare: metadata(503, nil)}, changes: []string{"issuer metadata: note <discovery: HTTP status 503> refused with 501661"}},
		{refusal: refusal{name: "unknown kid", prepare: func(r *rig) {
			publish(r, issuerKey().Public())
			r.issuer.jwks = []byte(strings.Replace(string(r.issuer.jwks.([]byte)), "]}", `,{"kty":"EC","kid":"a","use":"sig"}]}`, 1))
			r.issuer.header["kid"] = "k2"
		}}, changes: []string{"signing key: want <a, k1> got <k2> refused with 7000272"}},
		{refusal: refusal{name: "key for another algorithm", prepare: header("alg", "RS384")}, changes: []string{
			"assertion algorithm: want <RS256,RS384,RS512,PS256,PS384,PS512> got <RS384> note <only RS256 is documented to work>",
			"signing key: want <k1> got <k1> note <the key is not RSA, or is published for another algorithm than RS384> refused with 5002730"}},
		{refusal: refusal{name: "26 hours", claims: map[string]any{"exp": start.Unix() + 26*3600}}, changes: []string{"lifetime: want <at most 90000 s> got <93600 s> refused with 70023"}},
		{refusal: refusal{name: "expired", claims: map[string]any{"iat": start.Unix() - 1200, "nbf": nil, "exp": start.Unix() - 600}}, changes: []string{
			"valid time: want <1970-01-01T00:00:00Z to 2026-02-08T00:14:38Z> got <2026-02-08T00:24:38Z> note <clock tolerance 5m0s, unconfirmed> refused with 700024"}},
		{refusal: refusal{name: "not valid yet, and issued in the future", claims: map[string]any{"nbf": start.Unix() + 301, "iat": start.Unix() + 301}}, changes: []string{
			"lifetime: want <at most 90000 s> got <299 s>",
			"valid time: want <2026-02-08T00:29:39Z to 2026-02-08T00:34:38Z> got <2026-02-08T00:24:38Z> note <clock tolerance 5m0s, unconfirmed> refused with 700024"}},
		{refusal: refusal{name: "issued in the future", claims: map[string]any{"nbf": nil, "iat": start.Unix() + 301}}, changes: []string{"lifetime: want <at most 90000 s> got <299 s>",
			"valid time: want <1970-01-01T00:00:00Z to 2026-02-08T00:34:38Z> got <2026-02-08T00:24:38Z> note <iat lies in the future; that Entra refuses this is not confirmed> refused with 700024"}},
		{refusal: refusal{name: "expires before it is valid", claims: map[string]any{"nbf": start.Unix() + 100, "exp": start.Unix() + 99}}, changes: []string{
			"lifetime: want <at most 90000 s> got <99 s>", "valid time: want <2026-02-08T00:26:18Z to 2026-02-08T00:26:17Z> got <2026-02-08T00:24:38Z>" +
				" note <exp comes before nbf or iat; that Entra refuses this is inferred: Microsoft's library for .NET does, for nbf> refused with 700024"}},
		{refusal: refusal{name: "all times at the end of the tolerance", claims: map[string]any{"iat": start.Unix() + 300, "nbf": start.Unix() + 300, "exp": start.Unix() + 300}}, changes: []string{
			"lifetime: want <at most 90000 s> got <0 s>",
			"valid time: want <2026-02-08T00:29:38Z to 2026-02-08T00:29:38Z> got <2026-02-08T00:24:38Z> note <clock tolerance 5m0s, unconfirmed>"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			got := tt.send(r)
			like := tt.like
			if like == nil {
				like = acceptedRecord
			}
			if diff := cmp.Diff(recordLike(like, tt.changes), got.lines(r)); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

// line is what the record of a sign-in says of one check; "": it was not made.
func (a *answer) line(r *rig, check string) string {
	for _, line := range a.lines(r) {
		if strings.HasPrefix(line, check+":") {
			return line
		}
	}
	return ""
}

// TestRecordTimeFirst: the two checks of the time come before the issuer's metadata when told so, and no check is left
// out.
func TestRecordTimeFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.TimeBeforeSignature = true })
	time, metadata := slices.Index(acceptedRecord, "signature:")+1, slices.Index(acceptedRecord, "issuer metadata:")
	want := slices.Concat(acceptedRecord[:metadata], acceptedRecord[time:time+2], acceptedRecord[metadata:time], acceptedRecord[time+2:])
	if diff := cmp.Diff(want, r.exchange(nil).lines(r)); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

// TestRecordOfKeys: the record says where the keys came from when they were not fetched for the request, and why an
// unknown one was not looked for again.
func TestRecordOfKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.StaleKeys = time.Hour })
	send := func(step, kid, metadata, key, fetched string) {
		t.Helper()
		r.issuer.header["kid"] = kid
		if kid == "" {
			delete(r.issuer.header, "kid")
		}
		got := r.exchange(nil)
		want := []string{"issuer metadata:" + metadata, "signing key:" + key}
		if diff := cmp.Diff(want, []string{got.line(r, "issuer metadata"), got.line(r, "signing key")}); diff != "" || got.fetched() != fetched {
			t.Errorf("%s: fetched %q, want %q; record (-want +got):\n%s", step, got.fetched(), fetched, diff)
		}
	}
	const (
		held  = " note <keys fetched at 2026-02-08T00:24:38Z>"
		known = " want <k1> got <k1>"
	)
	send("first", "k1", "", known, "discovery jwks")
	send("unknown kid, new keys", "k2", held, " want <k1> got <k2> note <option refetchInterval: the issuer's keys were fetched, or asked for, less than 5m0s ago> refused with 7000272", "")
	r.advance(5 * time.Minute)
	send("no kid", "", held, " want <k1> refused with 7000272", "")
	r.issuer.discovery = 503
	send("unknown kid, issuer down", "k2", held, " want <k1> got <k2> note <discovery: HTTP status 503> refused with 7000272", "discovery")
	r.issuer.discovery = r.issuer.document(nil)
	r.advance(5 * time.Minute)
	send("unknown kid, old keys", "k2", held, " want <k1> got <k2> refused with 7000272", "discovery jwks")
	send("known kid", "k1", " note <keys fetched at 2026-02-08T00:34:38Z>", known, "")
	r.issuer.discovery = 503
	r.advance(time.Hour)
	send("issuer down", "k1", " note <discovery: HTTP status 503; option staleKeys uses those fetched at 2026-02-08T00:34:38Z>", known, "discovery")
	send("unknown kid, stale keys", "k2", " note <discovery: HTTP status 503; option staleKeys uses those fetched at 2026-02-08T00:34:38Z>",
		" want <k1> got <k2> refused with 7000272", "discovery")
}

// TestFreshKeysAreNotLookedForAgain: keys that were fetched for a request are not fetched once more for its unknown
// kid, however short the interval.
func TestFreshKeysAreNotLookedForAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.RefetchInterval = 0 })
	r.issuer.header["kid"] = "k2"
	if got := r.exchange(nil); got.code() != 7000272 || got.fetched() != "discovery jwks" {
		t.Errorf("code %d, fetched %q", got.code(), got.fetched())
	}
}

// TestRecordOfANewIssuer: the record says why the key is not found.
func TestRecordOfANewIssuer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.NewIssuerDelay = 20 * time.Minute })
	const want = "signing key: got <k1> note <option newIssuerDelay: the issuer was first asked for at 2026-02-08T00:24:38Z> refused with 7000272"
	if got := r.exchange(nil); got.line(r, "signing key") != want {
		t.Errorf("record %q, want %q", got.lines(r), want)
	}
}

// TestClockMovesDuringASignIn: an issuer that is first asked for after the request came is not taken for one that is
// new, unless told so.
func TestClockMovesDuringASignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.server = entra.New(entra.Config{
		Directory: r.dir, Client: &http.Client{Transport: r.issuer},
		NewKey: func() (entra.SigningKey, error) { return entra.SigningKey{Key: entraKey()}, nil },
		Now: func() time.Time {
			r.advance(time.Millisecond)
			return r.clock()
		},
	})
	if got := r.exchange(nil); got.status != http.StatusOK {
		t.Error(got.raw)
	}
}

// TestRecordOfEntraToken is a sign-in with a managed identity's token, whose keys are this server's. Option
// newIssuerDelay is not about them.
func TestRecordOfEntraToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options(func(o *directory.Options) { o.NewIssuerDelay = 20 * time.Minute })
	identity := r.addIdentity(directory.Credential{Name: "identity"})
	got := r.do(r.present(r.identityToken(exchangeAudience)))
	issuer, kid := v2Issuer("{tid}"), got.signIn.KeyID
	want := recordLike(acceptedRecord, []string{
		"federated credentials: got <2>",
		"issuer: want <" + issuer + "> got <" + issuer + ">",
		"token of Entra: want <a token of the tenant {tid}> got <" + issuer + ">",
		"audience and subject: want <api://AzureADTokenExchange, " + identity.PrincipalID + "> got <fb60f99c-7a34-4190-8149-302f77469936, " + identity.PrincipalID + ">",
		"kind of Entra's token: want <a managed identity's token, obtained on its host> got <" + identity.PrincipalID + ">",
		"issuer metadata: note <issued by this server: nothing is fetched>",
		"signing key: want <" + kid + "> got <" + kid + ">",
		"lifetime: want <at most 90000 s> got <86700 s>",
		"valid time: want <2026-02-08T00:19:38Z to 2026-02-09T00:24:38Z> got <2026-02-08T00:24:38Z> note <clock tolerance 5m0s, unconfirmed>",
	})
	if diff := cmp.Diff(want, got.lines(r)); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

// TestEntraTokenWithoutAKey presents what looks like a token of this server, which has no key to verify it with.
func TestEntraTokenWithoutAKey(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	identity := r.addIdentity(directory.Credential{Name: "identity"})
	var signIn entra.SignIn
	r.server = entra.New(entra.Config{
		Directory: r.dir, Now: r.clock, Client: &http.Client{Transport: r.issuer}, Record: func(s entra.SignIn) { signIn = s },
		NewKey: func() (entra.SigningKey, error) { return entra.SigningKey{}, errors.New("no entropy") },
	})
	forged := r.issuer.mint(r.claims(map[string]any{"iss": v2Issuer(r.tenant.ID), "sub": identity.PrincipalID, "oid": identity.PrincipalID, "tid": r.tenant.ID}))
	got := r.do(r.present(forged))
	got.signIn = signIn
	const want = "issuer metadata: note <entra: make signing key: no entropy> refused with 501661"
	if line := got.line(r, "issuer metadata"); got.code() != 501661 || line != want {
		t.Errorf("body %s, record %q, want %q", got.raw, line, want)
	}
}

// TestRecordAtARegionalHost is a managed identity's sign-in there.
func TestRecordAtARegionalHost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	identity := r.addIdentity()
	r.change(func(t *directory.Tenant) {
		t.ManagedIdentities[0].Credentials = []directory.Credential{{Name: "cluster", Issuer: r.issuer.url, Subject: mainSubject, Audiences: []string{exchangeAudience}}}
	})
	got := r.post("https://westeurope.login.microsoft.com/contoso.onmicrosoft.com/oauth2/v2.0/token", r.params(r.issuer.mint(r.claims(nil)), map[string]string{"client_id": identity.ClientID}))
	want := recordLike(acceptedRecord, []string{
		"application: want <" + identity.ClientID + "> got <" + identity.ClientID + ">",
		"regional host: got <https://westeurope.login.microsoft.com> note <a regional host serves managed identities; that it does with a federated credential is inferred>",
	})
	if diff := cmp.Diff(want, got.lines(r)); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

// TestSignInRecord compares what is recorded of a sign-in beside its checks and the ids that are made for it.
func TestSignInRecord(t *testing.T) {
	t.Parallel()
	made := cmpopts.IgnoreFields(entra.SignIn{}, "Checks", "TraceID", "CorrelationID", "UTI", "Thumbprint", "ResourceServicePrincipalID")
	r := newRig(t)
	own := r.app
	identity := r.addIdentity()
	r.change(func(t *directory.Tenant) {
		t.ManagedIdentities[0].Credentials = []directory.Credential{{Name: "cluster", Issuer: r.issuer.url, Subject: "pod", Audiences: []string{exchangeAudience}}}
	})
	asked := entra.SignIn{
		Time: start, Tenant: "contoso.onmicrosoft.com", TenantID: r.tenant.ID, IPAddress: "192.0.2.1", ClientID: own.ClientID,
		GrantType: "client_credentials", Scope: "https://graph.microsoft.com/.default", Status: 200,
	}
	presented := asked
	presented.AppName, presented.ServicePrincipalID = "deployer", own.ServicePrincipalID
	presented.Issuer, presented.Subject, presented.Audience, presented.KeyID = r.issuer.url, mainSubject, []string{exchangeAudience}, "k1"
	accepted := presented
	accepted.CredentialType, accepted.Credential, accepted.FederatedCredentialID = entra.CredentialFederated, "main-branch", r.tenant.Applications[0].Credentials[0].ID
	accepted.Resource, accepted.ResourceName, accepted.ResourceID = "https://graph.microsoft.com", "Microsoft Graph", "00000003-0000-0000-c000-000000000000"
	accepted.ConditionalAccess = "notApplied"
	accepted.Fetched = []entra.Fetch{{Document: "discovery", URL: "https://issuer.example/.well-known/openid-configuration", Status: 200}, {Document: "jwks", URL: "https://issuer.example/keys", Status: 200}}
	byIdentity := accepted
	byIdentity.ClientID, byIdentity.AppName, byIdentity.ServicePrincipalID, byIdentity.ManagedIdentity = identity.ClientID, identityName, identity.PrincipalID, true
	byIdentity.Credential, byIdentity.FederatedCredentialID, byIdentity.Subject = "cluster", r.tenant.ManagedIdentities[0].Credentials[0].ID, "pod"
	byIdentity.Fetched = nil // the keys are those of the sign-in before
	otherAudience := presented
	otherAudience.CredentialType, otherAudience.Audience, otherAudience.Code, otherAudience.Status, otherAudience.Error = entra.CredentialAssertion, []string{"x"}, 700212, 401, "invalid_client"
	malformed := asked
	malformed.CredentialType, malformed.Code, malformed.Status, malformed.Error = entra.CredentialAssertion, 50027, 400, "invalid_request"
	secret := asked
	secret.AppName, secret.ServicePrincipalID = presented.AppName, presented.ServicePrincipalID
	secret.CredentialType, secret.Code, secret.Status, secret.Error = entra.CredentialSecret, 7000215, 401, "invalid_client"
	none := asked
	none.CredentialType, none.Code, none.Status, none.Error = entra.CredentialNone, 7000216, 401, "invalid_client"
	for _, tt := range []struct {
		name   string
		claims map[string]any
		params map[string]string
		want   entra.SignIn
	}{
		{"accepted", nil, nil, accepted},
		{"managed identity", map[string]any{"sub": "pod"}, map[string]string{"client_id": identity.ClientID}, byIdentity},
		{"another audience", map[string]any{"aud": "x"}, nil, otherAudience},
		{"malformed", nil, map[string]string{"client_assertion": "x"}, malformed},
		{"secret", nil, map[string]string{"client_assertion": "", "client_secret": "s3cret"}, secret},
		{"none", nil, map[string]string{"client_assertion": ""}, none},
	} {
		got := r.post(tokenURL, r.params(r.issuer.mint(r.claims(tt.claims)), tt.params))
		if diff := cmp.Diff(tt.want, got.signIn, made); diff != "" {
			t.Errorf("%s: sign-in (-want +got):\n%s", tt.name, diff)
		}
	}
}
