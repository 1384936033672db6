package farm

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// Plane is one of the four sides of a farm. They are apart because their dangers are.
type Plane string

// The planes. Only the issuer plane may ever be made public.
const (
	Issuer   Plane = "issuer"   // discovery documents and key sets: for anyone
	Workload Plane = "workload" // the platforms' own token APIs: for the holder of that platform's credential
	Entra    Plane = "entra"    // the login service: as Entra
	Control  Plane = "control"  // the management API: for the bearer of the farm's token
)

// Planes are the planes in the order in which serve prints them.
var Planes = []Plane{Issuer, Workload, Entra, Control}

// Flag is the option of serve that moves the plane's listener.
func (p Plane) Flag() string { return "--" + string(p) + "-addr" }

// defaultAddr are the addresses a farm listens on unless told otherwise.
var defaultAddr = map[Plane]string{
	Issuer:   "127.0.0.1:8443",
	Workload: "127.0.0.1:8444",
	Entra:    "127.0.0.1:8445",
	Control:  "127.0.0.1:8446",
}

// DefaultAddr is the address that the plane listens on unless told otherwise.
func (p Plane) DefaultAddr() string { return defaultAddr[p] }

// listener is one socket and the planes it serves; planes with the same address share one.
type listener struct {
	net.Listener
	planes []Plane
}

// listen opens the sockets. On a failure it closes those that it opened, and says which plane wants the address and which flag moves
// it.
func listen(addrs map[Plane]string) ([]*listener, error) {
	var open []*listener
	byAddr := map[string]*listener{}
	for _, plane := range Planes {
		addr, ok := addrs[plane]
		if !ok {
			addr = plane.DefaultAddr()
		}
		if addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(addr)
		shared := byAddr[addr]
		if shared != nil && err == nil && port != "0" {
			if plane == Control || slices.Contains(shared.planes, Control) {
				closeAll(open)
				return nil, fmt.Errorf("farm: %s: the control plane has a listener of its own; set %s to another address", addr, Control.Flag())
			}
			shared.planes = append(shared.planes, plane)
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			closeAll(open)
			return nil, fmt.Errorf("farm: the %s plane can't listen on %s: %w; choose another address with %s", plane, addr, err, plane.Flag())
		}
		byAddr[addr] = &listener{Listener: l, planes: []Plane{plane}}
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

// hostKey is the form in which hosts are compared: lower case, without https' port.
func hostKey(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ":443")
}

// bareHost is a host without its port.
func bareHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}
