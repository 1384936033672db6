package farm

import (
	"fmt"
	"net"
	"slices"

	"github.com/issuerd/issuerd/harness/plane"
)

// listener is one socket and the planes it serves; planes with the same address share one.
type listener struct {
	net.Listener
	planes []plane.Plane
}

// listen opens the sockets. On a failure it closes those that it opened, and says which plane wants the address and
// which flag moves it.
func listen(addrs map[plane.Plane]string) ([]*listener, error) {
	var open []*listener
	byAddr := map[string]*listener{}
	for _, p := range plane.All {
		addr, ok := addrs[p]
		if !ok {
			addr = p.DefaultAddr()
		}
		if addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(addr)
		shared := byAddr[addr]
		if shared != nil && err == nil && port != "0" {
			if p == plane.Control || slices.Contains(shared.planes, plane.Control) {
				closeAll(open)
				return nil, fmt.Errorf("farm: %s: the control plane has a listener of its own; set %s to another address", addr, plane.Control.Flag())
			}
			shared.planes = append(shared.planes, p)
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			closeAll(open)
			return nil, fmt.Errorf("farm: the %s plane can't listen on %s: %w; choose another address with %s", p, addr, err, p.Flag())
		}
		byAddr[addr] = &listener{Listener: l, planes: []plane.Plane{p}}
		open = append(open, byAddr[addr])
	}
	return open, nil
}

func closeAll(listeners []*listener) {
	for _, l := range listeners {
		_ = l.Close() // they serve nothing yet
	}
}

// names are the host:port forms by which a client on this machine may address a listener.
func (l *listener) names() []string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil
	}
	ip := net.ParseIP(host)
	var hosts []string
	switch {
	case ip == nil || ip.IsUnspecified():
		hosts = []string{"127.0.0.1", "localhost", "::1"}
	case ip.IsLoopback():
		hosts = []string{host, "localhost"}
	default:
		hosts = []string{host}
	}
	for i, h := range hosts {
		hosts[i] = net.JoinHostPort(h, port)
	}
	return hosts
}
