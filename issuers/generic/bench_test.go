package generic_test

import (
	"os"
	"testing"

	"github.com/issuerd/issuerd/issuers/generic"
)

func BenchmarkParse(b *testing.B) {
	src, err := os.ReadFile("files/gitlab.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := generic.Parse("gitlab.yaml", src); err != nil {
			b.Fatal(err)
		}
	}
}
