package explain_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

const (
	githubIssuer = "https://token.actions.githubusercontent.com"
	audience     = "api://AzureADTokenExchange"
	mainBranch   = "repo:octo/web:ref:refs/heads/main"
)

var now = time.Date(2026, 2, 8, 17, 2, 11, 0, time.UTC)

// token is one of GitHub's, three hours old, with changes; nil removes a claim. Nobody has signed it.
func token(t *testing.T, changes map[string]any) input.Found {
	t.Helper()
	issued := now.Add(-3 * time.Hour)
	claims := map[string]any{
		"iss": githubIssuer, "sub": mainBranch, "aud": audience, "iat": issued.Unix(), "exp": issued.Add(10 * time.Minute).Unix(),
		"repository": "octo/web", "ref": "refs/heads/main", "ref_type": "branch",
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	compact := part(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "k1"}) + "." + part(claims) + "." + signature
	return read(t, "t.jwt", compact)
}

// signature is of a form that must not come out of a report.
var signature = strings.Repeat("c2lnbmF0dXJl", 20)

// nested is a token that somebody has put into a claim.
const nested = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlc2lnbmF0dXJl"

func read(t *testing.T, name, text string) input.Found {
	t.Helper()
	found, err := input.Read(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// credential is one as the Azure CLI prints it.
func credential(t *testing.T, name, issuer, subject, audience string) input.Found {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"id": "d9b7bf1e-0000-1111-2222-333333333333", "name": name, "issuer": issuer, "subject": subject, "audiences": []string{audience}})
	if err != nil {
		t.Fatal(err)
	}
	return read(t, name+".json", string(raw))
}

// failure is what a text with this message is read as.
func failure(code int, at time.Time, values map[string]string) input.Found {
	m := paste.Message{Code: code, Basis: paste.ByBoth, Time: at, Values: map[string]paste.Value{}}
	for name, text := range values {
		m.Values[name] = paste.Value{Text: text, Masked: paste.Masked(text)}
	}
	return input.Found{Input: "error.txt", Kind: "a text", Text: &paste.Result{Messages: []paste.Message{m}}}
}

func explained(t *testing.T, inputs ...input.Found) explain.Report {
	t.Helper()
	r, err := explain.Explain(context.Background(), explain.Case{Inputs: inputs, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{r.Text(true), jsonOf(t, r)} {
		if strings.Contains(text, signature[:20]) || entra.HideTokens(text) != text {
			t.Error("the report has a token or a signature in it")
		}
	}
	return r
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// only is the report's only sign-in.
func only(t *testing.T, r explain.Report) explain.SignIn {
	t.Helper()
	if len(r.SignIns) != 1 {
		t.Fatalf("%d sign-ins, want 1", len(r.SignIns))
	}
	return r.SignIns[0]
}

// command is the first with a tool that changes something.
func command(s explain.SignIn, tool string) string {
	for _, fix := range s.Fixes {
		for _, c := range fix.Commands {
			if c.Tool == tool && !strings.Contains(c.Text, "federated-credential list") {
				return c.Text
			}
		}
	}
	return ""
}

// TestTokenAndCredential has no error: what would Entra answer, and why.
func TestTokenAndCredential(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		token  map[string]any
		fic    [3]string // issuer, subject, audience
		code   int
		cause  string
		tool   string
		says   string // of the command
		number int    // the check's place
	}{
		{"a slash", nil, [3]string{githubIssuer + "/", mainBranch, audience}, 700211, "GitHub's issuer has no slash", "az", "federated-credential update --id CLIENT_ID --federated-credential-id one", 18},
		{"case", nil, [3]string{githubIssuer, "repo:octo/Web:ref:refs/heads/main", audience}, 7002138, "case-sensitive", "az", "federated-credential delete", 20},
		{"an environment", map[string]any{"sub": "repo:octo/web:environment:prod"}, [3]string{githubIssuer, mainBranch, audience}, 700213,
			"a job with an environment has no other subject", "terraform", `subject        = "repo:octo/web:environment:prod"`, 20},
		{"another cloud's audience", map[string]any{"aud": audience + "USGov"}, [3]string{githubIssuer, mainBranch, audience}, 700212, "the token that of usgov", "workflow", "audience: " + audience, 20},
		{"a wildcard", nil, [3]string{githubIssuer, "repo:octo/web:ref:refs/heads/*", audience}, 700213, "stands for itself", "graph", "https://graph.microsoft.com/", 20},
		{"equal", nil, [3]string{githubIssuer, mainBranch, audience}, 0, "nothing that could be checked here is refused", "", "", 0},
		{"no exp", map[string]any{"exp": nil}, [3]string{githubIssuer, mainBranch, audience}, 90014, "", "", "", 12},
		{"a lifetime of a year", map[string]any{"iat": nil}, [3]string{githubIssuer, mainBranch, audience}, 70023, "a missing iat counts as 0", "", "", 26},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := explained(t, token(t, tt.token), credential(t, "one", tt.fic[0], tt.fic[1], tt.fic[2]))
			s := only(t, r)
			code, number := 0, 0
			if s.Answer != nil {
				code, number = s.Answer.Number, s.Answer.Place
			}
			if code != tt.code || number != tt.number || !strings.Contains(s.Cause, tt.cause) {
				t.Errorf("code %d at check %d, cause %q; want %d at %d, %q", code, number, s.Cause, tt.code, tt.number, tt.cause)
			}
			if got := command(s, tt.tool); !strings.Contains(got, tt.says) {
				t.Errorf("%s: %q, want %q", tt.tool, got, tt.says)
			}
			if len(s.Contradictions) > 0 {
				t.Errorf("contradictions %q", s.Contradictions)
			}
		})
	}
}

