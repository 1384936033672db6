package docker

import (
	"net"

	"github.com/issuerd/issuerd/harness/plane"
)

// DefaultImage is what make image builds. It is in no registry.
const DefaultImage = "issuerd:dev"

// label is on every container that Run makes, so that docker ps --all --filter label=issuerd lists them.
const label = "issuerd"

// TokenVariable is the environment variable that tells the farm in the container its control plane's bearer token.
const TokenVariable = "ISSUERD_CONTROL_TOKEN"

// HealthPath is what the control plane answers, without the token, once the farm listens.
const HealthPath = "/healthz"

// Port is where a plane listens in the container, as a port number.
func Port(p plane.Plane) string {
	_, port, err := net.SplitHostPort(p.DefaultAddr())
	if err != nil {
		return "" // the default addresses are constants
	}
	return port
}

// Command is what the container runs after its entry point: serve on every address, with hosts that issuers may have
// beside the impersonated ones. Without hosts it is the image's own CMD.
func Command(hosts ...string) []string {
	command := []string{"serve"}
	for _, p := range plane.All {
		command = append(command, p.Flag()+"="+net.JoinHostPort("0.0.0.0", Port(p)))
	}
	for _, host := range hosts {
		command = append(command, "--host="+host)
	}
	return command
}
