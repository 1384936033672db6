package main

import (
	_ "embed"

	"github.com/issuerd/issuerd/harness/entra"
	"github.com/issuerd/issuerd/harness/scenario"
)

// demoDirectory is Entra's directory unless serve is given another.
//
//go:embed demo.yaml
var demoDirectory []byte

func (f *serveFlags) loadDirectory() (*entra.Directory, error) {
	if f.directory == "" {
		return entra.ParseDirectory("demo.yaml", demoDirectory)
	}
	src, err := scenario.ReadFile(disk{}, f.directory)
	if err != nil {
		return nil, err
	}
	return entra.ParseDirectory(f.directory, src)
}
