package container

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	containertypes "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
)

func TestEngineHostNoEngine(t *testing.T) {
	t.Parallel()
	refused := errors.New("connection refused")
	tests := map[string]func() (*testcontainers.DockerProvider, error){
		"error": func() (*testcontainers.DockerProvider, error) { return nil, refused },
		"panic": func() (*testcontainers.DockerProvider, error) { panic("rootless Docker not found") },
	}
	for name, find := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := engineHost(t.Context(), find); !errors.Is(err, ErrNoEngine) {
				t.Errorf("engineHost = %v, want ErrNoEngine", err)
			}
		})
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	here := network.PortMap{}
	for _, p := range []string{"8443/tcp", "8444/tcp", "8445/tcp", "8446/tcp"} {
		here[network.MustParsePort(p)] = []network.PortBinding{{HostIP: netip.MustParseAddr("127.0.0.1")}}
	}
	tests := []struct {
		host string
		want network.PortMap
	}{
		{"localhost", here},
		{"127.0.0.1", here},
		{"::1", here},
		{"172.17.0.1", nil},
		{"build.corp.example", nil},
	}
	for _, test := range tests {
		t.Run(test.host, func(t *testing.T) {
			t.Parallel()
			var config containertypes.HostConfig
			publish(test.host)(&config)
			if diff := cmp.Diff(test.want, config.PortBindings, cmpopts.EquateComparable(netip.Addr{}, network.Port{})); diff != "" {
				t.Errorf("port bindings (-want +got):\n%s", diff)
			}
		})
	}
}
