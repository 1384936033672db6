package main

import (
	"errors"
	"fmt"

	"github.com/issuerd/issuerd/harness/document"
	"github.com/issuerd/issuerd/issuers"
	"github.com/issuerd/issuerd/issuers/generic"
)

// readIssuers reads the files of --issuers, and returns their platforms together with those that come with issuerd. The
// error says all that is wrong with all of them.
func readIssuers(paths []string) (issuers.Set, []*generic.File, error) {
	var set issuers.Set
	var read []*generic.File
	var broken []error
	for _, path := range paths {
		src, err := document.ReadFile(disk{}, path, generic.MaxSize)
		if err != nil {
			return issuers.Set{}, nil, err
		}
		file, err := generic.Parse(path, src, issuers.Names()...)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		if set, err = set.With(file.Build()); err != nil {
			return issuers.Set{}, nil, fmt.Errorf("--issuers %s: %w", path, err)
		}
		read = append(read, file)
	}
	if len(broken) > 0 {
		return issuers.Set{}, nil, errors.Join(broken...)
	}
	return set, read, nil
}
