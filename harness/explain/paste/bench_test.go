package paste_test

import (
	"os"
	"strings"
	"testing"

	"github.com/issuerd/issuerd/harness/explain/paste"
)

// BenchmarkRead reads a short message, and the log of a job of a mebibyte that has it in its middle.
func BenchmarkRead(b *testing.B) {
	text, err := os.ReadFile("testdata/workload-identity-616.txt")
	if err != nil {
		b.Fatal(err)
	}
	line := "2024-05-01T10:15:02.1849592Z ##[debug]Evaluating condition for step: 'Get K8s context' \"with\" \\\"escapes\\\" and more\n"
	filling := strings.Repeat(line, 1<<19/len(line))
	for name, in := range map[string]string{"short": string(text), "log": filling + string(text) + filling} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if len(paste.Read(in).Messages) != 2 {
					b.Fatal("the messages are not found")
				}
			}
		})
	}
}
