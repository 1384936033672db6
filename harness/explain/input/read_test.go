package input_test

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/issuerd/issuerd/harness/explain/input"
)

var update = flag.Bool("update", false, "rewrite the golden files of what is read")

// TestRead reads every file of testdata, and compares what is found with the golden file beside it.
func TestRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") || file == filepath.Join("testdata", "README.md") {
			continue
		}
		count++
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found, err := input.Read(filepath.Base(file), src)
			got := print(found)
			if err != nil {
				got = "error: " + err.Error() + "\n"
			}
			if *update {
				if err := os.WriteFile(file+".golden", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if count < 8 {
		t.Errorf("testdata has %d inputs, want the forms that README.md lists", count)
	}
}

// print writes what was found, a line for each value that is there.
func print(f input.Found) string {
	var b strings.Builder
	line := func(indent, name string, value any) {
		if text := fmt.Sprint(value); text != "" && text != "[]" && text != "map[]" && text != "false" {
			fmt.Fprintf(&b, "%s%s: %s\n", indent, name, text)
		}
	}
	line("", "kind", f.Kind)
	for _, t := range f.Tokens {
		line("", "token", fmt.Sprintf("%d:%d", t.Place.Line, t.Place.Column))
		line("  ", "name", t.Name)
		line("  ", "missing", t.Missing)
		line("  ", "notes", strings.Join(t.Notes, " "))
		header, claims, _ := input.Parts(t)
		line("  ", "header", header)
		line("  ", "claims", claims)
	}
	for _, a := range f.Applications {
		line("", "application", fmt.Sprintf("%d:%d", a.Place.Line, a.Place.Column))
		owner(line, a.Name, a.ClientID, a.ObjectID, a.ResourceID, a.Address, a.ManagedIdentity)
		line("  ", "tenant", a.Tenant)
	}
	for _, c := range f.Credentials {
		line("", "credential", fmt.Sprintf("%d:%d %s", c.Place.Line, c.Place.Column, c.Form))
		line("  ", "id", c.ID)
		line("  ", "name", c.Name)
		line("  ", "issuer", c.Issuer)
		line("  ", "subject", c.Subject)
		line("  ", "matching", c.Matching)
		line("  ", "audiences", c.Audiences)
		line("  ", "description", c.Description)
		line("  ", "unknown", c.Unknown)
		line("  ", "masked", c.Masked)
		line("  ", "cloud", c.Cloud)
		owner(line, c.AppName, c.ClientID, c.ObjectID, c.ResourceID, c.Address, c.ManagedIdentity)
	}
	for _, j := range f.Jobs {
		line("", "job", fmt.Sprintf("%d:%d %s %s", j.Place.Line, j.Place.Column, j.Platform, j.Name))
		line("  ", "workflow", j.Workflow)
		line("  ", "client id", j.ClientID)
		line("  ", "tenant", j.Tenant)
		line("  ", "refused", j.Refused)
		for _, s := range j.Subjects {
			line("  ", "subject", s.Subject)
			line("    ", "when", s.When)
			line("    ", "issuer", s.Issuer)
			line("    ", "audience", s.Audience)
			line("    ", "doubt", s.Doubt)
		}
		for _, n := range j.Notes {
			line("  ", "note", n)
		}
	}
	for _, s := range f.SignIns {
		line("", "sign-in", fmt.Sprintf("%d %s %s %s, %d checks", s.Code, s.Issuer, s.Subject, s.Audience, len(s.Checks)))
	}
	for _, p := range f.Published {
		line("", "published", p.Issuer)
		line("  ", "discovery", string(p.Discovery))
		line("  ", "jwks", string(p.JWKS))
	}
	if f.Text != nil {
		for _, m := range f.Text.Messages {
			line("", "message", m.Code)
		}
		line("", "none", f.Text.None)
	}
	if f.Scenario != nil {
		line("", "scenario", f.Scenario.Name)
	}
	if f.Directory != nil {
		line("", "directory", len(f.Directory.Tenants()))
	}
	for _, n := range f.Notes {
		line("", "note", n)
	}
	return b.String()
}

func owner(line func(indent, name string, value any), name, client, object, resource, address string, identity bool) {
	line("  ", "of", name)
	line("  ", "client id", client)
	line("  ", "object id", object)
	line("  ", "resource id", resource)
	line("  ", "address", address)
	line("  ", "managed identity", identity)
}

const (
	header = `{"alg":"RS256","kid":"1","typ":"JWT"}`
	claims = `{"aud":"api://AzureADTokenExchange","exp":1764090768,"iat":1764090468,"iss":"https://token.actions.githubusercontent.com","sub":"repo:contoso/web:ref:refs/heads/main"}`
)

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

var (
	signature = encode(strings.Repeat("signature.", 26))[:342]
	token     = encode(header) + "." + encode(claims) + "." + signature
)

// TestTokens reads a token in all that is put around one. It is always the same one.
func TestTokens(t *testing.T) {
	t.Parallel()
	wrapped := token
	for at := 76; at < len(wrapped); at += 77 {
		wrapped = wrapped[:at] + "\n" + wrapped[at:]
	}
	padded := base64.URLEncoding.EncodeToString([]byte(header)) + "." + base64.URLEncoding.EncodeToString([]byte(claims)) + "." + signature
	tests := []struct{ name, input, note, holder string }{
		{"alone", token, "", ""},
		{"line end", token + "\r\n", "", ""},
		{"byte order mark", "\ufeff" + token, "", ""},
		{"double quotes", `"` + token + `"`, "Quotes around the token were left out.", ""},
		{"single quotes", "'" + token + "',\n", "Punctuation behind the token was left out.", ""},
		{"backticks", "`" + token + "`", "Quotes around the token were left out.", ""},
		{"line breaks", wrapped, "Line breaks and white space in the token were left out.", ""},
		{"spaces", strings.ReplaceAll(wrapped, "\n", "   "), "Line breaks and white space in the token were left out.", ""},
		{"bearer", "Bearer " + token, `"Bearer" before the token was left out.`, ""},
		{"header", "authorization: bearer " + token, `"Bearer" before the token was left out.`, ""},
		{"quoted header", `"Authorization: Bearer ` + token + `"`, `"Bearer" before the token was left out.`, ""},
		{"padding", padded, "Padding (=) in the token was left out.", ""},
		{"base64", base64.StdEncoding.EncodeToString([]byte(token)), "The token was in base64 once more, as in a Secret of Kubernetes: it was decoded.", ""},
		{"env line", "ARM_OIDC_TOKEN=" + token + "\n", "", "ARM_OIDC_TOKEN"},
		{"export", `export ARM_OIDC_TOKEN="` + token + `"`, "Quotes around the token were left out.", "ARM_OIDC_TOKEN"},
		{"PowerShell", `$env:ARM_OIDC_TOKEN = '` + token + `'`, "Quotes around the token were left out.", "ARM_OIDC_TOKEN"},
		{"YAML", "token: " + token + "\n", "", "token"},
		{"env file", "ARM_CLIENT_ID=1\nARM_USE_OIDC=true\nARM_OIDC_TOKEN=" + token + "\nARM_TENANT_ID=2\n", "", "ARM_OIDC_TOKEN"},
		{"env file that begins with it", "ARM_OIDC_TOKEN=" + token + "\nARM_TENANT_ID=2\n", "", "ARM_OIDC_TOKEN"},
		{"GitHub", `{"count":1,"value":"` + token + `"}`, "", "value"},
		{"OAuth", `{"access_token":"` + token + `","token_type":"Bearer"}`, "", "access_token"},
		{"token", `{"token":"` + token + `"}`, "", "token"},
		{"Azure DevOps", `{"oidcToken":"` + token + `"}`, "", "oidcToken"},
		{"az", `{"accessToken":"` + token + `","expiresOn":"2026-01-01 00:00:00.000000","tokenType":"Bearer"}`, "", "accessToken"},
		{"TokenRequest", `{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","status":{"token":"` + token + `","expirationTimestamp":"2026-01-01T00:00:00Z"}}`, "", "token"},
		{"JSON string", `"Bearer ` + token + `"`, `"Bearer" before the token was left out.`, ""},
		{"request", "POST /t/oauth2/v2.0/token HTTP/1.1\n\nclient_id=x&client_assertion=" + token + "&grant_type=client_credentials\n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, err := input.Read("x", []byte(tt.input))
			if err != nil {
				t.Fatal(err)
			}
			if len(found.Tokens) != 1 {
				t.Fatalf("%d tokens, want one; notes %q", len(found.Tokens), found.Notes)
			}
			got := found.Tokens[0]
			if string(got.Compact) != token || got.Missing != "" {
				t.Errorf("got another token; missing %q", got.Missing)
			}
			if notes := strings.Join(got.Notes, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
				t.Errorf("notes %q, want %q", got.Notes, tt.note)
			}
			if got.Name != tt.holder {
				t.Errorf("name %q, want %q", got.Name, tt.holder)
			}
			if printed := fmt.Sprintf("%v %+v %#v %s", found, found, found, got.Compact); strings.Contains(printed, signature[:20]) || strings.Contains(printed, "eyJ") {
				t.Error("printing it prints the token")
			}
		})
	}
}

