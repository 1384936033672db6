package input_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/issuerd/issuerd/harness/explain/input"
)

// FuzzRead checks that any bytes give something or an error, never a panic, and that neither prints a token.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			continue // a directory
		}
		f.Add(filepath.Base(file), src)
	}
	for _, seed := range []string{
		token, "Bearer " + token, `{"value":"` + token + `"}`, "A=" + token, token[:100], "a.b.c", "eyJ", `{"a":`, "[[[[", "resource x '", "resource \"a\" \"b\" {",
		"jobs: {a: {}}\non: push\n", "a: &a [*a]\n", `{"$schema":"deploymentTemplate","resources":[{"copy":{"count":3},"name":"[format('{0}', copyIndex())]","type":"x"}]}`,
		"resource a 'b' = [for (x, y) in [1]: {", "locals {\n a = \"${local.a}\"\n}\n", "\xff\xfea\x00",
	} {
		f.Add("x", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		found, err := input.Read(name, src)
		if err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
		if err == nil && found.Kind == "" {
			t.Error("an input of no kind")
		}
		printed := fmt.Sprintf("%v %+v %v", found.Tokens, found.Tokens, err)
		for _, token := range found.Tokens {
			if compact := string(token.Compact); strings.Contains(printed, compact) {
				t.Error("a token is printed")
			}
			if strings.Count(string(token.Compact), ".") != 2 {
				t.Error("a token without three parts")
			}
		}
	})
}

// TestGrowth reads a state of 10 MB with 20,000 resources in a time that grows with its size.
func TestGrowth(t *testing.T) {
	t.Parallel()
	state := func(resources int) []byte {
		var b strings.Builder
		b.WriteString(`{"version":4,"terraform_version":"1.11.4","resources":[`)
		for i := range resources {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"mode":"managed","type":"azuread_application_federated_identity_credential","name":"r%d","instances":[{"attributes":{"application_id":"/applications/%d",`+
				`"audiences":["api://AzureADTokenExchange"],"display_name":"r%d","issuer":"https://token.actions.githubusercontent.com","subject":"repo:contoso/web%d:ref:refs/heads/main","description":%q}}]}`,
				i, i, i, i, strings.Repeat("x", 200))
		}
		b.WriteString("]}")
		return []byte(b.String())
	}
	measure := func(resources, times int) time.Duration {
		src := state(resources)
		best := time.Hour
		for range times {
			begin := time.Now()
			found, err := input.Read("terraform.tfstate", src)
			if err != nil || len(found.Credentials) != resources {
				t.Fatalf("%d credentials, want %d: %v", len(found.Credentials), resources, err)
			}
			best = min(best, time.Since(begin))
		}
		return best
	}
	small, large := measure(2000, 2), measure(20_000, 1)
	t.Logf("2,000 resources %s, 20,000 resources %s", small, large)
	if large > 40*small+time.Second {
		t.Errorf("2,000 resources take %s, 20,000 resources %s", small, large)
	}
}

// TestBounded has inputs that would take a parser of its depth, or evaluation of its length, without bounds.
func TestBounded(t *testing.T) {
	t.Parallel()
	doubling := func(format string, n int) string {
		var b strings.Builder
		for i := 1; i < n; i++ {
			fmt.Fprintf(&b, format, i, i-1, i-1)
		}
		return b.String()
	}
	for name, src := range map[string]string{
		"JSON":        strings.Repeat("[", 1<<20),
		"JSON values": "[" + strings.Repeat("0,", 2<<20) + "0]",
		"YAML":        "a:\n" + strings.Repeat("- ", 1<<16),
		"HCL":         "resource \"a\" \"b\" {\n a = " + strings.Repeat("(", 1<<19) + "\n}",
		"HCL signs":   "resource \"a\" \"b\" {\n a = " + strings.Repeat("!", 1<<19) + "true\n}",
		"HCL locals":  "locals {\n l0 = \"aaaaaaaaaa\"\n" + doubling(" l%d = \"${local.l%d}${local.l%d}\"\n", 60) + "}\n",
		"Bicep":       "param a string\nvar b = " + strings.Repeat("[", 1<<19),
		"Bicep vars":  "param p string\nvar l0 = 'aaaaaaaaaa'\n" + doubling("var l%d = '${l%d}${l%d}'\n", 60) + "resource r 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@1' = {\n name: l59\n}\n",
		"template": `{"$schema":"deploymentTemplate.json","variables":{"l0":"aaaaaaaaaa"` + doubling(`,"l%d":"[concat(variables('l%d'),variables('l%d'))]"`, 60) +
			`},"resources":[{"type":"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials","name":"[variables('l59')]","properties":{}}]}`,
		"tokens":   strings.Repeat("eyJhbGciOi.", 1<<15),
		"lines":    strings.Repeat("\n", 1<<18) + "a",
		"letters":  strings.Repeat("a", 1<<18),
		"one line": `{"a":"` + strings.Repeat("é", 1<<18) + `","b":["` + strings.Repeat(`x","`, 1<<16) + `"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			_, err := input.Read(name, []byte(src))
			took := time.Since(begin)
			t.Logf("%s: %v", took, err)
			if took > 2*time.Minute { // on a machine that is busy; without bounds it would be for ever
				t.Errorf("it took %s", took)
			}
		})
	}
}