// TestErrorAlone: what is said of an error without anything else.
func TestErrorAlone(t *testing.T) {
	t.Parallel()
	s := only(t, explained(t, failure(700213, now, map[string]string{"sub": mainBranch})))
	if first := s.Fixes[1].Commands[0].Text; !strings.HasSuffix(first, "issuerd explain error.txt credentials.json") {
		t.Errorf("first %q", first)
	}
	if s.Presented.Subject != mainBranch || s.Presented.Platform != "GitHub Actions" || !strings.Contains(command(s, "az"), `"issuer":"`+githubIssuer+`"`) {
		t.Errorf("presented %+v, az %s", s.Presented, command(s, "az"))
	}
	s = only(t, explained(t, failure(700213, now, map[string]string{"sub": "organization:octo:pipeline:web:ref:refs/heads/main:commit:0a1b:step:build"})))
	if s.Presented.Platform != "Buildkite" || !strings.Contains(command(s, "az"), `"issuer":"https://agent.buildkite.com"`) {
		t.Errorf("of Buildkite: presented %+v, az %s", s.Presented, command(s, "az"))
	}
	r := explained(t, failure(53003, now, nil))
	if len(r.SignIns) > 0 || len(r.Errors) != 1 || r.Errors[0].Name != "AADSTS53003" || r.Errors[0].Code.Place.Check != "Conditional Access" {
		t.Errorf("53003: %+v", r)
	}
	if !slices.Contains(r.Errors[0].Follows, "a federated credential has the token's issuer, audience and subject") {
		t.Errorf("follows %q", r.Errors[0].Follows)
	}
	s = only(t, explained(t, failure(700024, now, map[string]string{
		"now": "2026-02-08T17:02:11.0000000Z", "iat": "2026-02-08T14:02:11.0000000Z", "exp": "2026-02-08T14:12:11.0000000Z",
	})))
	if s.Answer == nil || s.Answer.Number != 700024 || len(s.Causes) != 2 {
		t.Errorf("700024: %+v, causes %+v", s.Answer, s.Causes)
	}
}

// TestErrorAndCredential: what an error printed is compared with a credential, and what it hides is not.
// TestTooMuchToCompare has more errors than can be compared with so many credentials.
func TestTooMuchToCompare(t *testing.T) {
	t.Parallel()
	var inputs []input.Found
	for i := range 1000 {
		inputs = append(inputs, credential(t, fmt.Sprint("c", i), "https://issuer.example", fmt.Sprint("s", i), "api://AzureADTokenExchange"))
	}
	for range 21 {
		inputs = append(inputs, failure(700213, now, map[string]string{"sub": "s7"}))
	}
	r := explained(t, inputs...)
	const note = "Of 21 errors, the first 20 are compared with the 1000 credentials, and the rest is left out: give fewer of one or the other at a time."
	if len(r.SignIns) != 20 || len(r.Errors) != 21 || !slices.Contains(r.Notes, note) {
		t.Errorf("%d sign-ins, %d errors, notes %q", len(r.SignIns), len(r.Errors), r.Notes)
	}
	if r := explained(t, inputs[980:]...); len(r.SignIns) != 21 || slices.ContainsFunc(r.Notes, func(s string) bool { return strings.Contains(s, "left out") }) {
		t.Errorf("%d sign-ins, notes %q", len(r.SignIns), r.Notes)
	}
}