// TestCutTokens says what is missing of a token that is cut. Without its signature it can still be read.
func TestCutTokens(t *testing.T) {
	t.Parallel()
	h, c := encode(header), encode(claims)
	const missing = "Its header and its claims are whole, and nothing can be said about the signature."
	for in, want := range map[string]string{
		h + "." + c:                            "missing: the signature",
		h + "." + c + ".":                      "missing: the signature",
		h + "." + c + ".***":                   "missing: the signature, which is masked",
		h + "." + c + "." + signature[:8]:      "missing: the end of the signature: it has 6 bytes, and one of RS256 has 256 or more",
		h + "." + c[:40]:                       "x: this is a token that is cut: it ends in the middle of its claims: the signature is missing, too: give the whole token, which has three parts with dots between them",
		h + "." + c[:41]:                       "x: this is a token that is cut: it ends in the middle of its claims: the signature is missing, too: give the whole token, which has three parts with dots between them",
		h + "." + c[:40] + "." + signature:     "x: this is a token that is cut: it breaks off in the middle of its claims, and goes on behind a dot: give the whole token, which has three parts with dots between them",
		h:                                      "x: this is a token that is cut: there is only its header: claims and signature are missing: give the whole token, which has three parts with dots between them",
		h + ".":                                "x: this is a token that is cut: there is only its header: claims and signature are missing: give the whole token, which has three parts with dots between them",
		h[:20]:                                 "x: this is a token that is cut: it ends in the middle of its header: claims and signature are missing: give the whole token, which has three parts with dots between them",
		`{"value":"` + h + "." + c[:40] + `"}`: "x: this is a token that is cut: it ends in the middle of its claims: the signature is missing, too: give the whole token, which has three parts with dots between them",
		encode(`{"alg":"RSA-OAEP-256","enc":"A256GCM"}`) + ".aa.bb.cc.dd": `x: this is an encrypted token (JWE, alg "RSA-OAEP-256", enc "A256GCM"): nobody can read its claims but who has the key, and Entra takes none as an assertion: give the signed token (JWS), which has three parts`,
		h[2:] + "." + c + "." + signature:                                 "x: this is a token that is cut: its beginning is missing or has been changed: give the whole token, which begins with eyJ",
		token + ".aa.bb":                                                  "x: this is no token: it has 5 parts with dots between them, and a signed token (JWS) has three",
		token + "\n" + h + "." + c[:40]:                                   "x: these are 2 tokens, and number 2 is a token that is cut: it ends in the middle of its claims: the signature is missing, too: give the whole token, which has three parts with dots between them",
		h + "." + strings.Repeat(c, 2000) + "." + signature:               "x: this is a token of 435 KiB, and one of more than 256 is not read: Entra takes none that is nearly as large",
		encode(`{"alg":"RS256"}{}`) + "." + c + "." + signature:           "x: this is a token that is cut: it breaks off in the middle of its header, and goes on behind a dot: give the whole token, which has three parts with dots between them",
		token + ".aa": "x: this is no token: it has 4 parts with dots between them, and a signed token (JWS) has three",
	} {
		found, err := input.Read("x", []byte(in))
		got := ""
		if err != nil {
			got = err.Error()
		} else if len(found.Tokens) == 1 {
			got = "missing: " + found.Tokens[0].Missing
			if !strings.Contains(strings.Join(found.Tokens[0].Notes, " "), missing) {
				t.Errorf("notes %q", found.Tokens[0].Notes)
			}
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if strings.Contains(got, signature[:8]) || strings.Contains(got, h[:20]) {
			t.Errorf("%q has a part of the token", got)
		}
	}
}

// TestSeveralTokens reads tokens behind each other, whole and broken into lines, whatever is between them.
func TestSeveralTokens(t *testing.T) {
	t.Parallel()
	other := encode(header) + "." + encode(`{"iss":"x","sub":"y","exp":1e999999,"iat":1`+strings.Repeat("0", 400)+`}`) + "." + signature
	lines := func(token string) string {
		for at := 64; at < len(token); at += 65 {
			token = token[:at] + "\n" + token[at:]
		}
		return token
	}
	for _, in := range []string{
		token + "\n" + other, token + "\r\n\r\n" + other + "\n", token + " " + other, lines(token) + "\n" + lines(other), lines(token) + "\n\n" + other,
		"A=" + token + "\nB=" + other, token + "\n" + other + "\n" + token, token + ",\n" + other, "first:\n" + token + "\nsecond:\n" + other,
	} {
		found, err := input.Read("x", []byte(in))
		if err != nil || len(found.Tokens) != 2 || string(found.Tokens[0].Compact) != token || string(found.Tokens[1].Compact) != other {
			t.Errorf("%s: %d tokens, notes %q, %v", strings.ReplaceAll(in, signature, "…"), len(found.Tokens), found.Notes, err)
		}
	}
}

// TestRefused has inputs that cannot be read.
func TestRefused(t *testing.T) {
	t.Parallel()
	for want, data := range map[string][]byte{
		"x: it is empty: give a token, a federated credential, an error text, a workflow or pipeline file, an entry of a journal or a scenario": []byte(" \n\t\n"),
		"x: it has 50 MB and the limit is 32: give the part that is about the sign-in":                                                          make([]byte, 50<<20),
		"x: this has a private key, which is nobody's business: give a token that was signed with it, or the public keys (JWKS)":                []byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"),
		"x: this JSON is too large: at 1:102: more than 100 lists and maps inside each other (give the part that is about the sign-in)":         []byte(strings.Repeat("[", 200)),
		"x: it is binary, a gzip archive: give a text":                                                                                          []byte("\x1f\x8b\x08\x00\x00"),
		"x: it is binary, a PNG image: give a text":                                                                                             []byte("\x89PNG\r\n\x1a\n\x00\x00"),
		"x: it is binary, of no kind that is known here: give a text":                                                                           []byte("abc\x00def\x01"),
	} {
		if _, err := input.Read("x", data); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestOddJSON has JSON that describes nothing. What it is, is said once.
func TestOddJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`[]`:              "an empty list: It is an empty list. If",
		` {"value": []} `: "an empty list: It is an empty list. If",
		`{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x", "value": []}`:                                "an empty list: It is an empty list. If",
		`{"error":{"code":"Request_BadRequest","message":"FederatedIdentityCredential with name main already exists."}}`: "a text: Microsoft Graph found another federated credential of that name, or none.",
		`{"a":1}`: "a text: It is JSON, the members a. Nothing of it",
	} {
		found, err := input.Read("x.json", []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		said := found.Notes
		if found.Text != nil {
			said = append(said, found.Text.None)
		}
		if got := found.Kind + ": " + strings.Join(said, " "); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestNames reads a workflow whose folder tells that it is no GitHub's.
func TestNames(t *testing.T) {
	t.Parallel()
	const src = "on: {push: {branches: [main]}}\njobs:\n  deploy:\n    steps: []\n"
	for name, want := range map[string]string{
		".github/workflows/x.yml":  "github https://token.actions.githubusercontent.com refused",
		".forgejo/workflows/x.yml": "forgejo https://{host}/api/actions",
	} {
		found, err := input.Read(name, []byte(src))
		if err != nil || len(found.Jobs) != 1 || len(found.Jobs[0].Subjects) != 1 {
			t.Fatalf("%s: %+v, %v", name, found.Jobs, err)
		}
		job := found.Jobs[0]
		got := job.Platform + " " + job.Subjects[0].Issuer
		if job.Refused != "" {
			got += " refused"
		}
		if got != want || job.Subjects[0].Subject != "repo:{owner}/{repo}:ref:refs/heads/main" {
			t.Errorf("%s: %s, %s, want %s", name, got, job.Subjects[0].Subject, want)
		}
	}
}
