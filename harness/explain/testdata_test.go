package explain_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/explain"
	"github.com/issuerd/issuerd/harness/explain/input"
)

// TestEveryText explains every text and file that packages paste and input are tested with, alone and beside a token and
// a credential.
func TestEveryText(t *testing.T) {
	t.Parallel()
	beside := []input.Found{token(t, nil), credential(t, "one", githubIssuer, mainBranch, audience)}
	texts, explained := 0, 0
	for _, folder := range []string{"paste/testdata", "input/testdata"} {
		err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found, err := input.Read(filepath.Base(path), data)
			if err != nil {
				return nil // what is none is tested there
			}
			texts++
			for _, inputs := range [][]input.Found{{found}, append([]input.Found{found}, beside...)} {
				r, err := explain.Explain(t.Context(), explain.Case{Inputs: inputs, Now: now})
				if err != nil {
					t.Errorf("%s: %v", path, err)
					continue
				}
				if len(inputs) == 1 && !r.Empty() {
					explained++
				}
				if text := r.Text(false) + jsonOf(t, r); strings.Contains(text, signature[:20]) || entra.HideTokens(text) != text {
					t.Errorf("%s: the report has a token or a signature in it", path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if texts < 100 || explained < texts/2 {
		t.Errorf("%d texts, %d explained", texts, explained)
	}
	t.Logf("%d texts, %d explained", texts, explained)
}