func TestErrorAndCredential(t *testing.T) {
	t.Parallel()
	s := only(t, explained(t, failure(700213, now, map[string]string{"sub": "repo:octo/web:pull_request"}), credential(t, "one", githubIssuer, "repo:octo/web:pull-request", audience)))
	if s.Answer.Number != 700213 || !strings.Contains(s.Cause, "pull-request, with a hyphen") || s.Credentials[0].Verdict != explain.Differs {
		t.Errorf("%+v", s)
	}
	s = only(t, explained(t, failure(700213, now, map[string]string{"sub": "repo:***/web:pull_request"}), credential(t, "one", githubIssuer, "repo:octo/web:pull-request", audience)))
	if s.Answer != nil || s.Credentials[0].Verdict != explain.Incomplete || len(s.Presented.Masked) != 1 {
		t.Errorf("a masked subject: %+v", s)
	}
}

// TestStaleCredential: the code says that nothing matches, and a credential does.
func TestStaleCredential(t *testing.T) {
	t.Parallel()
	s := only(t, explained(t, token(t, nil), failure(7002138, now.Add(-3*time.Hour), map[string]string{"sub": mainBranch}), credential(t, "one", githubIssuer, mainBranch, audience)))
	if len(s.Causes) == 0 || !strings.Contains(s.Causes[0].Words, "as it was before it was changed") || s.Credentials[0].Verdict != explain.Accepts {
		t.Errorf("causes %+v", s.Causes)
	}
}

// TestContradictions: the inputs are not about one sign-in.
func TestContradictions(t *testing.T) {
	t.Parallel()
	s := only(t, explained(t, token(t, nil), failure(700213, now, map[string]string{"sub": "repo:octo/web:pull_request"}), credential(t, "one", githubIssuer+"/", mainBranch, audience)))
	all := strings.Join(s.Contradictions, "\n")
	for _, want := range []string{`the error is about the subject "repo:octo/web:pull_request", the token has "` + mainBranch + `"`, "the error says AADSTS700213; with what is given here Entra would answer AADSTS700211"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s\ndoes not say %q", all, want)
		}
	}
}

// TestOtherReason: what an error says counts, and not what else is wrong with what is at hand.
func TestOtherReason(t *testing.T) {
	t.Parallel()
	for code, cause := range map[int]string{70025: "the application has no federated identity credential", 7000272: "kid is not among the issuer's keys"} {
		s := only(t, explained(t, token(t, nil), failure(code, now.Add(-3*time.Hour), nil), credential(t, "one", githubIssuer, "x", audience)))
		if !strings.Contains(s.Cause, cause) || len(s.Contradictions) != 1 {
			t.Errorf("%d: cause %q, contradictions %q", code, s.Cause, s.Contradictions)
		}
	}
}

// TestConflict: of a number and a sentence that contradict each other, one counts, and both are said.
func TestConflict(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ number, sentence, counts int }{
		{700211, 700213, 700213}, {700213, 7002138, 7002138}, {700211, 70021, 700211}, {7000272, 700024, 700024}, {700213, 999999, 700213}, {999999, 700213, 700213}, {700213, 0, 700213},
	} {
		found := failure(tt.number, now, map[string]string{"sub": "repo:octo/web:pull_request"})
		found.Text.Messages[0].Basis, found.Text.Messages[0].Sentence = paste.ByConflict, tt.sentence
		r := explained(t, found, credential(t, "one", githubIssuer, mainBranch, audience))
		s, e, name := only(t, r), r.Errors[0], fmt.Sprint("AADSTS", tt.counts)
		if e.Name != name || s.Error != name || e.Code == nil || e.Code.Number != tt.counts || explain.CodeOf(e.Message) != tt.counts {
			t.Errorf("%+v: %s, %s", tt, e.Name, s.Error)
		}
		if said := strings.Contains(e.Conflict, "contradict"); said != (tt.sentence != 0) {
			t.Errorf("%+v: %q", tt, e.Conflict)
		}
		for _, number := range []int{tt.number, tt.sentence} {
			if number != 0 && !strings.Contains(r.Text(false), fmt.Sprint("AADSTS", number)) {
				t.Errorf("%+v: AADSTS%d is not named in\n%s", tt, number, r.Text(false))
			}
		}
	}
}

