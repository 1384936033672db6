package container

import (
	"bytes"

	"github.com/testcontainers/testcontainers-go"
)

// directoryFile is where WithDirectory puts its file in the container.
const directoryFile = "/directory.yaml"

// WithHosts lets issuers have URLs at hosts that the farm does not impersonate already, and that are not below .example
// or .test.
func WithHosts(hosts ...string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		for _, host := range hosts {
			req.Cmd = append(req.Cmd, "--host="+host)
		}
		return nil
	}
}

// WithDirectory gives the default world Entra's tenants, applications and credentials, in the format of issuerd serve
// --directory.
func WithDirectory(file []byte) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		req.Cmd = append(req.Cmd, "--directory="+directoryFile)
		req.Files = append(req.Files, testcontainers.ContainerFile{
			Reader:            bytes.NewReader(file), // a new one for each container
			ContainerFilePath: directoryFile,
			FileMode:          0o444, // the farm is not root
		})
		return nil
	}
}
