package generic_test

import (
	"bytes"
	"crypto"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
	"github.com/issuerd/issuerd/issuers/issuer/issuertest"
)

var update = flag.Bool("update", false, "rewrite the generated files of this package")

// TestGolden compares, byte for byte, all that the platforms publish and sign which were written in Go before they were
// files: their documents with headers, and tokens for no audience, one and two, by the canonical URL and another.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gitlab", "circleci", "bitbucket", "generic"} {
		p, err := issuers.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		fmt.Fprintf(&got, "%s: %s\n", p.Name, p.Title)
		for _, preset := range p.Presets {
			fmt.Fprintf(&got, "\n== %s: %s\n", preset.Name, preset.About)
			for _, at := range []string{"", "https://issuer.test/a"} {
				opts := []issuer.Option{
					issuer.WithPreset(preset.Name), issuer.WithKeys(seededKey()), issuer.WithRand(seeded()),
					issuer.WithNow(func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }),
				}
				if at != "" {
					opts = append(opts, issuer.WithURL(at))
				}
				iss, err := issuer.New(p, opts...)
				if err != nil {
					t.Fatal(err)
				}
				writeDocuments(t, &got, iss)
				writeTokens(t, &got, iss, preset)
			}
		}
		path := filepath.Join("testdata", "golden", name+".txt")
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
		for n := range max(len(gotLines), len(wantLines)) {
			if n >= len(gotLines) || n >= len(wantLines) || gotLines[n] != wantLines[n] {
				t.Errorf("%s: line %d differs; got\n%s", path, n+1, gotLines[min(n, len(gotLines)-1)])
				break
			}
		}
	}
}

func writeDocuments(t *testing.T, to *bytes.Buffer, iss *issuer.Issuer) {
	t.Helper()
	for _, address := range []string{iss.DiscoveryURL(), iss.JWKSURL()} {
		request := httptest.NewRequest(http.MethodGet, address, http.NoBody)
		request.Header.Set("Origin", "https://page.test")
		answer := httptest.NewRecorder()
		iss.ServeHTTP(answer, request)
		fmt.Fprintf(to, "GET %s %d\n", address, answer.Code)
		for _, name := range slices.Sorted(maps.Keys(answer.Header())) {
			fmt.Fprintf(to, "%s: %s\n", name, strings.Join(answer.Header()[name], ", "))
		}
		fmt.Fprintf(to, "%s\n", answer.Body)
	}
}

func writeTokens(t *testing.T, to *bytes.Buffer, iss *issuer.Issuer, preset issuer.Preset) {
	t.Helper()
	for _, asked := range [][]string{nil, {"a"}, {"a", "b"}} {
		token, err := iss.Mint(issuer.Request{Audience: asked})
		if err != nil {
			fmt.Fprintf(to, "%q: %v\n", asked, err)
			continue
		}
		header, payload := issuertest.Parts(t, token.Raw)
		fmt.Fprintf(to, "%q: %s %s\n", asked, header, payload)
	}
	native := iss.Platform().Native
	api, err := native.New(issuer.Workload{Issuer: iss, Preset: preset.Name})
	if err != nil {
		t.Fatal(err)
	}
	env, err := api.Env("a")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(to, "%s\n", slices.Sorted(maps.Keys(env)))
}

// seeded gives the same bytes each time.
func seeded() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }

// seededKey makes the same key each time.
func seededKey() issuer.NewKeyFunc {
	return func(jose.SignatureAlgorithm) (crypto.Signer, error) { return issuer.NewTestKey(seeded()) }
}