// TestTimes: when the token was presented decides, and is not guessed.
func TestTimes(t *testing.T) {
	t.Parallel()
	s := only(t, explained(t, token(t, nil)))
	if want := "issued 14:02:11 UTC, 3 hours ago; valid for 10 minutes; expired 14:12:11 UTC, 2 hours 50 minutes ago"; s.Token.Times != want {
		t.Errorf("times %q, want %q", s.Token.Times, want)
	}
	i := slices.IndexFunc(s.Checks, func(c entra.Check) bool { return c.Name == "valid time" })
	if s.Answer != nil || s.Checks[i].Unknown != "when the token was presented" {
		t.Errorf("answer %+v, %+v", s.Answer, s.Checks[i])
	}
	s = only(t, explained(t, token(t, nil), failure(700024, now, nil)))
	if s.Answer == nil || s.Answer.Number != 700024 {
		t.Errorf("at the time of the error: %+v", s.Answer)
	}
}

// TestOtherKind has tokens that GitHub signs and that are no ID tokens.
func TestOtherKind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		changes map[string]any
		cause   string
	}{
		{map[string]any{"sub": nil, "aud": "vso:7ac6ac57-1d3c-4b4e-8b5a-0f6a0e0c0a11"}, "this is the request token of a job"},
		{map[string]any{"sub": nil, "ac": `[{"Scope":"refs/heads/main","Permission":3}]`, "IdentityTypeClaim": "System:ServiceIdentity"}, "this is the request token of a job"},
		{map[string]any{"sub": nil, "aud": nil}, "it is of another kind, perhaps the request token"},
		{map[string]any{"ac": "x"}, "nothing that could be checked here is refused"},
	} {
		s := only(t, explained(t, token(t, tt.changes), credential(t, "one", githubIssuer, mainBranch, audience)))
		if !strings.Contains(s.Cause, tt.cause) {
			t.Errorf("%v: cause %q, want %q", tt.changes, s.Cause, tt.cause)
		}
		if isOther := tt.changes["ac"] != "x"; isOther && (s.Answer == nil || s.Answer.Number != 90014 || !strings.Contains(s.Fixes[0].Words, "ACTIONS_ID_TOKEN_REQUEST_URL")) {
			t.Errorf("%v: answer %+v, fixes %+v", tt.changes, s.Answer, s.Fixes)
		}
	}
}

// TestNoDates: times that are no whole numbers of seconds are there, and are said to be what they are.
func TestNoDates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		iat, exp any
		want     string
	}{
		{json.RawMessage("1796054927.0"), json.RawMessage("1796055227.5"), "iat is 1796054927.0, not a whole number of seconds; exp is 1796055227.5, not a whole number of seconds"},
		{now.Unix(), json.RawMessage("1e999999"), "exp is 1e999999, not a whole number of seconds"},
		{now.Unix(), now.UnixMilli(), "exp is 1770570131000, out of range: it looks like milliseconds, and seconds are wanted"},
		{now.Unix(), json.RawMessage("1" + strings.Repeat("0", 400)), "exp is 1" + strings.Repeat("0", 59) + "…, out of range"},
		{"1796054927", now.Unix(), `iat is the string "1796054927", not a whole number of seconds`},
		{json.RawMessage("null"), now.Unix(), "iat is null, not a whole number of seconds"},
	} {
		s := only(t, explained(t, token(t, map[string]any{"iat": tt.iat, "exp": tt.exp})))
		if s.Token.Times != tt.want {
			t.Errorf("times %q, want %q", s.Token.Times, tt.want)
		}
		if s.Answer == nil || s.Answer.Number != 50027 {
			t.Errorf("iat %v, exp %v: answer %+v, want AADSTS50027", tt.iat, tt.exp, s.Answer)
		}
	}
}

