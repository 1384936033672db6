package paste_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain/paste"
)

// sample are values of the sort that Entra prints at the places of its sentences.
var sample = map[string]string{
	"iss": "https://token.actions.githubusercontent.com", "sub": "repo:octo-org/octo-repo:environment:Production",
	"aud": "api://AzureADTokenExchange", "kid": "38826b17-6a30-5f9b-b169-8beb8202f723", "issuer": "https://oidc.prod-aks.azure.com/5c0b6f4a-8f4b-4a52-9c46-0dd5d3a7a9a1/",
	"appId": "0f6cbb4e-7f43-4a3a-9f5c-6d3f4c1d2b10", "clientId": "0f6cbb4e-7f43-4a3a-9f5c-6d3f4c1d2b10", "tenant": "8a4e3a0c-93b3-4b2a-8a0b-1f3f9d7c5e21",
	"tenantId": "8a4e3a0c-93b3-4b2a-8a0b-1f3f9d7c5e21", "now": "2025-09-01T17:15:00.1234567Z", "iat": "2025-09-01T17:04:47.0000000Z", "exp": "2025-09-01T17:09:47.0000000Z",
	"values": "'contoso', 'fabrikam' or 'litware'", "actual": "octo", "scope": "https://graph.microsoft.com/User.Read", "resource": "https://vault.azure.net",
	"wanted": "/eid1/c/pub/t/8a4e3a0c-93b3-4b2a-8a0b-1f3f9d7c5e21/a/9ExAW52n_ky4ZiS_jhpJIQ/7e307b14", "list": "RS256,RS384,RS512", "alg": "ES256",
	"name": "iss", "grant": "urn:ietf:params:oauth:grant-type:device_code", "accepted": "POST", "received": "GET", "appDisplayName": "deployer",
	"resourceId": "00000003-0000-0000-c000-000000000000", "resourceName": "Graph", "policy": "B2C_1_signin", "audience": "api://AzureADTokenExchange",
	"problem": "Client assertion contains an invalid signature.", "reason": "The key was not found", "key": ", Thumbprint of key used by client: 'ABCDEF',",
	"names": "CN=a", "appIdentifier": "deployer", "identifier": "someone", "version": "9", "cloud": "AzureUSGovernment", "id": "0f6cbb4e-7f43-4a3a-9f5c-6d3f4c1d2b10",
}

var place = regexp.MustCompile(`\{([A-Za-z]+)\}`)

// filled is a text of a code with sample's values in its places, and those values.
func filled(t *testing.T, text string) (string, map[string]string) {
	values := make(map[string]string)
	return place.ReplaceAllStringFunc(text, func(p string) string {
		name := strings.Trim(p, "{}")
		v, has := sample[name]
		if !has {
			t.Fatalf("no sample for {%s}", name)
		}
		values[name] = v
		return v
	}), values
}

// texts are all that Entra has for its codes.
func texts() []entra.Wording {
	all := make([]entra.Wording, 0, len(entra.Codes)+len(entra.Wordings))
	for _, c := range entra.Codes {
		all = append(all, entra.Wording{Code: c.Number, Text: c.Message})
	}
	return append(all, entra.Wordings...)
}

const (
	traceID       = "fe9fbfcb-e303-4bd9-8083-db2f873c3400"
	correlationID = "a876ada9-c13f-4ccd-b830-c2b0795ed03d"
	stamp         = "2026-02-08 00:24:38Z"
)

// body is an answer of the token endpoint.
func body(code int, message, separator string) string {
	out, err := json.Marshal(map[string]any{
		"error": "invalid_client", "error_description": message + separator + "Trace ID: " + traceID + separator + "Correlation ID: " + correlationID + separator + "Timestamp: " + stamp,
		"error_codes": []int{code}, "trace_id": traceID,
	})
	if err != nil {
		panic(err) // a map of strings and numbers
	}
	return string(out)
}

// mangler does to a text what a tool does that shows it.
type mangler struct {
	name string
	do   func(string) string
}

func frame(width int) mangler {
	return mangler{"frame" + strconv.Itoa(width), func(s string) string {
		var b strings.Builder
		b.WriteString("╷\n")
		for line := range strings.SplitSeq(s, "\n") {
			runes := []rune(line)
			for len(runes) > width {
				b.WriteString("│ " + string(runes[:width]) + "│\n")
				runes = runes[width:]
			}
			b.WriteString("│ " + string(runes) + strings.Repeat(" ", width-len(runes)) + "│\n")
		}
		return b.String() + "╵\n"
	}}
}

func fold(width int, prefix string) mangler {
	return mangler{fmt.Sprintf("fold%d%q", width, prefix), func(s string) string {
		var b strings.Builder
		for line := range strings.SplitSeq(s, "\n") {
			n := 0
			b.WriteString(prefix)
			for i, word := range strings.Split(line, " ") {
				if i > 0 {
					if n+len(word) > width {
						b.WriteString("\n" + prefix)
						n = 0
					} else {
						b.WriteString(" ")
					}
				}
				b.WriteString(word)
				n += len(word) + 1
			}
			b.WriteString("\n")
		}
		return b.String()
	}}
}

