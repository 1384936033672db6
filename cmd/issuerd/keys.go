package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/issuerd/issuerd/harness/keyfile"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/issuer"
)

// readKeys reads the files of --keys, PLATFORM=FILE, and warns of those that others may read.
func readKeys(set issuers.Set, flags []string, stderr io.Writer) (map[string][]issuer.SigningKey, error) {
	keys := map[string][]issuer.SigningKey{}
	for _, flag := range flags {
		platform, file, ok := strings.Cut(flag, "=")
		if !ok || platform == "" || file == "" {
			return nil, fmt.Errorf("--keys %q: want PLATFORM=FILE, such as github=github.pem", flag)
		}
		if _, err := set.ByName(platform); err != nil {
			return nil, fmt.Errorf("--keys %q: %w", flag, err)
		}
		read, warning, err := keyfile.Read(disk{}, file)
		if err != nil {
			return nil, fmt.Errorf("--keys %q: %w", flag, err)
		}
		if warning != "" {
			fmt.Fprintf(stderr, "issuerd: warning: %s\n", warning)
		}
		keys[platform] = append(keys[platform], read...)
	}
	return keys, nil
}