// TestTokenAfterError: a token that is younger than the error is not the one that was presented.
func TestTokenAfterError(t *testing.T) {
	t.Parallel()
	s := only(t, explained(t, token(t, nil), failure(700213, now.Add(-24*time.Hour), nil), credential(t, "one", githubIssuer, mainBranch, audience)))
	if s.Answer != nil || len(s.Contradictions) != 1 || !strings.Contains(s.Contradictions[0], "after the error") {
		t.Errorf("answer %+v, contradictions %q", s.Answer, s.Contradictions)
	}
}

// TestOddTokens explains tokens whose claims are of every wrong type, beside credentials of every kind.
func TestOddTokens(t *testing.T) {
	t.Parallel()
	odd := []any{nil, "", "x", " x ", 1, -1, 1.5, true, []string{}, []string{"a", "b"}, []any{nil}, []any{audience, nested}, map[string]any{"a": []any{nested}}, map[string]any{"a": 1}, "\ufffd", strings.Repeat("a", 5000), 1e300, "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"}
	credentials := []input.Found{credential(t, "one", githubIssuer, mainBranch, audience), credential(t, "two", "", "", "")}
	for _, claim := range []string{"iss", "sub", "aud", "iat", "exp", "nbf", "kubernetes.io"} {
		for _, value := range odd {
			r := explained(t, append([]input.Found{token(t, map[string]any{claim: value})}, credentials...)...)
			if len(r.SignIns) != 1 {
				t.Errorf("%s %v: %d sign-ins", claim, value, len(r.SignIns))
			}
		}
	}
}

// TestTokensAsValues has a token wherever an input says a value. No report has one: explained looks.
func TestTokensAsValues(t *testing.T) {
	t.Parallel()
	whole := nested + signature
	for _, value := range []string{nested, "repo:" + nested + ":x", whole} {
		made := token(t, map[string]any{"iss": value, "sub": value, "aud": value, "repository": value, value: value})
		given := credential(t, value, value, value, value)
		file := read(t, ".github/workflows/"+value+".yml", "on: push\njobs:\n  a:\n    permissions: {id-token: write}\n    environment: "+value+"\n    steps:\n"+
			"      - uses: azure/login@v2\n        with: {client-id: x, tenant-id: y, audience: '"+value+"'}\n")
		text := failure(700213, now, map[string]string{"sub": value, "appId": value})
		for _, inputs := range [][]input.Found{{made}, {made, given}, {file}, {file, given}, {text}, {text, given}, {made, given, file, text}} {
			r := explained(t, inputs...)
			if !strings.Contains(r.Text(false), "[token]") {
				t.Errorf("the report does not say where a token was:\n%s", r.Text(false))
			}
		}
		if given.Credentials[0].Subject != value || text.Text.Messages[0].Values["sub"].Text != value {
			t.Error("the inputs have been changed")
		}
	}
}

// TestCommandsQuote: values with signs that shells, Terraform and Bicep know come out as they are.
func TestCommandsQuote(t *testing.T) {
	t.Parallel()
	const subject = "it's ${x} \"y\" \u00a0"
	s := only(t, explained(t, token(t, map[string]any{"sub": subject})))
	for tool, want := range map[string]string{
		"az":        `"subject":"it'\''s ${x} \"y\" ` + "\u00a0" + `"`,
		"terraform": `subject        = "it's $${x} \"y\" ` + "\u00a0" + `"`,
		"bicep":     `subject: 'it\'s \${x} "y" \u{a0}'`,
	} {
		if got := command(s, tool); !strings.Contains(got, want) {
			t.Errorf("%s: %s\ndoes not have %s", tool, got, want)
		}
	}
}

