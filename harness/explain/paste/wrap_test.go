package paste_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/paste"
)

// wraps are the ways in which lines are broken at a width.
var wraps = []struct {
	name string
	do   func(text string, width int) string
}{
	{"cut", func(text string, width int) string { return strings.Join(cutLines(text, width), "\n") }},
	{"cut and stripped", func(text string, width int) string { return strings.Join(stripped(cutLines(text, width)), "\n") }},
	{"framed", func(text string, width int) string { return "│ " + strings.Join(cutLines(text, width), "\n│ ") }},
	{"framed and stripped", func(text string, width int) string {
		return "╷\n│ " + strings.Join(stripped(cutLines(text, width)), "\n│ ") + "\n╵"
	}},
	{"quoted", func(text string, width int) string {
		return "> " + strings.Join(stripped(cutLines(text, width)), "\n> ")
	}},
	{"folded", func(text string, width int) string { return strings.Join(foldedLines(text, width), "\n") }},
	{"folded and framed", func(text string, width int) string { return "│ " + strings.Join(foldedLines(text, width), "\n│ ") }},
	{"folded and indented", func(text string, width int) string { return "    " + strings.Join(foldedLines(text, width), "\n    ") }},
}

func cutLines(text string, width int) []string {
	var lines []string
	for len(text) > width {
		lines, text = append(lines, text[:width]), text[width:]
	}
	return append(lines, text)
}

func stripped(lines []string) []string {
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

func foldedLines(text string, width int) []string {
	lines := []string{""}
	for word := range strings.SplitSeq(text, " ") {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) > width:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	return lines
}

// TestWrapped reads subjects with and without spaces in texts that were broken at each width: what is read is what was
// printed, or there is a doubt about the spaces in it.
func TestWrapped(t *testing.T) {
	t.Parallel()
	doubted := map[string]int{}
	heads := []string{"", "ERROR: ", "Error: building account: could not acquire access token to parse claims: "}
	for i, sub := range []string{
		"organization:acme:project:Default Project:workspace:web:run_phase:apply", "repo:contoso/infrastructure-live:environment:production-westeurope",
		"repo:contoso/web:environment:Production West Europe", "sc://contoso/My Project/my service connection", "system:serviceaccount:external-dns:external-dns",
		"repo:contoso/web:ref:refs/heads/feature/new-login", "repo:contoso/web:environment:a b", "organization:acme corp:project:x:workspace:y z:run_phase:plan",
	} {
		for width := 40; width <= 120; width++ {
			head := heads[(i+width)%len(heads)]
			text := head + "AADSTS700213: No matching federated identity record found for presented assertion subject '" + sub + "'. Check your federated identity " +
				"credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation " +
				"Trace ID: " + traceID + " Correlation ID: " + correlationID + " Timestamp: " + stamp
			for j, w := range wraps {
				if (j+width)%2 == 0 {
					continue // each width half of them
				}
				in := w.do(text, width)
				how := fmt.Sprintf("%s at %d after %q", w.name, width, head)
				got := paste.Read(in)
				if len(got.Messages) != 1 || got.Messages[0].Code != 700213 {
					t.Errorf("%s: %+v\n%s", how, got, in)
					continue
				}
				v := got.Messages[0].Values["sub"]
				if v.Doubt != "" {
					doubted[w.name]++
					if squashed(v.Text) != squashed(sub) {
						t.Errorf("%s: %q, want %q, with other spaces at most\n%s", how, v.Text, sub, in)
					}
					continue
				}
				if v.Text != sub || !v.Whole() {
					t.Errorf("%s: %+v, want %q\n%s", how, v, sub, in)
				}
			}
		}
	}
	t.Logf("doubted: %v", doubted)
	if doubted["cut and stripped"] == 0 || doubted["framed and stripped"] == 0 {
		t.Error("values of which the spaces are lost have no doubt")
	}
}

func squashed(text string) string { return strings.ReplaceAll(text, " ", "") }
