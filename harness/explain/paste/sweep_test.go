package paste_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/paste"
)

var sweeps = []struct {
	code   int
	text   string
	values map[string]string
}{
	{700213, "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:octo-org/octo-repo:ref:refs/heads/main'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
		map[string]string{"sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}},
	{70021, "AADSTS70021: No matching federated identity record found for presented assertion. Assertion Issuer: 'https://eastus.oic.prod-aks.azure.com/c90ea95b-aead-4931-b72e-f3e703fc342b/85ee619b-d637-4610-bacd-d4c64ff20348/'. Assertion Subject: 'system:serviceaccount:external-secrets:external-secrets'. Assertion Audience: 'api://AzureADTokenExchange'. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
		map[string]string{"iss": "https://eastus.oic.prod-aks.azure.com/c90ea95b-aead-4931-b72e-f3e703fc342b/85ee619b-d637-4610-bacd-d4c64ff20348/", "sub": "system:serviceaccount:external-secrets:external-secrets", "aud": "api://AzureADTokenExchange"}},
	{700024, "AADSTS700024: Client assertion is not within its valid time range. Current time: 2025-09-01T17:15:00.1234567Z, assertion valid from 2025-09-01T17:04:47.0000000Z, expiry time of assertion 2025-09-01T17:09:47.0000000Z. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
		map[string]string{"now": "2025-09-01T17:15:00.1234567Z", "iat": "2025-09-01T17:04:47.0000000Z", "exp": "2025-09-01T17:09:47.0000000Z"}},
	{7000272, "AADSTS7000272: The certificate with identifier DFA184AB5E2B3F6529B8CFCE195305014236E297 used to sign the federated credential could not be found in the metadata of identity provider https://oidc.svasys.com. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.",
		map[string]string{"kid": "DFA184AB5E2B3F6529B8CFCE195305014236E297", "issuer": "https://oidc.svasys.com"}},
	{700016, "AADSTS700016: Application with identifier 'd7b671d8-de19-4f7f-956a-6d47e45b42ac' was not found in the directory 'Contoso Sales Ltd'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
		map[string]string{"clientId": "d7b671d8-de19-4f7f-956a-6d47e45b42ac", "tenant": "Contoso Sales Ltd"}},
}

// TestFrames cuts messages at every width, within whatever word is there, and draws frames of several kinds around them.
func TestFrames(t *testing.T) {
	t.Parallel()
	frames := []struct{ left, right string }{{"│ ", ""}, {"│ ", " │"}, {"| ", ""}, {"|| ", " ||"}, {"║ ", " ║"}, {"> ", ""}, {"", ""}, {"    ", ""}, {"2026-02-08T00:24:39.1234567Z ", ""}}
	for _, s := range sweeps {
		in := "Error: " + body(s.code, s.text, `\r\n`)
		for width := 24; width <= 130; width += 3 + width%2 {
			f := frames[(width+s.code)%len(frames)]
			var b strings.Builder
			for rest := in; rest != ""; {
				n := min(width, len(rest))
				line := rest[:n]
				if f.right != "" {
					line += strings.Repeat(" ", width-n)
				}
				b.WriteString(f.left + line + f.right + "\n")
				rest = rest[n:]
			}
			hold(t, b.String(), s.code, s.values)
		}
	}
}

// TestFolds breaks messages at spaces, at every width, with what tools put before each line.
func TestFolds(t *testing.T) {
	t.Parallel()
	prefixes := []string{"", "    ", "> ", "│ ", "| ", "2026-02-08T00:24:39.1234567Z ", "##[error]", "[ERROR] ", "+ ", "E0208 00:24:39.123456       1 main.go:62] ", "app-1  | "}
	for _, s := range sweeps {
		for _, in := range []string{s.text + " Trace ID: " + traceID, "ERROR: " + body(s.code, s.text, "\r\n")} {
			for width := 30; width <= 120; width += 3 + width%2 {
				hold(t, fold(width, prefixes[(width+s.code)%len(prefixes)]).do(in), s.code, s.values)
			}
		}
	}
}

// TestCut cuts messages at every place. What is there is never another code, and no value that is cut looks whole.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, s := range sweeps {
		for _, in := range []string{s.text, body(s.code, s.text, " ")} {
			number := strings.LastIndex(in, "AADSTS")
			for n := number + len("AADSTS700016:"); n < len(in); n += 3 + n%4 {
				r := paste.Read(in[:n])
				if len(r.Messages) != 1 {
					t.Errorf("%d messages (%s) of\n%s", len(r.Messages), r.None, in[:n])
					continue
				}
				m := r.Messages[0]
				whole := strings.HasPrefix(s.text, in[number:n]) && n-number > len("AADSTS700016: ") && in[n-1] != ':'
				if m.Code != s.code && whole && len(in[number:n]) > len("AADSTS7000272: ") {
					t.Errorf("code %d by %s of\n%s", m.Code, m.Basis, in[:n])
				}
				for name, v := range m.Values {
					if want := s.values[name]; v.Text != want && (!v.Cut || !strings.HasPrefix(want, v.Text)) {
						t.Errorf("%s is %+v of\n%s", name, v, in[:n])
					}
				}
			}
		}
	}
}

func hold(t *testing.T, in string, code int, values map[string]string) {
	t.Helper()
	r := paste.Read(in)
	if len(r.Messages) != 1 || r.Messages[0].Code != code || r.Messages[0].Basis != paste.ByBoth {
		t.Errorf("%+v, want AADSTS%d, of\n%s", r, code, in)
		return
	}
	for name, want := range values {
		if v := r.Messages[0].Values[name]; v.Text != want || !v.Whole() {
			t.Errorf("%s is %+v, want %q, of\n%s", name, v, want, in)
		}
	}
	if r.Messages[0].TraceID != traceID {
		t.Errorf("trace id %q of\n%s", r.Messages[0].TraceID, in)
	}
}

// TestEscapes wraps messages in strings within strings, and folds or frames what comes of it.
func TestEscapes(t *testing.T) {
	t.Parallel()
	around := []mangler{{"nothing", func(s string) string { return s }}, frame(76), frame(50), fold(100, ""), fold(80, "> "), each("times", "2026-02-08T00:24:39.1234567Z ")}
	for _, s := range sweeps {
		in := body(s.code, s.text, "\r\n")
		for depth := range 5 {
			for _, m := range around {
				hold(t, m.do(in), s.code, s.values)
				hold(t, m.do(url.QueryEscape(in)), s.code, s.values)
				hold(t, m.do(html.EscapeString(in)), s.code, s.values)
				hold(t, m.do(strings.ReplaceAll(in, `\"`, `"`)), s.code, s.values) // someone undid some
			}
			if depth < 4 {
				in = jsonLog.do(in)
			}
		}
	}
}