// TestJobs compares the subjects of a workflow with credentials.
func TestJobs(t *testing.T) {
	t.Parallel()
	jobs := input.Found{Input: "deploy.yml", Jobs: []input.Job{{Platform: "github", Name: "deploy", Subjects: []input.Subject{
		{When: "push to main", Subject: "repo:{owner}/{repo}:ref:refs/heads/main", Issuer: githubIssuer, Audience: audience},
		{When: "pull_request", Subject: "repo:{owner}/{repo}:pull_request", Issuer: githubIssuer, Audience: audience},
	}}}}
	r := explained(t, jobs, credential(t, "one", githubIssuer, mainBranch, audience), token(t, nil))
	got := r.Jobs[0].Subjects
	want := []explain.JobAcceptance{{Credential: "one", If: []string{`{owner} is "octo"`, `{repo} is "web"`}}}
	if d := cmp.Diff(want, got[0].AcceptedIf); d != "" || len(got[0].AcceptedBy) > 0 || !got[0].Presented {
		t.Errorf("(-want +got):\n%s%+v", d, got[0])
	}
	if len(got[1].AcceptedBy) > 0 || len(got[1].AcceptedIf) > 0 || got[1].Presented {
		t.Errorf("%+v", got[1])
	}
	if len(got[1].Differs) != 1 || !strings.Contains(got[1].Differs[0], "the credential is for the branch main, the job for pull requests") {
		t.Errorf("differs %q", got[1].Differs)
	}
}

// TestJournal explains a sign-in that a farm has recorded, by its own comparisons.
func TestJournal(t *testing.T) {
	t.Parallel()
	e := entra.Evidence{Values: entra.Values{Issuer: githubIssuer, Subject: mainBranch, Audiences: []string{audience}}}
	e.Credentials = []entra.KnownCredential{{}}
	e.Credentials[0].Name, e.Credentials[0].Issuer, e.Credentials[0].Audiences, e.Credentials[0].Subject = "one", githubIssuer, []string{audience}, "repo:octo/web:ref:refs/heads/Main"
	found, err := entra.Examine(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	s := only(t, explained(t, input.Found{Input: "journal.json", SignIns: []entra.SignIn{found.SignIn}}))
	if s.Answer.Number != 7002138 || !strings.Contains(s.Answer.Message, "subject '"+mainBranch+"'") || len(s.Credentials) != 1 || !strings.Contains(s.Cause, "the subject of one") {
		t.Errorf("%+v", s)
	}
}

// TestWholeTenant has a directory's file: what else the tenant says is checked too, and in its place.
func TestWholeTenant(t *testing.T) {
	t.Parallel()
	s := only(t, explained(t, token(t, nil), read(t, "directory.yaml", `tenants:
  - displayName: Contoso
    applications:
      - displayName: deployer
        noServicePrincipal: true
        credentials:
          - {name: main, issuer: "`+githubIssuer+`/", subject: "`+mainBranch+`", audiences: [`+audience+`]}
`)))
	if s.Answer == nil || s.Answer.Number != 7000229 || len(s.Next) != 1 || s.Next[0].Number != 700211 {
		t.Errorf("answer %+v, next %+v", s.Answer, s.Next)
	}
}

// TestOtherApplications: credentials of other applications than the one that signs in do not count.
func TestOtherApplications(t *testing.T) {
	t.Parallel()
	const mine, other = "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555556"
	of := func(client, name, subject string) input.Found {
		found := credential(t, name, githubIssuer, subject, audience)
		found.Credentials[0].ClientID = client
		return found
	}
	c := explain.Case{Inputs: []input.Found{token(t, nil), of(other, "theirs", mainBranch), of(mine, "ours", "x")}, Now: now, Client: mine}
	r, err := explain.Explain(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	s := only(t, r)
	if len(s.Credentials) != 1 || s.Credentials[0].Name != "ours" || s.Answer.Number != 700213 || !strings.Contains(strings.Join(r.Notes, "\n"), "1 credential of other applications") {
		t.Errorf("%+v, notes %q", s.Credentials, r.Notes)
	}
}

// TestVariables: a field with a variable in it is not compared unless it cannot agree, and the values that would agree
// are said.
func TestVariables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		field, expression string
		masked            bool
		verdict           explain.Verdict
		code              int
		says              string // of what is not literal
	}{
		{"subject", `"repo:octo/web:ref:refs/heads/${var.branch}"`, false, explain.Undecided, 0, `which agrees if ${var.branch} is "main"`},
		{"subject", `'repo:octo/web:ref:refs/heads/${branch}'`, false, explain.Undecided, 0, `which agrees if ${branch} is "main"`},
		{"subject", `repo:octo/web:ref:refs/heads/${{ vars.branch }}`, false, explain.Undecided, 0, `which agrees if ${{ vars.branch }} is "main"`},
		{"subject", `"repo:octo/web:environment:${var.environment}"`, false, explain.Differs, 700213, "which is not what was presented whatever the variables are"},
		{"subject", `"repo:octo/Web:ref:refs/heads/${var.branch}"`, false, explain.Differs, 7002138, "which is not what was presented whatever the variables are"},
		{"issuer", `"https://${var.host}/"`, false, explain.Differs, 700211, "which is not what was presented whatever the variables are"},
		{"audiences", `"api://${var.audience}USGov"`, false, explain.Differs, 700212, "which is not what was presented whatever the variables are"},
		{"subject", `lower("repo:octo/web:environment:${var.environment}")`, false, explain.Undecided, 0, `)`},
		{"subject", `var.x ? "repo:${var.a}" : "b"`, false, explain.Undecided, 0, `"b"`},
		{"subject", `"repo:octo/web:%{if var.x}environment:${var.a}%{endif}"`, false, explain.Undecided, 0, `%{endif}"`},
		{"subject", "var.subject", false, explain.Undecided, 0, "var.subject"},
		{"subject", "repo:***/web:ref:refs/heads/main", true, explain.Undecided, 0, "main"},
		{"subject", "repo:***/web:pull_request", true, explain.Differs, 700213, "which is not what was presented whatever is hidden"},
		{"subject", "repo:<owner>/web:pull_request", true, explain.Differs, 700213, "which is not what was presented whatever is hidden"},
		{"subject", "repo:YOUR_ORG/web:pull_request", true, explain.Undecided, 0, "pull_request"},
	} {
		s := only(t, explained(t, token(t, nil), input.Found{Input: "main.tf", Credentials: []input.Credential{notLiteral(tt.field, tt.expression, tt.masked)}}))
		m, code := s.Credentials[0], 0
		if s.Answer != nil {
			code = s.Answer.Number
		}
		if code != tt.code || m.Verdict != tt.verdict || len(m.Unknown) != 1 || !strings.HasSuffix(m.Unknown[0], tt.says) {
			t.Errorf("%s: answer %d, %s, %q", tt.expression, code, m.Verdict, m.Unknown)
		}
	}
}

