package wording_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/wording"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"github", "gitlab", "gcp", "azure-devops", "terraform"}
	for word, want := range map[string]string{
		"gitub": "github", "GitHub": "github", "gihtub": "github", "gitlob": "gitlab", "azure_devops": "azure-devops", "gpc": "gcp",
		"terafform": "terraform", "": "", "x": "", "nothing-like-it": "", strings.Repeat("github", 100): "",
	} {
		if got, ok := wording.Nearest(word, known); got != want || ok != (want != "") {
			t.Errorf("%q: got %q (%v), want %q", word, got, ok, want)
		}
	}
	// of several at the same distance, the first by name
	if got, _ := wording.Nearest("tag-d", []string{"tag-c", "tag-a", "tag-b"}); got != "tag-a" {
		t.Errorf("got %q, want tag-a", got)
	}
}

// many are so many words that no message lists them all, and some beside them.
func many(beside ...string) []string {
	var list []string
	for i := range 70 {
		list = append(list, fmt.Sprintf("https://issuer-%d.example", i))
	}
	return append(list, beside...)
}

func TestHave(t *testing.T) {
	t.Parallel()
	twelve := strings.Split("a b c d e f g h i j k l", " ")
	for _, tt := range []struct {
		name  string
		word  string
		known []string
		want  string
	}{
		{"none", "x", nil, "have none"},
		{"few stay in their order", "branch", []string{"tag", "brunch", "pr"}, "have tag, brunch, pr"},
		{"twelve", "x", twelve, "have a, b, c, d, e, f, g, h, i, j, k, l"},
		{"thirteen", "zz", append(twelve, "m"), "have a, b, c, d, e and 8 more"},
		{"the near ones", "https://isuer-7.example", many(), "have https://issuer-7.example, https://issuer-0.example, https://issuer-1.example, https://issuer-2.example, https://issuer-3.example and 65 more"},
		{"those that hold the word", "github", many("https://token.actions.githubusercontent.com"), "have https://token.actions.githubusercontent.com, https://issuer-0.example, https://issuer-1.example, https://issuer-2.example, https://issuer-3.example and 66 more"},
		{"those that the word holds", "https://gitlab.com/contoso/shop", many("https://gitlab.com"), "have https://gitlab.com, https://issuer-0.example, https://issuer-1.example, https://issuer-2.example, https://issuer-3.example and 66 more"},
		{"none is near", "kubernetes", many(), "have https://issuer-0.example, https://issuer-1.example, https://issuer-2.example, https://issuer-3.example, https://issuer-4.example and 65 more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := wording.Have(tt.word, tt.known); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		word  string
		known []string
		text  string
		hint  string
	}{
		{"gitub", []string{"gcp", "github"}, `no platform "gitub" (have gcp, github)`, `did you mean "github"?`},
		{"terra", []string{"terraform", "github"}, `no platform "terra" (have terraform, github)`, `did you mean "terraform"?`},
		{"git", []string{"gitlab", "github"}, `no platform "git" (have gitlab, github)`, ""},
		{"", []string{"gitlab"}, `no platform "" (have gitlab)`, ""},
		{"x", nil, `no platform "x" (have none)`, ""},
	} {
		err := wording.Unknown(tt.word, tt.known, "no platform %q", tt.word)
		if err.Error() != tt.text || err.Hint() != tt.hint {
			t.Errorf("%v and %q, want %q and %q", err, err.Hint(), tt.text, tt.hint)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n        int
		singular string
		want     string
	}{{0, "case", "0 cases"}, {1, "case", "1 case"}, {2, "case", "2 cases"}, {1, "directory", "1 directory"}, {3, "directory", "3 directories"}, {2, "day", "2 days"}} {
		if got := wording.Count(tt.n, tt.singular); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// BenchmarkHave lists what a large farm has.
func BenchmarkHave(b *testing.B) {
	for _, n := range []int{10, 1000, 20_000} {
		known := make([]string, n)
		for i := range known {
			known[i] = fmt.Sprintf("https://issuer-%d.contoso.example/with/a/path", i)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				wording.Have("https://isuer-7.contoso.example/with/a/path", known)
			}
		})
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want, lines string }{
		{"", "", ""},
		{`repo:a/b "ü" \d 日本`, `repo:a/b "ü" \d 日本`, `repo:a/b "ü" \d 日本`},
		{"a\x1b[31mb\x1b[0m", `a\x1b[31mb\x1b[0m`, `a\x1b[31mb\x1b[0m`},
		{"one\ntwo\tthree\r", `one\ntwo\tthree\r`, "one\ntwo\tthree\\r"},
		{"\x7f\u009b\u202e\xff", `\x7f\u009b\u202e\xff`, `\x7f\u009b\u202e\xff`},
	} {
		if got := wording.Printable(tt.text); got != tt.want {
			t.Errorf("Printable(%q) = %s, want %s", tt.text, got, tt.want)
		}
		if got := wording.PrintableLines(tt.text); got != tt.lines {
			t.Errorf("PrintableLines(%q) = %s, want %s", tt.text, got, tt.lines)
		}
	}
}