func each(name, prefix string) mangler {
	return mangler{name, func(s string) string {
		return prefix + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+prefix) + "\n"
	}}
}

var jsonLog = mangler{"json log", func(s string) string {
	out, err := json.Marshal(map[string]string{"level": "error", "msg": s, "ts": "2026-02-08T00:24:39Z"})
	if err != nil {
		panic(err) // strings
	}
	return string(out)
}}

var manglers = []mangler{
	frame(40), frame(61), frame(78), fold(72, ""), fold(60, "> "), fold(90, "||  "), fold(70, "      "),
	each("times", "2026-02-08T00:24:39.1234567Z "), each("errors", "##[error]"), each("quoted", "> > "), each("levels", "[ERROR] "), each("diff", "+ "),
	jsonLog,
	{"single quotes", func(s string) string { return strings.ReplaceAll(s, "'", `\u0027`) }},
	{"entities", strings.NewReplacer("'", "&#39;", `"`, "&quot;").Replace},
	{"typography", func(s string) string { return strings.ReplaceAll(s, "'", "’") }},
	{"backslashes", func(s string) string { return strings.ReplaceAll(s, "/", `\/`) }},
	{"carriage returns", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }},
	{"code", func(s string) string {
		return "Hallo,\n\nwir bekommen folgenden Fehler:\n\n```\n" + s + "\n```\n\nWas tun?"
	}},
	{"twice", func(s string) string { return s + "\n" + s }},
	{"colour", func(s string) string { return "\x1b[31m" + strings.ReplaceAll(s, ": ", ":\x1b[0m ") + "\x1b[0m" }},
	{"terraform", func(s string) string {
		return "Error: building account: could not acquire access token to parse claims: clientCredentialsToken: received HTTP status 401 with response: " + s +
			"\n\n  with provider[\"registry.terraform.io/hashicorp/azurerm\"],\n  on main.tf line 17, in provider \"azurerm\":\n  17: provider \"azurerm\" {"
	}},
}

// TestMangled passes every text of every code through what tools do, one and two at a time, and reads it back.
func TestMangled(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, w := range texts() {
		if w.Code == 501271 {
			continue // its text is not Entra's
		}
		row, _ := entra.Lookup(w.Code)
		text, values := filled(t, w.Text)
		plain := row.Name() + ": " + text
		for i := range len(manglers) {
			if i%3 != w.Code%3 {
				continue // each text a third of them, all of them some texts
			}
			chain := []mangler{manglers[i], manglers[random.IntN(len(manglers))]}
			if chain[0].name[0] == 'f' || chain[0].name == "colour" { // nothing frames or folds anew, and colours take no place
				chain[1] = manglers[7+random.IntN(len(manglers)-7)]
			}
			for n := 1 + (i+w.Code)%2; n <= 2; n++ {
				in := plain + " Trace ID: " + traceID + " Correlation ID: " + correlationID + " Timestamp: " + stamp
				if random.IntN(2) == 0 {
					in = body(w.Code, plain, []string{" ", "\r\n"}[random.IntN(2)])
				}
				var names []string
				for _, m := range chain[:n] {
					in = m.do(in)
					names = append(names, m.name)
				}
				check(t, strings.Join(names, ", then "), in, w, values)
			}
		}
	}
}

func check(t *testing.T, how, in string, w entra.Wording, values map[string]string) {
	t.Helper()
	got := paste.Read(in)
	if len(got.Messages) != 1 {
		t.Errorf("AADSTS%d, %s: %d messages, want 1 (%s)\n%s", w.Code, how, len(got.Messages), got.None, in)
		return
	}
	m := got.Messages[0]
	if m.Code != w.Code || m.Basis != paste.ByBoth && w.Code != 5002731 {
		t.Errorf("AADSTS%d, %s: got %d by %s (%d)\n%s", w.Code, how, m.Code, m.Basis, m.Sentence, in)
	}
	if m.TraceID != traceID || m.CorrelationID != correlationID && !strings.Contains(in, "trace_id") || m.Time.Format("2006-01-02 15:04:05Z") != stamp {
		t.Errorf("AADSTS%d, %s: trace id %s, correlation id %s, time %s\n%s", w.Code, how, m.TraceID, m.CorrelationID, m.Time, in)
	}
	for name, want := range values {
		v, has := m.Values[name]
		v.Text = strings.ReplaceAll(v.Text, "’", "'")
		if !has && slices.Contains([]string{"problem", "key"}, name) {
			continue
		}
		if v.Text != want || !v.Whole() {
			t.Errorf("AADSTS%d, %s: %s is %+v, want %q\n%s", w.Code, how, name, v, want, in)
		}
	}
}