// notLiteral is a credential for the main branch, of which a field is not literal or is masked.
func notLiteral(field, text string, masked bool) input.Credential {
	var c input.Credential
	c.Name, c.Issuer, c.Subject, c.Audiences = "open", githubIssuer, mainBranch, []string{audience}
	value := ""
	if masked {
		c.Masked, value = map[string]string{field: text}, text
	} else {
		c.Unknown = map[string]string{field: text}
	}
	switch field {
	case "issuer":
		c.Issuer = value
	case "subject":
		c.Subject = value
	case "audiences":
		c.Audiences = []string{value}
	}
	return c
}

// TestNotLiteralBeside: a field that is not known never hides how another credential differs.
func TestNotLiteralBeside(t *testing.T) {
	t.Parallel()
	slip := credential(t, "slip", githubIssuer, "repo:octo/Web:ref:refs/heads/main", audience)
	equal := credential(t, "equal", githubIssuer, mainBranch, audience)
	refused := failure(7002138, now, map[string]string{"sub": mainBranch})
	for _, tt := range []struct {
		name       string
		expression string
		beside     []input.Found
		cause      string
		fixed      bool
	}{
		{"ruled out, an error", `"repo:octo/web:environment:${var.e}"`, []input.Found{refused, slip}, "the subject of slip is not the token's", true},
		{"ruled out, a token", `"repo:octo/web:environment:${var.e}"`, []input.Found{token(t, nil), slip}, "the subject of slip is not the token's", true},
		{"not known, an error", "var.subject", []input.Found{refused, slip}, "the subject of slip is not the token's", true},
		{"not known, a token and an error", "var.subject", []input.Found{refused, token(t, nil), slip}, "or that of open, which is not known here: its subject is var.subject", true},
		{"not known, a token", "var.subject", []input.Found{token(t, nil), slip}, "if it is no other, the subject of slip is not the token's", false},
		{"one that agrees, an error", "var.subject", []input.Found{refused, slip, equal}, "equal has the subject that was presented", true},
		{"one that agrees, a token", "var.subject", []input.Found{token(t, nil), slip, equal}, "nothing that could be checked here is refused", false},
	} {
		open := input.Found{Input: "main.tf", Credentials: []input.Credential{notLiteral("subject", tt.expression, false)}}
		s := only(t, explained(t, append(tt.beside, open)...))
		if !strings.Contains(s.Cause, tt.cause) || (command(s, "az") != "") != tt.fixed {
			t.Errorf("%s: cause %q, fixes %+v", tt.name, s.Cause, s.Fixes)
		}
	}
}

