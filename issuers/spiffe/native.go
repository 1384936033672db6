package spiffe

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc"

	"github.com/issuerd/issuerd/issuers/issuer"
)

// endpointVariable is the one variable that the SPIFFE Workload Endpoint standard knows. An agent does not set it by
// itself; whoever deploys the workload does.
const endpointVariable = "SPIFFE_ENDPOINT_SOCKET"

// socketName is that of SPIRE's default socket, /tmp/spire-agent/public/api.sock.
const socketName = "api.sock"

// maxSocketPath is how long the path of a socket can be; a zero byte ends it.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// native is the Workload API of a SPIRE agent on a Unix socket and, over HTTP, the bundle endpoint of its server. The
// Workload API has no credential but the socket: an agent asks the kernel whose process called.
var native = &issuer.Native{New: newNative, Fetch: fetch, Local: true}

func newNative(w issuer.Workload) (*issuer.API, error) {
	id, err := identity(w)
	if err != nil {
		return nil, err
	}
	authority := &authority{issuer: w.Issuer, id: id, now: w.Now, rand: w.Rand}
	if _, err := authority.current(); err != nil {
		return nil, err
	}
	dir, err := w.Dir()
	if err != nil {
		return nil, fmt.Errorf("spiffe: the Workload API is a socket, and %w", err)
	}
	listener, err := listen(dir)
	if err != nil {
		return nil, err
	}
	api := &workloadAPI{workload: w, id: id, authority: authority}
	server := grpc.NewServer(
		grpc.UnaryInterceptor(api.admitUnary), grpc.StreamInterceptor(api.admitStream),
		grpc.WaitForHandlers(true), // Close leaves nothing behind
	)
	workload.RegisterSpiffeWorkloadAPIServer(server, api)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	socket := url.URL{Scheme: "unix", Path: listener.Addr().String()}
	return &issuer.API{
		Handler: bundleEndpoint{authority: authority},
		Env: func(string) (map[string]string, error) {
			return map[string]string{endpointVariable: socket.String()}, nil
		},
		Close: sync.OnceValue(func() error {
			server.Stop() // removes the socket too
			if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				return fmt.Errorf("spiffe: workload api: %w", err)
			}
			return nil
		}),
	}, nil
}

// identity is the SPIFFE ID of the workload's registration entry: the subject that the issuer mints for it.
func identity(w issuer.Workload) (spiffeid.ID, error) {
	token, err := w.Sample(issuer.Request{})
	if err != nil {
		return spiffeid.ID{}, err
	}
	sub, _ := token.Claims["sub"].(string)
	id, err := spiffeid.FromString(sub)
	if err != nil {
		return spiffeid.ID{}, fmt.Errorf("spiffe: claim \"sub\": %q is no SPIFFE ID, which a registration entry needs: %w", sub, err)
	}
	return id, nil
}

// listen opens the socket. As SPIRE does, it lets every user of the machine connect who can reach the folder.
func listen(dir string) (*net.UnixListener, error) {
	path, err := filepath.Abs(filepath.Join(dir, socketName))
	if err != nil {
		return nil, fmt.Errorf("spiffe: %w", err)
	}
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("spiffe: socket %q: the path has %d bytes, and the system takes %d; use a shorter folder (TMPDIR)", path, len(path), maxSocketPath)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("spiffe: %w", err)
	}
	if err := os.Chmod(path, os.ModePerm); err != nil {
		return nil, errors.Join(fmt.Errorf("spiffe: %w", err), listener.Close())
	}
	return listener, nil
}
