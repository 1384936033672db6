package main

import (
	_ "embed"
	"os"

	"github.com/issuerd/issuerd/harness/entra"
)

// demoDirectory is Entra's directory unless serve is given another.
//
//go:embed demo.yaml
var demoDirectory []byte

func (f *serveFlags) loadDirectory() (*entra.Directory, error) {
	if f.directory == "" {
		return entra.ParseDirectory("demo.yaml", demoDirectory)
	}
	src, err := os.ReadFile(f.directory)
	if err != nil {
		return nil, err
	}
	return entra.ParseDirectory(f.directory, src)
}