// TestCutToken: a token without its signature is examined all the same, and its signature is not known.
func TestCutToken(t *testing.T) {
	t.Parallel()
	found := token(t, nil)
	compact := string(found.Tokens[0].Compact)
	found.Tokens[0].Compact = input.Secret(compact[:strings.LastIndexByte(compact, '.')+1])
	s := only(t, explained(t, found, credential(t, "one", githubIssuer, mainBranch, audience)))
	if s.Answer != nil || s.Credentials[0].Verdict != explain.Accepts || !strings.Contains(strings.Join(s.Token.Notes, "\n"), "no signature") {
		t.Errorf("answer %+v, notes %q", s.Answer, s.Token.Notes)
	}
}

// TestNoHeader: of claims alone, nothing is said about the header that was assumed.
func TestNoHeader(t *testing.T) {
	t.Parallel()
	s := only(t, explained(t, read(t, "claims.json", `{"iss": "`+githubIssuer+`", "sub": "`+mainBranch+`", "aud": "`+audience+`", "iat": 1770000000, "exp": 1770000600}`)))
	if s.Token == nil || s.Token.Header != nil {
		t.Errorf("token %+v, want one without a header", s.Token)
	}
	for _, name := range []string{"assertion type", "assertion header", "assertion algorithm"} {
		if i := slices.IndexFunc(s.Checks, func(c entra.Check) bool { return c.Name == name }); i < 0 || s.Checks[i].Unknown == "" || s.Checks[i].OK {
			t.Errorf("%s is not unknown: %+v", name, s.Checks)
		}
	}
}

// TestJobSaysTheClient: the credentials of another application than the one that a workflow signs in as do not count.
func TestJobSaysTheClient(t *testing.T) {
	t.Parallel()
	const mine, other = "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555556"
	theirs := credential(t, "theirs", githubIssuer, mainBranch, audience)
	theirs.Credentials[0].ClientID = other
	jobs := input.Found{Input: "deploy.yml", Jobs: []input.Job{{Platform: "github", Name: "deploy", ClientID: mine}, {Platform: "github", Name: "test"}}}
	if s := only(t, explained(t, token(t, nil), jobs, theirs)); len(s.Credentials) > 0 {
		t.Errorf("credentials %+v, want none", s.Credentials)
	}
}

// TestManyCredentials has as many as a large state.
func TestManyCredentials(t *testing.T) {
	t.Parallel()
	found := input.Found{Input: "state.json"}
	for i := range 5000 {
		c := input.Credential{}
		c.Name, c.Issuer, c.Subject, c.Audiences = fmt.Sprint("c", i), githubIssuer, fmt.Sprintf("repo:octo/web%d:ref:refs/heads/main", i), []string{audience}
		found.Credentials = append(found.Credentials, c)
	}
	found.Credentials[4321].Subject = "repo:octo/Web:ref:refs/heads/main"
	r, err := explain.Explain(context.Background(), explain.Case{Inputs: []input.Found{token(t, nil), found}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if s := only(t, r); s.Credentials[0].Name != "c4321" || s.Answer.Number != 7002138 || !strings.Contains(r.Text(false), "4995 credentials are farther away") {
		t.Errorf("nearest %+v", s.Credentials[0])
	}
}

// TestEveryCode explains each code of the table.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	for _, row := range entra.Codes {
		r, err := explain.Explain(context.Background(), explain.Case{Codes: []int{row.Number}, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		text := r.Text(false)
		for _, want := range []string{row.Name(), row.Cause, row.Fix, row.Source, fmt.Sprint(row.Status)} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", row.Name(), want, text)
			}
		}
	}
	r, err := explain.Explain(context.Background(), explain.Case{Codes: []int{999999}, Now: now})
	if err != nil || !r.Empty() || len(r.Notes) != 1 {
		t.Errorf("an unknown code: %+v, %v", r, err)
	}
}
