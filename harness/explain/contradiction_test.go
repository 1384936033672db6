package explain_test

import (
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
)

// TestContradiction explains texts whose number and words do not fit, or whose number is not in the table.
func TestContradiction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       []string
		not        []string
	}{
		{
			"words of another cause", "AADSTS700025: Client assertion audience does not match the audience configured in the federated credential",
			[]string{
				"says       Client assertion audience does not match",
				`but        AADSTS700025 is known to say "Client is public`,
				"these words speak of what AADSTS700212 is about",
				"number     AADSTS700025 means: ", "words      AADSTS700212 means: the assertion's audience",
				"sure       which of the two is right is not known",
			},
			[]string{"where      check", "so         "},
		},
		{
			"sentence of another code", "AADSTS700211: No matching federated identity record found for presented assertion subject 'repo:octo/web:pull_request'.",
			[]string{"number and sentence contradict each other; the sentence counts here", "subject    repo:octo/web:pull_request"},
			nil,
		},
		{
			"words that nobody knows", "AADSTS700016: The moon is full today, and nothing works.",
			[]string{"says       The moon is full", "these words are not among what it is known to say", "whether the number is right is not known"},
			[]string{"so         "},
		},
		{
			"translated", "AADSTS700211: 提示されたアサーション発行者 'https://token.actions.githubusercontent.com' が見つかりません。",
			[]string{"says       No matching", "where      check", "The words after AADSTS700211 are none that it is known with"},
			[]string{"but        "},
		},
		{
			"code of no row", "Error: AADSTS50107: The requested federation realm object 'https://tfe.contoso.example' does not exist.",
			[]string{
				"AADSTS50107 is none that issuerd knows", "says       The requested federation realm object 'https://tfe.contoso.example' does not exist.",
				"issuer     https://tfe.contoso.example", "look up    https://login.microsoftonline.com/error?code=50107", "no federated credential has the issuer that was presented",
			},
			nil,
		},
		{
			"code of no row and no issuer", "AADSTS9999999: Something new that nobody knows 'https://example.com/reply'.",
			[]string{"AADSTS9999999 is none that issuerd knows", "says       Something new", "error?code=9999999"},
			[]string{"issuer     ", "Presented"},
		},
		{
			"code of no row with a known sentence", "AADSTS9999999: No matching federated identity record found for presented assertion subject 'repo:octo/web:pull_request'.",
			[]string{"the text says AADSTS9999999 with this sentence", "AADSTS700213"},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := explain.Explain(t.Context(), explain.Case{Inputs: []input.Found{read(t, "error.txt", tt.text)}, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			text := r.Text(false)
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing in\n%s", want, text)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(text, not) {
					t.Errorf("%q is in\n%s", not, text)
				}
			}
			if r.Empty() {
				t.Error("there is something to say about it")
			}
		})
	}
}
